//! Why a resource server is told what it is told.

use schemars::JsonSchema;

/// One thing that could be told, and what becomes of it.
#[derive(JsonSchema)]
pub(crate) struct ExplainedMember {
    kind: MemberKind,
    /// Its name or, for what is no personal data, its value.
    name: String,
    /// Whether the answer holds it.
    released: bool,
    because: Because,
}

/// What kind of thing is told or not.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum MemberKind {
    Scope,
    Claim,
    AuthorizationDetails,
    Subject,
    Audience,
}

/// The rule that decided.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
pub(crate) enum Because {
    PolicyReleasesAll,
    PolicyNamesIt,
    PolicyDoesNotNameIt,
    NoLegalBasis,
    NotCleared,
    SubjectIsPublic,
    SubjectIsPairwise,
    SubjectIsWithheld,
    SubjectIsTheClient,
    OwnResource,
    ForeignResource,
}

//! What an RS may learn.

use std::collections::BTreeSet;

use avouch_oauth::scope::Scope;
use serde::{Deserialize, Serialize};

/// The release policy of one RS. What it does not name is not released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReleasePolicy {
    /// The scope values the RS may see (RFC 9701 section 5).
    pub scopes: ReleasedScopes,
    /// The claims about the subject it may see, by name.
    pub claims: BTreeSet<String>,
    /// The types of `authorization_details` entries it may see (RFC 9396).
    pub authorization_details_types: BTreeSet<String>,
    /// The form in which it sees the subject.
    pub subject: SubjectForm,
    /// Why it may learn nothing about a person at all, whatever else stands here: no legal basis
    /// for the transfer, a contract that ended (RFC 9701 section 9). It is still told whether a
    /// token is active. The reason is for administrators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_cleared: Option<String>,
}

impl ReleasePolicy {
    /// Whether anything about a person may be released at all.
    pub const fn is_cleared(&self) -> bool {
        self.not_cleared.is_none()
    }
}

impl Default for ReleasePolicy {
    /// Nothing about a person: scope values, and a subject that means nothing
    /// to anybody else.
    fn default() -> Self {
        Self {
            scopes: ReleasedScopes::All,
            claims: BTreeSet::new(),
            authorization_details_types: BTreeSet::new(),
            subject: SubjectForm::Pairwise,
            not_cleared: None,
        }
    }
}

/// Which scope values of a token an RS sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasedScopes {
    /// All the token has.
    All,
    /// Those of the token's that stand here too.
    Only(Scope),
}

/// The form in which an RS sees the subject of a token (RFC 7662 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectForm {
    /// As the operator's login system knows it; the same at every such RS.
    Public,
    /// Stable for this RS, different at every other, not to be reversed.
    Pairwise,
    /// Not at all.
    Withheld,
}

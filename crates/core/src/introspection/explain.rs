//! Why an RS is told what it is told: for administrators.
//!
//! Whether something is released is read off the answer that [`compose`](super::compose) made, so
//! that the explanation cannot say otherwise; only the reasons are found here.

use avouch_oauth::introspection::{ActiveToken, Audience, IntrospectionResponse};
use serde::{Deserialize, Serialize};

use crate::records::{FoundToken, ReleasePolicy, ReleasedScopes, ResourceServer, SubjectForm};

/// One thing that could be told, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedMember {
    /// What it is.
    pub kind: MemberKind,
    /// Its name or, for what is no personal data, its value.
    pub name: String,
    /// Whether the answer holds it.
    pub released: bool,
    /// Because of what.
    pub because: Because,
}

/// What kind of thing is told or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberKind {
    /// A scope value.
    Scope,
    /// A claim about the subject.
    Claim,
    /// A type of `authorization_details`.
    AuthorizationDetails,
    /// `sub`.
    Subject,
    /// A resource in the audience.
    Audience,
}

/// The rule that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The policy releases all scope values.
    PolicyReleasesAll,
    /// The policy names it.
    PolicyNamesIt,
    /// The policy does not name it.
    PolicyDoesNotNameIt,
    /// The grant has no legal basis, so no claim leaves.
    NoLegalBasis,
    /// The RS is not cleared: it learns nothing about a person.
    NotCleared,
    /// As the login system knows the subject.
    SubjectIsPublic,
    /// In a form of its own for this RS.
    SubjectIsPairwise,
    /// The policy withholds the subject.
    SubjectIsWithheld,
    /// A client acting for itself is no person.
    SubjectIsTheClient,
    /// A resource of this RS.
    OwnResource,
    /// A resource of another.
    ForeignResource,
}

impl Because {
    /// Whether this rule releases.
    pub const fn releases(self) -> bool {
        match self {
            Self::PolicyReleasesAll
            | Self::PolicyNamesIt
            | Self::SubjectIsPublic
            | Self::SubjectIsPairwise
            | Self::SubjectIsTheClient
            | Self::OwnResource => true,
            Self::PolicyDoesNotNameIt
            | Self::NoLegalBasis
            | Self::NotCleared
            | Self::SubjectIsWithheld
            | Self::ForeignResource => false,
        }
    }

    /// The rule in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::PolicyReleasesAll => "the policy releases every scope value",
            Self::PolicyNamesIt => "the policy names it",
            Self::PolicyDoesNotNameIt => "the policy does not name it",
            Self::NoLegalBasis => "the grant has no legal basis, so no claim leaves",
            Self::NotCleared => {
                "the resource server is not cleared: it learns nothing about a person"
            }
            Self::SubjectIsPublic => "the policy says public: as the login system knows it",
            Self::SubjectIsPairwise => "the policy says pairwise: another at every resource server",
            Self::SubjectIsWithheld => "the policy says withheld",
            Self::SubjectIsTheClient => "the client acts for itself",
            Self::OwnResource => "a resource of this resource server",
            Self::ForeignResource => "a resource of another",
        }
    }
}

/// Explains the answer that was composed for an RS about a token that is active for it. Nothing is
/// said of an inactive one beyond the judgement.
pub fn explain(
    found: &FoundToken,
    resource_server: &ResourceServer,
    response: &IntrospectionResponse,
) -> Vec<ExplainedMember> {
    let IntrospectionResponse::Active(told) = response else {
        return Vec::new();
    };
    let policy = &resource_server.policy.value;
    let mut members = Vec::new();
    let mut note = |kind, name: &str, released, because| {
        members.push(ExplainedMember {
            kind,
            name: name.to_owned(),
            released,
            because,
        });
    };
    for resource in &found.token.audience {
        let own = resource_server.resources.contains(resource);
        let because = if own {
            Because::OwnResource
        } else {
            Because::ForeignResource
        };
        note(
            MemberKind::Audience,
            resource.as_str(),
            holds_audience(told, resource.as_str()),
            because,
        );
    }
    for value in found.token.scope.iter() {
        let released = told
            .scope
            .as_ref()
            .is_some_and(|scope| scope.contains(value));
        note(
            MemberKind::Scope,
            value,
            released,
            scope_rule(policy, value),
        );
    }
    for detail in found.token.authorization_details.iter() {
        let name = detail.detail_type();
        let released = told
            .authorization_details
            .as_ref()
            .is_some_and(|told| told.iter().any(|detail| detail.detail_type() == name));
        let because = if policy.is_cleared() {
            named(policy.authorization_details_types.contains(name))
        } else {
            Because::NotCleared
        };
        note(MemberKind::AuthorizationDetails, name, released, because);
    }
    for name in found.grant.claims.names() {
        let released = told.claims.names().any(|told| told == name);
        let because = match &found.grant.legal_basis {
            None => Because::NoLegalBasis,
            Some(_) if !policy.is_cleared() => Because::NotCleared,
            Some(_) => named(policy.claims.contains(name)),
        };
        note(MemberKind::Claim, name, released, because);
    }
    let because = match (&found.grant.subject, policy.subject) {
        (None, _) => Because::SubjectIsTheClient,
        (Some(_), _) if !policy.is_cleared() => Because::NotCleared,
        (Some(_), SubjectForm::Public) => Because::SubjectIsPublic,
        (Some(_), SubjectForm::Pairwise) => Because::SubjectIsPairwise,
        (Some(_), SubjectForm::Withheld) => Because::SubjectIsWithheld,
    };
    note(MemberKind::Subject, "sub", told.sub.is_some(), because);
    members
}

fn holds_audience(told: &ActiveToken, resource: &str) -> bool {
    told.aud
        .as_ref()
        .is_some_and(|aud: &Audience| aud.contains(resource))
}

fn scope_rule(policy: &ReleasePolicy, value: &str) -> Because {
    match &policy.scopes {
        ReleasedScopes::All => Because::PolicyReleasesAll,
        ReleasedScopes::Only(released) => named(released.contains(value)),
    }
}

const fn named(is_named: bool) -> Because {
    if is_named {
        Because::PolicyNamesIt
    } else {
        Because::PolicyDoesNotNameIt
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use avouch_oauth::issuer::Issuer;
    use avouch_oauth::resource::ResourceIdentifier;
    use avouch_oauth::scope::Scope;
    use proptest::prelude::*;

    use super::*;
    use crate::introspection::fixtures::{SIGN, found, resource_server, seconds, sought};
    use crate::introspection::{PairwiseSubjects, compose, judge};

    fn policy() -> impl Strategy<Value = ReleasePolicy> {
        let names = |all: &'static [&'static str]| {
            prop::sample::subsequence(all, 0..=all.len()).prop_map(|names| {
                names
                    .into_iter()
                    .map(str::to_owned)
                    .collect::<BTreeSet<_>>()
            })
        };
        let scopes = prop_oneof![
            Just(ReleasedScopes::All),
            prop::sample::select(vec!["", "sign", "pay", "sign read"])
                .prop_map(|scope| ReleasedScopes::Only(Scope::parse(scope).unwrap_or_default())),
        ];
        let subject = prop::sample::select(vec![
            SubjectForm::Public,
            SubjectForm::Pairwise,
            SubjectForm::Withheld,
        ]);
        (
            scopes,
            names(&["family_name", "birthdate", "iban"]),
            names(&["signature", "payment"]),
            subject,
            prop::option::of(Just("contract ended".to_owned())),
        )
            .prop_map(
                |(scopes, claims, authorization_details_types, subject, not_cleared)| {
                    ReleasePolicy {
                        scopes,
                        claims,
                        authorization_details_types,
                        subject,
                        not_cleared,
                    }
                },
            )
    }

    proptest! {
        /// The reasons given are those that `compose` acts on: whatever the policy and the grant,
        /// what is said to be released is in the answer, and nothing else is.
        #[test]
        fn every_reason_says_what_the_answer_does(
            policy in policy(),
            has_basis in any::<bool>(),
            for_itself in any::<bool>(),
            serves_another in any::<bool>(),
        ) {
            let mut found = found(SIGN);
            let other = ResourceIdentifier::parse("https://pay.example").unwrap();
            found.token.audience.push(other.clone());
            let grant = &mut found.grant;
            if !has_basis {
                grant.legal_basis = None;
            }
            if for_itself {
                grant.subject = None;
            }
            let mut server = resource_server("sign", SIGN);
            server.policy.value = policy;
            if serves_another {
                server.resources.insert(other);
            }
            let sought = sought(found.clone());
            let judgement = judge(&sought, &server, seconds(1_001));
            let issuer = Issuer::parse("https://as.example").unwrap();
            let response = compose(&judgement, &server, &issuer, &PairwiseSubjects::new(&[1; 32]));
            let members = explain(&found, &server, &response);
            prop_assert!(members.len() > 5);
            for member in members {
                prop_assert_eq!(member.released, member.because.releases(), "{:?}", member);
            }
        }
    }
}

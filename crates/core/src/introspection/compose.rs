//! What this RS may know of an active token (RFC 9701 sections 5 and 9).

use avouch_oauth::authorization_details::AuthorizationDetails;
use avouch_oauth::introspection::{ActiveToken, Audience, FurtherClaims, IntrospectionResponse};
use avouch_oauth::issuer::Issuer;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;

use crate::introspection::{Judgement, PairwiseSubjects};
use crate::records::{
    FoundToken, ReleasePolicy, ReleasedScopes, ResourceServer, SubjectForm, UnderlyingGrant,
};
use crate::time::Timestamp;

/// Renders a judgement for the RS that asked, narrowed to its release policy.
///
/// JSON and JWT answers both come from what is returned here.
pub fn compose(
    judgement: &Judgement<'_>,
    resource_server: &ResourceServer,
    issuer: &Issuer,
    pairwise: &PairwiseSubjects,
) -> IntrospectionResponse {
    match judgement {
        Judgement::Inactive(_) => IntrospectionResponse::Inactive,
        Judgement::Active(found) => {
            let active = narrow(found, resource_server, issuer, pairwise);
            IntrospectionResponse::Active(Box::new(active))
        }
    }
}

fn narrow(
    found: &FoundToken,
    resource_server: &ResourceServer,
    issuer: &Issuer,
    pairwise: &PairwiseSubjects,
) -> ActiveToken {
    let FoundToken { token, grant, .. } = found;
    let policy = &resource_server.policy.value;
    // When and how somebody logged in is about a person too.
    let login = grant
        .authentication
        .as_ref()
        .filter(|_| policy.is_cleared());
    ActiveToken {
        iss: Some(issuer.as_str().to_owned()),
        aud: released_audience(&token.audience, resource_server),
        iat: Some(token.issued_at.numeric_date()),
        exp: Some(token.expires_at.numeric_date()),
        nbf: token.not_before.map(Timestamp::numeric_date),
        client_id: Some(token.client.as_str().to_owned()),
        scope: Some(released_scope(&token.scope, policy)),
        sub: released_subject(found, resource_server, pairwise),
        username: None,
        token_type: Some(token.token_type().to_owned()),
        jti: Some(token.id.as_str().to_owned()),
        cnf: token.confirmation.clone(),
        authorization_details: Some(released_details(&token.authorization_details, policy)),
        acr: login.and_then(|login| login.acr.clone()),
        auth_time: login.and_then(|login| login.auth_time),
        claims: released_claims(grant, policy),
    }
}

fn released_scope(scope: &Scope, policy: &ReleasePolicy) -> Scope {
    match &policy.scopes {
        ReleasedScopes::All => scope.clone(),
        ReleasedScopes::Only(released) => scope.intersection(released),
    }
}

/// A client acting for itself is its own subject; that is no personal data.
fn released_subject(
    FoundToken { token, grant, .. }: &FoundToken,
    resource_server: &ResourceServer,
    pairwise: &PairwiseSubjects,
) -> Option<String> {
    let Some(subject) = &grant.subject else {
        return Some(token.client.as_str().to_owned());
    };
    let policy = &resource_server.policy.value;
    if !policy.is_cleared() {
        return None;
    }
    match policy.subject {
        SubjectForm::Public => Some(subject.as_str().to_owned()),
        SubjectForm::Pairwise => Some(pairwise.derive(subject, &resource_server.id)),
        SubjectForm::Withheld => None,
    }
}

/// The audience, narrowed to the resources of the RS that asks.
fn released_audience(
    audience: &[ResourceIdentifier],
    resource_server: &ResourceServer,
) -> Option<Audience> {
    let own = audience
        .iter()
        .filter(|resource| resource_server.resources.contains(*resource));
    Audience::several(own.map(|resource| resource.as_str().to_owned()).collect())
}

fn released_details(
    details: &AuthorizationDetails,
    policy: &ReleasePolicy,
) -> AuthorizationDetails {
    let types = &policy.authorization_details_types;
    details.of_types(|name| policy.is_cleared() && types.contains(name))
}

/// No claim without a legal basis, none for an RS that is not cleared, and none the policy does
/// not name.
fn released_claims(grant: &UnderlyingGrant, policy: &ReleasePolicy) -> FurtherClaims {
    match grant.legal_basis {
        None => FurtherClaims::default(),
        Some(_) if !policy.is_cleared() => FurtherClaims::default(),
        Some(_) => grant.claims.filter(|name| policy.claims.contains(name)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::introspection::fixtures::{SIGN, found, resource_server, seconds, sought};
    use crate::introspection::judge;

    fn answer(found: FoundToken, resource_server: &ResourceServer) -> Value {
        let sought = sought(found);
        let judgement = judge(&sought, resource_server, seconds(1_001));
        let issuer = Issuer::parse("https://as.example").unwrap();
        let pairwise = PairwiseSubjects::new(&[1; 32]);
        let response = compose(&judgement, resource_server, &issuer, &pairwise);
        serde_json::from_slice(&response.to_json()).unwrap()
    }

    fn with_policy(policy: ReleasePolicy) -> ResourceServer {
        let mut server = resource_server("sign", SIGN);
        server.policy.value = policy;
        server
    }

    fn words(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn row_9701_5_14_without_a_policy_no_identity_claim_is_released() {
        let answer = answer(found(SIGN), &resource_server("sign", SIGN));
        for name in [
            "family_name",
            "birthdate",
            "iban",
            "authorization_details",
            "username",
        ] {
            assert_eq!(answer.get(name), None, "{name}");
        }
        assert_ne!(answer["sub"], "erika");
        assert_eq!(answer["active"], true);
    }

    #[test]
    fn row_9701_5_15_each_resource_server_gets_the_claims_of_its_own_policy() {
        let person = with_policy(ReleasePolicy {
            claims: words(&["family_name", "birthdate"]),
            ..ReleasePolicy::default()
        });
        let account = with_policy(ReleasePolicy {
            claims: words(&["iban"]),
            ..ReleasePolicy::default()
        });
        let (person, account) = (answer(found(SIGN), &person), answer(found(SIGN), &account));
        assert_eq!(person["birthdate"], "1964-08-12");
        assert_eq!(person.get("iban"), None);
        assert_eq!(account["iban"], "DE02");
        assert_eq!(account.get("birthdate"), None);
    }

    #[test]
    fn a_claim_needs_a_legal_basis_whatever_the_policy_says() {
        let server = with_policy(ReleasePolicy {
            claims: words(&["family_name"]),
            ..ReleasePolicy::default()
        });
        let mut found = found(SIGN);
        found.grant.legal_basis = None;
        assert_eq!(answer(found, &server).get("family_name"), None);
    }

    #[test]
    fn row_9701_9_01_who_is_not_cleared_learns_nothing_about_the_person_whatever_is_named() {
        let cleared = ReleasePolicy {
            claims: words(&["family_name", "birthdate", "iban"]),
            authorization_details_types: words(&["signature", "payment"]),
            subject: SubjectForm::Public,
            ..ReleasePolicy::default()
        };
        let told = answer(found(SIGN), &with_policy(cleared.clone()));
        assert_eq!(told["sub"], "erika");
        let told = answer(
            found(SIGN),
            &with_policy(ReleasePolicy {
                not_cleared: Some("contract ended".to_owned()),
                ..cleared
            }),
        );
        assert_eq!(told["active"], true);
        for name in [
            "sub",
            "family_name",
            "birthdate",
            "iban",
            "authorization_details",
            "acr",
            "auth_time",
        ] {
            assert_eq!(told.get(name), None, "{name}");
        }
        assert!(!told.to_string().contains("contract ended"));
    }

    #[test]
    fn row_9701_5_10_scope_is_narrowed_to_what_matters_for_the_resource_server() {
        let server = with_policy(ReleasePolicy {
            scopes: ReleasedScopes::Only(Scope::parse("sign unknown").unwrap()),
            ..ReleasePolicy::default()
        });
        assert_eq!(answer(found(SIGN), &server)["scope"], "sign");
    }

    #[test]
    fn row_9396_9_2_01_authorization_details_are_filtered_by_type() {
        let server = with_policy(ReleasePolicy {
            authorization_details_types: words(&["signature"]),
            ..ReleasePolicy::default()
        });
        assert_eq!(
            answer(found(SIGN), &server)["authorization_details"],
            json!([{"type": "signature", "document": "contract"}])
        );
    }

    #[test]
    fn of_the_audience_a_resource_server_sees_itself_alone() {
        let mut found = found(SIGN);
        let other = ResourceIdentifier::parse("https://pay.example").unwrap();
        found.token.audience.push(other);
        assert_eq!(answer(found, &resource_server("sign", SIGN))["aud"], SIGN);
    }

    #[test]
    fn the_subject_has_the_form_the_policy_says() {
        let subject = |form| {
            let policy = ReleasePolicy {
                subject: form,
                ..ReleasePolicy::default()
            };
            answer(found(SIGN), &with_policy(policy))
                .get("sub")
                .cloned()
        };
        assert_eq!(subject(SubjectForm::Public), Some("erika".into()));
        assert_eq!(subject(SubjectForm::Withheld), None);
        let pairwise = subject(SubjectForm::Pairwise).unwrap();
        assert_ne!(pairwise, "erika");
    }

    #[test]
    fn what_is_not_active_says_nothing_else() {
        let foreign = resource_server("pay", "https://pay.example");
        assert_eq!(answer(found(SIGN), &foreign), json!({"active": false}));
    }
}

//! For any policy and any token: JSON and JWT agree, and nothing outside the
//! policy is in either.

use std::collections::BTreeSet;

use avouch_core::id::GrantId;
use avouch_core::records::{LegalBasis, ReleasePolicy, ReleasedScopes, SubjectForm};
use avouch_jose::SignatureAlgorithm;
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::introspection::STANDARD_MEMBERS;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};

use crate::support::{SIGN, Setup, claims, details, order, scope};

const CLAIM_NAMES: [&str; 5] = ["birthdate", "iban", "email", "https://a.example/x", "nonce"];
const SCOPES: [&str; 4] = ["sign", "pay", "read", "other"];
const TYPES: [&str; 3] = ["payment", "signature", "access"];

/// A secret-looking value for each name, to be searched for in the bytes.
fn marker(kind: &str, name: &str) -> String {
    format!("{kind}-of-{}", name.replace([':', '/', '.'], "-"))
}

#[derive(Clone, Debug)]
struct Held {
    scopes: Vec<&'static str>,
    claims: Vec<&'static str>,
    types: Vec<&'static str>,
    has_basis: bool,
    is_bound: bool,
}

fn policies() -> impl Strategy<Value = ReleasePolicy> {
    let own = |names: Vec<&str>| {
        names
            .into_iter()
            .map(str::to_owned)
            .collect::<BTreeSet<_>>()
    };
    let scopes = prop_oneof![
        Just(ReleasedScopes::All),
        subsequence(SCOPES.to_vec(), 0..=4)
            .prop_map(|names| ReleasedScopes::Only(scope_of(&names))),
    ];
    let forms = [
        SubjectForm::Public,
        SubjectForm::Pairwise,
        SubjectForm::Withheld,
    ];
    (
        scopes,
        subsequence(CLAIM_NAMES.to_vec(), 0..=5),
        subsequence(TYPES.to_vec(), 0..=3),
        select(forms.to_vec()),
        prop::option::weighted(0.2, Just("contract ended".to_owned())),
    )
        .prop_map(
            move |(scopes, claims, types, subject, not_cleared)| ReleasePolicy {
                scopes,
                claims: own(claims),
                authorization_details_types: own(types),
                subject,
                not_cleared,
            },
        )
}

fn tokens() -> impl Strategy<Value = Held> {
    (
        subsequence(SCOPES.to_vec(), 0..=4),
        subsequence(CLAIM_NAMES.to_vec(), 0..=5),
        subsequence(TYPES.to_vec(), 0..=3),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(scopes, claims, types, has_basis, is_bound)| Held {
            scopes,
            claims,
            types,
            has_basis,
            is_bound,
        })
}

fn scope_of(names: &[&str]) -> avouch_oauth::scope::Scope {
    if names.is_empty() {
        avouch_oauth::scope::Scope::default()
    } else {
        scope(&names.join(" "))
    }
}

/// Asks twice, once for each form; returns the plain bytes and the members of
/// the verified statement.
async fn both_answers(policy: &ReleasePolicy, held: &Held) -> (Vec<u8>, Value) {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.policy.value = policy.clone();
            record.profile.value.signing_algorithm = SignatureAlgorithm::Es256;
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;

    let mut grant = setup.grant_of(&token.record).await;
    grant.id = GrantId::new("g-held").unwrap();
    let of_claims: Map<String, Value> = held
        .claims
        .iter()
        .map(|name| ((*name).to_owned(), json!([marker("claim", name)])))
        .collect();
    grant.claims = claims(Value::Object(of_claims));
    grant.legal_basis = held.has_basis.then(|| LegalBasis::new("consent").unwrap());
    let mut record = token.record;
    record.id = avouch_core::id::TokenId::new("jti-held").unwrap();
    record.grant = grant.id.clone();
    record.scope = scope_of(&held.scopes);
    let of_details = held.types.iter();
    let of_details = of_details.map(|kind| json!({"type": kind, "x": marker("detail", kind)}));
    record.authorization_details = details(Value::Array(of_details.collect()));
    record.confirmation = held
        .is_bound
        .then(|| Confirmation::jkt(Sha256Thumbprint::from_bytes([7; 32])));
    let text = setup.keep(&grant, record).await;

    let server = setup.start().await;
    let plain = server.introspect(&sign, &text).await;
    plain.is_json(200);
    let statement = server.statement(&sign, &text).await;
    let keys = server.keys().await;
    let response = server.verify(&keys, &sign, &statement, SignatureAlgorithm::Es256);
    // What the verifier read back is what the plain answer says, to the byte.
    assert_eq!(response.to_json(), plain.body);
    (
        plain.body,
        statement.jwt().claims["token_introspection"].clone(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn json_and_jwt_agree_and_nothing_outside_the_policy_appears(
        policy in policies(),
        held in tokens(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (plain, signed) = runtime.block_on(both_answers(&policy, &held));
        let text = String::from_utf8(plain.clone()).unwrap();
        let plain: Value = serde_json::from_slice(&plain).unwrap();
        prop_assert_eq!(&plain, &signed);
        prop_assert_eq!(&plain["active"], &Value::Bool(true));

        let cleared = policy.not_cleared.is_none();
        prop_assert!(!text.contains("contract ended"));
        for name in CLAIM_NAMES {
            let released = cleared
                && held.has_basis && held.claims.contains(&name) && policy.claims.contains(name);
            prop_assert_eq!(plain.get(name).is_some(), released, "{}", name);
            prop_assert_eq!(text.contains(&marker("claim", name)), released, "{}", name);
        }
        for kind in TYPES {
            let released = cleared && held.types.contains(&kind)
                && policy.authorization_details_types.contains(kind);
            prop_assert_eq!(text.contains(&marker("detail", kind)), released, "{}", kind);
        }
        let shown: BTreeSet<&str> =
            plain["scope"].as_str().unwrap_or_default().split_whitespace().collect();
        for name in SCOPES {
            let allowed = match &policy.scopes {
                ReleasedScopes::All => true,
                ReleasedScopes::Only(scope) => scope.contains(name),
            };
            prop_assert_eq!(shown.contains(name), held.scopes.contains(&name) && allowed);
        }
        let public = cleared && policy.subject == SubjectForm::Public;
        prop_assert_eq!(text.contains("erika"), public);
        prop_assert_eq!(
            plain.get("sub").is_some(),
            cleared && policy.subject != SubjectForm::Withheld
        );
        prop_assert_eq!(plain.get("cnf").is_some(), held.is_bound);
        for name in plain.as_object().unwrap().keys() {
            let known = STANDARD_MEMBERS.contains(&name.as_str()) || policy.claims.contains(name);
            prop_assert!(known, "{}", name);
        }
        prop_assert!(!text.contains(order().legal_basis.unwrap().as_str()));
    }
}

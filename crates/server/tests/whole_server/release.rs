//! What each resource server may know (RFC 9701 sections 5 and 9).

use std::collections::BTreeSet;

use avouch_core::records::{ReleasePolicy, ReleasedScopes, ResourceServer, SubjectForm};
use serde_json::{Value, json};

use crate::support::{CLAIMS, PAY, SIGN, Setup, claims, resource, scope};

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn policy(change: impl FnOnce(&mut ReleasePolicy)) -> impl FnOnce(&mut ResourceServer) {
    |record| change(&mut record.policy.value)
}

#[tokio::test]
async fn row_9701_5_10_scope_is_narrowed_to_what_matters_for_the_asker() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.policy.value.scopes = ReleasedScopes::Only(scope("sign other"));
        })
        .await;
    let none = setup
        .resource_server_with("none", SIGN, |record| {
            record.policy.value.scopes = ReleasedScopes::Only(scope("other"));
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["scope"], "sign");
    let answer = server.introspect(&none, &token.text).await.json();
    assert_eq!(answer["active"], true);
    assert_eq!(answer.get("scope"), None);
}

#[tokio::test]
async fn row_9701_5_15_two_resource_servers_see_the_claims_of_their_own_lists() {
    let setup = Setup::new().await;
    let age = setup
        .resource_server_with(
            "age",
            SIGN,
            policy(|policy| policy.claims = names(&["birthdate"])),
        )
        .await;
    let bank = setup
        .resource_server_with(
            "bank",
            SIGN,
            policy(|policy| {
                policy.claims = names(&["iban", "family_name", "not_known"]);
            }),
        )
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for (caller, seen) in [
        (&age, &["birthdate"][..]),
        (&bank, &["family_name", "iban"]),
    ] {
        let answer = server.introspect(caller, &token.text).await.json();
        for claim in CLAIMS {
            assert_eq!(
                answer.get(claim).is_some(),
                seen.contains(&claim),
                "{claim}"
            );
        }
    }
}

#[tokio::test]
async fn row_9701_5_12_service_specific_members_stand_inside_the_answer_never_beside_it() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with(
            "sign",
            SIGN,
            policy(|policy| {
                policy.claims = names(&["https://shop.example/level", "nonce"]);
            }),
        )
        .await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| {
            order.claims = claims(json!({"https://shop.example/level": {"gold": 3}, "nonce": "n"}));
        })
        .await;
    let server = setup.start().await;
    let statement = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(
        statement.answer()["https://shop.example/level"],
        json!({"gold": 3})
    );
    assert_eq!(statement.answer()["nonce"], "n");
    assert_eq!(
        crate::support::top_level(&statement.claims),
        ["aud", "iat", "iss", "token_introspection"]
    );
}

#[tokio::test]
async fn row_7662_2_2_08_in_plain_json_they_stand_at_the_top_level() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with(
            "sign",
            SIGN,
            policy(|policy| {
                policy.claims = names(&["https://shop.example/level"]);
            }),
        )
        .await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| order.claims = claims(json!({"https://shop.example/level": 3})))
        .await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["https://shop.example/level"], 3);
}

#[tokio::test]
async fn row_9701_5_14_without_a_legal_basis_no_claim_leaves_whatever_the_policy_names() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with(
            "sign",
            SIGN,
            policy(|policy| policy.claims = names(&CLAIMS)),
        )
        .await;
    let default = setup.resource_server("default", SIGN).await;
    setup.client("shop").await;
    let with = setup.token().await;
    // No order makes such a grant; a restored or edited database may hold one.
    let mut grant = setup.grant_of(&with.record).await;
    grant.id = avouch_core::id::GrantId::new("g-without").unwrap();
    grant.legal_basis = None;
    let mut record = with.record.clone();
    record.grant = grant.id.clone();
    record.id = avouch_core::id::TokenId::new("jti-without").unwrap();
    let without = setup.keep(&grant, record).await;
    let server = setup.start().await;

    let answer = server.introspect(&sign, &with.text).await.json();
    assert_eq!(answer["family_name"], "Mustermann");
    let answer = server.introspect(&sign, &without).await.json();
    assert_eq!(answer["active"], true);
    for claim in CLAIMS {
        assert_eq!(answer.get(claim), None);
    }
    // And a basis alone, with no entry in the policy, releases nothing either.
    let answer = server.introspect(&default, &with.text).await.json();
    for claim in CLAIMS {
        assert_eq!(answer.get(claim), None);
    }
}

#[tokio::test]
async fn row_9701_9_01_a_resource_server_that_was_not_cleared_gets_nothing_about_the_person() {
    let setup = Setup::new().await;
    let fresh = setup.resource_server("fresh", SIGN).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for answer in [
        server.introspect(&fresh, &token.text).await.json(),
        server.statement(&fresh, &token.text).await.jwt().claims,
    ] {
        let text = answer.to_string();
        for personal in [
            "erika",
            "Mustermann",
            "1964",
            "DE02",
            "99.00",
            "contract",
            "4711",
        ] {
            assert!(!text.contains(personal), "{text}");
        }
    }
}

#[tokio::test]
async fn row_9701_9_02_a_resource_server_of_the_issuer_itself_is_bound_by_the_policy_too() {
    let first_party = "https://as.example/account";
    let setup = Setup::new().await;
    let account = setup
        .resource_server_with(
            "account",
            first_party,
            policy(|policy| {
                policy.claims = names(&["family_name"]);
                policy.subject = SubjectForm::Withheld;
            }),
        )
        .await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| order.resources = vec![resource(first_party)])
        .await;
    let server = setup.start().await;
    let answer = server.introspect(&account, &token.text).await.json();
    assert_eq!(answer["family_name"], "Mustermann");
    for member in ["sub", "birthdate", "iban", "authorization_details"] {
        assert_eq!(answer.get(member), None, "{member}");
    }
}

#[tokio::test]
async fn row_9701_9_05_what_is_released_follows_who_asks_and_what_the_token_holds() {
    let setup = Setup::new().await;
    let mut callers = Vec::new();
    for (id, released) in [("sign", "sign read"), ("pay", "pay")] {
        let caller = setup.resource_server_with(id, SIGN, |record| {
            record.policy.value.scopes = ReleasedScopes::Only(scope(released));
        });
        callers.push(caller.await);
    }
    setup.client("shop").await;
    let mut tokens = Vec::new();
    for granted in ["sign", "pay read"] {
        let token = setup.token_with(|order| order.scope = Some(scope(granted)));
        tokens.push(token.await.text);
    }
    let server = setup.start().await;
    let mut seen = Vec::new();
    for caller in &callers {
        for token in &tokens {
            let answer = server.introspect(caller, token).await.json();
            seen.push(answer["scope"].as_str().map(str::to_owned));
        }
    }
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(seen, [some("sign"), some("read"), None, some("pay")]);
    // Before authentication there is nothing at all to be had.
    let answer = server.about(&tokens[0]).send().await;
    answer.is_error(400, "invalid_client");
}

#[tokio::test]
async fn row_9396_9_2_01_authorization_details_are_filtered_for_the_asker() {
    let setup = Setup::new().await;
    let types = |types: &[&str]| {
        let types = names(types);
        policy(move |policy| policy.authorization_details_types = types)
    };
    let sign = setup
        .resource_server_with("sign", SIGN, types(&["signature"]))
        .await;
    let both = setup
        .resource_server_with("both", SIGN, types(&["signature", "payment"]))
        .await;
    let none = setup.resource_server("none", SIGN).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let signature = json!({"type": "signature", "document": "contract"});
    let payment = json!({"type": "payment", "amount": "99.00"});
    for (caller, expected) in [
        (&sign, Some(json!([signature]))),
        (&both, Some(json!([signature, payment]))),
        (&none, None),
    ] {
        let plain = server.introspect(caller, &token.text).await.json();
        assert_eq!(plain.get("authorization_details"), expected.as_ref());
        let signed = server.statement(caller, &token.text).await.jwt();
        assert_eq!(
            signed.answer().get("authorization_details"),
            expected.as_ref()
        );
        assert_eq!(signed.claims.get("authorization_details"), None);
    }
}

#[tokio::test]
async fn the_subject_has_the_form_the_policy_says() {
    let setup = Setup::new().await;
    let mut callers = Vec::new();
    for (id, form) in [
        ("public", SubjectForm::Public),
        ("pairwise", SubjectForm::Pairwise),
        ("withheld", SubjectForm::Withheld),
    ] {
        let change = policy(move |policy| policy.subject = form);
        callers.push(setup.resource_server_with(id, SIGN, change).await);
    }
    setup.resource_server("pay", PAY).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let mut subjects = Vec::new();
    for caller in &callers {
        let answer = server.introspect(caller, &token.text).await.json();
        subjects.push(answer.get("sub").cloned());
    }
    assert_eq!(subjects[0], Some(Value::from("erika")));
    assert_eq!(subjects[1].as_ref().unwrap().as_str().unwrap().len(), 43);
    assert_eq!(subjects[2], None);
}

#[tokio::test]
async fn row_9701_9_04_claims_come_with_the_very_token_they_were_agreed_for() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with(
            "sign",
            SIGN,
            policy(|policy| policy.claims = names(&CLAIMS)),
        )
        .await;
    setup.client("shop").await;
    let with_consent = setup.token().await;
    let without = setup.token_with(|order| {
        order.claims = claims(json!({}));
        order.legal_basis = None;
    });
    let without = without.await;
    let less = setup.token_with(|order| order.claims = claims(json!({"birthdate": "1964-08-12"})));
    let less = less.await;
    let server = setup.start().await;
    // One person, one client, one asker: the token alone makes the difference.
    for (token, seen) in [
        (&with_consent, &CLAIMS[..]),
        (&without, &[]),
        (&less, &["birthdate"]),
    ] {
        let answer = server.introspect(&sign, &token.text).await.json();
        assert_eq!(answer["active"], true);
        for claim in CLAIMS {
            assert_eq!(
                answer.get(claim).is_some(),
                seen.contains(&claim),
                "{claim}"
            );
        }
    }
}

#[tokio::test]
async fn row_9701_5_11_members_of_the_operators_own_are_told_in_both_forms() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with(
            "sign",
            SIGN,
            policy(|policy| policy.claims = names(&["level"])),
        )
        .await;
    setup.client("shop").await;
    let token = setup.token_with(|order| order.claims = claims(json!({"level": [3, "gold"]})));
    let token = token.await;
    let server = setup.start().await;
    let plain = server.introspect(&sign, &token.text).await.json();
    assert_eq!(plain["level"], json!([3, "gold"]));
    let signed = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(signed.answer()["level"], plain["level"]);
}

#[tokio::test]
async fn row_9701_3_07_the_audience_follows_the_resource_that_was_asked_for() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let pay = setup.resource_server("pay", PAY).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    for (asked, at_home, abroad) in [(SIGN, &sign, &pay), (PAY, &pay, &sign)] {
        let form = [("grant_type", "client_credentials"), ("resource", asked)];
        let issued = server.post("/token").by(&shop).form(&form).send().await;
        let issued = issued.is_json(200)["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let answer = server.introspect(at_home, &issued).await.json();
        assert_eq!(answer["active"], true);
        server.introspect(abroad, &issued).await.is_inactive();
    }
}

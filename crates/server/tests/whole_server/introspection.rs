//! Plain answers about active tokens (RFC 7662 section 2).

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_core::records::{ReleasePolicy, SubjectForm};
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use serde_json::{Value, json};

use crate::support::{PAY, SIGN, START, STATEMENT, Setup, resource, top_level};

/// Members that the registry of introspection answers has, with who put them
/// there: RFC 7662, RFC 8693, RFC 8705 and RFC 9449 (`cnf`), RFC 9396, RFC 9470.
const REGISTERED: [&str; 18] = [
    "active",
    "username",
    "client_id",
    "scope",
    "token_type",
    "exp",
    "iat",
    "nbf",
    "sub",
    "aud",
    "iss",
    "jti",
    "act",
    "may_act",
    "cnf",
    "authorization_details",
    "acr",
    "auth_time",
];

#[tokio::test]
async fn row_7662_2_2_01_a_good_question_gets_200_and_a_json_object() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await;
    assert!(answer.is_json(200).is_object());
}

#[tokio::test]
async fn row_7662_2_2_02_active_is_there_and_a_boolean() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for (token, active) in [(token.text.as_str(), true), ("unknown", false)] {
        let plain = server.introspect(&sign, token).await.json();
        assert_eq!(plain["active"], Value::Bool(active));
        let signed = server.statement(&sign, token).await.jwt();
        assert_eq!(signed.answer()["active"], Value::Bool(active));
    }
}

#[tokio::test]
async fn row_7662_2_2_05_string_members_are_strings_and_scope_is_a_list_with_spaces() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["scope"], "sign pay read");
    assert_eq!(answer["client_id"], "shop");
    assert_eq!(answer["token_type"], "Bearer");
    assert!(answer.get("username").is_none_or(Value::is_string));
}

#[tokio::test]
async fn row_7662_2_2_06_times_are_whole_seconds_of_the_token() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| {
            order.not_before = Some(order_start().after(Duration::from_secs(5)));
        })
        .await;
    let server = setup.start().await;
    server.clock.advance(Duration::from_secs(7));
    let answer = server.introspect(&sign, &token.text).await.json();
    let start = u64::try_from(START).unwrap();
    assert_eq!(answer["iat"].as_u64(), Some(start));
    assert_eq!(answer["nbf"].as_u64(), Some(start + 5));
    assert_eq!(answer["exp"].as_u64(), Some(start + 600));
}

fn order_start() -> avouch_core::time::Timestamp {
    avouch_core::time::Timestamp::from_secs(START)
}

#[tokio::test]
async fn row_7662_2_2_07_identifiers_are_strings_and_aud_has_both_forms() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let both = setup
        .resource_server_with("both", PAY, |record| {
            record.resources = BTreeSet::from([resource(SIGN), resource(PAY)]);
        })
        .await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| order.resources = vec![resource(SIGN), resource(PAY)])
        .await;
    let server = setup.start().await;

    let one = server.introspect(&sign, &token.text).await.json();
    assert_eq!(one["aud"], SIGN);
    let two = server.introspect(&both, &token.text).await.json();
    assert_eq!(two["aud"], json!([SIGN, PAY]));
    for answer in [one, two] {
        assert!(answer["sub"].is_string());
        assert_eq!(answer["iss"], "https://as.example");
        assert_eq!(answer["jti"], token.record.id.as_str());
    }
}

#[tokio::test]
async fn row_7662_2_2_09_two_resource_servers_get_different_answers_for_one_token() {
    let setup = Setup::new().await;
    let one = setup.resource_server("one", SIGN).await;
    let two = setup
        .resource_server_with("two", SIGN, |record| {
            record.policy.value.subject = SubjectForm::Public;
            record.policy.value.claims = BTreeSet::from(["family_name".to_owned()]);
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let one = server.introspect(&one, &token.text).await.json();
    let two = server.introspect(&two, &token.text).await.json();
    assert_ne!(one["sub"], "erika");
    assert_eq!(one.get("family_name"), None);
    assert_eq!(two["sub"], "erika");
    assert_eq!(two["family_name"], "Mustermann");
}

#[tokio::test]
async fn row_7662_5_01_each_resource_server_has_a_subject_of_its_own() {
    let setup = Setup::new().await;
    let one = setup.resource_server("one", SIGN).await;
    let two = setup.resource_server("two", SIGN).await;
    setup.client("shop").await;
    let (first, second) = (setup.token().await, setup.token().await);
    let server = setup.start().await;
    let sub = async |caller, token: &str| {
        let answer = server.introspect(caller, token).await.json();
        answer["sub"].as_str().unwrap().to_owned()
    };
    let here = sub(&one, &first.text).await;
    assert_eq!(here, sub(&one, &second.text).await);
    assert_ne!(here, sub(&two, &first.text).await);
    assert!(!here.contains("erika"));
}

#[tokio::test]
async fn row_7662_2_1_01_the_question_is_a_posted_form() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let body = json!({"token": token.text});
    let asked = server.post("/introspect").by(&sign);
    asked
        .json(&body)
        .send()
        .await
        .is_error(415, "invalid_request");
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["active"], true);
}

#[tokio::test]
async fn row_7662_2_1_02_a_missing_or_empty_token_is_refused() {
    let setup = Setup::new().await;
    let (sign, _) = setup.usual().await;
    let server = setup.start().await;
    for body in ["", "token", "token=", "&", "token_type_hint=access_token"] {
        let asked = server.post("/introspect").by(&sign);
        let answer = asked.form_body(body.as_bytes()).send().await;
        answer.is_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn row_7662_2_1_03_a_wrong_hint_does_not_hide_the_token() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let form = [
        ("token", token.text.as_str()),
        ("token_type_hint", "refresh_token"),
    ];
    let asked = server.post("/introspect").by(&sign);
    assert_eq!(asked.form(&form).send().await.json()["active"], true);
}

#[tokio::test]
async fn row_7662_2_1_04_hints_make_no_difference() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let plain = server.introspect(&sign, &token.text).await;
    for hint in ["access_token", "refresh_token", "pct", "", "\u{fc}"] {
        let form = [("token", token.text.as_str()), ("token_type_hint", hint)];
        let asked = server.post("/introspect").by(&sign).form(&form);
        assert_eq!(asked.send().await.body, plain.body, "{hint}");
    }
}

#[tokio::test]
async fn row_7662_2_1_06_a_token_whose_state_is_not_known_is_inactive() {
    let setup = Setup::new().await;
    let (sign, _) = setup.usual().await;
    let genuine = setup.genuine();
    let server = setup.start().await;
    server.introspect(&sign, &genuine).await.is_inactive();
}

#[tokio::test]
async fn row_7662_2_1_07_parameters_that_are_not_understood_are_ignored() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let form = [
        ("colour", "blue"),
        ("token", token.text.as_str()),
        ("resource", "no uri"),
    ];
    let asked = server.post("/introspect").by(&sign);
    let answer = asked.form(&form).send().await;
    assert_eq!(
        answer.body,
        server.introspect(&sign, &token.text).await.body
    );
}

#[tokio::test]
async fn row_7662_4_11_get_is_refused_with_and_without_a_token() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for target in [
        "/introspect".to_owned(),
        format!("/introspect?token={}", token.text),
    ] {
        let answer = server.request("GET", &target).by(&sign).send().await;
        answer.is_error(405, "invalid_request");
        assert_eq!(answer.header("allow"), Some("POST"));
        assert!(!answer.text().contains(&token.text));
    }
}

#[tokio::test]
async fn row_9701_5_13_built_in_members_are_registered_ones() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.policy.value = ReleasePolicy {
                authorization_details_types: BTreeSet::from(["payment".to_owned()]),
                ..ReleasePolicy::default()
            };
        })
        .await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| {
            order.not_before = Some(order_start());
            order.confirmation = Some(Confirmation::jkt(Sha256Thumbprint::from_bytes([7; 32])));
        })
        .await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    let members = top_level(&answer);
    assert_eq!(members.len(), 15, "{members:?}");
    for member in members {
        assert!(REGISTERED.contains(&member), "{member}");
    }
}

#[tokio::test]
async fn row_9449_6_2_01_a_dpop_bound_token_shows_its_key_in_both_forms() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.client("shop").await;
    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let token = setup
        .token_with(|order| {
            let jkt = Sha256Thumbprint::parse(thumbprint).unwrap();
            order.confirmation = Some(Confirmation::jkt(jkt));
        })
        .await;
    let server = setup.start().await;
    let plain = server.introspect(&sign, &token.text).await.json();
    assert_eq!(plain["cnf"], json!({"jkt": thumbprint}));
    let signed = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(signed.answer()["cnf"], plain["cnf"]);
    assert_eq!(signed.claims.get("cnf"), None);
}

#[tokio::test]
async fn row_9449_6_2_02_and_its_type_is_dpop() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| {
            let jkt = Sha256Thumbprint::from_bytes([7; 32]);
            order.confirmation = Some(Confirmation::jkt(jkt));
        })
        .await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["token_type"], "DPoP");
}

#[tokio::test]
async fn row_9449_6_2_03_no_proof_is_asked_for_the_token_asked_about() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| {
            let jkt = Sha256Thumbprint::from_bytes([7; 32]);
            order.confirmation = Some(Confirmation::jkt(jkt));
        })
        .await;
    let server = setup.start().await;
    let without = server.introspect(&sign, &token.text).await;
    assert_eq!(without.is_json(200)["active"], true);
    // And one that is sent by mistake is not looked at.
    let asked = server
        .about(&token.text)
        .by(&sign)
        .header("DPoP", "nonsense");
    assert_eq!(asked.send().await.body, without.body);
}

#[tokio::test]
async fn row_8705_3_01_a_certificate_bound_token_shows_its_certificate() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.client("shop").await;
    let thumbprint = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    let token = setup
        .token_with(|order| {
            let x5t = Sha256Thumbprint::parse(thumbprint).unwrap();
            order.confirmation = Some(Confirmation::x5t_s256(x5t));
        })
        .await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["cnf"], json!({"x5t#S256": thumbprint}));
    assert_eq!(answer["token_type"], "Bearer");
}

#[tokio::test]
async fn row_9470_6_2_01_the_login_behind_the_token_shows() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let answer = server.introspect(&sign, &token.text).await.json();
    assert_eq!(answer["acr"], "high");
    assert_eq!(answer["auth_time"].as_u64(), Some(1_795_305_000));
}

#[tokio::test]
async fn row_6749_5_1_01_no_answer_of_these_endpoints_is_cached() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    server.introspect(&sign, &token.text).await.is_not_cached();
    server.statement(&sign, &token.text).await.is_not_cached();
    server.introspect(&sign, "unknown").await.is_not_cached();
    for endpoint in ["/introspect", "/token", "/revoke", "/register"] {
        // Without credentials, of a wrong type, by a wrong method.
        let asked = server.post(endpoint).accept(STATEMENT);
        asked.form(&[("token", "x")]).send().await.is_not_cached();
        server.post(endpoint).send().await.is_not_cached();
        server.get(endpoint).await.is_not_cached();
    }
}

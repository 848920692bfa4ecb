//! Signed answers (RFC 9701 sections 5 and 6).

use std::collections::BTreeSet;
use std::time::Duration;

use avouch_core::records::SubjectForm;
use avouch_jose::SignatureAlgorithm;
use serde_json::{Value, json};

use crate::support::{Caller, PAY, SIGN, START, STATEMENT, Setup, resource, top_level};

#[tokio::test]
async fn row_9701_5_02_a_statement_is_200_with_its_media_type_and_nothing_but_the_jwt() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for token in [token.text.as_str(), "unknown"] {
        let answer = server.statement(&sign, token).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some(STATEMENT));
        let compact = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(
            answer.body.iter().all(|byte| compact(*byte)),
            "{}",
            answer.text()
        );
        answer.jwt();
    }
}

#[tokio::test]
async fn row_9701_10_01_the_media_type_has_no_parameters() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for accept in [
        STATEMENT,
        "application/token-introspection+jwt; charset=utf-8",
    ] {
        let answer = server
            .about(&token.text)
            .by(&sign)
            .accept(accept)
            .send()
            .await;
        assert_eq!(answer.header("content-type"), Some(STATEMENT));
    }
}

#[tokio::test]
async fn row_9701_5_03_the_header_names_the_kind_of_jwt() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let header = server.statement(&sign, &token.text).await.jwt().header;
    assert_eq!(header["typ"], "token-introspection+jwt");
    assert_eq!(top_level(&header), ["alg", "kid", "typ"]);
}

#[tokio::test]
async fn row_9701_5_04_iss_is_the_issuer_of_the_metadata_to_the_last_character() {
    for path in ["", "/tenant/a"] {
        let setup = Setup::new().await.path(path);
        let (sign, token) = setup.usual().await;
        let server = setup.start().await;
        let metadata = server
            .get(&format!("/.well-known/oauth-authorization-server{path}"))
            .await
            .json();
        let asked = server.post(&format!("{path}/introspect")).by(&sign);
        let asked = asked.accept(STATEMENT).form(&[("token", &token.text)]);
        let statement = asked.send().await.jwt();
        assert_eq!(statement.claims["iss"], metadata["issuer"]);
        assert_eq!(statement.claims["iss"], format!("https://as.example{path}"));
        assert_eq!(statement.answer()["iss"], metadata["issuer"]);
    }
}

#[tokio::test]
async fn row_9701_5_05_aud_is_the_resource_server_that_asked() {
    let setup = Setup::new().await;
    let one = setup.resource_server("one", SIGN).await;
    let two = setup.resource_server("two", SIGN).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for caller in [&one, &two] {
        for token in [token.text.as_str(), "unknown"] {
            let statement = server.statement(caller, token).await.jwt();
            assert_eq!(statement.claims["aud"], caller.id.as_str());
        }
    }
}

#[tokio::test]
async fn row_c2id_03_aud_is_the_client_id_and_never_the_audience_of_the_token() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let statement = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(statement.claims["aud"], Value::from("sign"));
    assert_eq!(statement.answer()["aud"], SIGN);
}

#[tokio::test]
async fn row_9701_5_06_iat_is_the_instant_of_the_answer() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for expected in [START, START + 10] {
        let statement = server.statement(&sign, &token.text).await.jwt();
        assert_eq!(statement.claims["iat"].as_i64(), Some(expected));
        assert_eq!(statement.answer()["iat"].as_i64(), Some(START));
        server.clock.advance(Duration::from_secs(10));
    }
}

#[tokio::test]
async fn row_9701_5_07_token_introspection_holds_what_the_plain_answer_holds() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.policy.value.subject = SubjectForm::Public;
            record.policy.value.claims = BTreeSet::from(["birthdate".to_owned()]);
            record.policy.value.authorization_details_types =
                BTreeSet::from(["payment".to_owned()]);
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let plain = server.introspect(&sign, &token.text).await;
    let statement = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(statement.claims["token_introspection"], plain.json());
    assert_eq!(plain.json()["birthdate"], "1964-08-12");
}

#[tokio::test]
async fn row_9701_5_09_active_is_the_boolean_true() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let statement = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(statement.answer()["active"], Value::Bool(true));
}

#[tokio::test]
async fn row_9701_5_17_no_sub_and_no_exp_beside_the_answer() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let statement = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(
        top_level(&statement.claims),
        ["aud", "iat", "iss", "token_introspection"]
    );
    assert!(statement.answer().contains_key("sub"));
    assert!(statement.answer().contains_key("exp"));
}

#[tokio::test]
async fn row_9701_6_03_without_a_registered_algorithm_it_is_rs256() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let answer = server.statement(&sign, &token.text).await;
    assert_eq!(answer.jwt().header["alg"], "RS256");
    let keys = server.keys().await;
    let response = server.verify(&keys, &sign, &answer, SignatureAlgorithm::Rs256);
    assert!(response.is_active());
}

#[tokio::test]
async fn row_9701_6_05_with_nothing_registered_nothing_is_encrypted() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let answer = server.statement(&sign, &token.text).await;
    assert_eq!(answer.text().split('.').count(), 3);
    assert_eq!(answer.jwt().header.get("enc"), None);
}

/// One server with keys for all, one RS for each.
#[tokio::test]
async fn row_9701_6_02_the_answer_is_signed_with_exactly_the_registered_algorithm() {
    let setup = Setup::new().await.algorithms(&SignatureAlgorithm::ALL);
    let mut callers: Vec<(SignatureAlgorithm, Caller)> = Vec::new();
    for algorithm in SignatureAlgorithm::ALL {
        let id = format!("rs-{}", algorithm.name().to_lowercase());
        let caller = setup.resource_server_with(&id, SIGN, |record| {
            record.profile.value.signing_algorithm = algorithm;
        });
        callers.push((algorithm, caller.await));
    }
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let keys = server.keys().await;
    let mut kids = BTreeSet::new();
    for (algorithm, caller) in &callers {
        let answer = server.statement(caller, &token.text).await;
        let header = answer.jwt().header;
        assert_eq!(header["alg"], algorithm.name());
        kids.insert(header["kid"].as_str().unwrap().to_owned());
        let response = server.verify(&keys, caller, &answer, *algorithm);
        assert!(response.is_active());
    }
    assert_eq!(
        kids.len(),
        SignatureAlgorithm::ALL.len(),
        "one key, one algorithm"
    );
}

#[tokio::test]
async fn row_9701_5_19_whatever_is_asked_for_the_answer_is_signed() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let keys = server.keys().await;
    for token in [token.text.as_str(), "unknown"] {
        for accept in [
            STATEMENT,
            "*/*, application/json;q=0",
            "application/token-introspection+jwt;alg=none, */*, application/json;q=0",
        ] {
            let answer = server.about(token).by(&sign).accept(accept).send().await;
            assert_eq!(answer.header("content-type"), Some(STATEMENT), "{accept}");
            server.verify(&keys, &sign, &answer, SignatureAlgorithm::Rs256);
        }
    }
}

#[tokio::test]
async fn row_9701_5_23_the_kid_of_a_statement_is_found_in_the_published_keys() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let kid = server.statement(&sign, &token.text).await.jwt().header["kid"].clone();
    let published = server.get("/jwks.json").await.json();
    let keys = published["keys"].as_array().unwrap();
    let named: Vec<_> = keys.iter().filter(|key| key["kid"] == kid).collect();
    assert_eq!(named.len(), 1);
    assert_eq!(named[0]["alg"], "RS256");
    assert_eq!(named[0]["use"], "sig");
}

#[tokio::test]
async fn row_9701_5_24_errors_are_plain_json_even_where_a_jwt_was_asked_for() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let shop = setup.client("other-shop").await;
    let server = setup.start().await;
    let form = [("token", token.text.as_str())];
    let asked = || server.post("/introspect").accept(STATEMENT);
    let wrong = sign.with_secret("wrong");

    asked()
        .form(&form)
        .send()
        .await
        .is_error(400, "invalid_client");
    asked()
        .by(&wrong)
        .form(&form)
        .send()
        .await
        .is_error(401, "invalid_client");
    asked()
        .bearer("abc")
        .form(&form)
        .send()
        .await
        .is_error(401, "invalid_token");
    asked()
        .by(&shop)
        .form(&form)
        .send()
        .await
        .is_error(400, "unauthorized_client");
    asked()
        .by(&sign)
        .form(&[])
        .send()
        .await
        .is_error(400, "invalid_request");
    asked()
        .by(&sign)
        .json(&json!({}))
        .send()
        .await
        .is_error(415, "invalid_request");
    let long = "a".repeat(70_000);
    let long = asked()
        .by(&sign)
        .header("Content-Length", &long.len().to_string());
    long.header("Content-Type", "application/x-www-form-urlencoded")
        .send()
        .await
        .is_error(413, "invalid_request");
    server
        .request("PUT", "/introspect")
        .accept(STATEMENT)
        .send()
        .await
        .is_error(405, "invalid_request");
}

#[tokio::test]
async fn a_statement_about_a_token_for_two_names_only_what_the_asker_serves() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.resource_server("pay", PAY).await;
    setup.client("shop").await;
    let token = setup
        .token_with(|order| order.resources = vec![resource(PAY), resource(SIGN)])
        .await;
    let server = setup.start().await;
    let answer = server.statement(&sign, &token.text).await;
    assert_eq!(answer.jwt().answer()["aud"], SIGN);
}

//! What the server says about itself (RFC 8414, OpenID Connect Discovery).

use avouch_jose::{ContentEncryption, KeyManagementAlgorithm};
use serde_json::{Value, json};

use crate::support::{Running, STATEMENT, Setup};

const PLACES: [&str; 2] = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
];

async fn metadata(server: &Running) -> Value {
    let answer = server.get(PLACES[0]).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn row_8414_3_01_the_document_stands_between_host_and_path() {
    for path in ["", "/tenant/a"] {
        let server = Setup::new().await.path(path).start().await;
        let answer = server.get(&format!("{}{path}", PLACES[0])).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json()["issuer"], format!("https://as.example{path}"));
    }
    let server = Setup::new().await.path("/tenant/a").start().await;
    let answer = server.get(PLACES[0]).await;
    answer.is_error(404, "invalid_request");
}

#[tokio::test]
async fn row_fsp_5_3_2_1_10_both_discovery_documents_are_there_and_equal() {
    let server = Setup::new().await.start().await;
    let (one, two) = (server.get(PLACES[0]).await, server.get(PLACES[1]).await);
    assert_eq!(one.status, 200);
    assert_eq!(one.but_for_the_time(), two.but_for_the_time());
    // OpenID Connect Discovery section 4: after the path of the issuer.
    let server = Setup::new().await.path("/tenant/a").start().await;
    let answer = server.get(&format!("/tenant/a{}", PLACES[1])).await;
    assert_eq!(answer.json()["issuer"], "https://as.example/tenant/a");
}

#[tokio::test]
async fn row_8414_2_01_the_issuer_is_an_https_url_and_the_one_of_every_statement() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let issuer = metadata(&server).await["issuer"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(issuer.starts_with("https://"));
    assert!(!issuer.contains(['?', '#']));
    let statement = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(statement.claims["iss"], issuer);
}

#[tokio::test]
async fn row_8414_2_02_the_token_endpoint_is_named() {
    let server = Setup::new().await.start().await;
    let document = metadata(&server).await;
    assert_eq!(document["token_endpoint"], "https://as.example/token");
    // No authorization endpoint yet, so nothing pretends there is one.
    assert_eq!(document.get("authorization_endpoint"), None);
}

#[tokio::test]
async fn row_8414_2_03_every_endpoint_named_is_there() {
    for path in ["", "/tenant/a"] {
        let server = Setup::new().await.path(path).start().await;
        let document = server.get(&format!("{}{path}", PLACES[0])).await.json();
        for (member, right, status) in [
            ("jwks_uri", "GET", 200),
            ("introspection_endpoint", "POST", 415),
            ("revocation_endpoint", "POST", 415),
            ("token_endpoint", "POST", 415),
            ("registration_endpoint", "POST", 401),
        ] {
            let url = document[member].as_str().unwrap();
            let target = url.strip_prefix("https://as.example").unwrap();
            let answer = server.request(right, target).send().await;
            assert_eq!(answer.status, status, "{member}");
        }
        assert_eq!(
            document["grant_types_supported"],
            json!(["client_credentials"])
        );
    }
}

#[tokio::test]
async fn row_9701_7_01_the_signing_algorithms_are_published() {
    let server = Setup::new().await.start().await;
    let document = metadata(&server).await;
    assert_eq!(
        document["introspection_signing_alg_values_supported"],
        json!(["RS256", "ES256", "Ed25519"])
    );
}

#[tokio::test]
async fn row_9701_7_02_every_algorithm_listed_works_and_no_other() {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let document = metadata(&server).await;
    let listed = document["introspection_signing_alg_values_supported"].clone();
    for name in [
        "RS256", "RS384", "PS256", "ES256", "ES384", "ES512", "Ed25519", "EdDSA", "none",
    ] {
        let asked = json!({
            "resource": format!("urn:example:{name}"),
            "introspection_signed_response_alg": name,
        });
        let answer = server
            .post("/register")
            .bearer(&token)
            .json(&asked)
            .send()
            .await;
        if !listed.as_array().unwrap().contains(&json!(name)) {
            answer.is_error(400, "invalid_client_metadata");
            continue;
        }
        let body = answer.is_json(201);
        let caller = crate::support::Caller {
            id: body["client_id"].as_str().unwrap().to_owned(),
            secret: body["client_secret"].as_str().unwrap().to_owned(),
        };
        let asked = server.about("unknown").by(&caller).accept(STATEMENT);
        assert_eq!(asked.send().await.jwt().header["alg"], name);
    }
}

#[tokio::test]
async fn row_8414_2_06_the_three_arrays_of_rfc_9701_are_there() {
    let server = Setup::new().await.start().await;
    let document = metadata(&server).await;
    let names = |member: &str| -> Vec<_> {
        let names = document[member].as_array().unwrap().iter();
        names
            .map(|name| name.as_str().unwrap().to_owned())
            .collect()
    };
    let signing = names("introspection_signing_alg_values_supported");
    assert_eq!(signing, ["RS256", "ES256", "Ed25519"]);
    assert_eq!(
        names("introspection_encryption_alg_values_supported"),
        KeyManagementAlgorithm::ALL.map(KeyManagementAlgorithm::name)
    );
    assert_eq!(
        names("introspection_encryption_enc_values_supported"),
        ContentEncryption::ALL.map(ContentEncryption::name)
    );
}

#[tokio::test]
async fn row_8414_3_2_01_nothing_in_the_document_is_empty() {
    let server = Setup::new().await.start().await;
    let document = metadata(&server).await;
    for (name, value) in document.as_object().unwrap() {
        let is_empty = value.as_array().is_some_and(Vec::is_empty)
            || value.as_str().is_some_and(str::is_empty)
            || value.is_null();
        assert!(!is_empty, "{name}");
    }
}

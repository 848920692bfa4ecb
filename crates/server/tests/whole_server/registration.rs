//! Dynamic registration (RFC 7591) with an initial access token.

use std::time::Duration;

use avouch_core::records::{AllowedResources, RegistrationKinds, ResourceSharing};
use serde_json::{Value, json};

use crate::support::{PAY, Running, SIGN, STATEMENT, Setup, caller, register, resource};

/// A server with an initial access token for anything.
async fn desk() -> (Running, String) {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    (setup.start().await, token)
}

fn a_client() -> Value {
    json!({"grant_types": ["client_credentials"], "scope": "sign"})
}

fn a_resource_server() -> Value {
    json!({"resource": SIGN})
}

fn with(mut metadata: Value, name: &str, value: Value) -> Value {
    metadata[name] = value;
    metadata
}

#[tokio::test]
async fn row_7591_3_2_1_01_success_is_201_with_a_client_id() {
    let (server, token) = desk().await;
    for metadata in [a_client(), a_resource_server()] {
        let body = register(&server, &token, &metadata).await.is_json(201);
        assert!(!body["client_id"].as_str().unwrap().is_empty());
        assert_eq!(body["client_id_issued_at"], crate::support::START);
    }
}

#[tokio::test]
async fn what_was_registered_works_at_once() {
    let (server, token) = desk().await;
    let sign = caller(&register(&server, &token, &a_resource_server()).await);
    let shop = caller(&register(&server, &token, &a_client()).await);
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let issued = server
        .post("/token")
        .by(&shop)
        .form(&form)
        .send()
        .await
        .is_json(200);
    let issued = issued["access_token"].as_str().unwrap();
    let answer = server.introspect(&sign, issued).await.is_json(200);
    assert_eq!(answer["active"], true);
    assert_eq!(answer["client_id"], shop.id.as_str());
    let statement = server.statement(&sign, issued).await.jwt();
    assert_eq!(statement.claims["aud"], sign.id.as_str());
}

#[tokio::test]
async fn row_7591_3_1_01_registration_is_a_post_of_json() {
    let (server, token) = desk().await;
    let body = a_client().to_string();
    for content_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/jwt",
    ] {
        let asked = server.post("/register").bearer(&token);
        let answer = asked.body(content_type, body.as_bytes()).send().await;
        answer.is_error(415, "invalid_request");
    }
    let answer = server.get("/register").await;
    answer.is_error(405, "invalid_request");
    let asked = server.post("/register").bearer(&token);
    let answer = asked
        .body("application/json; charset=utf-8", body.as_bytes())
        .send()
        .await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn row_7591_3_2_1_02_each_secret_is_its_own_and_says_when_it_ends() {
    let (server, token) = desk().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let answer = register(&server, &token, &a_client()).await;
        assert_eq!(answer.is_json(201)["client_secret_expires_at"], 0);
        let caller = caller(&answer);
        assert!(seen.insert(caller.id));
        assert!(seen.insert(caller.secret));
    }
}

#[tokio::test]
async fn row_7591_3_2_1_04_all_registered_metadata_comes_back_defaults_included() {
    let (server, token) = desk().await;
    let asked = json!({
        "resource": [PAY, SIGN],
        "client_name": "Sign",
        "client_uri": "https://sign.example/",
        "contacts": ["ops@sign.example"],
        "tos_uri": "https://sign.example/tos",
        "policy_uri": "https://sign.example/policy",
        "token_endpoint_auth_method": "client_secret_post",
        "introspection_signed_response_alg": "ES256",
    });
    let body = register(&server, &token, &asked).await.is_json(201);
    for (name, value) in asked.as_object().unwrap() {
        assert_eq!(&body[name], value, "{name}");
    }
    assert_eq!(body["grant_types"], json!([]));
    let body = register(&server, &token, &json!({"resource": "urn:example:x"}))
        .await
        .is_json(201);
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(body["introspection_signed_response_alg"], "RS256");
}

#[tokio::test]
async fn row_9701_3_08_a_resource_server_is_kept_with_its_id_method_and_secret() {
    let (server, token) = desk().await;
    let metadata = with(
        a_resource_server(),
        "token_endpoint_auth_method",
        json!("client_secret_post"),
    );
    let answer = register(&server, &token, &metadata).await;
    let sign = caller(&answer);
    assert_eq!(
        answer.json()["token_endpoint_auth_method"],
        "client_secret_post"
    );
    // Kept, not just echoed: the other method fails, also after a restart.
    let server = server.restart().await;
    let form = [
        ("token", "unknown"),
        ("client_id", sign.id.as_str()),
        ("client_secret", sign.secret.as_str()),
    ];
    server
        .post("/introspect")
        .form(&form)
        .send()
        .await
        .is_inactive();
    let answer = server.introspect(&sign, "unknown").await;
    answer.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_9701_3_09_what_people_are_asked_to_agree_to_is_accepted_and_shown() {
    let (server, token) = desk().await;
    let details = json!({
        "client_name": "Sign",
        "client_uri": "https://sign.example/",
        "contacts": ["ops@sign.example"],
        "tos_uri": "https://sign.example/tos",
        "policy_uri": "https://sign.example/policy",
    });
    let mut metadata = a_resource_server();
    let members = metadata.as_object_mut().unwrap();
    members.extend(details.as_object().unwrap().clone());
    let body = register(&server, &token, &metadata).await.is_json(201);
    for (name, value) in details.as_object().unwrap() {
        assert_eq!(&body[name], value);
    }
}

#[tokio::test]
async fn row_7591_3_2_2_01_metadata_that_is_not_acceptable_is_400() {
    let (server, token) = desk().await;
    for metadata in [
        json!([]),
        json!("x"),
        json!({}),
        with(a_client(), "client_name", json!(5)),
        with(a_client(), "scope", json!("\"")),
        with(
            a_client(),
            "token_endpoint_auth_method",
            json!("private_key_jwt"),
        ),
        with(a_client(), "token_endpoint_auth_method", json!("none")),
        with(a_client(), "token_endpoint_auth_method", json!("magic")),
        with(a_client(), "client_uri", json!("javascript:alert(1)")),
        with(
            a_client(),
            "introspection_signed_response_alg",
            json!("RS256"),
        ),
        with(a_resource_server(), "resource", json!("not a uri")),
        with(
            a_resource_server(),
            "resource",
            json!("https://a.example/#x"),
        ),
        with(
            a_resource_server(),
            "contacts",
            json!(vec!["a@a.example"; 33]),
        ),
        with(
            a_resource_server(),
            "grant_types",
            json!(["client_credentials"]),
        ),
        with(a_resource_server(), "client_name", json!("n".repeat(1025))),
    ] {
        let answer = register(&server, &token, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    for body in [
        &b"{"[..],
        b"",
        b"{\"scope\":\"a\",\"scope\":\"b\"}",
        b"\xff",
        b"{}x",
    ] {
        let asked = server.post("/register").bearer(&token);
        let answer = asked.body("application/json", body).send().await;
        answer.is_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn row_7591_3_2_2_02_a_bad_initial_access_token_is_401() {
    let setup = Setup::new().await;
    let later = setup.now().after(Duration::from_secs(10));
    let expiring = setup
        .initial_access_token("expiring", |record| record.expires_at = Some(later))
        .await;
    let once = setup
        .initial_access_token("once", |record| record.uses_left = Some(1))
        .await;
    let (sign, access) = setup.usual().await;
    let server = setup.start().await;
    let metadata = a_client();

    assert_eq!(register(&server, &expiring, &metadata).await.status, 201);
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(register(&server, &once, &metadata).await.status, 201);
    for bad in [expiring.as_str(), &once, "abc", &access.text] {
        let answer = register(&server, bad, &metadata).await;
        answer.is_error(401, "invalid_token");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    // None at all: a challenge without a word about an error (RFC 6750 section 3.1).
    let answer = server.post("/register").json(&metadata).send().await;
    answer.is_error(401, "invalid_token");
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Bearer realm=\"avouch\"")
    );
    // And nothing else opens it.
    let answer = server
        .post("/register")
        .by(&sign)
        .json(&metadata)
        .send()
        .await;
    answer.is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_7591_2_01_unknown_metadata_is_ignored() {
    let (server, token) = desk().await;
    let metadata = with(a_client(), "colour", json!({"of": "sky"}));
    let body = register(&server, &token, &metadata).await.is_json(201);
    assert_eq!(body.get("colour"), None);
}

#[tokio::test]
async fn row_7591_2_02_the_method_left_out_is_client_secret_basic() {
    let (server, token) = desk().await;
    let answer = register(&server, &token, &a_client()).await;
    assert_eq!(
        answer.is_json(201)["token_endpoint_auth_method"],
        "client_secret_basic"
    );
    // The default grant is one that this server does not have: said, not replaced.
    let answer = register(&server, &token, &json!({"scope": "sign"})).await;
    answer.is_error(400, "invalid_client_metadata");
    assert!(
        answer.text().contains("authorization_code"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn row_7591_2_03_jwks_and_jwks_uri_exclude_each_other() {
    let (server, token) = desk().await;
    let metadata = with(a_client(), "jwks", json!({"keys": []}));
    let metadata = with(metadata, "jwks_uri", json!("https://shop.example/jwks"));
    let answer = register(&server, &token, &metadata).await;
    answer.is_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn row_7591_2_1_01_grant_and_response_types_fit_together() {
    let (server, token) = desk().await;
    for (grants, responses) in [
        (json!(["client_credentials"]), json!(["code"])),
        (json!(["authorization_code"]), json!(["code"])),
        (json!(["authorization_code"]), json!([])),
        (json!(["client_credentials", "implicit"]), json!([])),
    ] {
        let metadata = json!({"grant_types": grants, "response_types": responses});
        let answer = register(&server, &token, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let fitting = json!({"grant_types": ["client_credentials"], "response_types": []});
    let body = register(&server, &token, &fitting).await.is_json(201);
    assert_eq!(body["response_types"], json!([]));
}

#[tokio::test]
async fn row_9701_6_08_content_encryption_without_key_encryption_is_refused() {
    let (server, token) = desk().await;
    let metadata = with(
        a_resource_server(),
        "introspection_encrypted_response_enc",
        json!("A256GCM"),
    );
    let answer = register(&server, &token, &metadata).await;
    answer.is_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn row_9701_6_10_unknown_and_forbidden_algorithms_are_refused() {
    let (server, token) = desk().await;
    for (name, values) in [
        (
            "introspection_signed_response_alg",
            // The last is known and has no key here.
            &[
                "none", "None", "HS256", "rs256", "RS1", "ES256K", "", "ES512",
            ][..],
        ),
        (
            "introspection_encrypted_response_alg",
            &[
                "none",
                "RSA1_5",
                "PBES2-HS256+A128KW",
                "dir",
                "RSA-OAEP-256",
            ],
        ),
    ] {
        for value in values {
            let metadata = with(a_resource_server(), name, json!(value));
            let answer = register(&server, &token, &metadata).await;
            answer.is_error(400, "invalid_client_metadata");
        }
    }
}

#[tokio::test]
async fn row_9701_5_19_no_registration_leads_to_an_unsigned_answer() {
    let (server, token) = desk().await;
    let metadata = with(
        a_resource_server(),
        "introspection_signed_response_alg",
        json!("none"),
    );
    let answer = register(&server, &token, &metadata).await;
    answer.is_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn row_f617_04_nobody_becomes_a_resource_server_on_its_own_word() {
    let setup = Setup::new().await;
    let clients = setup
        .initial_access_token("clients", |record| {
            record.allowance.kinds = RegistrationKinds::Clients;
        })
        .await;
    let narrow = setup
        .initial_access_token("narrow", |record| {
            record.allowance.resources = AllowedResources::Only(vec![resource(SIGN)]);
        })
        .await;
    let server = setup.start().await;

    // Without a token there is no registration at all.
    let answer = server
        .post("/register")
        .json(&a_resource_server())
        .send()
        .await;
    answer.is_error(401, "invalid_token");
    // With one for clients, asking for the role is refused or comes to nothing.
    let answer = register(&server, &clients, &a_resource_server()).await;
    answer.is_error(400, "invalid_client_metadata");
    let shop = caller(&register(&server, &clients, &a_client()).await);
    server
        .introspect(&shop, "unknown")
        .await
        .is_error(400, "unauthorized_client");
    let nothing = register(&server, &clients, &json!({"grant_types": []})).await;
    server
        .introspect(&caller(&nothing), "unknown")
        .await
        .is_error(400, "unauthorized_client");
    // With one for some resources, no other is to be had.
    let elsewhere = json!({"resource": [SIGN, PAY]});
    let answer = register(&server, &narrow, &elsewhere).await;
    answer.is_error(400, "invalid_client_metadata");
    let sign = caller(&register(&server, &narrow, &a_resource_server()).await);
    server.introspect(&sign, "unknown").await.is_inactive();
}

#[tokio::test]
async fn a_resource_that_another_serves_is_taken_unless_sharing_was_allowed() {
    let setup = Setup::new().await;
    let exclusive = setup.initial_access_token("exclusive", |_| {}).await;
    let shared = setup
        .initial_access_token("shared", |record| {
            record.allowance.sharing = ResourceSharing::Shared;
        })
        .await;
    setup.resource_server("sign", SIGN).await;
    let server = setup.start().await;
    let answer = register(&server, &exclusive, &a_resource_server()).await;
    answer.is_error(400, "invalid_client_metadata");
    assert_eq!(
        register(&server, &shared, &a_resource_server())
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn a_refused_registration_does_not_use_up_its_token() {
    let setup = Setup::new().await;
    let once = setup
        .initial_access_token("once", |record| record.uses_left = Some(1))
        .await;
    setup.resource_server("pay", PAY).await;
    let server = setup.start().await;
    let wrong = with(a_client(), "scope", json!(5));
    register(&server, &once, &wrong)
        .await
        .is_error(400, "invalid_client_metadata");
    let unsupported = with(a_client(), "grant_types", json!(["magic"]));
    register(&server, &once, &unsupported)
        .await
        .is_error(400, "invalid_client_metadata");
    let taken = json!({"resource": PAY});
    register(&server, &once, &taken)
        .await
        .is_error(400, "invalid_client_metadata");
    assert_eq!(register(&server, &once, &a_client()).await.status, 201);
    register(&server, &once, &a_client())
        .await
        .is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_9700_4_15_01_a_client_does_not_choose_its_name() {
    let (server, token) = desk().await;
    for metadata in [
        with(a_client(), "client_id", json!("erika")),
        with(a_client(), "sub", json!("erika")),
        with(a_resource_server(), "client_id", json!("erika")),
    ] {
        let body = register(&server, &token, &metadata).await.is_json(201);
        let id = body["client_id"].as_str().unwrap();
        assert!(id.starts_with("c-") || id.starts_with("rs-"), "{id}");
        assert!(!id.contains("erika"));
    }
}

#[tokio::test]
async fn a_fresh_resource_server_gets_its_answers_signed_as_it_registered() {
    let (server, token) = desk().await;
    for algorithm in ["RS256", "ES256", "Ed25519"] {
        let metadata = json!({
            "resource": format!("https://{}.example", algorithm.to_lowercase()),
            "introspection_signed_response_alg": algorithm,
        });
        let sign = caller(&register(&server, &token, &metadata).await);
        let asked = server.about("unknown").by(&sign).accept(STATEMENT);
        assert_eq!(asked.send().await.jwt().header["alg"], algorithm);
    }
}

#[tokio::test]
async fn registration_can_be_switched_off() {
    let setup = Setup::new()
        .await
        .configured("[registration]\nenabled = false\n");
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let answer = register(&server, &token, &a_client()).await;
    answer.is_error(404, "invalid_request");
    let metadata = server
        .get("/.well-known/oauth-authorization-server")
        .await
        .json();
    assert_eq!(metadata.get("registration_endpoint"), None);
}

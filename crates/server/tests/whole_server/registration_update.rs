//! What an update may reach: never beyond what was approved, and never another's.

use avouch_core::records::{
    AllowedResources, RegistrationKinds, ReleasedScopes, ResourceSharing, Revision,
};
use avouch_crypto::random::SystemRandom;
use avouch_jose::jwe::Decrypter;
use avouch_jose::{DecryptionKey, KeyManagementAlgorithm, SignatureAlgorithm, nested};
use serde_json::{Value, json};

use crate::support::{
    PAY, Registrant, Running, SIGN, STATEMENT, Setup, caller, register, registration_token,
    resource, scope,
};

async fn desk() -> (Running, String) {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    (setup.start().await, token)
}

fn a_client() -> Value {
    json!({"grant_types": ["client_credentials"], "scope": "sign"})
}

fn named(name: &str) -> Value {
    json!({"grant_types": [], "client_name": name})
}

async fn registrant(server: &Running, token: &str, metadata: &Value) -> Registrant {
    Registrant::of(&register(server, token, metadata).await)
}

fn key() -> (Value, Decrypter) {
    let key = DecryptionKey::generate(KeyManagementAlgorithm::EcdhEs, &SystemRandom).unwrap();
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    (jwk, Decrypter::new([key]))
}

/// A resource server that wants encryption to a key it holds.
fn encrypted() -> (Value, Decrypter) {
    let (jwk, decrypter) = key();
    let metadata = json!({
        "resource": SIGN,
        "introspection_encrypted_response_alg": "ECDH-ES",
        "introspection_encrypted_response_enc": "A256GCM",
        "jwks": {"keys": [jwk]},
    });
    (metadata, decrypter)
}

#[tokio::test]
async fn an_update_never_reaches_beyond_the_approval() {
    let setup = Setup::new().await;
    let narrow = setup
        .initial_access_token("narrow", |record| {
            record.allowance.kinds = RegistrationKinds::ResourceServers;
            record.allowance.resources = AllowedResources::Only(vec![resource(SIGN)]);
            record.uses_left = Some(1);
        })
        .await;
    let server = setup.start().await;
    let sign = registrant(&server, &narrow, &json!({"resource": SIGN})).await;
    let before = sign.reads(&server).await.json();
    for wanted in [
        json!(PAY),
        json!([SIGN, PAY]),
        json!("https://sign.example/"),
        json!("https://sign.example/api/"),
        json!("https://sign.example/api?x"),
        json!("HTTPS://sign.example/api"),
    ] {
        let answer = sign.updates(&server, &json!({"resource": wanted})).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    assert_eq!(sign.reads(&server).await.json(), before);
    let same = sign.updates(&server, &json!({"resource": [SIGN]})).await;
    assert_eq!(same.is_json(200)["resource"], SIGN);
}

#[tokio::test]
async fn what_an_administrator_made_is_kept_within_what_it_has() {
    let setup = Setup::new().await;
    let shop = setup
        .client_with("shop", |record| record.scope = scope("sign pay"))
        .await;
    let shop = setup.registrant(&shop).await;
    let sign = setup.resource_server("sign", SIGN).await;
    let sign = setup.registrant(&sign).await;
    let server = setup.start().await;

    let wider = json!({"grant_types": ["client_credentials"], "scope": "sign read"});
    let answer = shop.updates(&server, &wider).await;
    answer.is_error(400, "invalid_client_metadata");
    let narrower = shop.updates(&server, &a_client()).await;
    assert_eq!(narrower.is_json(200)["scope"], "sign");

    let wider = json!({"resource": [SIGN, PAY]});
    let answer = sign.updates(&server, &wider).await;
    answer.is_error(400, "invalid_client_metadata");
    let same = json!({"resource": SIGN, "client_name": "Sign"});
    assert_eq!(
        sign.updates(&server, &same).await.is_json(200)["client_name"],
        "Sign"
    );
}

#[tokio::test]
async fn a_resource_of_another_is_not_to_be_had_by_an_update() {
    let setup = Setup::new().await;
    let exclusive = setup.initial_access_token("exclusive", |_| {}).await;
    let shared = setup
        .initial_access_token("shared", |record| {
            record.allowance.sharing = ResourceSharing::Shared;
        })
        .await;
    let server = setup.start().await;
    registrant(&server, &exclusive, &json!({"resource": PAY})).await;
    let one = registrant(&server, &exclusive, &json!({"resource": SIGN})).await;
    let both = json!({"resource": [SIGN, PAY]});
    let answer = one.updates(&server, &both).await;
    answer.is_error(400, "invalid_client_metadata");
    assert_eq!(one.reads(&server).await.json()["resource"], SIGN);

    // Where its approval lets it share, it may; and who was there first keeps what it has.
    let other = json!({"resource": "https://other.example"});
    let other = registrant(&server, &shared, &other).await;
    other.updates(&server, &both).await.is_json(200);
    let again = one.updates(&server, &json!({"resource": SIGN})).await;
    again.is_json(200);
}

#[tokio::test]
async fn row_f617_04_no_update_makes_a_resource_server_of_a_client_or_the_reverse() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let sign = registrant(&server, &token, &json!({"resource": SIGN})).await;
    for wanted in [
        json!({"resource": PAY}),
        json!({"grant_types": [], "resource": PAY}),
        json!({"grant_types": [], "introspection_signed_response_alg": "RS256"}),
    ] {
        let answer = shop.updates(&server, &wanted).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    // No grant at all says nothing of resource servers where the kind is settled.
    let nothing = shop.updates(&server, &json!({"grant_types": []})).await;
    nothing.is_json(200);
    let answer = server.introspect(&shop.caller, "unknown").await;
    answer.is_error(400, "unauthorized_client");

    for wanted in [
        a_client(),
        json!({"grant_types": ["client_credentials"], "resource": SIGN}),
        json!({"grant_types": []}),
    ] {
        let answer = sign.updates(&server, &wanted).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    server
        .introspect(&sign.caller, "unknown")
        .await
        .is_inactive();
}

#[tokio::test]
async fn what_an_administrator_decided_survives_an_update() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            let mut policy = record.policy.value.clone();
            policy.scopes = ReleasedScopes::Only(scope("sign"));
            record.policy = Revision::first(policy, record.registered_at);
        })
        .await;
    let sign = setup.registrant(&sign).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let wanted = json!({
        "resource": SIGN, "policy": {"claims": ["iban"]}, "scope": "sign pay read",
        "suspended": null, "client_name": "Sign",
    });
    sign.updates(&server, &wanted).await.is_json(200);
    let answer = server.introspect(&sign.caller, &token.text).await;
    let answer = answer.is_json(200);
    assert_eq!(answer["scope"], "sign");
    assert_eq!(answer.get("iban"), None);
}

#[tokio::test]
async fn row_7591_3_2_1_04_keys_and_algorithms_of_encryption_are_echoed() {
    let (server, token) = desk().await;
    let (metadata, decrypter) = encrypted();
    let answer = register(&server, &token, &metadata).await;
    let sign = Registrant::of(&answer);
    let read = sign.reads(&server).await;
    let updated = sign.updates(&server, &metadata).await;
    for body in [answer.is_json(201), read.is_json(200), updated.is_json(200)] {
        for (name, value) in metadata.as_object().unwrap() {
            assert_eq!(&body[name], value, "{name}");
        }
        assert_eq!(body.get("jwks_uri"), None);
    }
    let statement = server.statement(&sign.caller, "unknown").await;
    assert!(nested::decrypt(&decrypter, statement.text()).is_ok());
}

#[tokio::test]
async fn row_7592_2_2_01_encryption_that_is_left_out_is_gone() {
    let (server, token) = desk().await;
    let (metadata, decrypter) = encrypted();
    let sign = registrant(&server, &token, &metadata).await;
    let statement = server.statement(&sign.caller, "unknown").await;
    assert!(nested::decrypt(&decrypter, statement.text()).is_ok());

    let updated = sign.updates(&server, &json!({"resource": SIGN})).await;
    let body = updated.is_json(200);
    for name in [
        "introspection_encrypted_response_alg",
        "introspection_encrypted_response_enc",
        "jwks",
        "jwks_uri",
    ] {
        assert_eq!(body.get(name), None, "{name}");
    }
    let statement = server.statement(&sign.caller, "unknown").await;
    assert_eq!(statement.jwt().header["alg"], "RS256");

    // And asked for again with another key, it is to that key from the next answer on.
    let (metadata, decrypter) = encrypted();
    sign.updates(&server, &metadata).await.is_json(200);
    let statement = server.statement(&sign.caller, "unknown").await;
    assert!(nested::decrypt(&decrypter, statement.text()).is_ok());
    let plain = server.introspect(&sign.caller, "unknown").await;
    plain.is_error(400, "invalid_request");
}

#[tokio::test]
async fn row_9701_3_06_an_update_to_encryption_without_a_key_that_fits_is_refused() {
    let (server, token) = desk().await;
    let (metadata, decrypter) = encrypted();
    let sign = registrant(&server, &token, &metadata).await;
    for (name, value) in [
        ("jwks", json!(null)),
        ("jwks", json!({"keys": []})),
        ("jwks", json!({"keys": [{"kty": "oct", "k": "AAAA"}]})),
        (
            "introspection_encrypted_response_alg",
            json!("RSA-OAEP-256"),
        ),
        ("introspection_encrypted_response_alg", json!("dir")),
        ("introspection_encrypted_response_enc", json!("none")),
    ] {
        let mut metadata = metadata.clone();
        metadata[name] = value;
        let answer = sign.updates(&server, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let statement = server.statement(&sign.caller, "unknown").await;
    assert!(nested::decrypt(&decrypter, statement.text()).is_ok());
}

#[tokio::test]
async fn row_8725_3_10_01_an_update_names_no_keys_within_the_network() {
    let (server, token) = desk().await;
    let (metadata, _) = encrypted();
    let sign = registrant(&server, &token, &metadata).await;
    for uri in [
        "https://169.254.169.254/",
        "https://[::1]/jwks",
        "https://10.0.0.1/jwks",
        "http://rs.example/jwks",
        "https://user@rs.example/jwks",
        "file:///etc/passwd",
    ] {
        let answer = sign
            .updates(
                &server,
                &json!({
                    "resource": SIGN, "jwks_uri": uri,
                    "introspection_encrypted_response_alg": "ECDH-ES",
                }),
            )
            .await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let mut both = metadata.clone();
    both["jwks_uri"] = json!("https://rs.example/jwks");
    let answer = sign.updates(&server, &both).await;
    answer.is_error(400, "invalid_client_metadata");
    assert_eq!(sign.reads(&server).await.json()["jwks"], metadata["jwks"]);
}

#[tokio::test]
async fn a_server_for_encrypted_answers_alone_takes_no_registration_without() {
    let setup = Setup::new()
        .await
        .configured("[introspection]\nencrypted_only = true\n");
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let plain = json!({"resource": SIGN});
    let answer = register(&server, &token, &plain).await;
    answer.is_error(400, "invalid_client_metadata");
    let told = answer.text();
    assert!(
        told.contains("introspection_encrypted_response_alg"),
        "{told}"
    );

    let (metadata, decrypter) = encrypted();
    let sign = registrant(&server, &token, &metadata).await;
    let answer = sign.updates(&server, &plain).await;
    answer.is_error(400, "invalid_client_metadata");
    let statement = server.statement(&sign.caller, "unknown").await;
    assert!(nested::decrypt(&decrypter, statement.text()).is_ok());
    // Clients get no answers that could be encrypted.
    assert_eq!(register(&server, &token, &a_client()).await.status, 201);
}

#[tokio::test]
async fn row_9864_2_2_01_a_registration_under_ed25519_is_answered_under_that_name() {
    let setup = Setup::new()
        .await
        .algorithms(&[SignatureAlgorithm::Rs256, SignatureAlgorithm::Ed25519]);
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let named = json!({"resource": SIGN, "introspection_signed_response_alg": "Ed25519"});
    let answer = register(&server, &token, &named).await;
    let sign = caller(&answer);
    assert_eq!(
        answer.json()["introspection_signed_response_alg"],
        "Ed25519"
    );
    let statement = server.statement(&sign, "unknown").await;
    assert_eq!(statement.jwt().header["alg"], "Ed25519");
    let keys = server.keys().await;
    server.verify(&keys, &sign, &statement, SignatureAlgorithm::Ed25519);
    // The other curve, and the name for both, have no key here.
    for other in ["Ed448", "EdDSA", "ed25519"] {
        let metadata = json!({"resource": PAY, "introspection_signed_response_alg": other});
        let answer = register(&server, &token, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    // By an update too.
    let pay = registrant(&server, &token, &json!({"resource": PAY})).await;
    let named = json!({"resource": PAY, "introspection_signed_response_alg": "Ed25519"});
    pay.updates(&server, &named).await.is_json(200);
    let statement = server.statement(&pay.caller, "unknown").await;
    assert_eq!(statement.jwt().header["alg"], "Ed25519");
}

#[tokio::test]
async fn updates_and_a_removal_at_once_leave_it_removed() {
    let (server, token) = desk().await;
    let wanted = ["one", "two", "three"].map(named);
    for _ in 0..8 {
        let shop = registrant(&server, &token, &a_client()).await;
        let (one, two, removed, three, read) = tokio::join!(
            shop.updates(&server, &wanted[0]),
            shop.updates(&server, &wanted[1]),
            shop.removes(&server),
            shop.updates(&server, &wanted[2]),
            shop.reads(&server),
        );
        assert_eq!(removed.status, 204);
        let mut tokens = vec![shop.token.clone()];
        for answer in [one, two, three, read] {
            // Before the removal or after it, and nothing else.
            if answer.status == 401 {
                answer.is_error(401, "invalid_token");
            } else {
                answer.is_json(200);
                tokens.push(registration_token(&answer));
            }
        }
        for token in tokens {
            let answer = shop.with_token(&token).reads(&server).await;
            answer.is_error(401, "invalid_token");
        }
        let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
        let asked = server.post("/token").by(&shop.caller).form(&form);
        asked.send().await.is_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn updates_at_once_all_count_and_the_last_one_stands() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let (names, wanted) = (["a", "b", "c"], ["a", "b", "c"].map(named));
    let (one, two, three) = tokio::join!(
        shop.updates(&server, &wanted[0]),
        shop.updates(&server, &wanted[1]),
        shop.updates(&server, &wanted[2]),
    );
    let fresh: Vec<_> = [one, two, three]
        .iter()
        .map(|answer| {
            answer.is_json(200);
            registration_token(answer)
        })
        .collect();
    let stands = shop.reads(&server).await.json()["client_name"].clone();
    assert!(names.iter().any(|name| stands == *name), "{stands}");
    // Each of the three is good until one of them is used, and then that one alone.
    let chosen = shop.with_token(&fresh[1]);
    chosen.reads(&server).await.is_json(200);
    for other in [&shop.token, &fresh[0], &fresh[2]] {
        let answer = shop.with_token(other).reads(&server).await;
        answer.is_error(401, "invalid_token");
    }
}

#[tokio::test]
async fn two_that_want_one_resource_at_once_do_not_both_get_it() {
    let (server, token) = desk().await;
    let one = registrant(&server, &token, &json!({"resource": "https://a.example"})).await;
    let two = registrant(&server, &token, &json!({"resource": "https://b.example"})).await;
    let wanted = json!({"resource": SIGN});
    let (first, second, third) = tokio::join!(
        one.updates(&server, &wanted),
        two.updates(&server, &wanted),
        register(&server, &token, &wanted),
    );
    let answers = [first, second, third];
    let good = answers.iter().filter(|answer| answer.status < 300).count();
    assert_eq!(good, 1, "{answers:?}");
    for answer in answers.iter().filter(|answer| answer.status >= 300) {
        answer.is_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn a_statement_asked_for_during_an_update_is_of_before_or_after_it() {
    let (server, token) = desk().await;
    let before = json!({"resource": SIGN, "introspection_signed_response_alg": "ES256"});
    let sign = registrant(&server, &token, &before).await;
    let after = json!({"resource": SIGN});
    let question = || {
        let asked = server.about("unknown").by(&sign.caller);
        asked.accept(STATEMENT).send()
    };
    let (updated, one, two) = tokio::join!(sign.updates(&server, &after), question(), question());
    updated.is_json(200);
    for answer in [one, two] {
        let algorithm = answer.jwt().header["alg"].clone();
        assert!(algorithm == "ES256" || algorithm == "RS256", "{algorithm}");
    }
    assert_eq!(question().await.jwt().header["alg"], "RS256");
}

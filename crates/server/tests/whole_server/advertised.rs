//! What the metadata advertises works, what it does not is refused, and the page on algorithms
//! says the same. An algorithm that is added without any of the three fails here.

use std::collections::BTreeSet;
use std::path::Path;

use avouch_crypto::random::SystemRandom;
use avouch_jose::jwe::Decrypter;
use avouch_jose::nested;
use avouch_jose::{DecryptionKey, KeyManagementAlgorithm, SignatureAlgorithm};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Jwt, Running, SIGN, Setup};

/// Every JWS and JWE algorithm name in the registry, and a few that never were.
const NAMES: [&str; 50] = [
    "none",
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "ES256K",
    "EdDSA",
    "Ed25519",
    "Ed448",
    "ML-DSA-44",
    "ML-DSA-65",
    "ML-DSA-87",
    "ESP256",
    "RS1",
    "A128CBC",
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "RSA-OAEP-384",
    "RSA-OAEP-512",
    "ECDH-ES",
    "ECDH-ES+A128KW",
    "ECDH-ES+A192KW",
    "ECDH-ES+A256KW",
    "A128KW",
    "A192KW",
    "A256KW",
    "A128GCMKW",
    "A192GCMKW",
    "A256GCMKW",
    "dir",
    "PBES2-HS256+A128KW",
    "PBES2-HS384+A192KW",
    "PBES2-HS512+A256KW",
    "A128CBC-HS256",
    "A192CBC-HS384",
    "A256CBC-HS512",
    "A128GCM",
    "A192GCM",
    "A256GCM",
    "A128CTR",
    "",
];

const SIGNING: &str = "introspection_signing_alg_values_supported";
const KEY_MANAGEMENT: &str = "introspection_encryption_alg_values_supported";
const CONTENT: &str = "introspection_encryption_enc_values_supported";

/// A server with every key it can have.
async fn desk() -> (Running, String) {
    let setup = Setup::new().await.algorithms(&SignatureAlgorithm::ALL);
    let token = setup
        .initial_access_token("both", |token| {
            token.allowance.sharing = avouch_core::records::ResourceSharing::Shared;
        })
        .await;
    (setup.start().await, token)
}

async fn advertised(server: &Running, member: &str) -> BTreeSet<String> {
    let document = server.get("/.well-known/oauth-authorization-server").await;
    let names = document.json()[member].as_array().unwrap().clone();
    names
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

async fn register(server: &Running, token: &str, further: Value) -> Answer {
    let mut metadata = json!({"resource": SIGN});
    for (name, value) in further.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let asked = server.post("/register").bearer(token).json(&metadata);
    asked.send().await
}

fn caller(answer: &Answer) -> Caller {
    let body = answer.is_json(201);
    Caller {
        id: body["client_id"].as_str().unwrap().to_owned(),
        secret: body["client_secret"].as_str().unwrap().to_owned(),
    }
}

/// Asks for `alg` and `enc` with a key that would fit, and opens the answer.
async fn nested_answer(server: &Running, token: &str, alg: &str, enc: &str) -> Result<(), Answer> {
    let algorithm = alg.parse().unwrap_or(KeyManagementAlgorithm::EcdhEs);
    let key = DecryptionKey::generate(algorithm, &SystemRandom).unwrap();
    let mut jwk = serde_json::to_value(key.public_jwk()).unwrap();
    jwk["alg"] = json!(alg);
    let further = json!({
        "introspection_encrypted_response_alg": alg,
        "introspection_encrypted_response_enc": enc,
        "jwks": {"keys": [jwk]},
    });
    let answer = register(server, token, further).await;
    if answer.status != 201 {
        return Err(answer);
    }
    let sealed = server.statement(&caller(&answer), "unknown").await;
    let inner = nested::decrypt(&Decrypter::new([key]), sealed.text()).unwrap();
    assert_eq!(Jwt::read(inner.as_str()).answer()["active"], false);
    Ok(())
}

#[tokio::test]
async fn row_9701_7_02_what_is_advertised_for_signing_works_and_nothing_else_does() {
    let (server, token) = desk().await;
    let advertised = advertised(&server, SIGNING).await;
    for name in NAMES {
        let further = json!({"introspection_signed_response_alg": name});
        let answer = register(&server, &token, further).await;
        if advertised.contains(name) {
            let statement = server.statement(&caller(&answer), "unknown").await.jwt();
            assert_eq!(statement.header["alg"], name);
        } else {
            answer.is_error(400, "invalid_client_metadata");
        }
    }
    let all = SignatureAlgorithm::ALL.map(|algorithm| algorithm.name().to_owned());
    assert_eq!(advertised, all.into());
}

#[tokio::test]
async fn row_9701_7_02_what_is_advertised_for_encryption_works_and_nothing_else_does() {
    let (server, token) = desk().await;
    let algs = advertised(&server, KEY_MANAGEMENT).await;
    let encs = advertised(&server, CONTENT).await;
    for name in NAMES {
        match nested_answer(&server, &token, name, "A128GCM").await {
            Ok(()) => assert!(algs.contains(name), "{name}"),
            Err(refused) => {
                assert!(!algs.contains(name), "{name}");
                refused.is_error(400, "invalid_client_metadata");
            }
        }
        match nested_answer(&server, &token, "ECDH-ES", name).await {
            Ok(()) => assert!(encs.contains(name), "{name}"),
            Err(refused) => {
                assert!(!encs.contains(name), "{name}");
                refused.is_error(400, "invalid_client_metadata");
            }
        }
    }
}

#[tokio::test]
async fn row_9701_7_01_every_advertised_name_is_on_the_page_about_algorithms() {
    let (server, _) = desk().await;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/algorithms.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (heading, member) in [
        ("## Signing", SIGNING),
        ("## Key management", KEY_MANAGEMENT),
        ("## Content encryption", CONTENT),
    ] {
        let section = page.split(heading).nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let documented: BTreeSet<_> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .map(str::to_owned)
            .collect();
        assert_eq!(documented, advertised(&server, member).await, "{heading}");
    }
}

//! What the metadata advertises works, what it does not is refused, and the page on algorithms
//! says the same. An algorithm that is added without any of the three fails here: every name that
//! is advertised is tried, listed below or not, and all that the library knows are advertised.

use std::collections::BTreeSet;
use std::path::Path;

use avouch_crypto::random::SystemRandom;
use avouch_jose::jwe::{Decrypter, OpenError};
use avouch_jose::nested::{self, UnnestError};
use avouch_jose::{
    ContentEncryption, DecryptionKey, KeyManagementAlgorithm, SignatureAlgorithm, SigningKey,
    base64url,
};
use avouch_oauth::introspection::{StatementError, StatementVerifier};
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

/// The names to try: those above, and whatever is advertised beyond them.
fn names(advertised: &BTreeSet<String>) -> BTreeSet<String> {
    let mut names = advertised.clone();
    names.extend(NAMES.map(str::to_owned));
    names
}

/// A resource server with statements encrypted by `alg` and `enc`, and its keys: one that fits
/// where there is such an algorithm.
async fn encrypted(server: &Running, token: &str, alg: &str, enc: &str) -> (Answer, DecryptionKey) {
    let algorithm = alg.parse().unwrap_or(KeyManagementAlgorithm::EcdhEs);
    let key = DecryptionKey::generate(algorithm, &SystemRandom).unwrap();
    let mut jwk = serde_json::to_value(key.public_jwk()).unwrap();
    jwk["alg"] = json!(alg);
    let further = json!({
        "introspection_encrypted_response_alg": alg,
        "introspection_encrypted_response_enc": enc,
        "jwks": {"keys": [jwk]},
    });
    (register(server, token, further).await, key)
}

/// That a nested statement opens, for who holds the key and allows its content encryption.
fn opens(sealed: &str, reader: &Decrypter) -> Result<(), UnnestError> {
    let inner = nested::decrypt(reader, sealed)?;
    assert_eq!(Jwt::read(inner.as_str()).answer()["active"], false);
    Ok(())
}

#[tokio::test]
async fn row_9701_7_02_what_is_advertised_for_signing_works_and_nothing_else_does() {
    let (server, token) = desk().await;
    let keys = server.keys().await;
    let advertised = advertised(&server, SIGNING).await;
    for name in names(&advertised) {
        let further = json!({"introspection_signed_response_alg": name});
        let answer = register(&server, &token, further).await;
        if !advertised.contains(&name) {
            answer.is_error(400, "invalid_client_metadata");
            continue;
        }
        let caller = caller(&answer);
        let statement = server.statement(&caller, "unknown").await;
        let algorithm: SignatureAlgorithm = name.parse().unwrap();
        assert_eq!(statement.jwt().header["alg"], name);
        let response = server.verify(&keys, &caller, &statement, algorithm);
        assert!(!response.is_active());

        // Readers refuse it: who allows every other algorithm, and who sees one octet changed.
        let verifier = |allowed: Vec<SignatureAlgorithm>| {
            let issuer = server.server.issuer().clone();
            StatementVerifier::new(issuer, &caller.id, allowed)
        };
        let others = SignatureAlgorithm::ALL.into_iter();
        let others = others.filter(|other| *other != algorithm).collect();
        let read = verifier(others).verify(statement.text(), &keys, server.now());
        assert_eq!(
            read.unwrap_err(),
            StatementError::AlgorithmNotAllowed(algorithm)
        );
        let (signed, signature) = statement.text().rsplit_once('.').unwrap();
        let mut signature = base64url::decode(signature).unwrap();
        *signature.last_mut().unwrap() ^= 1;
        let forged = format!("{signed}.{}", base64url::encode(signature));
        let read = verifier(vec![algorithm]).verify(&forged, &keys, server.now());
        assert!(
            matches!(read.unwrap_err(), StatementError::Signature(_)),
            "{name}"
        );
    }
    let all = SignatureAlgorithm::ALL.map(|algorithm| algorithm.name().to_owned());
    assert_eq!(advertised, all.into());
}

#[tokio::test]
async fn row_9701_7_02_an_algorithm_without_a_key_is_neither_advertised_nor_registered() {
    let setup = Setup::new().await.algorithms(&[SignatureAlgorithm::Rs256]);
    let token = setup.initial_access_token("one", |_| {}).await;
    let server = setup.start().await;
    let only = BTreeSet::from(["RS256".to_owned()]);
    assert_eq!(advertised(&server, SIGNING).await, only);
    for algorithm in SignatureAlgorithm::ALL {
        if algorithm != SignatureAlgorithm::Rs256 {
            let further = json!({"introspection_signed_response_alg": algorithm});
            let answer = register(&server, &token, further).await;
            answer.is_error(400, "invalid_client_metadata");
        }
    }
}

#[tokio::test]
async fn row_9701_7_02_what_is_advertised_for_key_management_works_and_nothing_else_does() {
    let (server, token) = desk().await;
    let advertised = advertised(&server, KEY_MANAGEMENT).await;
    for name in names(&advertised) {
        let (answer, key) = encrypted(&server, &token, &name, "A128GCM").await;
        if !advertised.contains(&name) {
            answer.is_error(400, "invalid_client_metadata");
            continue;
        }
        let sealed = server.statement(&caller(&answer), "unknown").await;
        let algorithm: KeyManagementAlgorithm = name.parse().unwrap();
        let fresh = |algorithm| DecryptionKey::generate(algorithm, &SystemRandom).unwrap();
        // Another key of that name does not open it, and of a reader's other algorithms none is
        // tried.
        let same_name = fresh(algorithm).with_kid(key.kid());
        assert!(
            matches!(
                opens(sealed.text(), &Decrypter::new([same_name])).unwrap_err(),
                UnnestError::Open(OpenError::Decrypt(_))
            ),
            "{name}"
        );
        let others: Vec<_> = KeyManagementAlgorithm::ALL
            .into_iter()
            .filter(|other| *other != algorithm)
            .map(|other| fresh(other).with_kid(key.kid()))
            .collect();
        assert_eq!(
            opens(sealed.text(), &Decrypter::new(others)).unwrap_err(),
            UnnestError::Open(OpenError::NoKey)
        );
        opens(sealed.text(), &Decrypter::new([key])).unwrap();

        // A key that no algorithm encrypts to is no key for this one.
        let signing = SigningKey::generate(SignatureAlgorithm::Ed25519, &SystemRandom).unwrap();
        let further = json!({
            "introspection_encrypted_response_alg": name,
            "jwks": {"keys": [signing.public_jwk()]},
        });
        let answer = register(&server, &token, further).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let all = KeyManagementAlgorithm::ALL.map(|algorithm| algorithm.name().to_owned());
    assert_eq!(advertised, all.into());
}

#[tokio::test]
async fn row_9701_7_02_what_is_advertised_for_content_encryption_works_and_nothing_else_does() {
    let (server, token) = desk().await;
    let advertised = advertised(&server, CONTENT).await;
    for name in names(&advertised) {
        let (answer, key) = encrypted(&server, &token, "ECDH-ES", &name).await;
        if !advertised.contains(&name) {
            answer.is_error(400, "invalid_client_metadata");
            continue;
        }
        let sealed = server.statement(&caller(&answer), "unknown").await;
        let encryption: ContentEncryption = name.parse().unwrap();
        let reader = Decrypter::new([key]);
        let others = ContentEncryption::ALL.into_iter();
        let others: Vec<_> = others.filter(|other| *other != encryption).collect();
        assert!(
            matches!(
                opens(sealed.text(), &reader.clone().allow(&others)).unwrap_err(),
                UnnestError::Open(OpenError::Decrypt(_))
            ),
            "{name}"
        );
        opens(sealed.text(), &reader.allow(&[encryption])).unwrap();
        // There is nothing to encrypt to without an `alg`.
        let further = json!({"introspection_encrypted_response_enc": name});
        let answer = register(&server, &token, further).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let all = ContentEncryption::ALL.map(|encryption| encryption.name().to_owned());
    assert_eq!(advertised, all.into());
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

//! Who works with the servers: a client, a resource server, one that proves itself with a key.

use std::sync::Arc;

use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey, base64url};
use avouch_oauth::Issuer;
use serde_json::{Value, json};

use crate::wire::Door;

/// The resource that all tokens are for.
pub const RESOURCE: &str = "https://api.example";

/// Everybody, with credentials. Good at every server of a site.
#[derive(Clone)]
pub struct Parties {
    /// The client's `Authorization` header.
    pub client: String,
    /// That of the resource server that serves [`RESOURCE`].
    pub resource_server: String,
    /// The right to register further ones.
    pub initial_access_token: String,
    /// The resource server that authenticates with a key.
    pub prover: Prover,
}

/// A resource server that authenticates with a key.
#[derive(Clone)]
pub struct Prover {
    /// Its `client_id`.
    pub id: String,
    /// The audience of its assertions.
    pub issuer: Issuer,
    /// The key.
    pub key: Arc<SigningKey>,
}

impl Parties {
    /// Registers them, as strangers with an initial access token would.
    pub fn register(door: &Door, issuer: &str) -> Self {
        let order = json!({
            "kinds": "both",
            "resources": "any",
            "uses": "unlimited",
        });
        let path = "/admin/v1/initial-access-tokens";
        let made = door.administer("POST", path, &order).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        let token = made.text("initial_access_token");
        let registered = |metadata: Value| {
            let answer = door.send_json("POST", "/register", &token, &metadata);
            let answer = answer.unwrap();
            assert_eq!(answer.status, 201, "{answer:?}");
            answer.json()
        };
        let key = SigningKey::generate(SignatureAlgorithm::Ed25519, &SystemRandom).unwrap();
        let prover = registered(json!({
            "resource": "https://prover.example",
            "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [serde_json::to_value(key.public_jwk()).unwrap()]},
        }));
        Self {
            client: basic(&registered(
                json!({"grant_types": ["client_credentials"], "scope": "read"}),
            )),
            resource_server: basic(&registered(
                json!({"grant_types": [], "resource": RESOURCE}),
            )),
            prover: Prover {
                id: prover["client_id"].as_str().unwrap().to_owned(),
                issuer: Issuer::parse(issuer).unwrap(),
                key: Arc::new(key),
            },
            initial_access_token: token,
        }
    }

    /// Whether the resource server is told that the token is active; `None` if it is not told at all.
    pub fn is_active(&self, door: &Door, token: &str) -> Option<bool> {
        let form = format!("token={token}");
        let answer = door.post_form("/introspect", &self.resource_server, &form);
        let answer = answer.ok().filter(|answer| answer.status == 200)?;
        answer.json()["active"].as_bool()
    }
}

/// The header for the credentials that a registration was answered with.
fn basic(registered: &Value) -> String {
    let credentials = format!(
        "{}:{}",
        registered["client_id"].as_str().unwrap(),
        registered["client_secret"].as_str().unwrap()
    );
    // The alphabets agree but for two characters, and padding is optional here.
    let encoded = base64url::encode(credentials);
    let encoded = encoded.replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - encoded.len() % 4) % 4);
    format!("Basic {encoded}{padding}")
}

//! Callers that prove themselves with assertions, and the assertions they make.

use avouch_core::client_secrets::ClientSecrets;
use avouch_core::keys::load_or_make_secret;
use avouch_core::records::{ClientAuthentication, Credentials, KeySource, SecretKind};
use avouch_core::storage::ServerSecret;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, MacAlgorithm, MacKey, ProtectedHeader, SignatureAlgorithm, SigningKey};
use avouch_jose::{jws, mac};
use serde_json::{Value, json};

use super::setup::sealer;
use super::{Caller, SIGN, START, Setup};

/// What an assertion is made with.
#[expect(
    clippy::large_enum_variant,
    reason = "there are a handful of them in a test"
)]
pub(crate) enum Prover {
    Key(SigningKey),
    Secret(Box<MacKey>),
}

impl Prover {
    /// A key pair of its own.
    pub(crate) fn key(algorithm: SignatureAlgorithm) -> Self {
        Self::Key(SigningKey::generate(algorithm, &SystemRandom).unwrap())
    }

    /// The public key, as it is registered.
    pub(crate) fn registered(&self) -> KeySource {
        KeySource::Keys(JwkSet {
            keys: vec![self.signing_key().public_jwk().clone()],
        })
    }

    pub(crate) fn signing_key(&self) -> &SigningKey {
        match self {
            Self::Key(key) => key,
            Self::Secret(_) => panic!("a secret has no public key"),
        }
    }

    /// Whatever one likes as an assertion.
    pub(crate) fn assert(&self, typ: &str, claims: &Value) -> String {
        let claims = claims.to_string();
        match self {
            Self::Key(key) => {
                let header = ProtectedHeader::new(key.algorithm())
                    .typ(typ)
                    .kid(key.kid());
                jws::sign(key, &header.encode(), claims.as_bytes()).unwrap()
            }
            Self::Secret(key) => mac::sign(key, typ, claims.as_bytes()),
        }
    }

    /// A good assertion of `id`, made at the start, with this `jti`.
    pub(crate) fn good(&self, id: &str, jti: &str) -> String {
        self.assert("client-authentication+jwt", &claims(id, jti))
    }
}

/// The claims of a good assertion, made at the start.
pub(crate) fn claims(id: &str, jti: &str) -> Value {
    json!({
        "iss": id, "sub": id, "aud": "https://as.example", "jti": jti,
        "iat": START, "exp": START + 60
    })
}

/// The form of a question about a token, with an assertion.
pub(crate) fn question<'a>(token: &'a str, assertion: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("token", token),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion),
    ]
}

impl Setup {
    /// An RS that signs its assertions with ES256.
    pub(crate) async fn signing_resource_server(&self, id: &str) -> Prover {
        let prover = Prover::key(SignatureAlgorithm::Es256);
        let keys = prover.registered();
        self.resource_server_with(id, SIGN, |record| {
            record.credentials = Credentials::first(
                ClientAuthentication::PrivateKeyJwt {
                    keys,
                    algorithm: None,
                },
                None,
            );
        })
        .await;
        prover
    }

    /// An RS that makes assertions under a secret.
    pub(crate) async fn secret_resource_server(&self, id: &str) -> (Prover, Caller) {
        let algorithm = MacAlgorithm::Hs256;
        let (key, sealer) = (ServerSecret::ClientSecrets, sealer());
        let key = load_or_make_secret(key, &self.store, &sealer, &SystemRandom);
        let secrets = ClientSecrets::new(&key.await.unwrap());
        let made = secrets.make(SecretKind::Sealed, id, &SystemRandom, self.now());
        let (secret, stored) = made.unwrap();
        self.resource_server_with(id, SIGN, |record| {
            record.credentials = Credentials::first(
                ClientAuthentication::ClientSecretJwt { algorithm },
                Some(stored),
            );
        })
        .await;
        let key = MacKey::from_shared_secret(algorithm, secret.expose().as_bytes());
        let caller = Caller {
            id: id.to_owned(),
            secret: secret.expose().to_owned(),
        };
        (Prover::Secret(Box::new(key.unwrap())), caller)
    }
}

//! A federation that makes software statements.

use avouch_crypto::random::SystemRandom;
use avouch_jose::{JwkSet, ProtectedHeader, SignatureAlgorithm, SigningKey, jws};
use serde_json::{Value, json};

use super::Setup;

/// Whose statements the stories trust.
pub(crate) struct StatementIssuer(SigningKey);

impl StatementIssuer {
    pub(crate) const NAME: &str = "https://federation.example";

    pub(crate) fn new() -> Self {
        Self(SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap())
    }

    /// A statement with these claims; its `iss` is added if it is not there.
    pub(crate) fn states(&self, claims: Value) -> String {
        self.states_as(None, claims)
    }

    /// The same under a `typ`.
    pub(crate) fn states_as(&self, typ: Option<&str>, mut claims: Value) -> String {
        if claims.get("iss").is_none() {
            claims["iss"] = json!(Self::NAME);
        }
        let mut header = ProtectedHeader::new(self.0.algorithm()).kid(self.0.kid());
        if let Some(typ) = typ {
            header = header.typ(typ);
        }
        jws::sign(&self.0, &header.encode(), claims.to_string().as_bytes()).unwrap()
    }
}

impl Setup {
    /// A server that trusts the statements of this issuer, within what these
    /// lines of configuration say.
    pub(crate) fn trusting(self, issuer: &StatementIssuer, within: &str) -> Self {
        let keys = JwkSet::for_publication(vec![issuer.0.public_jwk().clone()]).unwrap();
        let keys = serde_json::to_string(&keys).unwrap();
        let file = self.file("federation.jwks.json", &keys);
        let name = StatementIssuer::NAME;
        self.configured(&format!(
            "[[registration.software_statement_issuers]]\n\
             issuer = \"{name}\"\njwks_file = \"{}\"\n{within}",
            file.display()
        ))
    }
}

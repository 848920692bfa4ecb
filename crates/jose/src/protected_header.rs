//! Protected headers we write: built and encoded once, used for every statement of an RS.

use serde::Serialize;

use crate::{SignatureAlgorithm, base64url};

/// A JWS protected header in the making. Only what avouch writes can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedHeader {
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<String>,
    alg: SignatureAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<String>,
}

/// A protected header as it stands in the token: base64url, with the algorithm it names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EncodedHeader {
    algorithm: SignatureAlgorithm,
    encoded: Box<str>,
}

impl ProtectedHeader {
    /// A header that names the algorithm alone.
    pub fn new(algorithm: SignatureAlgorithm) -> Self {
        Self {
            typ: None,
            alg: algorithm,
            kid: None,
            cty: None,
        }
    }

    /// What kind of JWT this is (RFC 7515 section 4.1.9), without `application/`.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.typ = Some(typ.into());
        self
    }

    /// Which key signs (RFC 7515 section 4.1.4).
    #[must_use]
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// What the payload is, where it is not claims (RFC 7515 section 4.1.10).
    #[must_use]
    pub fn cty(mut self, cty: impl Into<String>) -> Self {
        self.cty = Some(cty.into());
        self
    }

    /// Encodes the header, in the order `typ`, `alg`, `kid`, `cty`.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "four strings in a struct: serde_json has no way to fail on them"
    )]
    pub fn encode(&self) -> EncodedHeader {
        let json = serde_json::to_vec(self).expect("strings become JSON");
        EncodedHeader {
            algorithm: self.alg,
            encoded: base64url::encode(json).into_boxed_str(),
        }
    }
}

impl EncodedHeader {
    /// The algorithm the header names.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The base64url text, without a dot.
    pub fn as_str(&self) -> &str {
        &self.encoded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_one_order_and_the_absent_stay_out() {
        let header = ProtectedHeader::new(SignatureAlgorithm::Rs256)
            .kid("as-rs256")
            .typ("token-introspection+jwt");
        let json = base64url::decode(header.encode().as_str()).unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"typ":"token-introspection+jwt","alg":"RS256","kid":"as-rs256"}"#
        );
    }
}

//! Protected headers we write.

use serde::Serialize;

use super::{ContentEncryption, KeyManagementAlgorithm};

/// A JWE protected header in the making. Only what avouch writes can be said; `alg` and `kid` are the key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedHeader {
    encryption: ContentEncryption,
    typ: Option<String>,
    cty: Option<String>,
}

#[derive(Serialize)]
struct Members<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'a str>,
    alg: KeyManagementAlgorithm,
    enc: ContentEncryption,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'a str>,
}

impl ProtectedHeader {
    /// A header that names the content encryption alone.
    pub fn new(encryption: ContentEncryption) -> Self {
        Self {
            encryption,
            typ: None,
            cty: None,
        }
    }

    /// What kind of JWE this is (RFC 7516 section 4.1.11), without `application/`.
    #[must_use]
    pub fn typ(mut self, typ: impl Into<String>) -> Self {
        self.typ = Some(typ.into());
        self
    }

    /// What the content is (RFC 7516 section 4.1.12).
    #[must_use]
    pub fn cty(mut self, cty: impl Into<String>) -> Self {
        self.cty = Some(cty.into());
        self
    }

    pub(super) fn encryption(&self) -> ContentEncryption {
        self.encryption
    }

    /// The header without `epk`, in the order `typ`, `alg`, `enc`, `kid`, `cty`.
    #[expect(
        clippy::expect_used,
        reason = "five strings in a struct: serde_json has no way to fail on them"
    )]
    pub(super) fn to_json(&self, algorithm: KeyManagementAlgorithm, kid: Option<&str>) -> String {
        let members = Members {
            typ: self.typ.as_deref(),
            alg: algorithm,
            enc: self.encryption,
            kid,
            cty: self.cty.as_deref(),
        };
        serde_json::to_string(&members).expect("strings become JSON")
    }
}

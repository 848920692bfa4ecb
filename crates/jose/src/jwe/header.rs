//! Protected headers we read.

use serde_json::{Map, Value};

use super::{ContentEncryption, KeyManagementAlgorithm, ParseError, ephemeral_key::SendersHalf};
use crate::{critical, media_type, strict_json};

/// A protected header, read strictly. Until [`DecryptedJwe`](super::DecryptedJwe) holds it, anyone may have changed
/// its words.
///
/// `jku`, `x5u`, `jwk` and `x5c` may stand in it (RFC 7516 section 4.1), but nothing here looks at them: the reader
/// has its key already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JweHeader {
    algorithm: KeyManagementAlgorithm,
    encryption: ContentEncryption,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<String>,
}

impl JweHeader {
    pub(super) fn parse(json: &[u8]) -> Result<(Self, Option<SendersHalf>), ParseError> {
        let mut members = strict_json::object(json).map_err(ParseError::HeaderJson)?;
        critical::check(&members).map_err(ParseError::Critical)?;
        if members.contains_key("zip") {
            return Err(ParseError::Compressed);
        }
        let alg = string(&mut members, "alg")?.ok_or(ParseError::NoAlgorithm)?;
        let enc = string(&mut members, "enc")?.ok_or(ParseError::NoEncryption)?;
        let algorithm: KeyManagementAlgorithm =
            alg.parse().map_err(|_| ParseError::UnsupportedAlgorithm)?;
        let header = Self {
            algorithm,
            encryption: enc.parse().map_err(|_| ParseError::UnsupportedEncryption)?,
            kid: string(&mut members, "kid")?,
            typ: string(&mut members, "typ")?,
            cty: string(&mut members, "cty")?,
        };
        let senders_half = if algorithm.is_rsa() {
            None
        } else {
            Some(SendersHalf::take(&mut members)?)
        };
        Ok((header, senders_half))
    }

    /// `alg`. It picks among keys and never overrules one.
    pub fn algorithm(&self) -> KeyManagementAlgorithm {
        self.algorithm
    }

    /// `enc`.
    pub fn encryption(&self) -> ContentEncryption {
        self.encryption
    }

    /// `kid`, if there is one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `typ` as written, if there is one.
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// `cty` as written, if there is one.
    pub fn cty(&self) -> Option<&str> {
        self.cty.as_deref()
    }

    /// Whether `cty` is there and says that the content is a JWT (RFC 7519 section 5.2).
    pub fn holds_jwt(&self) -> bool {
        self.cty()
            .is_some_and(|cty| media_type::matches(cty, "JWT"))
    }
}

fn string(
    members: &mut Map<String, Value>,
    name: &'static str,
) -> Result<Option<String>, ParseError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ParseError::HeaderMember(name)),
    }
}

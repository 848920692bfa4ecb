//! Protected headers we read.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::ParseError;
use crate::{SignatureAlgorithm, critical, media_type, strict_json};

/// A protected header, read strictly. Until [`VerifiedJws`](super::VerifiedJws) holds it, its words are a stranger's.
///
/// `jku`, `x5u`, `jwk` and `x5c` may stand in it (RFC 7515 section 4.1), but nothing here looks at them: a token does
/// not bring the key that proves it. The one exception says so in its name: [`self_signed`](super::self_signed).
///
/// `A` is what the algorithm is one of: a signature's here, a [`MacAlgorithm`](crate::MacAlgorithm) in [`mac`](crate::mac).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwsHeader<A = SignatureAlgorithm> {
    algorithm: A,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<String>,
}

impl<A: FromStr> JwsHeader<A> {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, ParseError> {
        Self::from_members(strict_json::object(json).map_err(ParseError::HeaderJson)?)
    }

    pub(super) fn from_members(mut members: Map<String, Value>) -> Result<Self, ParseError> {
        critical::check(&members).map_err(ParseError::Critical)?;
        // RFC 7797 section 6: without `crit` it must not be there, and with it, it is not understood.
        if members.contains_key("b64") {
            return Err(ParseError::UnencodedPayload);
        }
        let alg = string(&mut members, "alg")?.ok_or(ParseError::NoAlgorithm)?;
        Ok(Self {
            algorithm: alg.parse().map_err(|_| ParseError::UnsupportedAlgorithm)?,
            kid: string(&mut members, "kid")?,
            typ: string(&mut members, "typ")?,
            cty: string(&mut members, "cty")?,
        })
    }
}

impl<A: Copy> JwsHeader<A> {
    /// `alg`. It picks among keys and never overrules one.
    pub fn algorithm(&self) -> A {
        self.algorithm
    }
}

impl<A> JwsHeader<A> {
    /// `kid`, if there is one.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// `typ` as written, if there is one. Compare it with [`is_typ`](Self::is_typ).
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// `cty` as written, if there is one.
    pub fn cty(&self) -> Option<&str> {
        self.cty.as_deref()
    }

    /// Whether `typ` is there and names this media type; see [`media_type::matches`].
    pub fn is_typ(&self, expected: &str) -> bool {
        self.typ()
            .is_some_and(|typ| media_type::matches(typ, expected))
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

//! JWK Sets (RFC 7517 section 5).

mod encryption;

use serde_json::{Map, Value};

use super::{Jwk, JwkError};
use crate::{SignatureAlgorithm, strict_json};

/// How many keys a set may hold.
pub const MAX_KEYS: usize = 100;
/// How long a set may be, in octets.
pub const MAX_SET_LEN: usize = 512 * 1024;

/// Public keys of one owner.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet {
    /// The keys, in the owner's order.
    pub keys: Vec<Jwk>,
}

/// Why no key of a set could be picked for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// No key has this `kid`, or the set is empty.
    #[error("no key of the set has this `kid`")]
    UnknownKid,
    /// Keys have this `kid`, but none may verify this algorithm.
    #[error("no key of the set fits the algorithm")]
    NoneFits,
    /// Several different keys fit.
    #[error("several keys of the set fit")]
    Ambiguous,
}

/// Why keys may not be published together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublicationError {
    /// A key lacks `kid`, `use` or `alg`.
    #[error("a key to be published lacks `kid`, `use` or `alg`")]
    Unnamed,
    /// Two keys have one `kid`.
    #[error("two keys to be published have the same `kid`")]
    TwinKid,
    /// One key stands in for two, under another `kid` or `alg`: one key, one algorithm.
    #[error("the same key would be published twice")]
    SameKey,
}

impl JwkSet {
    /// Keys as a server publishes them: each with `kid`, `use` and `alg`, no two with one `kid`, none twice.
    pub fn for_publication(keys: Vec<Jwk>) -> Result<Self, PublicationError> {
        for (index, key) in keys.iter().enumerate() {
            if key.kid.is_none() || key.key_use.is_none() || key.alg.is_none() {
                return Err(PublicationError::Unnamed);
            }
            for later in keys.iter().skip(index + 1) {
                if later.kid == key.kid {
                    return Err(PublicationError::TwinKid);
                }
                if later.material == key.material {
                    return Err(PublicationError::SameKey);
                }
            }
        }
        Ok(Self { keys })
    }

    /// Parses a set that someone publishes for everyone.
    ///
    /// RFC 7517 section 5 wants keys that are not understood to be passed over. So are unsound keys, and keys whose
    /// private or symmetric members are shown: they are known to the whole world and prove nothing.
    pub fn parse_published(json: &[u8]) -> Result<Self, JwkError> {
        Ok(Self {
            keys: keys(json)?.filter_map(Result::ok).collect(),
        })
    }

    /// Parses a set that a client or RS registers with us: every key must be sound, supported and public, and the
    /// first that is not is the error. Its owner is there to be told.
    pub fn parse_registered(json: &[u8]) -> Result<Self, JwkError> {
        Ok(Self {
            keys: keys(json)?.collect::<Result<_, _>>()?,
        })
    }

    /// [`parse_registered`](Self::parse_registered), from an object that
    /// [`strict_json::object`](crate::strict_json::object) has parsed.
    pub fn from_registered_object(members: Map<String, Value>) -> Result<Self, JwkError> {
        Ok(Self {
            keys: keys_of(members)?.collect::<Result<_, _>>()?,
        })
    }

    /// Every key with this `kid`. There should be one, but FAPI 2.0 section 5.4.3 reckons with twins.
    pub fn find<'a>(&'a self, kid: &'a str) -> impl Iterator<Item = &'a Jwk> {
        self.keys.iter().filter(move |key| key.kid() == Some(kid))
    }

    /// The one key that may verify `algorithm` for a token with this `kid`.
    ///
    /// A key without `kid` goes by its RFC 7638 thumbprint: many libraries put that into the headers of what they sign
    /// whether or not the key was handed over with it.
    ///
    /// Among twins `kty`, `crv`, `use`, `key_ops` and `alg` decide; where several keys still fit, the token is not
    /// verified by trial. A token without `kid` gets the one key of the set that fits, if there is one.
    pub fn select(
        &self,
        kid: Option<&str>,
        algorithm: SignatureAlgorithm,
    ) -> Result<&Jwk, SelectError> {
        let mut named = self
            .keys
            .iter()
            .filter(|key| kid.is_none_or(|kid| key.goes_by(kid)))
            .peekable();
        if named.peek().is_none() {
            return Err(SelectError::UnknownKid);
        }
        let mut fitting = named.filter(|key| key.fits(algorithm));
        let first = fitting.next().ok_or(SelectError::NoneFits)?;
        // The same key listed twice is no ambiguity.
        if fitting.any(|other| other.material != first.material) {
            return Err(SelectError::Ambiguous);
        }
        Ok(first)
    }
}

impl Jwk {
    fn goes_by(&self, kid: &str) -> bool {
        match self.kid() {
            Some(own) => own == kid,
            None => self.thumbprint_base64url() == kid,
        }
    }

    /// Whether this key may verify `algorithm`, by all that its owner says of it.
    pub fn fits(&self, algorithm: SignatureAlgorithm) -> bool {
        algorithm.fits(&self.material)
            && self.may_verify()
            && self.alg().is_none_or(|alg| alg == algorithm.name())
    }
}

fn keys(json: &[u8]) -> Result<impl Iterator<Item = Result<Jwk, JwkError>>, JwkError> {
    if json.len() > MAX_SET_LEN {
        return Err(JwkError::NotASet);
    }
    keys_of(strict_json::object(json)?)
}

fn keys_of(
    mut members: Map<String, Value>,
) -> Result<impl Iterator<Item = Result<Jwk, JwkError>>, JwkError> {
    match members.remove("keys") {
        Some(Value::Array(keys)) if keys.len() <= MAX_KEYS => {
            Ok(keys.into_iter().map(|key| match key {
                Value::Object(members) => Jwk::from_object(members),
                _ => Err(JwkError::Json(strict_json::JsonError::NotAnObject)),
            }))
        }
        _ => Err(JwkError::NotASet),
    }
}

#[cfg(test)]
mod tests;

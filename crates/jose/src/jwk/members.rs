//! Reading the members of a JWK one by one.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::JwkError;
use crate::{base64url, strict_json};

/// Longest `kid`, `alg` and the like that is kept, in octets. Names, not documents.
const MAX_NAME_LEN: usize = 1024;
/// Longest number that is decoded, in base64url characters: more than an RSA key of 8192 bits needs, so that such a
/// key is told its size rather than refused for its spelling.
const MAX_NUMBER_LEN: usize = 4096;

/// Most strings in an array that is kept: twice the operations there are (RFC 7517 section 4.3).
const MAX_STRINGS: usize = 16;

/// The members of one JWK.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, JwkError> {
        Ok(Self(strict_json::object(json)?))
    }

    pub(crate) fn new(members: Map<String, Value>) -> Self {
        Self(members)
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A string that must be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, JwkError> {
        self.optional(name)?.ok_or(JwkError::Missing(name))
    }

    /// A string that may be there, but if so is not empty.
    pub(crate) fn optional(&self, name: &'static str) -> Result<Option<&str>, JwkError> {
        match self.0.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() && text.len() <= MAX_NAME_LEN => {
                Ok(Some(text))
            }
            Some(_) => Err(JwkError::WrongType(name)),
        }
    }

    /// An array of strings that may be there.
    pub(crate) fn optional_strings(
        &self,
        name: &'static str,
    ) -> Result<Option<Vec<String>>, JwkError> {
        let Some(value) = self.0.get(name) else {
            return Ok(None);
        };
        let Value::Array(values) = value else {
            return Err(JwkError::WrongType(name));
        };
        if values.len() > MAX_STRINGS {
            return Err(JwkError::WrongType(name));
        }
        let strings = values.iter().map(|value| value.as_str().map(str::to_owned));
        strings
            .collect::<Option<Vec<_>>>()
            .map(Some)
            .ok_or(JwkError::WrongType(name))
    }

    /// A base64url number that must be there.
    pub(crate) fn number(&self, name: &'static str) -> Result<Vec<u8>, JwkError> {
        match self.0.get(name) {
            None => Err(JwkError::Missing(name)),
            Some(Value::String(text)) if text.len() <= MAX_NUMBER_LEN => decode(name, text),
            Some(_) => Err(JwkError::WrongType(name)),
        }
    }

    /// A secret number that must be there; its text is taken out and wiped.
    pub(crate) fn take_secret(
        &mut self,
        name: &'static str,
    ) -> Result<Zeroizing<Vec<u8>>, JwkError> {
        match self.0.remove(name) {
            None => Err(JwkError::Missing(name)),
            Some(Value::String(text)) => {
                let text = Zeroizing::new(text);
                if text.len() > MAX_NUMBER_LEN {
                    return Err(JwkError::WrongType(name));
                }
                decode(name, &text).map(Zeroizing::new)
            }
            Some(_) => Err(JwkError::WrongType(name)),
        }
    }
}

fn decode(member: &'static str, text: &str) -> Result<Vec<u8>, JwkError> {
    base64url::decode(text).map_err(|source| JwkError::Base64url { member, source })
}

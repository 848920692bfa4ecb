//! A token as it arrives: taken apart, not believed.

use std::fmt;

use serde_json::Value;

use super::{CriticalError, JwsHeader};
use crate::{
    base64url,
    base64url::NotBase64url,
    compact::{MAX_HEADER_LEN, MAX_TOKEN_LEN},
    strict_json::{self, JsonError},
};

/// Longest encoded signature, in octets: that of ML-DSA-87.
const MAX_SIGNATURE_LEN: usize = base64url::encoded_len(4627);

/// A JWS that was taken apart but not verified. It gives its header, for picking a key, and nothing that is proven.
pub struct UnverifiedJws<'a> {
    pub(super) header: JwsHeader,
    pub(super) signing_input: &'a str,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// Why a text is not a JWS that we look at. Shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Longer than the reader allows.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts between two dots; a JWS in JSON serialization comes here too.
    #[error("not a compact JWS: three parts between two dots")]
    NotCompact,
    /// A part is not base64url.
    #[error("the {part} is {source}")]
    Base64url {
        /// `header`, `payload` or `signature`.
        part: &'static str,
        /// What is wrong with it.
        source: NotBase64url,
    },
    /// The header is not one strict JSON object.
    #[error("the header is not acceptable: {0}")]
    HeaderJson(JsonError),
    /// A header parameter is not a string.
    #[error("`{0}` in the header is not a string")]
    HeaderMember(&'static str),
    /// The header names no algorithm.
    #[error("the header has no `alg`")]
    NoAlgorithm,
    /// The header names an algorithm that is never accepted, `none` among them.
    #[error("the algorithm in the header is not supported")]
    UnsupportedAlgorithm,
    /// `crit` is malformed, or asks for something not understood.
    #[error(transparent)]
    Critical(CriticalError),
    /// `b64` in the header (RFC 7797).
    #[error("unencoded payloads (`b64`) are not supported")]
    UnencodedPayload,
}

impl<'a> UnverifiedJws<'a> {
    /// Takes a compact JWS of at most [`MAX_TOKEN_LEN`] octets apart.
    pub fn parse(token: &'a str) -> Result<Self, ParseError> {
        Self::parse_bounded(token, MAX_TOKEN_LEN)
    }

    /// The same with a bound of the caller's.
    pub fn parse_bounded(token: &'a str, max_len: usize) -> Result<Self, ParseError> {
        let parts = Parts::split(token, max_len)?;
        Ok(Self {
            header: JwsHeader::parse(&parts.header()?)?,
            payload: parts.payload()?,
            signature: parts.signature()?,
            signing_input: parts.signing_input,
        })
    }

    /// The header, for picking a key. Not verified.
    pub fn header(&self) -> &JwsHeader {
        &self.header
    }

    /// The payload as a stranger wrote it, for finding out whose keys to try, and for nothing else.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The `iss` of a JWT that may come from one of several issuers, for picking whose keys to verify it with. Not
    /// verified: who signed is known only by the key that [`verify`](Self::verify) was given.
    pub fn claimed_issuer(&self) -> Result<Option<String>, JsonError> {
        Ok(match strict_json::object(&self.payload)?.remove("iss") {
            Some(Value::String(issuer)) => Some(issuer),
            _ => None,
        })
    }
}

/// The three parts of a compact JWS, of bounded length, still encoded.
pub(crate) struct Parts<'a> {
    pub(crate) signing_input: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    pub(crate) fn split(token: &'a str, max_len: usize) -> Result<Self, ParseError> {
        if token.len() > max_len {
            return Err(ParseError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(ParseError::NotCompact)?;
        let (header, payload) = signing_input
            .split_once('.')
            .ok_or(ParseError::NotCompact)?;
        if payload.contains('.') {
            return Err(ParseError::NotCompact);
        }
        if header.len() > MAX_HEADER_LEN || signature.len() > MAX_SIGNATURE_LEN {
            return Err(ParseError::TooLong);
        }
        Ok(Self {
            signing_input,
            header,
            payload,
            signature,
        })
    }

    pub(crate) fn header(&self) -> Result<Vec<u8>, ParseError> {
        decode("header", self.header)
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>, ParseError> {
        decode("payload", self.payload)
    }

    pub(crate) fn signature(&self) -> Result<Vec<u8>, ParseError> {
        decode("signature", self.signature)
    }
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, ParseError> {
    base64url::decode(text).map_err(|source| ParseError::Base64url { part, source })
}

impl fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedJws")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> String {
        let header = base64url::encode(br#"{"alg":"ES256"}"#);
        format!("{header}.{}.AAAA", base64url::encode(payload))
    }

    #[test]
    fn the_claimed_issuer_is_a_string_of_a_strict_object_or_none() {
        let claimed = |payload: &str| {
            UnverifiedJws::parse(&token(payload))
                .unwrap()
                .claimed_issuer()
        };
        assert_eq!(claimed(r#"{"iss":"a"}"#), Ok(Some("a".to_owned())));
        for none in ["{}", r#"{"iss":5}"#, r#"{"iss":["a"]}"#] {
            assert_eq!(claimed(none), Ok(None), "{none}");
        }
        for bad in ["", "[]", r#"{"iss":"a","iss":"b"}"#] {
            assert!(claimed(bad).is_err(), "{bad}");
        }
    }
}

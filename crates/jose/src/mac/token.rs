//! Making, taking apart and verifying.

use std::fmt;

use avouch_crypto::hmac::TagInvalid;
use serde::Serialize;

use super::{MacAlgorithm, MacKey};
use crate::{
    base64url,
    jws::{self, JwsHeader, ParseError, Parts},
};

/// A JWS with a shared secret that was taken apart but not verified.
pub struct UnverifiedMac<'a> {
    header: JwsHeader<MacAlgorithm>,
    signing_input: &'a str,
    payload: Vec<u8>,
    tag: Vec<u8>,
}

/// A JWS whose tag was verified. [`UnverifiedMac::verify`] alone makes one.
///
/// It proves that somebody who knows the secret made it: the other party, or the verifier itself.
pub struct VerifiedMac {
    header: JwsHeader<MacAlgorithm>,
    payload: Vec<u8>,
}

/// Why a JWS with a shared secret was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyMacError {
    /// The header names another algorithm than the key's.
    #[error("the token is authenticated with {header}, the secret is for {key}")]
    AlgorithmMismatch {
        /// What the header names.
        header: MacAlgorithm,
        /// What the key verifies.
        key: MacAlgorithm,
    },
    /// The tag is not one of this token under this secret.
    #[error(transparent)]
    Tag(#[from] TagInvalid),
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: MacAlgorithm,
}

/// Authenticates a payload, under a header with `typ` and the algorithm of the key.
#[expect(
    clippy::expect_used,
    reason = "two strings in a struct: serde_json has no way to fail on them"
)]
pub fn sign(key: &MacKey, typ: &str, payload: &[u8]) -> String {
    let header = Header {
        typ,
        alg: key.algorithm(),
    };
    let header = serde_json::to_vec(&header).expect("strings become JSON");
    let input = jws::signing_input_of(&base64url::encode(header), payload);
    let tag = key.compute(&input);
    jws::append_signature(input, &tag)
}

impl<'a> UnverifiedMac<'a> {
    /// Takes a compact JWS of at most `max_len` octets apart. One that is signed with a private key, or not at all,
    /// is an [`UnsupportedAlgorithm`](ParseError::UnsupportedAlgorithm).
    pub fn parse_bounded(token: &'a str, max_len: usize) -> Result<Self, ParseError> {
        let parts = Parts::split(token, max_len)?;
        Ok(Self {
            header: JwsHeader::parse(&parts.header()?)?,
            payload: parts.payload()?,
            tag: parts.signature()?,
            signing_input: parts.signing_input,
        })
    }

    /// The header. Not verified.
    pub fn header(&self) -> &JwsHeader<MacAlgorithm> {
        &self.header
    }

    /// The payload as a stranger wrote it, for finding out whose secret to try, and for nothing else.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the tag with a secret of the caller's choice, whose algorithm is the only one allowed.
    pub fn verify(self, key: &MacKey) -> Result<VerifiedMac, VerifyMacError> {
        let (header, key_algorithm) = (self.header.algorithm(), key.algorithm());
        if header != key_algorithm {
            return Err(VerifyMacError::AlgorithmMismatch {
                header,
                key: key_algorithm,
            });
        }
        key.verify(self.signing_input, &self.tag)?;
        Ok(VerifiedMac {
            header: self.header,
            payload: self.payload,
        })
    }
}

impl VerifiedMac {
    /// The header.
    pub fn header(&self) -> &JwsHeader<MacAlgorithm> {
        &self.header
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }
}

impl fmt::Debug for UnverifiedMac<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedMac")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for VerifiedMac {
    /// The payload stays out: it speaks of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedMac")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

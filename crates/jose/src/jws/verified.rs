//! Verifying, and the proof of it.

use std::fmt;

use avouch_crypto::SignatureInvalid;
use serde::de::DeserializeOwned;

use super::{JwsHeader, UnverifiedJws};
use crate::{
    SignatureAlgorithm, VerificationKey,
    strict_json::{self, JsonError},
};

/// A JWS whose signature was verified. [`UnverifiedJws::verify`] alone makes one.
///
/// What it proves is that the holder of the key signed these octets; whose key, for whom, when and as what is for the
/// caller to ask.
pub struct VerifiedJws {
    header: JwsHeader,
    payload: Vec<u8>,
}

/// Why a JWS was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The header names another algorithm than the key's.
    #[error("the token is signed with {header}, the key verifies {key}")]
    AlgorithmMismatch {
        /// What the header names.
        header: SignatureAlgorithm,
        /// What the key verifies.
        key: SignatureAlgorithm,
    },
    /// The signature is not one of this token by this key.
    #[error(transparent)]
    Signature(#[from] SignatureInvalid),
}

impl UnverifiedJws<'_> {
    /// Verifies the signature with a key of the caller's choice. The key's algorithm is the only one allowed
    /// (RFC 8725 section 3.1).
    pub fn verify(self, key: &VerificationKey) -> Result<VerifiedJws, VerifyError> {
        let (header, key_algorithm) = (self.header.algorithm(), key.algorithm());
        if header != key_algorithm {
            return Err(VerifyError::AlgorithmMismatch {
                header,
                key: key_algorithm,
            });
        }
        key.public_key()
            .verify(self.signing_input.as_bytes(), &self.signature)?;
        Ok(VerifiedJws {
            header: self.header,
            payload: self.payload,
        })
    }
}

impl VerifiedJws {
    /// The header.
    pub fn header(&self) -> &JwsHeader {
        &self.header
    }

    /// The payload.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload as claims, read strictly.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        strict_json::from_slice(&self.payload)
    }

    /// The payload, kept on without the header.
    pub fn into_payload(self) -> Vec<u8> {
        self.payload
    }
}

impl fmt::Debug for VerifiedJws {
    /// The payload stays out: it speaks of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedJws")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

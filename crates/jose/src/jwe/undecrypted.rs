//! A token as it arrives: taken apart, not decrypted.

use std::fmt;

use avouch_crypto::content_encryption::EncryptedContent;

use super::{
    CriticalError, EphemeralKeyError, JweHeader, KeyManagementAlgorithm, ephemeral_key::SendersHalf,
};
use crate::{
    base64url,
    base64url::NotBase64url,
    compact::{MAX_HEADER_LEN, MAX_TOKEN_LEN},
    strict_json::JsonError,
};

/// Longest encoded key, in characters: RSA with 8192 bits, the longest key there is.
const MAX_ENCRYPTED_KEY_LEN: usize = base64url::encoded_len(1024);
/// Longest initialization vector and tag, in characters: more than any `enc` has.
const MAX_IV_OR_TAG_LEN: usize = base64url::encoded_len(64);

/// A JWE that was taken apart but not decrypted. It gives its header, for picking a key, and nothing else.
pub struct UndecryptedJwe<'a> {
    pub(super) header: JweHeader,
    pub(super) senders_half: Option<SendersHalf>,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) content: EncryptedContent,
    /// The encoded header, which the tag covers (RFC 7516 section 5.2 step 15).
    pub(super) aad: &'a str,
}

/// Why a text is not a JWE that we look at. Depends on what everyone can see of it, and shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Longer than the reader allows.
    #[error("the token is too long")]
    TooLong,
    /// Not five parts between four dots; a JWE in JSON serialization comes here too.
    #[error("not a compact JWE: five parts between four dots")]
    NotCompact,
    /// A part of the token or of its header is not base64url.
    #[error("the {part} is {source}")]
    Base64url {
        /// `header`, `encrypted key`, `initialization vector`, `ciphertext`, `tag`, `apu` or `apv`.
        part: &'static str,
        /// What is wrong with it.
        source: NotBase64url,
    },
    /// The header is not one strict JSON object.
    #[error("the header is not acceptable: {0}")]
    HeaderJson(JsonError),
    /// A header parameter is not a string, or is an overlong one.
    #[error("`{0}` in the header is not a string, or too long a one")]
    HeaderMember(&'static str),
    /// The header names no algorithm.
    #[error("the header has no `alg`")]
    NoAlgorithm,
    /// The header names an algorithm that is never accepted: one with a shared secret or a password, or `RSA1_5`.
    #[error("the algorithm in the header is not supported")]
    UnsupportedAlgorithm,
    /// The header names no content encryption.
    #[error("the header has no `enc`")]
    NoEncryption,
    /// The header names a content encryption that is never accepted.
    #[error("the content encryption in the header is not supported")]
    UnsupportedEncryption,
    /// `crit` is malformed, or asks for something not understood.
    #[error(transparent)]
    Critical(CriticalError),
    /// `zip` in the header: what is small here may be huge when inflated (RFC 8725bis section 3.15).
    #[error("compressed content (`zip`) is not supported")]
    Compressed,
    /// The sender's half of the agreement is missing or unsound.
    #[error(transparent)]
    EphemeralKey(#[from] EphemeralKeyError),
    /// There is an encrypted key where the algorithm has none, or none where it has one.
    #[error("the encrypted key does not go with the algorithm")]
    EncryptedKey,
}

impl<'a> UndecryptedJwe<'a> {
    /// Takes a compact JWE of at most [`MAX_TOKEN_LEN`] octets apart.
    pub fn parse(token: &'a str) -> Result<Self, ParseError> {
        Self::parse_bounded(token, MAX_TOKEN_LEN)
    }

    /// The same with a bound of the caller's.
    pub fn parse_bounded(token: &'a str, max_len: usize) -> Result<Self, ParseError> {
        if token.len() > max_len {
            return Err(ParseError::TooLong);
        }
        let [aad, encrypted_key, iv, ciphertext, tag] = parts(token)?;
        if aad.len() > MAX_HEADER_LEN
            || encrypted_key.len() > MAX_ENCRYPTED_KEY_LEN
            || iv.len() > MAX_IV_OR_TAG_LEN
            || tag.len() > MAX_IV_OR_TAG_LEN
        {
            return Err(ParseError::TooLong);
        }
        let (header, senders_half) = JweHeader::parse(&decode("header", aad)?)?;
        let has_none = header.algorithm() == KeyManagementAlgorithm::EcdhEs;
        if encrypted_key.is_empty() != has_none {
            return Err(ParseError::EncryptedKey);
        }
        Ok(Self {
            header,
            senders_half,
            encrypted_key: decode("encrypted key", encrypted_key)?,
            content: EncryptedContent {
                iv: decode("initialization vector", iv)?,
                ciphertext: decode("ciphertext", ciphertext)?,
                tag: decode("tag", tag)?,
            },
            aad,
        })
    }

    /// The header, for picking a key. Anyone may have changed it.
    pub fn header(&self) -> &JweHeader {
        &self.header
    }
}

fn parts(token: &str) -> Result<[&str; 5], ParseError> {
    let mut parts = token.split('.');
    let mut next = || parts.next().ok_or(ParseError::NotCompact);
    let five = [next()?, next()?, next()?, next()?, next()?];
    match parts.next() {
        None => Ok(five),
        Some(_) => Err(ParseError::NotCompact),
    }
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, ParseError> {
    base64url::decode(text).map_err(|source| ParseError::Base64url { part, source })
}

impl fmt::Debug for UndecryptedJwe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UndecryptedJwe")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

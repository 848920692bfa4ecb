//! JWS that bring the key they are signed with, in `jwk` (RFC 7515 section 4.1.3).
//!
//! Such a token proves that its maker holds that key, and nothing of who the maker is: anybody can make one. It is of
//! use only where the key itself is the question, as in proofs of possession (RFC 9449). What must come from somebody
//! in particular is verified with a key that was known before, by [`UnverifiedJws`].

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{
    JwsHeader, ParseError, Parts, UnverifiedJws, VerifiedJws, VerifyError, append_signature,
    signing_input_of,
};
use crate::{
    Jwk, JwkError, KeyError, SignError, SignatureAlgorithm, SigningKey, VerificationKey, base64url,
    strict_json,
};

/// A self-signed token that was taken apart but not verified.
pub struct UnverifiedSelfSigned<'a> {
    jws: UnverifiedJws<'a>,
    jwk: Jwk,
}

/// A self-signed token that is signed with the key it brings. [`UnverifiedSelfSigned::verify`] alone makes one.
#[derive(Debug)]
pub struct VerifiedSelfSigned {
    jws: VerifiedJws,
    jwk: Jwk,
}

/// Why a text is not a self-signed token that verifies. Shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelfSignedError {
    /// Not a JWS, or one with a header that is not taken.
    #[error(transparent)]
    Malformed(#[from] ParseError),
    /// The header has no `jwk`, or one that is not an object.
    #[error("the header has no `jwk` with the public key")]
    NoKey,
    /// The `jwk` is a private or unsound key, or does not fit the algorithm in the header.
    #[error("the `jwk` in the header is not acceptable: {0}")]
    Key(#[from] KeyError),
    /// Not signed with the key in the header.
    #[error("the signature is not by the key in the header: {0}")]
    Signature(#[from] VerifyError),
}

#[derive(Serialize)]
struct Header<'a> {
    typ: &'a str,
    alg: SignatureAlgorithm,
    jwk: Jwk,
}

/// Signs a payload under a header with `typ` and the public half of the key.
#[expect(
    clippy::expect_used,
    reason = "strings and a public key in a struct: serde_json has no way to fail on them"
)]
pub fn sign(key: &SigningKey, typ: &str, payload: &[u8]) -> Result<String, SignError> {
    let header = Header {
        typ,
        alg: key.algorithm(),
        // What the key is called and used for elsewhere is nobody's business here.
        jwk: Jwk {
            kid: None,
            key_use: None,
            key_ops: None,
            ..key.public_jwk().clone()
        },
    };
    let header = serde_json::to_vec(&header).expect("strings become JSON");
    let input = signing_input_of(&base64url::encode(header), payload);
    let signature = key.sign(input.as_bytes())?;
    Ok(append_signature(input, &signature))
}

impl<'a> UnverifiedSelfSigned<'a> {
    /// Takes a compact JWS of at most `max_len` octets apart.
    pub fn parse_bounded(token: &'a str, max_len: usize) -> Result<Self, SelfSignedError> {
        let parts = Parts::split(token, max_len)?;
        let mut members = strict_json::object(&parts.header()?).map_err(ParseError::HeaderJson)?;
        let jwk = members.remove("jwk");
        let header = JwsHeader::from_members(members)?;
        let Some(Value::Object(jwk)) = jwk else {
            return Err(SelfSignedError::NoKey);
        };
        Ok(Self {
            jwk: Jwk::from_object(jwk)?,
            jws: UnverifiedJws {
                header,
                payload: parts.payload()?,
                signature: parts.signature()?,
                signing_input: parts.signing_input,
            },
        })
    }

    /// The header. Not verified.
    pub fn header(&self) -> &JwsHeader {
        self.jws.header()
    }

    /// Verifies the signature with the key in the header, which must fit the algorithm there.
    pub fn verify(self) -> Result<VerifiedSelfSigned, SelfSignedError> {
        let key = VerificationKey::from_jwk(&self.jwk, self.jws.header().algorithm())?;
        Ok(VerifiedSelfSigned {
            jws: self.jws.verify(&key)?,
            jwk: self.jwk,
        })
    }
}

impl VerifiedSelfSigned {
    /// The payload, as the holder of the key wrote it.
    pub fn payload(&self) -> &[u8] {
        self.jws.payload()
    }

    /// The header.
    pub fn header(&self) -> &JwsHeader {
        self.jws.header()
    }

    /// The key whose possession was proven.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }
}

impl From<JwkError> for SelfSignedError {
    fn from(error: JwkError) -> Self {
        Self::Key(error.into())
    }
}

impl fmt::Debug for UnverifiedSelfSigned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedSelfSigned")
            .field("header", self.header())
            .finish_non_exhaustive()
    }
}

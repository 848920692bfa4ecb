//! Why a `DPoP` proof is not taken.

use super::TargetUri;
use crate::error::ErrorCode;
use crate::media_type::DPOP_JWT_TYP;
use crate::proof::{ClaimError, MAX_CLOCK_SKEW};
use avouch_jose::SignatureAlgorithm;
use avouch_jose::jws::self_signed::SelfSignedError;
use avouch_jose::strict_json::JsonError;

/// What is wrong with a proof, in the order of the checks. The text says what to change and shows
/// nothing that came with the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DpopError {
    /// RFC 9449, section 4.3: not more than one header.
    #[error("several DPoP proofs are sent: send one DPoP header with one proof")]
    Several,
    /// Not a JWS, or not signed with the sound public key it brings.
    #[error("the DPoP proof is not acceptable: {0}")]
    Malformed(#[from] SelfSignedError),
    /// Another kind of JWT.
    #[error("the typ of the DPoP proof must be {DPOP_JWT_TYP}")]
    WrongTyp,
    /// Not an algorithm for proofs here.
    #[error("the DPoP proof is signed with {0}, which is not allowed here")]
    AlgorithmNotAllowed(SignatureAlgorithm),
    /// The payload is not one strict JSON object.
    #[error("the claims of the DPoP proof are not acceptable: {0}")]
    Claims(JsonError),
    /// A claim is missing or of the wrong type.
    #[error("in the DPoP proof, {0}")]
    Claim(#[from] ClaimError),
    /// `htm` is another method, compared with case.
    #[error("htm of the DPoP proof is not the method of the request")]
    WrongMethod,
    /// `htu` is another URL.
    #[error("htu of the DPoP proof must be {expected}, the URL of the request")]
    WrongUrl {
        /// What it has to be.
        expected: TargetUri,
    },
    /// `ath` is missing or of another token.
    #[error("ath of the DPoP proof must be the SHA-256 hash of the access token sent along")]
    WrongAccessTokenHash,
    /// Made too long ago.
    #[error(
        "the DPoP proof was made {age} seconds ago: make a new one for each request, or set the clock of the client"
    )]
    TooOld {
        /// In seconds.
        age: u64,
    },
    /// `iat` is in the future.
    #[error(
        "the DPoP proof is made {ahead} seconds in the future, more than the {MAX_CLOCK_SKEW} that clocks may differ: set the clock of the client"
    )]
    FromTheFuture {
        /// In seconds.
        ahead: u64,
    },
    /// `nonce` is missing. All else is well.
    #[error(
        "the DPoP proof needs a nonce: repeat the request with the one in the DPoP-Nonce header"
    )]
    NoNonce,
    /// `nonce` is not, or no longer, one of this server. All else is well.
    #[error(
        "the nonce of the DPoP proof is not good any more: repeat the request with the one in the DPoP-Nonce header"
    )]
    WrongNonce,
}

impl DpopError {
    /// The code of the error answer. With `use_dpop_nonce` goes a `DPoP-Nonce` header, and the
    /// client may try again (RFC 9449, section 8).
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoNonce | Self::WrongNonce => ErrorCode::UseDpopNonce,
            _ => ErrorCode::InvalidDpopProof,
        }
    }
}

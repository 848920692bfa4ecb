//! What is said of an access token that was presented to this server and refused
//! (RFC 6750 section 3.1, RFC 9449 section 7.1).

use avouch_core::TokenFailure;
use avouch_oauth::error::ErrorCode;

use crate::dpop::ProofRefused;

/// The words that differ from one place to another.
pub(crate) struct TokenRefusals {
    /// Of a token that is no good.
    pub(crate) not_good: &'static str,
    /// Of a token that is good, but not for this.
    pub(crate) no_right: (ErrorCode, &'static str),
}

impl TokenRefusals {
    /// The code and the description.
    pub(crate) fn told(&self, failure: TokenFailure) -> (ErrorCode, String) {
        let invalid = |description: &str| (ErrorCode::InvalidToken, description.to_owned());
        let proof = |refused: ProofRefused| (ErrorCode::InvalidDpopProof, refused.description());
        match failure {
            TokenFailure::NotGood => invalid(self.not_good),
            TokenFailure::NoRight => (self.no_right.0, self.no_right.1.to_owned()),
            TokenFailure::Unbound => invalid(
                "the access token is bound to no key: get one with a DPoP proof, or over mutual TLS",
            ),
            TokenFailure::Binding(error) => (error.code(), error.to_string()),
            TokenFailure::Certificate => invalid(
                "the access token is bound to another certificate: ask over mutual TLS with the \
                 one it was got with",
            ),
            TokenFailure::ProofReplayed => proof(ProofRefused::Again),
            TokenFailure::TooManyProofs => proof(ProofRefused::TooMany),
        }
    }
}

//! Whether an access token may be used as it was sent (RFC 9449, sections 7.1 and 7.2).

use super::VerifiedDpopProof;
use crate::authorization::Scheme;
use crate::confirmation::Confirmation;
use crate::error::ErrorCode;
use crate::secret::PresentedToken;

/// Why a token does not go with the way it was sent. All of them are a 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// Bound to a key, and sent as if it were not: what a thief would do.
    #[error("the access token is bound to a key: send it with the DPoP scheme and a DPoP proof")]
    Downgraded,
    /// No proof came along.
    #[error("a DPoP proof is missing: send one in the DPoP header")]
    NoProof,
    /// The proof was not checked against this token.
    #[error("the DPoP proof is not made for this access token")]
    OtherToken,
    /// The proof is of another key.
    #[error("the access token is bound to another key than that of the DPoP proof")]
    OtherKey,
    /// Nothing binds the token, so the proof proves nothing for it.
    #[error("the access token is not bound to a key: send it with the Bearer scheme")]
    NotBound,
}

impl BindingError {
    /// The code of the error answer.
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NoProof | Self::OtherToken => ErrorCode::InvalidDpopProof,
            Self::Downgraded | Self::OtherKey | Self::NotBound => ErrorCode::InvalidToken,
        }
    }
}

/// Checks a token, sent with a scheme, against the key it is bound to.
///
/// `confirmation` is the `cnf` of the token. Bindings other than `jkt` are not looked at here: who
/// finds one has to check it too.
pub fn check_binding(
    token: &PresentedToken,
    scheme: Scheme,
    confirmation: Option<&Confirmation>,
    proof: Option<&VerifiedDpopProof>,
) -> Result<(), BindingError> {
    let bound_to = confirmation.and_then(|confirmation| confirmation.jkt);
    match (scheme, bound_to) {
        (Scheme::DPoP, None) => Err(BindingError::NotBound),
        (Scheme::DPoP, Some(jkt)) => {
            let proof = proof.ok_or(BindingError::NoProof)?;
            if !proof.is_for(token) {
                return Err(BindingError::OtherToken);
            }
            if proof.jkt() != jkt {
                return Err(BindingError::OtherKey);
            }
            Ok(())
        }
        (Scheme::Bearer | Scheme::Basic, Some(_)) => Err(BindingError::Downgraded),
        (Scheme::Bearer | Scheme::Basic, None) => Ok(()),
    }
}

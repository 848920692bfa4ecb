//! Whether a token is used by whom it is bound to.

use super::denial::DenialReason;
use super::token_check::CheckedToken;
use avouch_crypto::hash;
use avouch_oauth::authorization::Scheme;
use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
use avouch_oauth::dpop::{VerifiedDpopProof, check_binding};
use avouch_oauth::{PresentedToken, dpop::BindingError};

/// How a token was shown.
pub(super) struct Shown<'a> {
    pub(super) scheme: Scheme,
    pub(super) token: &'a PresentedToken,
    pub(super) proof: Option<&'a VerifiedDpopProof>,
    /// In DER.
    pub(super) certificate: Option<&'a [u8]>,
}

/// Checks every binding the token has, and says whether it has one.
pub(super) fn check(token: &impl CheckedToken, shown: &Shown<'_>) -> Result<bool, DenialReason> {
    let confirmation = token.confirmation();
    if confirmation.is_some_and(|confirmation| !is_known(confirmation)) {
        return Err(DenialReason::UnknownBinding);
    }
    check_binding(shown.token, shown.scheme, confirmation, shown.proof)?;
    // The answer speaks of a key and does not say which.
    if token.is_called_dpop() && shown.scheme != Scheme::DPoP {
        return Err(BindingError::Downgraded.into());
    }
    if let Some(expected) = confirmation.and_then(|confirmation| confirmation.x5t_s256) {
        let certificate = shown.certificate.ok_or(DenialReason::NoCertificate)?;
        if Sha256Thumbprint::from_bytes(hash::sha256(certificate)) != expected {
            return Err(DenialReason::OtherCertificate);
        }
    }
    Ok(confirmation.is_some())
}

/// Whether there is something to check, and nothing that cannot be.
fn is_known(confirmation: &Confirmation) -> bool {
    confirmation.further.is_empty()
        && (confirmation.jkt.is_some() || confirmation.x5t_s256.is_some())
}

//! Verifying.

use crate::public_key::PublicKey;

/// The signature is not one of this message under this key and scheme.
///
/// There is one reason on purpose: telling how a signature failed helps nobody but a forger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct SignatureInvalid;

impl PublicKey {
    /// Verifies `signature` over `message` under the key's one scheme.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        self.key
            .verify_sig(message, signature)
            .map_err(|_| SignatureInvalid)
    }
}

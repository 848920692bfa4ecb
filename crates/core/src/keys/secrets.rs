//! The server's secrets that are no signing keys.

use avouch_crypto::random::{RandomError, SecureRandom};
use avouch_crypto::seal::SealError;
use thiserror::Error;
use zeroize::Zeroizing;

use super::{Sealer, UnsealError};
use crate::storage::{KeyStore, ServerSecret, StoreError};

/// Why a server secret could not be had.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// It is there and cannot be opened.
    #[error("the server's {} secret cannot be opened: {reason}", secret.name())]
    Sealed {
        /// Which.
        secret: ServerSecret,
        /// Why.
        reason: UnsealError,
    },
    /// No random octets.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The secret, made at the first call and the same ever after.
pub async fn load_or_make_secret(
    secret: ServerSecret,
    keys: &impl KeyStore,
    sealer: &Sealer,
    random: &dyn SecureRandom,
) -> Result<Zeroizing<[u8; 32]>, SecretsError> {
    let sealed = if let Some(sealed) = keys.server_secret(secret).await? {
        sealed
    } else {
        let mut fresh = Zeroizing::new([0; 32]);
        random.fill(fresh.as_mut_slice())?;
        let sealed = sealer.seal(secret.name(), fresh.as_slice(), random)?;
        // Another node may have been quicker: what it made counts.
        keys.server_secret_or_insert(secret, &sealed).await?
    };
    let opened = sealer
        .open(secret.name(), &sealed)
        .map_err(|reason| SecretsError::Sealed { secret, reason })?;
    let octets = opened
        .as_slice()
        .try_into()
        .map_err(|_| SecretsError::Sealed {
            secret,
            reason: UnsealError::Damaged,
        })?;
    Ok(Zeroizing::new(octets))
}

/// Seals a stored secret anew, under the sealer's current key.
pub fn reseal_secret(
    secret: ServerSecret,
    sealed: &[u8],
    sealer: &Sealer,
    random: &dyn SecureRandom,
) -> Result<Vec<u8>, super::ResealError> {
    let opened = sealer.open(secret.name(), sealed)?;
    Ok(sealer.seal(secret.name(), &opened, random)?)
}

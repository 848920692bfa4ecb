//! The server's keys in memory, and sealing them anew at rest.

use avouch_core::keys::{
    AccessTokenKeys, KeyRing, MakeKeyError, OpenKeyError, ResealError, Sealer, SoftwareSigner,
    open_signing_key, reseal_secret, reseal_signing_key,
};
use avouch_core::records::KeyLife;
use avouch_core::storage::{KeyStore, KeysRevision, ServerSecret, StoreError};
use avouch_core::time::Timestamp;
use avouch_crypto::random::SecureRandom;
use thiserror::Error;

use crate::signing_queue::{QueuedSigner, SigningQueue};

/// One snapshot of the keys: replaced, never changed.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Of what the store held.
    pub(crate) revision: KeysRevision,
    /// Which key is for what, and when.
    pub(crate) ring: KeyRing,
    /// The private halves.
    pub(crate) signer: QueuedSigner,
    /// What JWT access tokens are told genuine by.
    pub(crate) access_tokens: AccessTokenKeys,
}

/// Why keys could not be loaded or changed.
#[derive(Debug, Error)]
pub enum KeysError {
    /// A stored key stays closed.
    #[error(transparent)]
    Open(#[from] OpenKeyError),
    /// A fresh key could not be made.
    #[error(transparent)]
    Make(#[from] MakeKeyError),
    /// A key could not be sealed anew after the sealing key was replaced.
    #[error("sealing anew under the current sealing key failed: {0}")]
    Reseal(#[from] ResealError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that made the key died.
    #[error("making a key was interrupted")]
    Interrupted,
    /// Other nodes changed the keys meanwhile, again and again.
    #[error("other changes of the keys came in between; try again")]
    Contended,
}

impl Keys {
    /// Opens every stored key that is not retired. Of the retired ones, those
    /// for access tokens still verify. Costly signatures are made in this queue.
    pub(crate) async fn load(
        store: &impl KeyStore,
        sealer: &Sealer,
        now: Timestamp,
        queue: &SigningQueue,
    ) -> Result<Self, KeysError> {
        let records = store.signing_keys().await?;
        let opened = records
            .iter()
            .filter(|record| record.schedule.life(now) != KeyLife::Retired)
            .map(|record| open_signing_key(record, sealer))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            revision: KeysRevision::of(&records),
            ring: KeyRing::new(&records),
            signer: QueuedSigner::new(SoftwareSigner::new(opened), queue.clone()),
            access_tokens: AccessTokenKeys::new(&records)?,
        })
    }
}

/// Seals everything anew that a former sealing key sealed. Returns how many
/// secrets that were; afterwards the former key is not needed any more.
pub(crate) async fn reseal_outdated(
    store: &impl KeyStore,
    sealer: &Sealer,
    random: &dyn SecureRandom,
) -> Result<usize, KeysError> {
    let mut keys = Vec::new();
    for record in store.signing_keys().await? {
        if sealer.is_outdated(&record.sealed_private) {
            keys.push((
                record.kid().to_owned(),
                reseal_signing_key(&record, sealer, random)?,
            ));
        }
    }
    let mut secrets = Vec::new();
    for secret in ServerSecret::ALL {
        if let Some(sealed) = store.server_secret(*secret).await?
            && sealer.is_outdated(&sealed)
        {
            secrets.push((*secret, reseal_secret(*secret, &sealed, sealer, random)?));
        }
    }
    let outdated = keys.len() + secrets.len();
    if outdated > 0 {
        store.reseal(&keys, &secrets).await?;
    }
    Ok(outdated)
}

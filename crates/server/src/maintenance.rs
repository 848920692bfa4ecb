//! What commands need that work on the data of a server while it does not run.

use std::fs::File;
use std::path::Path;

use avouch_core::keys::{SecretsError, open_signing_key};
use avouch_core::storage::{KeyStore, ServerSecret};

use crate::config::Config;
use crate::data_folder;
use crate::keys::KeysError;
use crate::start::{StartError, sealer};

/// Takes a data folder as a server takes it, and makes it if it is missing. No
/// server starts on it while the result lives; one that runs is a refusal.
pub fn take_data_folder(folder: &Path) -> Result<File, StartError> {
    data_folder::make_private(folder).map_err(|error| StartError::Folder {
        folder: folder.to_owned(),
        error,
    })?;
    data_folder::lock(folder)
}

/// Opens every key and secret in a store with the sealing keys of a
/// configuration, and forgets them again. Returns how many there are.
pub async fn open_everything_sealed(
    config: &Config,
    store: &impl KeyStore,
) -> Result<usize, StartError> {
    let sealer = sealer(config)?;
    let keys = store.signing_keys().await.map_err(StartError::Records)?;
    for key in &keys {
        open_signing_key(key, &sealer).map_err(KeysError::from)?;
    }
    let mut opened = keys.len();
    for secret in ServerSecret::ALL {
        let sealed = store.server_secret(*secret).await;
        if let Some(sealed) = sealed.map_err(StartError::Records)? {
            let secret = *secret;
            let tried = sealer.open(secret.name(), &sealed);
            tried.map_err(|reason| SecretsError::Sealed { secret, reason })?;
            opened += 1;
        }
    }
    Ok(opened)
}

//! Signing, wherever the key is.

use std::collections::HashMap;

use avouch_jose::{SignError, SigningKey};
use thiserror::Error;

use crate::storage::Cause;

/// Signs with a key it holds. The key may be in hardware or behind a network,
/// so this is awaited and may fail.
pub trait Signer: Send + Sync {
    /// The JWS signature over `signing_input` with the key named `kid`, in the
    /// encoding of RFC 7518 section 3.
    fn sign(
        &self,
        kid: &str,
        signing_input: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, SignerError>> + Send;
}

/// Why there is no signature.
#[derive(Debug, Error)]
pub enum SignerError {
    /// The signer does not hold this key.
    #[error("the signer does not hold the key {0}")]
    UnknownKey(String),
    /// The key refused or failed.
    #[error("signing failed: {0}")]
    Failed(#[source] Cause),
    /// As many signatures wait to be made as may: the same request will succeed
    /// shortly.
    #[error("as many signatures wait to be made as may; try again shortly")]
    Busy,
}

impl From<SignError> for SignerError {
    fn from(error: SignError) -> Self {
        Self::Failed(error.into())
    }
}

/// Keys in the memory of this process.
#[derive(Debug, Default)]
pub struct SoftwareSigner(HashMap<String, SigningKey>);

impl SoftwareSigner {
    /// Holds these keys.
    pub fn new(keys: impl IntoIterator<Item = SigningKey>) -> Self {
        Self(
            keys.into_iter()
                .map(|key| (key.kid().to_owned(), key))
                .collect(),
        )
    }

    /// The key of this name.
    pub fn key(&self, kid: &str) -> Result<&SigningKey, SignerError> {
        let key = self.0.get(kid);
        key.ok_or_else(|| SignerError::UnknownKey(kid.to_owned()))
    }
}

impl Signer for SoftwareSigner {
    async fn sign(&self, kid: &str, signing_input: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key(kid)?.sign(signing_input)?)
    }
}

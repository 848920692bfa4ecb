//! The keys that resource servers publish, to encrypt statements to.

use std::sync::Arc;

use avouch_jose::nested::NestedJwtEncrypter;
use avouch_jose::{ContentEncryption, KeyManagementAlgorithm};
use avouch_oauth::jwks_uri::JwksUri;
use thiserror::Error;

use crate::storage::Cause;

/// Finds the key an RS publishes at its `jwks_uri`. It is behind a network, so this is awaited and
/// may fail; a key is never used beyond the time it may be kept (reading L-17).
pub trait RecipientKeys: Send + Sync {
    /// Ready to encrypt in this way to the key published there now.
    fn encrypter(
        &self,
        uri: &JwksUri,
        algorithm: KeyManagementAlgorithm,
        encryption: ContentEncryption,
    ) -> impl Future<Output = Result<Arc<NestedJwtEncrypter>, RecipientKeyError>> + Send;
}

/// Why there is no key to encrypt to. For the operator's eyes: the RS learns that there is none.
#[derive(Debug, Error)]
pub enum RecipientKeyError {
    /// The key set cannot be had.
    #[error("the keys at {uri} cannot be fetched: {cause}")]
    Unreachable {
        /// Where they should be.
        uri: JwksUri,
        /// What went wrong on the way.
        cause: Cause,
    },
    /// The set is there, and no key in it fits.
    #[error("there is no key for {algorithm} at {uri}")]
    NoKeyFits {
        /// Where it should be.
        uri: JwksUri,
        /// What for.
        algorithm: KeyManagementAlgorithm,
    },
}

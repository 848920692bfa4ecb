//! What may be wrong with a key that encrypts or decrypts.

use avouch_crypto::{KeyGenerationError, PrivateKeyRejected, PublicKeyRejected};

use super::KeyManagementAlgorithm;
use crate::JwkError;

/// Why there is no usable key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionKeyError {
    /// The JWK is not sound.
    #[error(transparent)]
    Jwk(#[from] JwkError),
    /// The JWK has no `alg`, and none was given.
    #[error("the key does not say its `alg`")]
    NoAlgorithm,
    /// The `alg` of the JWK is not a supported key management algorithm.
    #[error("the key is for an algorithm that is not supported")]
    UnsupportedAlgorithm,
    /// The `alg` of the JWK is another one than asked for. One key, one algorithm.
    #[error("the key is for another algorithm")]
    OtherAlgorithm,
    /// `use` or `key_ops` do not allow what was asked for.
    #[error("the key is not meant for encryption")]
    NotForEncryption,
    /// The type or curve of the key does not fit the algorithm.
    #[error("the type or curve of the key does not fit {0}")]
    WrongKeyType(KeyManagementAlgorithm),
    /// The private half is malformed, or not the half of its public one.
    #[error(transparent)]
    Private(#[from] PrivateKeyRejected),
    /// The key could not be generated.
    #[error(transparent)]
    Generation(#[from] KeyGenerationError),
}

impl From<PublicKeyRejected> for EncryptionKeyError {
    fn from(rejected: PublicKeyRejected) -> Self {
        Self::Jwk(rejected.into())
    }
}

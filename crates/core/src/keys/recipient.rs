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

/// Why there is no key to encrypt to. For the operator's eyes; the RS, which is known by then,
/// learns what [`shown`](Self::shown) says.
#[derive(Debug, Error)]
pub enum RecipientKeyError {
    /// The key set cannot be had.
    #[error("the keys at {} cannot be fetched: {cause}", uri.without_query())]
    Unreachable {
        /// Where they should be.
        uri: JwksUri,
        /// What went wrong on the way.
        cause: Cause,
        /// What of it its owner may be told.
        trouble: KeySetTrouble,
    },
    /// The set is there, and no key in it fits.
    #[error("there is no key for {algorithm} at {}", uri.without_query())]
    NoKeyFits {
        /// Where it should be.
        uri: JwksUri,
        /// What for.
        algorithm: KeyManagementAlgorithm,
    },
}

/// What is wrong with a published key set, as far as its owner may be told: what it can see for
/// itself, and nothing of what stands where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySetTrouble {
    /// It was not had, for whatever reason.
    NotFetched,
    /// It is not said to be JSON.
    ContentType,
    /// It is encoded, as with gzip.
    Encoded,
    /// It is too long.
    TooLong,
    /// It is no JWK Set.
    NotKeys,
}

impl KeySetTrouble {
    const fn words(self) -> &'static str {
        match self {
            Self::NotFetched => "the document cannot be fetched",
            Self::ContentType => {
                "the document has the wrong content type; serve it as application/jwk-set+json"
            }
            Self::Encoded => "the document is encoded; serve it without Content-Encoding",
            Self::TooLong => "the document is too long",
            Self::NotKeys => "the document is not a JWK Set",
        }
    }
}

impl RecipientKeyError {
    /// What the RS is told about its own document.
    pub fn shown(&self) -> String {
        match self {
            Self::Unreachable { trouble, .. } => {
                format!(
                    "the key at your jwks_uri cannot be had: {}",
                    trouble.words()
                )
            }
            Self::NoKeyFits { algorithm, .. } => format!(
                "the key at your jwks_uri cannot be had: the document holds no key for {algorithm}"
            ),
        }
    }
}

//! The keys that callers publish, to check their assertions with.

use std::sync::Arc;

use avouch_jose::JwkSet;
use avouch_oauth::jwks_uri::JwksUri;
use thiserror::Error;

/// Finds the keys a caller publishes at its `jwks_uri`. They are behind a
/// network, so this is awaited and may fail; no key is used beyond the time it
/// may be kept.
pub trait CallerKeys: Send + Sync {
    /// The keys, as they are held, or fetched where none are.
    fn keys(
        &self,
        uri: &JwksUri,
    ) -> impl Future<Output = Result<Arc<JwkSet>, KeysUnavailable>> + Send;

    /// The keys, asked for anew if that was not done a moment ago: for a `kid`
    /// that is not among those held.
    fn newer_keys(
        &self,
        uri: &JwksUri,
    ) -> impl Future<Output = Result<Arc<JwkSet>, KeysUnavailable>> + Send;
}

/// The keys cannot be had. The cause was logged by whoever looked for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the keys that the caller publishes cannot be fetched")]
pub struct KeysUnavailable;

//! The access tokens of resource servers.

use super::StoreError;
use crate::opaque_token::TokenHash;
use crate::records::CallerToken;
use crate::time::Timestamp;

/// Keeps the tokens that RSs introspect with. They go with their RS, and with
/// its credentials: when those are changed, what was got with the older ones
/// ends in the same transaction.
pub trait CallerTokenStore {
    /// Keeps a new token. `Conflict` if there is no such RS, or the hash is
    /// known.
    fn insert_caller_token(
        &self,
        token: &CallerToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Finds a token, expired or not. On the path of every request that
    /// presents one.
    fn find_caller_token(
        &self,
        hash: &TokenHash,
    ) -> impl Future<Output = Result<Option<CallerToken>, StoreError>> + Send;

    /// Forgets tokens that expired at or before the instant, at most `limit` of
    /// them. Returns how many went.
    fn remove_expired_caller_tokens(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;
}

//! Access tokens, the grants they hang on, and their revocation.

use std::sync::Arc;

use super::StoreError;
use crate::id::{ClientId, GrantId, SubjectId};
use crate::opaque_token::TokenHash;
use crate::records::{AccessToken, FoundToken, Grant};
use crate::time::Timestamp;

/// What a revocation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It was live and is dead now.
    Now,
    /// It was dead before.
    Already,
    /// There is no such thing.
    Unknown,
}

/// Keeps tokens and grants.
pub trait TokenStore: Sync {
    /// Keeps a new grant and its first token, both or neither.
    fn issue(
        &self,
        grant: &Grant,
        token: &AccessToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Finds a token with the state of all it hangs on, as of one instant.
    ///
    /// May be answered from a cache, provided that every revocation is seen
    /// that returned before this call started; or, if it was made on another
    /// node, longer than the stated time before. `None` always comes from the
    /// engine itself.
    fn find(
        &self,
        hash: &TokenHash,
    ) -> impl Future<Output = Result<Option<Arc<FoundToken>>, StoreError>> + Send {
        async { self.find_evenly(hash, &|_| true).await }
    }

    /// The same, so that the time does not tell what is wrong with a token
    /// that is no good: only one that `is_good` says is good may come from a
    /// cache. Every other costs one look into the engine, as often as it is
    /// asked about; so does one that is not kept, for which the record next to
    /// its place is read in its stead.
    fn find_evenly(
        &self,
        hash: &TokenHash,
        is_good: &(dyn Fn(&FoundToken) -> bool + Sync),
    ) -> impl Future<Output = Result<Option<Arc<FoundToken>>, StoreError>> + Send;

    /// Revokes one token. The first instant stands if it was dead before.
    fn revoke_token(
        &self,
        hash: &TokenHash,
        at: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// Kills every token of a grant issued at or before `before`. Epochs only
    /// ever move forward: an earlier `before` changes nothing (`Already`).
    fn revoke_grant(
        &self,
        grant: &GrantId,
        before: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// The same for every token of a client. `Unknown` if there is no such client.
    fn revoke_client(
        &self,
        client: &ClientId,
        before: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// The same for every token of a subject. A subject needs no record of its
    /// own to be revoked, so this is never `Unknown`.
    fn revoke_subject(
        &self,
        subject: &SubjectId,
        before: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// Forgets tokens that expired before an instant, at most `limit` of them,
    /// and grants that have no token left. Returns how many tokens went.
    ///
    /// The one call that may take several transactions, so that it never holds
    /// up other writes for long; each leaves grants and tokens consistent.
    fn remove_expired(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;
}

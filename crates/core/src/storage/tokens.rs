//! Access tokens, the grants they hang on, and their revocation.
//!
//! **Revoking many at once** asks no clock. The store counts, for each client,
//! for each subject and for all tokens together, how often its tokens were
//! revoked: that is its [`Epoch`](crate::records::Epoch). A revocation counts
//! one on, in one row; [`TokenStore::issue`] notes with the token, in the step
//! that keeps it, the epochs there are; and a token is good only as
//! long as they are still these. Hence, whatever the clocks of the servers say:
//!
//! - A token whose issue was acknowledged before the revocation began is dead
//!   once it is acknowledged: the count that was noted was there before the
//!   revocation counted on, so it is another one.
//! - A token whose issue began after the revocation was acknowledged is not
//!   touched by it: whoever reads after a commit reads what was committed.
//! - A token whose issue and the revocation overlap comes out either way. Nobody
//!   can tell which was first: a look at the count before the commit of the
//!   revocation and its own commit after it give a token that is dead from the
//!   start, as if the revocation had come a moment later.
//!
//! The counts are kept apart, one for each client and subject and not one for
//! all of them, so that revocations of different ones do not wait for each
//! other's syncing, and so that each count moves with the record it belongs to.
//!
//! A grant is revoked for good: nothing is issued under it afterwards, so there
//! is nothing to tell apart.
//!
//! **Naming an instant** ([`IssuedBefore::Instant`]) is another thing: whoever
//! names one means what the clocks said, and that is compared.

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

/// Which of all tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuedBefore {
    /// Those that were issued before this call, whatever instant they bear.
    Now,
    /// Those that bear this instant as that of their issue, or an earlier one.
    Instant(Timestamp),
}

/// What ended with a revocation of everything, beside access tokens. (These are
/// not counted: there may be a billion of them, and none is touched.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedEverything {
    /// Access tokens of RSs, expired ones that were not yet forgotten included.
    pub caller_tokens: u64,
    /// Initial access tokens that were not withdrawn before.
    pub initial_access_tokens: u64,
}

/// Keeps tokens and grants.
pub trait TokenStore: Sync {
    /// Keeps a new grant and its token, both or neither, in the epochs there are.
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

    /// Revokes a grant for good, with whatever was issued under it. The first
    /// instant stands if it was revoked before.
    fn revoke_grant(
        &self,
        grant: &GrantId,
        at: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// Begins the client's next epoch: every token that was issued to it until
    /// now is dead, and none that is issued later. `at` is kept for people to
    /// read and decides nothing. `Unknown` if there is no such client, never
    /// `Already`.
    fn revoke_client(
        &self,
        client: &ClientId,
        at: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// The same for every token of a subject. A subject needs no record of its
    /// own to be revoked, so this is always `Now`.
    fn revoke_subject(
        &self,
        subject: &SubjectId,
        at: Timestamp,
    ) -> impl Future<Output = Result<Revoked, StoreError>> + Send;

    /// Revokes everything that was issued: access tokens of whatever grant,
    /// client and subject, the access tokens of RSs, and initial access tokens.
    /// Records, credentials and registrations stay. An instant that was named
    /// stands until a later one is.
    fn revoke_everything(
        &self,
        issued: IssuedBefore,
        at: Timestamp,
    ) -> impl Future<Output = Result<RevokedEverything, StoreError>> + Send;

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

//! Proofs that are good for one use.

use super::StoreError;
use crate::records::UsedProof;
use crate::time::Timestamp;

/// What a use of a proof was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only a first use counts"]
pub enum Used {
    /// The first: it counts, and no other will before the proof's end.
    First,
    /// Not the first, or the proof's end has come: it does not count.
    Again,
    /// Nothing was remembered, for as many proofs of this caller as it may
    /// have are still to be remembered: it does not count.
    OverQuota,
}

/// Remembers which proofs were used: client assertions (RFC 7523 section 3) and
/// `DPoP` proofs (RFC 9449 section 11.1), each until its end.
///
/// **Once.** Of any number of uses of one proof, at one instant or later, on
/// one node or several, one is [`Used::First`]. Every answer comes from the
/// engine, none from a cache.
///
/// **Durable.** [`Used::First`] is remembered before it is answered, as every
/// write is: a restart does not make a proof good again.
///
/// **A lost reply.** After an error it is not known whether the use was
/// remembered. The proof must be refused, and its maker has to make another:
/// the same one may be [`Used::Again`].
///
/// **To the end, and not after.** A use is remembered while
/// `now < expires_at`. None is forgotten before, whatever else is remembered;
/// from then on it counts for nothing, cleaned away or not. Refusing a proof
/// whose own time is over is up to whoever checks it.
///
/// **A quota, and no eviction.** A caller has at most `quota` proofs that are
/// to be remembered. One more is refused, to that caller alone.
pub trait ReplayStore {
    /// Uses a proof.
    fn use_once(
        &self,
        proof: &UsedProof,
        quota: u32,
        now: Timestamp,
    ) -> impl Future<Output = Result<Used, StoreError>> + Send;

    /// Cleans away uses whose end came at or before `now`, at most `limit` of
    /// them, the oldest first. Returns how many went. Like
    /// [`super::TokenStore::remove_expired`] it may take several transactions.
    fn remove_expired_proofs(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> impl Future<Output = Result<u32, StoreError>> + Send;
}

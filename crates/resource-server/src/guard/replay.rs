//! Which proofs were shown before (RFC 9449, section 11.1).

use crate::http::Cause;
use avouch_crypto::hash;
use avouch_oauth::dpop::VerifiedDpopProof;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many proofs are remembered at once, unless told; at most some 25 MB.
const CAPACITY: NonZeroUsize = NonZeroUsize::new(1 << 18).unwrap();

/// Remembers which proofs were shown. Implement it over a store that is shared by all processes
/// that answer for one resource server.
///
/// The guard relies on an implementation to
///
/// - note and answer in one step: of two who ask about one proof at once, one is the first;
/// - remember a proof until `usable_until` is past, and to fail rather than forget it earlier;
/// - take a proof for shown before if one that could be used as long has been forgotten: a slow
///   request, or a clock that was set back, must not make it new again.
pub trait ReplayGuard: Send + Sync + 'static {
    /// Whether a proof is shown for the first time; from now on it is not. `usable_until` is the
    /// last instant it could be used at, `now` the present one, both in seconds.
    fn is_first_use(
        &self,
        proof: ProofId,
        usable_until: u64,
        now: u64,
    ) -> impl Future<Output = Result<bool, ReplayGuardError>> + Send;
}

/// What tells one proof from all others: a hash of its key and its `jti`, which is as long as a
/// client likes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProofId([u8; 32]);

/// Why it cannot be told whether a proof was shown before.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayGuardError {
    /// As many proofs are remembered as there is room for, and all can still be used.
    #[error("more DPoP proofs are in use than the {capacity} there is room for")]
    Full {
        /// How many there is room for.
        capacity: usize,
    },
    /// The store does not answer.
    #[error("the store of DPoP proofs does not answer: {0}")]
    Unavailable(#[source] Cause),
}

/// Remembers in the memory of this process: what was shown to another is not known here. Bounded;
/// when it is full, requests are refused until older proofs can be used no longer.
pub struct InMemoryReplayGuard {
    capacity: usize,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    ids: HashSet<ProofId>,
    /// The same, by the last instant they can be used at.
    by_end: BTreeMap<u64, Vec<ProofId>>,
    /// The longest that anything forgotten could be used.
    forgotten_until: Option<u64>,
}

impl ProofId {
    pub(super) fn of(proof: &VerifiedDpopProof) -> Self {
        let key = proof.jkt();
        Self(hash::sha256(
            &[key.as_bytes().as_slice(), proof.jti().as_bytes()].concat(),
        ))
    }

    /// The hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl InMemoryReplayGuard {
    /// With room for so many proofs; each is held for as long as it can be used, 90 seconds at
    /// most unless another age was set.
    pub fn with_capacity(capacity: NonZeroUsize) -> Self {
        Self {
            capacity: capacity.get(),
            shown: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shown> {
        // Whoever panicked while holding it left whole entries behind.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    fn forget_before(&mut self, now: u64) {
        let kept = self.by_end.split_off(&now);
        let forgotten = std::mem::replace(&mut self.by_end, kept);
        for id in forgotten.values().flatten() {
            self.ids.remove(id);
        }
        let last = forgotten.last_key_value().map(|(end, _)| *end);
        self.forgotten_until = self.forgotten_until.max(last);
    }
}

impl ReplayGuard for InMemoryReplayGuard {
    async fn is_first_use(
        &self,
        proof: ProofId,
        usable_until: u64,
        now: u64,
    ) -> Result<bool, ReplayGuardError> {
        let mut shown = self.lock();
        shown.forget_before(now);
        // Of a proof as old as one that is forgotten we cannot know.
        if Some(usable_until) <= shown.forgotten_until || shown.ids.contains(&proof) {
            return Ok(false);
        }
        if shown.ids.len() >= self.capacity {
            let capacity = self.capacity;
            return Err(ReplayGuardError::Full { capacity });
        }
        shown.ids.insert(proof);
        shown.by_end.entry(usable_until).or_default().push(proof);
        Ok(true)
    }
}

impl Default for InMemoryReplayGuard {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl fmt::Debug for InMemoryReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryReplayGuard")
            .field("capacity", &self.capacity)
            .field("held", &self.lock().ids.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ProofId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofId(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 1_800_000_000;

    fn guard(capacity: usize) -> InMemoryReplayGuard {
        InMemoryReplayGuard::with_capacity(capacity.try_into().unwrap())
    }

    async fn is_first(guard: &InMemoryReplayGuard, id: u8, until: u64, now: u64) -> Option<bool> {
        guard.is_first_use(ProofId([id; 32]), until, now).await.ok()
    }

    #[tokio::test]
    async fn a_proof_is_first_once_until_it_can_be_used_no_longer() {
        let guard = guard(10);
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW).await, Some(true));
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW).await, Some(false));
        assert_eq!(is_first(&guard, 2, NOW + 60, NOW).await, Some(true));
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW + 60).await, Some(false));
        assert_eq!(guard.lock().ids.len(), 2);
        assert_eq!(is_first(&guard, 3, NOW + 90, NOW + 61).await, Some(true));
        assert_eq!(guard.lock().ids.len(), 1);
    }

    #[tokio::test]
    async fn what_is_forgotten_does_not_come_back_as_new() {
        let guard = guard(10);
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW).await, Some(true));
        assert_eq!(is_first(&guard, 2, NOW + 120, NOW + 61).await, Some(true));
        // A slow request, or a clock that was set back.
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW + 60).await, Some(false));
    }

    #[tokio::test]
    async fn a_clock_that_jumped_and_came_back_keeps_nobody_out_for_long() {
        let guard = guard(10);
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW).await, Some(true));
        let hour = NOW + 3600;
        assert_eq!(is_first(&guard, 2, hour + 60, hour).await, Some(true));
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW + 1).await, Some(false));
        assert_eq!(is_first(&guard, 3, NOW + 61, NOW + 1).await, Some(true));
    }

    #[tokio::test]
    async fn when_full_it_fails_until_something_may_be_forgotten() {
        let guard = guard(2);
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW).await, Some(true));
        assert_eq!(is_first(&guard, 2, NOW + 60, NOW).await, Some(true));
        assert_eq!(is_first(&guard, 3, NOW + 60, NOW).await, None);
        assert_eq!(is_first(&guard, 1, NOW + 60, NOW).await, Some(false));
        assert_eq!(is_first(&guard, 3, NOW + 99, NOW + 61).await, Some(true));
    }

    proptest! {
        /// Whatever the order and the clock: never first twice, never more than there is room for.
        #[test]
        fn no_proof_is_first_twice(uses in proptest::collection::vec((0..8_u8, 0..40_u64), 1..60)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let guard = guard(4);
            let mut first = HashSet::new();
            for (id, now) in uses {
                let until = u64::from(id) * 4 + 5;
                if runtime.block_on(is_first(&guard, id, until, now)) == Some(true) {
                    prop_assert!(first.insert(id));
                }
                let shown = guard.lock();
                prop_assert!(shown.ids.len() <= 4);
                let listed: usize = shown.by_end.values().map(Vec::len).sum();
                prop_assert_eq!(shown.ids.len(), listed);
            }
        }
    }
}

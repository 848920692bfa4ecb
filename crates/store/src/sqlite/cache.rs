//! What was found lately, kept so that a revocation is never missed.
//!
//! **What must hold.** Once a write that changes a record has returned, no
//! look-up that starts later is answered from before it.
//!
//! **How.** Each cache has a *generation*. A reader notes it, then reads the
//! database, then puts what it read into the cache only if the generation is
//! still the same ([`HotCache::fill`]). The writer commits, then moves the
//! generation on and throws out what it changed ([`HotCache::forget`]), and
//! only then answers whoever asked for the write. Comparing-and-inserting
//! holds the lock shared, moving-and-throwing-out holds it alone, so each
//! insertion falls wholly before or wholly after a forgetting:
//!
//! - before: the forgetting throws it out;
//! - after: the generation noted is the old one and nothing is inserted,
//!   unless it was noted after the forgetting, hence after the commit, and
//!   then the database has shown the new state.
//!
//! Absence is never put in.

use std::hash::Hash;
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::FoundToken;
use avouch_core::storage::CallerRecord;
use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};
use std::sync::Arc;

/// Both caches of a store.
pub(super) struct Caches {
    pub(super) tokens: HotCache<TokenHash, Arc<FoundToken>>,
    pub(super) callers: HotCache<Box<str>, CallerRecord>,
}

impl Caches {
    pub(super) fn new(token_bytes: u64, caller_bytes: u64) -> Self {
        Self {
            tokens: HotCache::new(token_bytes),
            callers: HotCache::new(caller_bytes),
        }
    }

    /// Throws out what a batch of writes may have changed. Called after their
    /// commit and before any of them is answered; also if the commit failed,
    /// since the file may have it all the same.
    pub(super) fn forget<'a>(&self, stale: impl Iterator<Item = &'a Stale> + Clone) {
        let tokens = |stale: &Stale| !matches!(stale, Stale::Nothing | Stale::Caller(_));
        let callers = |stale: &Stale| matches!(stale, Stale::Caller(_) | Stale::Client(_));
        if stale.clone().any(tokens) {
            let forgetting = self.tokens.forget();
            for stale in stale.clone() {
                match stale {
                    Stale::Tokens(hashes) => hashes.iter().for_each(|hash| forgetting.one(hash)),
                    Stale::AllTokens | Stale::Client(_) => forgetting.all(),
                    Stale::Nothing | Stale::Caller(_) => {}
                }
            }
        }
        if stale.clone().any(callers) {
            let forgetting = self.callers.forget();
            for stale in stale {
                if let Stale::Caller(id) | Stale::Client(id) = stale {
                    forgetting.one(&**id);
                }
            }
        }
    }
}

/// What a write leaves out of date.
#[derive(Debug)]
pub(super) enum Stale {
    /// Nothing that a cache holds: absence is not cached.
    Nothing,
    /// These tokens.
    Tokens(Vec<TokenHash>),
    /// Any token may hang on what changed.
    AllTokens,
    /// This caller.
    Caller(Box<str>),
    /// This caller, and any token may be its.
    Client(Box<str>),
}

/// A bounded cache with a generation.
pub(super) struct HotCache<K, V> {
    entries: Cache<K, Weighed<V>, ByWeight>,
    /// Owned by whoever forgets; see the module's notes.
    generation: RwLock<u64>,
}

/// The generation as it was before a read of the database.
#[derive(Clone, Copy)]
pub(super) struct Ticket(u64);

#[derive(Clone)]
struct Weighed<V> {
    value: V,
    octets: u64,
}

#[derive(Clone)]
struct ByWeight;

impl<K, V> Weighter<K, Weighed<V>> for ByWeight {
    fn weight(&self, _: &K, entry: &Weighed<V>) -> u64 {
        entry.octets
    }
}

/// What an entry costs beyond its text: headers of the collections in it.
const OVERHEAD: u64 = 1024;

/// How much more room parsed JSON takes than its text.
const SPREAD: u64 = 3;

impl<K: Eq + Hash, V: Clone> HotCache<K, V> {
    fn new(octets: u64) -> Self {
        let entries = usize::try_from(octets / (2 * OVERHEAD)).unwrap_or(usize::MAX);
        Self {
            entries: Cache::with_weighter(entries, octets, ByWeight),
            generation: RwLock::new(0),
        }
    }

    /// What the cache holds under this key.
    pub(super) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key).map(|entry| entry.value)
    }

    /// To be taken before the database is read.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(
            *self
                .generation
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Puts in what the database showed after the ticket was taken, unless a
    /// write may have changed it since. `text` is the size of what was read.
    pub(super) fn fill(&self, ticket: Ticket, key: K, value: V, text: usize) {
        let generation = self
            .generation
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if *generation == ticket.0 {
            let text = u64::try_from(text).unwrap_or(u64::MAX);
            let octets = OVERHEAD.saturating_add(text.saturating_mul(SPREAD));
            self.entries.insert(key, Weighed { value, octets });
        }
    }

    /// Moves the generation on; nothing is filled in while the result lives.
    fn forget(&self) -> Forgetting<'_, K, V> {
        let mut generation = self
            .generation
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *generation = generation.wrapping_add(1);
        Forgetting {
            entries: &self.entries,
            _alone: generation,
        }
    }
}

/// The sole right to throw out.
struct Forgetting<'a, K, V> {
    entries: &'a Cache<K, Weighed<V>, ByWeight>,
    _alone: RwLockWriteGuard<'a, u64>,
}

impl<K: Eq + Hash, V: Clone> Forgetting<'_, K, V> {
    fn one<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.entries.remove(key);
    }

    fn all(&self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> HotCache<Box<str>, u32> {
        HotCache::new(1 << 20)
    }

    #[test]
    fn what_was_read_is_found_again() {
        let cache = cache();
        cache.fill(cache.ticket(), "a".into(), 1, 10);
        assert_eq!(cache.get("a"), Some(1));
        assert_eq!(cache.get("b"), None);
    }

    #[test]
    fn what_was_read_before_a_write_is_not_put_in_after_it() {
        let cache = cache();
        let before = cache.ticket();
        cache.forget().one("a");
        cache.fill(before, "a".into(), 1, 10);
        assert_eq!(cache.get("a"), None);

        cache.fill(cache.ticket(), "a".into(), 2, 10);
        assert_eq!(cache.get("a"), Some(2));
    }

    #[test]
    fn what_was_put_in_before_a_write_is_thrown_out_by_it() {
        let cache = cache();
        cache.fill(cache.ticket(), "a".into(), 1, 10);
        cache.fill(cache.ticket(), "b".into(), 1, 10);
        cache.forget().one("a");
        assert_eq!((cache.get("a"), cache.get("b")), (None, Some(1)));
        cache.forget().all();
        assert_eq!(cache.get("b"), None);
    }

    #[test]
    fn nothing_is_put_in_while_a_write_throws_out() {
        let cache = cache();
        let ticket = cache.ticket();
        let forgetting = cache.forget();
        assert!(cache.generation.try_read().is_err());
        drop(forgetting);
        cache.fill(ticket, "a".into(), 1, 10);
        assert_eq!(cache.get("a"), None);
    }

    #[test]
    fn the_cache_is_bounded_by_what_it_holds() {
        let cache = cache();
        for number in 0..10_000_u32 {
            cache.fill(cache.ticket(), number.to_string().into(), number, 10_000);
        }
        assert!(cache.entries.weight() <= 1 << 20);
        assert!(!cache.entries.is_empty());
    }
}

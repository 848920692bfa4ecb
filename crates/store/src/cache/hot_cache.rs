//! A bounded cache with a generation; `super` says what that is for.

use std::hash::Hash;
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

/// A bounded cache with a generation.
pub(crate) struct HotCache<K, V> {
    entries: Cache<K, Weighed<V>, ByWeight>,
    /// Owned by whoever forgets; see the notes of `super`.
    generation: RwLock<u64>,
    cost: Cost,
}

/// The generation as it was before a read of the database.
#[derive(Clone, Copy)]
pub(crate) struct Ticket(u64);

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

/// How much memory an entry takes, in octets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// Of every entry: the records themselves, and their place in the table.
    pub(super) entry: u64,
    /// For each octet of text that was read.
    pub(super) text: u64,
}

impl<K: Eq + Hash, V: Clone> HotCache<K, V> {
    pub(super) fn new(octets: u64, cost: Cost) -> Self {
        let entries = usize::try_from(octets / (2 * cost.entry)).unwrap_or(usize::MAX);
        Self {
            entries: Cache::with_weighter(entries, octets, ByWeight),
            generation: RwLock::new(0),
            cost,
        }
    }

    /// What the cache holds under this key.
    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.entries.get(key).map(|entry| entry.value)
    }

    /// To be taken before the database is read.
    pub(crate) fn ticket(&self) -> Ticket {
        Ticket(
            *self
                .generation
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Puts in what the database showed after the ticket was taken, unless a
    /// write may have changed it since. `text` is the size of what was read.
    pub(crate) fn fill(&self, ticket: Ticket, key: K, value: V, text: usize) {
        let generation = self
            .generation
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if *generation == ticket.0 {
            let text = u64::try_from(text).unwrap_or(u64::MAX);
            let Cost { entry, text: each } = self.cost;
            let octets = entry.saturating_add(text.saturating_mul(each));
            self.entries.insert(key, Weighed { value, octets });
        }
    }

    /// Moves the generation on; nothing is filled in while the result lives.
    pub(super) fn forget(&self) -> Forgetting<'_, K, V> {
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
pub(super) struct Forgetting<'a, K, V> {
    entries: &'a Cache<K, Weighed<V>, ByWeight>,
    _alone: RwLockWriteGuard<'a, u64>,
}

impl<K: Eq + Hash, V: Clone> Forgetting<'_, K, V> {
    pub(super) fn one<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) {
        self.entries.remove(key);
    }

    pub(super) fn all(&self) {
        self.entries.clear();
    }

    /// Walks through everything, so that what is not concerned stays: that is
    /// cheaper than finding it all again.
    pub(super) fn all_but(&self, keep: impl Fn(&V) -> bool) {
        self.entries.retain(|_, entry| keep(&entry.value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Cost = Cost {
        entry: 1024,
        text: 3,
    };

    fn cache() -> HotCache<Box<str>, u32> {
        HotCache::new(1 << 20, COST)
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
    fn what_is_not_concerned_stays() {
        let cache = cache();
        for number in 0..100_u32 {
            cache.fill(cache.ticket(), number.to_string().into(), number, 10);
        }
        let before = cache.ticket();
        cache.forget().all_but(|number| number % 2 == 0);
        cache.fill(before, "1".into(), 1, 10);
        for number in 0..100_u32 {
            let kept = cache.get(&*number.to_string());
            assert_eq!(kept.is_some(), number % 2 == 0, "{number}");
        }
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
    fn a_cache_without_room_keeps_nothing() {
        let cache: HotCache<Box<str>, u32> = HotCache::new(0, COST);
        cache.fill(cache.ticket(), "a".into(), 1, 10);
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

//! A map of a fixed size, from whatever can be hashed to an instant.

use std::hash::{BuildHasher, Hash};
use std::sync::{Mutex, PoisonError};

/// Entries that share a lock and compete for room.
const WAYS: usize = 8;

/// Remembers an instant for each key, the *end* of what the entry says: from
/// then on the entry says the same as none.
///
/// Keys lead to one of many small sets of [`WAYS`] entries. A key that finds
/// its set full takes the place of the entry that ends first. So what has ended
/// goes first, which loses nothing; after that what has least left to say. A
/// key is known by the 64 bits of its hash alone: nothing is kept of it, and
/// with a keyed hasher nobody can choose who shares a set or a hash with whom.
pub(super) struct Table<S> {
    sets: Box<[Mutex<[Entry; WAYS]>]>,
    hasher: S,
}

#[derive(Clone, Copy, Default)]
struct Entry {
    hash: u64,
    /// Nanoseconds since 1970; 0, which is long ago, for an entry not in use.
    end: u64,
}

impl<S: BuildHasher> Table<S> {
    /// An empty table with room for at least this many keys, 16 octets and a
    /// little each.
    pub(super) fn new(keys: usize, hasher: S) -> Self {
        let sets = keys.div_ceil(WAYS).next_power_of_two();
        let sets = (0..sets).map(|_| Mutex::default()).collect();
        Self { sets, hasher }
    }

    /// Looks at the end kept for a key (0 if there is none) and keeps it as
    /// `work` leaves it.
    pub(super) fn with<K: Hash, R>(&self, key: &K, work: impl FnOnce(&mut u64) -> R) -> R {
        let hash = self.hasher.hash_one(key);
        let mut set = self
            .set_of(hash)
            .lock()
            // An entry is never half written.
            .unwrap_or_else(PoisonError::into_inner);
        // Absent, it is one of those that say nothing. Taking its place is left
        // until there is something to keep.
        let known = set.iter_mut().find(|entry| entry.hash == hash);
        if let Some(entry) = known {
            return work(&mut entry.end);
        }
        let mut end = 0;
        let outcome = work(&mut end);
        if end != 0
            && let Some(first_to_end) = set.iter_mut().min_by_key(|entry| entry.end)
        {
            *first_to_end = Entry { hash, end };
        }
        outcome
    }

    /// A power of two of them, so that any bits will do.
    #[expect(
        clippy::indexing_slicing,
        clippy::cast_possible_truncation,
        reason = "a remainder by the length, which is not zero"
    )]
    fn set_of(&self, hash: u64) -> &Mutex<[Entry; WAYS]> {
        &self.sets[hash as usize % self.sets.len()]
    }

    /// How many keys are remembered at this instant.
    #[cfg(test)]
    pub(super) fn live(&self, now: u64) -> usize {
        let sets = self.sets.iter();
        sets.map(|set| set.lock().unwrap().iter().filter(|e| e.end > now).count())
            .sum()
    }

    /// How many keys there is room for.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        self.sets.len() * WAYS
    }
}

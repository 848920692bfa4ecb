//! So many at once, and so many a time on average.

use std::hash::{BuildHasher, Hash};
use std::num::NonZeroU32;
use std::time::Duration;

use super::table::Table;
use crate::time::Timestamp;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Nanoseconds that pay for one.
    each: u64,
    /// Nanoseconds that can be saved up.
    saved: u64,
}

impl Limit {
    /// `count` in `period` on average, and at most `at_once` after a pause.
    pub fn new(count: NonZeroU32, period: Duration, at_once: NonZeroU32) -> Self {
        let each = nanos(period) / u64::from(count.get());
        let each = each.max(1);
        Self {
            each,
            saved: each.saturating_mul(at_once.get().into()),
        }
    }
}

/// A token bucket for each key, all with one limit.
///
/// Kept is the instant at which a bucket will be full again (the "theoretical
/// arrival time" of the generic cell rate algorithm, ITU-T I.371): one number,
/// and a full bucket is as good as none. So the table drops full buckets first,
/// then the fullest. A bucket that was dropped is full: its key may do more
/// than the limit says, never less.
pub struct Limiter<S> {
    limit: Limit,
    full_at: Table<S>,
}

impl<S: BuildHasher> Limiter<S> {
    /// Buckets that are all full, in a table with room for so many keys.
    pub fn new(limit: Limit, keys: usize, hasher: S) -> Self {
        Self {
            limit,
            full_at: Table::new(keys, hasher),
        }
    }

    /// Takes one from the key's bucket, or says how long until there is one.
    pub fn take<K: Hash>(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        let now = since_epoch(now);
        self.full_at.with(key, |full_at| {
            *full_at = self.limit.taken(*full_at, now)?;
            Ok(())
        })
    }

    /// Whether there is one to take, without taking it.
    pub fn check<K: Hash>(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        let now = since_epoch(now);
        self.full_at
            .with(key, |full_at| self.limit.taken(*full_at, now))
            .map(drop)
    }

    #[cfg(test)]
    pub(super) fn table(&self) -> &Table<S> {
        &self.full_at
    }
}

impl Limit {
    /// When a bucket is full again after one more was taken from it.
    fn taken(self, full_at: u64, now: u64) -> Result<u64, Duration> {
        let latest = now.saturating_add(self.saved);
        // Later than an empty bucket would be full: the clock was set back.
        let after = full_at.clamp(now, latest).saturating_add(self.each);
        match after.checked_sub(latest) {
            None | Some(0) => Ok(after),
            Some(missing) => Err(Duration::from_nanos(missing)),
        }
    }
}

/// Nanoseconds since 1970, which end in the year 2554. Earlier ones do not
/// occur.
pub(super) fn since_epoch(at: Timestamp) -> u64 {
    u64::try_from(at.as_micros()).map_or(0, |micros| micros.saturating_mul(1_000))
}

/// Centuries are as good as for ever.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

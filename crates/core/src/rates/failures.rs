//! Failures to authenticate, by the rule of [`super`].

use std::hash::BuildHasher;
use std::time::Duration;

use super::limiter::{Limit, Limiter, nanos, since_epoch};
use super::source::Source;
use super::table::Table;
use super::{Throttled, TooOften};
use crate::time::Timestamp;

/// How long it is remembered that an id has authenticated from a source. Who
/// calls more seldom is not hurt unless the source is flooded.
pub const PROVEN_FOR: Duration = Duration::from_hours(24);

/// Counts failures, for sources and for claimed ids.
pub struct FailureRates<S> {
    by_source: Option<Limiter<S>>,
    by_claimed_id: Option<Limiter<S>>,
    /// Which ids have authenticated from which sources.
    proven: Table<S>,
}

impl<S: BuildHasher + Clone> FailureRates<S> {
    /// Counts for so many sources and as many ids; no limit, no count.
    pub fn new(
        by_source: Option<Limit>,
        by_claimed_id: Option<Limit>,
        keys: usize,
        hasher: &S,
    ) -> Self {
        let limiter = |limit| Limiter::new(limit, keys, hasher.clone());
        Self {
            by_source: by_source.map(limiter),
            by_claimed_id: by_claimed_id.map(limiter),
            proven: Table::new(keys, hasher.clone()),
        }
    }

    /// Whether credentials from here for this id are looked at at all.
    pub fn admit(
        &self,
        source: Option<Source>,
        claimed_id: &str,
        now: Timestamp,
    ) -> Result<(), TooOften> {
        let Some((limiter, source)) = self.by_source.as_ref().zip(source) else {
            return Ok(());
        };
        match limiter.check(&source, now) {
            Err(wait) if !self.is_proven(source, claimed_id, now) => Err(too_many(wait)),
            _ => Ok(()),
        }
    }

    /// The credentials were good.
    pub fn succeeded(&self, source: Option<Source>, id: &str, now: Timestamp) {
        if self.by_source.is_none() {
            return;
        }
        if let Some(source) = source {
            let until = since_epoch(now).saturating_add(nanos(PROVEN_FOR));
            self.proven.with(&(source, id), |end| *end = until);
        }
    }

    /// The credentials were no good: counts it for the source and, if one was
    /// claimed, for the id. Beyond a limit the answer is that there were too
    /// many, and no longer that it failed.
    pub fn failed(
        &self,
        source: Option<Source>,
        claimed_id: Option<&str>,
        now: Timestamp,
    ) -> Result<(), TooOften> {
        // Each is counted, whatever the other says.
        let from_source = self.by_source.as_ref().zip(source);
        let from_source =
            from_source.map_or(Ok(()), |(limiter, source)| limiter.take(&source, now));
        let for_id = self.by_claimed_id.as_ref().zip(claimed_id);
        let for_id = for_id.map_or(Ok(()), |(limiter, id)| limiter.take(&id, now));
        from_source.map_err(too_many)?;
        for_id.map_err(|wait| TooOften {
            what: Throttled::CallerFailures,
            wait,
        })
    }

    fn is_proven(&self, source: Source, id: &str, now: Timestamp) -> bool {
        let now = since_epoch(now);
        self.proven.with(&(source, id), |end| *end > now)
    }
}

fn too_many(wait: Duration) -> TooOften {
    TooOften {
        what: Throttled::SourceFailures,
        wait,
    }
}

//! What the cache knows of each URL, for a bounded number of them.

use std::collections::HashMap;
use std::time::Duration;

use super::{Flight, Outcome};
use crate::error::FetchError;

#[derive(Debug, Default)]
pub(super) struct Table {
    entries: HashMap<String, Entry>,
    /// Counts uses, so that each entry knows when it was used last.
    uses: u64,
}

/// What is known of one URL.
#[derive(Debug, Default)]
pub(super) struct Entry {
    held: Option<Held>,
    pub(super) flight: Option<Flight>,
    pub(super) refreshed_at: Option<Duration>,
    used: u64,
}

/// An outcome and its time.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) outcome: Outcome,
    pub(super) since: Duration,
    pub(super) lifetime: Duration,
}

impl Table {
    /// The entry of this URL, made if there is none.
    pub(super) fn entry(
        &mut self,
        url: &str,
        max_entries: usize,
        now: Duration,
    ) -> Result<&mut Entry, FetchError> {
        if !self.entries.contains_key(url) && self.entries.len() >= max_entries {
            self.make_room(max_entries, now)?;
        }
        self.uses += 1;
        let entry = self.entries.entry(url.to_owned()).or_default();
        entry.used = self.uses;
        Ok(entry)
    }

    /// Notes that a fetch has ended. A failure does not drive out keys whose time is not over.
    pub(super) fn land(&mut self, url: &str, held: Option<Held>, now: Duration) {
        let Some(entry) = self.entries.get_mut(url) else {
            return;
        };
        entry.flight = None;
        let has_keys = entry.held(now).is_some_and(|outcome| outcome.is_ok());
        if let Some(held) = held
            && (held.outcome.is_ok() || !has_keys)
        {
            entry.held = Some(held);
        }
    }

    /// Forgets what is over, or else what went unused the longest. What is under way stays, for
    /// others wait for it.
    fn make_room(&mut self, max_entries: usize, now: Duration) -> Result<(), FetchError> {
        self.entries
            .retain(|_, entry| entry.flight().is_some() || entry.held(now).is_some());
        if self.entries.len() < max_entries {
            return Ok(());
        }
        let idle = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.flight().is_none());
        let oldest = idle.min_by_key(|(_, entry)| entry.used);
        let oldest = oldest.map(|(url, _)| url.clone()).ok_or(FetchError::Busy)?;
        self.entries.remove(&oldest);
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

impl Entry {
    /// The outcome whose time is not over.
    pub(super) fn held(&self, now: Duration) -> Option<Outcome> {
        let held = self.held.as_ref()?;
        is_within(held.lifetime, held.since, now).then(|| held.outcome.clone())
    }

    /// The fetch under way. One whose task is gone, with nothing landed, never was.
    pub(super) fn flight(&self) -> Option<Flight> {
        let flight = self.flight.as_ref()?;
        flight.has_changed().is_ok().then(|| flight.clone())
    }

    pub(super) fn was_refreshed_within(&self, interval: Duration, now: Duration) -> bool {
        self.refreshed_at
            .is_some_and(|at| is_within(interval, at, now))
    }
}

/// A clock that was set back must not make old keys young for long: the distance counts, in
/// whichever direction.
fn is_within(time: Duration, since: Duration, now: Duration) -> bool {
    now.abs_diff(since) < time
}

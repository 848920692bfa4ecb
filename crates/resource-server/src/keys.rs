//! The keys of the authorization server (AS), held for a bounded time.
//!
//! - Keys older than [`MAX_AGE`] verify nothing: a key the AS withdrew is gone by then.
//! - From [`RENEW_AGE`] on one caller fetches them anew, while the others go on with what is held.
//!   If that fails, nothing is lost until [`MAX_AGE`].
//! - A statement by an unknown key makes us look once, for the AS may have rotated.
//! - Whatever the reason, the AS is asked by one caller at a time, and not again within
//!   [`MIN_INTERVAL`]. So statements with made-up `kid`s cannot turn us against it.

use crate::error::ExchangeError;
use arc_swap::ArcSwap;
use avouch_jose::JwkSet;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Seconds after which held keys are no longer used.
pub(crate) const MAX_AGE: u64 = 600;
/// Seconds after which held keys are renewed.
pub(crate) const RENEW_AGE: u64 = 300;
/// Seconds between one attempt to fetch and the next.
pub(crate) const MIN_INTERVAL: u64 = 10;

/// A fetch that begins when it is awaited, and not before.
pub(crate) trait Fetch: Future<Output = Result<JwkSet, ExchangeError>> + Send {}

impl<F: Future<Output = Result<JwkSet, ExchangeError>> + Send> Fetch for F {}

pub(crate) struct KeyCache {
    held: ArcSwap<HeldKeys>,
    /// Whoever holds the lock may fetch.
    flight: Mutex<LastAttempt>,
}

/// Keys as they were published at one instant.
pub(crate) struct HeldKeys {
    pub(crate) set: JwkSet,
    fetched_at: u64,
}

struct LastAttempt {
    at: u64,
    failure: Option<ExchangeError>,
}

impl KeyCache {
    pub(crate) fn new(set: JwkSet, now: u64) -> Self {
        Self {
            held: ArcSwap::from_pointee(HeldKeys {
                set,
                fetched_at: now,
            }),
            flight: Mutex::new(LastAttempt {
                at: now,
                failure: None,
            }),
        }
    }

    /// Keys that may be used at `now`.
    pub(crate) async fn current(
        &self,
        now: u64,
        fetch: impl Fetch,
    ) -> Result<Arc<HeldKeys>, ExchangeError> {
        let held = self.held.load_full();
        if held.age(now) < RENEW_AGE {
            return Ok(held);
        }
        if held.age(now) < MAX_AGE {
            return Ok(self.renewed(now, fetch).await.unwrap_or(held));
        }
        let mut last = self.flight.lock().await;
        let held = self.held.load_full();
        if held.age(now) < MAX_AGE {
            return Ok(held);
        }
        match &last.failure {
            // Those who waited for a failed attempt share it instead of repeating it in a row.
            Some(failure) if last.is_recent(now) => Err(failure.clone()),
            _ => self.fetch(&mut last, now, fetch).await,
        }
    }

    /// Keys published after those that were `seen`; `None` if it is too early to ask.
    pub(crate) async fn newer_than(
        &self,
        seen: &Arc<HeldKeys>,
        now: u64,
        fetch: impl Fetch,
    ) -> Result<Option<Arc<HeldKeys>>, ExchangeError> {
        let mut last = self.flight.lock().await;
        let held = self.held.load_full();
        if !Arc::ptr_eq(&held, seen) {
            return Ok(Some(held));
        }
        if last.is_recent(now) {
            return Ok(None);
        }
        self.fetch(&mut last, now, fetch).await.map(Some)
    }

    /// `None` if somebody else is at it, if it is too early, or if it fails.
    async fn renewed(&self, now: u64, fetch: impl Fetch) -> Option<Arc<HeldKeys>> {
        let mut last = self.flight.try_lock().ok()?;
        if last.is_recent(now) {
            return None;
        }
        self.fetch(&mut last, now, fetch).await.ok()
    }

    /// The attempt is noted before it is made: a caller who gives up meanwhile has asked as well.
    async fn fetch(
        &self,
        last: &mut LastAttempt,
        now: u64,
        fetch: impl Fetch,
    ) -> Result<Arc<HeldKeys>, ExchangeError> {
        last.at = now;
        last.failure = None;
        let set = fetch.await.inspect_err(|error| {
            last.failure = Some(error.clone());
        })?;
        let fresh = Arc::new(HeldKeys {
            set,
            fetched_at: now,
        });
        self.held.store(Arc::clone(&fresh));
        Ok(fresh)
    }
}

/// A clock that was set back must not make old keys young for long: the distance counts, in
/// whichever direction.
impl HeldKeys {
    fn age(&self, now: u64) -> u64 {
        now.abs_diff(self.fetched_at)
    }
}

impl LastAttempt {
    fn is_recent(&self, now: u64) -> bool {
        now.abs_diff(self.at) < MIN_INTERVAL
    }
}

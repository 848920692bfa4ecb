//! What this server remembers, and whether that is to be believed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use avouch_core::storage::StoreError;
use avouch_core::time::MonotonicClock;

use super::PostgresStore;
use super::lease::Lease;
use crate::cache::{CacheSizes, Caches, Stale};

/// What is to be kept in memory, and how that stays true.
#[derive(Clone)]
pub struct Caching {
    /// How much.
    pub sizes: CacheSizes,
    /// For how long it is believed after the database was last asked what other
    /// servers have changed. Longer than this no acknowledged change goes unseen.
    pub lease: Duration,
    /// How often the database is asked. `None` for whenever
    /// [`PostgresStore::follow_changes`] is called, and not otherwise.
    pub every: Option<Duration>,
    /// Counts the lease.
    pub clock: Arc<dyn MonotonicClock>,
}

impl Caching {
    /// The defaults, by this clock: changes are seen after some hundredths of a
    /// second, and after one second at the latest.
    pub fn new(clock: Arc<dyn MonotonicClock>) -> Self {
        Self {
            sizes: CacheSizes::default(),
            lease: Duration::from_secs(1),
            every: Some(Duration::from_millis(25)),
            clock,
        }
    }
}

impl fmt::Debug for Caching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sizes,
            lease,
            every,
            clock: _,
        } = self;
        f.debug_struct("Caching")
            .field("sizes", sizes)
            .field("lease", lease)
            .field("every", every)
            .finish_non_exhaustive()
    }
}

/// The caches under their lease.
pub(super) struct Hot {
    pub(super) caches: Caches,
    pub(super) lease: Lease,
}

impl Hot {
    pub(super) fn new(caching: &Caching) -> Self {
        Self {
            caches: Caches::new(caching.sizes),
            lease: Lease::new(Arc::clone(&caching.clock), caching.lease),
        }
    }
}

impl PostgresStore {
    /// What is remembered, if it is to be believed. That is seen to before
    /// anything is looked up.
    pub(super) fn recall<T>(&self, look_up: impl FnOnce(&Caches) -> Option<T>) -> Option<T> {
        let hot = self.hot.as_ref()?;
        hot.lease.holds().then(|| look_up(&hot.caches)).flatten()
    }

    /// Forgets what a write of our own may have changed, before it is answered.
    /// After an error the database may have it all the same, unless it was
    /// refused.
    pub(super) fn forget<T>(
        &self,
        outcome: Result<T, StoreError>,
        stale: &Stale,
    ) -> Result<T, StoreError> {
        if !matches!(outcome, Err(StoreError::Conflict(_))) {
            self.forget_now(stale);
        }
        outcome
    }

    pub(super) fn forget_now(&self, stale: &Stale) {
        if let Some(hot) = &self.hot {
            hot.caches.forget([stale]);
        }
    }
}

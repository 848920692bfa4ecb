//! Keys that others publish, held for a bounded time.
//!
//! - Keys whose time is over verify nothing and encrypt nothing: what their owner withdrew is gone
//!   by then, and if its `jwks_uri` is dead, there are no keys.
//! - Whoever wants keys that are being fetched waits for that fetch and shares its outcome.
//! - A fetch that was begun is ended whether or not those who wait for it go away, so that nobody
//!   can have it begun again by hanging up.
//! - An unknown `kid` makes us look once, for the owner may have rotated, and then not again for a
//!   while, however many unknown ones come in.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use avouch_jose::JwkSet;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::document_url::DocumentUrl;
use crate::error::{FetchError, PrivateCause};
use crate::fetcher::Fetch;

mod table;

use table::{Held, Table};

/// How long keys are held, and how often their owners are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JwksCacheSettings {
    /// How long keys are held where their owner does not say: 10 minutes.
    pub lifetime: Duration,
    /// How long at least, whatever `Cache-Control` says: 1 minute.
    pub shortest_lifetime: Duration,
    /// How long at most: 1 hour.
    pub longest_lifetime: Duration,
    /// How long a failure is kept, during which nobody is asked: 10 seconds.
    pub failure_lifetime: Duration,
    /// From one refresh for an unknown `kid` to the next: 30 seconds.
    pub refresh_interval: Duration,
    /// How many key sets are held: 1000. Those that went unused the longest give way.
    pub max_entries: usize,
}

impl Default for JwksCacheSettings {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_mins(10),
            shortest_lifetime: Duration::from_mins(1),
            longest_lifetime: Duration::from_hours(1),
            failure_lifetime: Duration::from_secs(10),
            refresh_interval: Duration::from_secs(30),
            max_entries: 1000,
        }
    }
}

/// Keys at URLs, fetched when they are wanted.
#[derive(Debug)]
pub struct JwksCache<F, C> {
    shared: Arc<Shared<F, C>>,
}

/// What came of a fetch.
type Outcome = Result<Arc<JwkSet>, FetchError>;
/// Where the outcome of a fetch under way will be seen.
type Flight = watch::Receiver<Option<Outcome>>;

#[derive(Debug)]
struct Shared<F, C> {
    fetch: F,
    clock: C,
    settings: JwksCacheSettings,
    table: Mutex<Table>,
}

/// What can be had without waiting for the network, or what to wait for.
enum Found {
    Held(Outcome),
    UnderWay(Flight),
}

/// What a caller will not do without.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Keys whose time is not over.
    Current,
    /// Keys fetched after those that lack a `kid`, unless it is too early to ask.
    Newer,
}

impl<F: Fetch, C: Clock> JwksCache<F, C> {
    /// An empty cache.
    pub fn new(fetch: F, clock: C, settings: JwksCacheSettings) -> Self {
        Self {
            shared: Arc::new(Shared {
                fetch,
                clock,
                settings,
                table: Mutex::default(),
            }),
        }
    }

    /// The keys at this URL: held, or fetched now.
    ///
    /// Keys that are not understood or not sound are left out, so the set may be empty
    /// (RFC 7517 section 5). Use it at once and do not keep it: its time is counted here.
    pub async fn keys(&self, url: &DocumentUrl) -> Result<Arc<JwkSet>, FetchError> {
        self.get(url, Wanted::Current).await
    }

    /// The keys at this URL, after those had from [`keys`](Self::keys) lack the `kid` of a token:
    /// fetched anew, unless that was done a moment ago. If the `kid` is still unknown, the token
    /// is refused.
    ///
    /// An error means that the owner was asked and did not answer; the keys held go on being good
    /// for the tokens that name them.
    pub async fn refresh_for_unknown_kid(
        &self,
        url: &DocumentUrl,
    ) -> Result<Arc<JwkSet>, FetchError> {
        self.get(url, Wanted::Newer).await
    }

    async fn get(&self, url: &DocumentUrl, wanted: Wanted) -> Outcome {
        match self.find(url, wanted)? {
            Found::Held(outcome) => outcome,
            Found::UnderWay(mut flight) => match flight.wait_for(Option::is_some).await {
                Ok(outcome) => outcome.clone().unwrap_or(Err(FetchError::Interrupted)),
                Err(_) => Err(FetchError::Interrupted),
            },
        }
    }

    fn find(&self, url: &DocumentUrl, wanted: Wanted) -> Result<Found, FetchError> {
        let now = self.shared.clock.now();
        let settings = &self.shared.settings;
        let mut table = self.shared.table();
        let entry = table.entry(url.as_str(), settings.max_entries, now)?;
        if let Some(flight) = entry.flight() {
            return Ok(Found::UnderWay(flight));
        }
        let too_early = entry.was_refreshed_within(settings.refresh_interval, now);
        if let Some(outcome) = entry.held(now)
            // A failure just met is not repeated for anybody.
            && (wanted == Wanted::Current || outcome.is_err() || too_early)
        {
            return Ok(Found::Held(outcome));
        }
        if wanted == Wanted::Newer {
            entry.refreshed_at = Some(now);
        }
        let (landing, flight) = watch::channel(None);
        entry.flight = Some(flight.clone());
        drop(table);
        let shared = Arc::clone(&self.shared);
        let url = url.clone();
        tokio::spawn(async move { shared.fly(&url, now, landing).await });
        Ok(Found::UnderWay(flight))
    }
}

impl<F: Fetch, C: Clock> Shared<F, C> {
    /// Fetches and keeps what comes of it. The time of keys counts from before they were asked for.
    async fn fly(
        &self,
        url: &DocumentUrl,
        begun: Duration,
        landing: watch::Sender<Option<Outcome>>,
    ) {
        let (outcome, lifetime) = match self.fetch_keys(url).await {
            Ok((keys, lifetime)) => (Ok(keys), Some(lifetime)),
            Err(error) => {
                let kept = error
                    .private_cause()
                    .map(|_| self.settings.failure_lifetime);
                (Err(error), kept)
            }
        };
        let held = lifetime.map(|lifetime| Held {
            outcome: outcome.clone(),
            since: begun,
            lifetime,
        });
        self.table().land(url.as_str(), held, self.clock.now());
        landing.send_replace(Some(outcome));
    }

    async fn fetch_keys(&self, url: &DocumentUrl) -> Result<(Arc<JwkSet>, Duration), FetchError> {
        let document = self.fetch.fetch(url).await?;
        let keys = JwkSet::parse_published(&document.body).map_err(PrivateCause::NotKeys)?;
        Ok((Arc::new(keys), self.settings.lifetime_of(document.max_age)))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JwksCacheSettings {
    fn lifetime_of(&self, max_age: Option<Duration>) -> Duration {
        max_age
            .unwrap_or(self.lifetime)
            .max(self.shortest_lifetime)
            .min(self.longest_lifetime)
    }
}

#[cfg(test)]
mod tests;

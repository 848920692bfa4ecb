//! What goes on beside the requests.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::records::KeyPurpose;
use avouch_core::storage::{CallerTokenStore, ReplayStore, Storage, StoreError, TokenStore};
use avouch_core::time::Timestamp;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::app::App;
use crate::key_changes;

/// Between two looks for what has expired.
const CLEAN_UP_EVERY: Duration = Duration::from_mins(1);
/// Removed in one transaction: small enough never to hold up other writes.
const CLEAN_UP_BATCH: u32 = 1_000;

/// Makes the keys that the server did not wait for. Each is advertised as soon
/// as it is published.
pub(crate) async fn make_other_keys(app: Arc<App>) {
    let algorithms = app.settings.algorithms.clone();
    if let Err(error) = key_changes::make_missing(&app, KeyPurpose::Statements, &algorithms).await {
        warn!(%error, "not all signing keys could be made; the next start tries again");
    }
}

/// Forgets expired tokens and used proofs, in small bites, until the server stops.
pub(crate) async fn clean_up(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut every = tokio::time::interval(CLEAN_UP_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            _ = stop.changed() => return,
        }
        match clean_up_once(&app).await {
            Ok(0) => {}
            Ok(removed) => info!(removed, "expired tokens were forgotten"),
            Err(error) => {
                warn!(%error, "expired tokens could not be forgotten; trying again later");
            }
        }
        if let Err(error) = clean_up_caller_tokens(&app).await {
            warn!(%error, "expired tokens of resource servers could not be forgotten");
        }
        if let Err(error) = app.store.trim_changes().await {
            warn!(%error, "old entries of the change feed could not be cleaned up");
        }
        if let Err(error) = clean_up_proofs(&app).await {
            warn!(%error, "expired proofs could not be forgotten; trying again later");
        }
    }
}

async fn clean_up_caller_tokens(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let batch = CLEAN_UP_BATCH;
    while app.store.remove_expired_caller_tokens(now, batch).await? == batch {
        tokio::task::yield_now().await;
    }
    Ok(())
}

/// Those that nobody accepts any more.
async fn clean_up_proofs(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    while app.store.remove_expired_proofs(now, CLEAN_UP_BATCH).await? == CLEAN_UP_BATCH {
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn clean_up_once(app: &App) -> Result<u64, StoreError> {
    let kept = i64::try_from(app.settings.keep_expired.as_micros()).unwrap_or(i64::MAX);
    let before = Timestamp::from_micros(app.clock.now().as_micros().saturating_sub(kept));
    let mut removed = 0;
    loop {
        let batch = app.store.remove_expired(before, CLEAN_UP_BATCH).await?;
        removed += u64::from(batch);
        if batch < CLEAN_UP_BATCH {
            return Ok(removed);
        }
        tokio::task::yield_now().await;
    }
}

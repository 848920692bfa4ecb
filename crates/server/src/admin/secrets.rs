//! Fresh client secrets, for clients and resource servers alike.

use avouch_core::secret::{PlainSecret, StoredSecret};
use avouch_core::time::Timestamp;
use avouch_crypto::random::RandomError;
use avouch_oauth::secret::IssuedSecret;

use super::api::{NewSecret, SecretEntry};
use super::error::AdminError;
use crate::app::App;

/// The most secrets a caller has at a time: enough to rotate without haste.
const MOST: usize = 8;

/// Makes a secret. The record keeps it without an end.
pub(super) fn generate(
    app: &App,
    now: Timestamp,
) -> Result<(PlainSecret, StoredSecret), RandomError> {
    let secret = PlainSecret::generate(&*app.random)?;
    let stored = StoredSecret::new(&secret, now);
    Ok((secret, stored))
}

/// On its one way out.
pub(super) fn issued(secret: &PlainSecret) -> IssuedSecret {
    IssuedSecret::new(secret.expose())
}

/// The secrets after a rotation: the fresh one, and before it those that live
/// on for the overlap, none longer than it would have.
pub(super) fn rotated(
    old: &[StoredSecret],
    fresh: StoredSecret,
    request: NewSecret,
    now: Timestamp,
) -> Result<Vec<StoredSecret>, AdminError> {
    let end = now.after(std::time::Duration::from_secs(request.overlap));
    let mut secrets: Vec<_> = old
        .iter()
        .map(|secret| StoredSecret {
            expires_at: Some(secret.expires_at.map_or(end, |sooner| sooner.min(end))),
            ..secret.clone()
        })
        .filter(|secret| secret.is_live(now))
        .collect();
    if secrets.len() >= MOST {
        return Err(AdminError::conflict(format!(
            "there are {MOST} secrets already: let some expire, or send an overlap of 0 to end \
             them all"
        )));
    }
    secrets.push(fresh);
    Ok(secrets)
}

/// The secrets as an administrator sees them: never what they are.
pub(super) fn entries(secrets: &[StoredSecret], now: Timestamp) -> Vec<SecretEntry> {
    let live = secrets.iter().filter(|secret| secret.is_live(now));
    live.map(|secret| SecretEntry {
        created_at: secret.created_at.numeric_date(),
        expires_at: secret.expires_at.map(Timestamp::numeric_date),
    })
    .collect()
}

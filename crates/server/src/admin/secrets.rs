//! Fresh client secrets, for clients and resource servers alike.

use std::time::Duration;

use avouch_core::records::Credentials;
use avouch_core::secret::{PlainSecret, StoredSecret};
use avouch_core::time::Timestamp;
use avouch_crypto::random::RandomError;
use avouch_oauth::secret::IssuedSecret;

use super::api::{NewSecret, SecretEntry};
use super::error::AdminError;
use crate::app::App;

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

/// The credentials after a rotation with the overlap that was asked for.
pub(super) fn rotated(
    old: &Credentials,
    fresh: StoredSecret,
    request: NewSecret,
    now: Timestamp,
) -> Result<Credentials, AdminError> {
    let overlap = Duration::from_secs(request.overlap);
    old.rotated(fresh, overlap, now).map_err(|error| {
        AdminError::conflict(format!("{error}, or send an overlap of 0 to end them all"))
    })
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

//! Fresh client secrets, for clients and resource servers alike.

use std::time::Duration;

use avouch_core::records::{Credentials, ResourceSharing, RotationError, SecretKind};
use avouch_core::secret::{PlainSecret, StoredSecret};
use avouch_core::storage::{CallerRecord, CallerStore, Changed};
use avouch_core::time::Timestamp;
use avouch_crypto::seal::SealError;
use avouch_oauth::secret::IssuedSecret;

use super::api::{FreshSecret, NewSecret, SecretEntry};
use super::error::AdminError;
use crate::app::App;

/// Makes a secret for `owner`, if a method works with one. The record keeps it
/// without an end.
pub(super) fn make(
    app: &App,
    kind: Option<SecretKind>,
    owner: &str,
    now: Timestamp,
) -> Result<Option<(PlainSecret, StoredSecret)>, SealError> {
    let make = |kind| app.client_secrets.make(kind, owner, &*app.random, now);
    kind.map(make).transpose()
}

/// Makes the secret that changed credentials lack, if they lack one.
pub(super) fn complete(
    app: &App,
    credentials: &mut Credentials,
    owner: &str,
    now: Timestamp,
) -> Result<Option<FreshSecret>, SealError> {
    let made = make(app, credentials.lacks_secret(now), owner, now)?;
    Ok(made.map(|(secret, stored)| {
        credentials.secrets = vec![stored];
        fresh(owner, &secret)
    }))
}

/// A secret beside the name of its owner.
pub(super) fn fresh(owner: &str, secret: &PlainSecret) -> FreshSecret {
    FreshSecret {
        client_id: owner.to_owned(),
        client_secret: issued(secret),
    }
}

/// On its one way out.
fn issued(secret: &PlainSecret) -> IssuedSecret {
    IssuedSecret::new(secret.expose())
}

/// Gives a caller a new secret. What became of that, and the secret, which is
/// worth nothing unless it is `Done`.
pub(super) async fn renew(
    app: &App,
    from: &CallerRecord,
    request: NewSecret,
    now: Timestamp,
) -> Result<(Changed, FreshSecret), AdminError> {
    let (credentials, fresh) = rotated(app, from.credentials(), from.id(), request, now)?;
    let to = from.with_credentials(credentials);
    // Resources stay, so whom an RS shares them with was settled before.
    let sharing = ResourceSharing::Shared;
    let outcome = app.store.change_caller(from, &to, sharing).await?;
    Ok((outcome, fresh))
}

/// The credentials after a rotation with the overlap that was asked for, and
/// the secret that was made.
fn rotated(
    app: &App,
    old: &Credentials,
    owner: &str,
    request: NewSecret,
    now: Timestamp,
) -> Result<(Credentials, FreshSecret), AdminError> {
    let kind = old.authentication.secret_kind();
    let Some((secret, stored)) = make(app, kind, owner, now)? else {
        return Err(AdminError::conflict(RotationError::NoSecret.to_string()));
    };
    let overlap = Duration::from_secs(request.overlap);
    match old.rotated(stored, overlap, now) {
        Ok(credentials) => Ok((credentials, fresh(owner, &secret))),
        Err(error) => Err(AdminError::conflict(format!(
            "{error}, or send an overlap of 0 to end them all"
        ))),
    }
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

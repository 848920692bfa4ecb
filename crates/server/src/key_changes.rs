//! Making and rotating signing keys while the server runs.
//!
//! Other nodes may do the same at the same time. A change is planned on what
//! the store holds and kept only if that is still so; otherwise whoever came
//! second looks again, and mostly finds that nothing is left to do.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::keys::{MadeKey, Overlap, make_signing_key, plan_rotation};
use avouch_core::records::{KeyLife, KeyPurpose, KeySchedule, SigningKeyRecord, TokenFormat};
use avouch_core::storage::{KeyStore, KeysRevision, StoreError, Taken};
use avouch_jose::SignatureAlgorithm;
use thiserror::Error;

use crate::app::App;
use crate::keys::KeysError;

/// How often a change that another came before is planned anew.
const TRIES: usize = 8;

/// In use at once, its elders gone at once.
const NO_OVERLAP: Overlap = Overlap {
    before_use: Duration::ZERO,
    after_use: Duration::ZERO,
};

/// Makes a key for this purpose of each algorithm that has none, which signs
/// at once: of statements none is advertised before its key is there, and who
/// checks access tokens fetches the set anew for a key it does not know.
pub(crate) async fn make_missing(
    app: &Arc<App>,
    purpose: KeyPurpose,
    algorithms: &[SignatureAlgorithm],
) -> Result<(), KeysError> {
    for algorithm in algorithms {
        let _changing = app.key_changes.lock().await;
        make_if_missing(app, purpose, *algorithm).await?;
    }
    Ok(())
}

async fn make_if_missing(
    app: &Arc<App>,
    purpose: KeyPurpose,
    algorithm: SignatureAlgorithm,
) -> Result<(), KeysError> {
    for _ in 0..TRIES {
        let (keys, now) = (app.keys().await?, app.clock.now());
        if keys.ring.active(purpose, algorithm, now).is_some() {
            return Ok(());
        }
        let made = make(app, algorithm, purpose, KeySchedule::at_once(now)).await?;
        if keep(app, &made, &[], keys.revision).await? {
            return Ok(());
        }
    }
    Err(KeysError::Contended)
}

/// Makes the key for JWT access tokens if there is none: called before the
/// first record that asks for them is kept. A server that issues none has none.
pub(crate) async fn make_for_access_tokens(app: &Arc<App>) -> Result<(), KeysError> {
    let algorithm = app.settings.access_token_algorithm;
    make_missing(app, KeyPurpose::AccessTokens, &[algorithm]).await
}

/// The same at start, if this server issues JWTs by default or ever did: the
/// configuration may name another algorithm now.
pub(crate) async fn make_for_access_tokens_in_use(app: &Arc<App>) -> Result<(), KeysError> {
    let in_use = app.settings.access_token_format == TokenFormat::Jwt
        || !app.keys().await?.access_tokens.is_empty();
    if in_use {
        make_for_access_tokens(app).await?;
    }
    Ok(())
}

/// What is to become of a key that has a successor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rotation {
    /// It signs on until the successor is known to everybody. A second
    /// successor would take the place of one that verifiers were told of and
    /// that never signed: a mistake, or two administrators who do not know of
    /// each other.
    WithOverlap,
    /// It is gone at once, with all its elders: others may hold it.
    AtOnce,
}

/// Why there is no successor.
#[derive(Debug, Error)]
pub(crate) enum RotateError {
    /// One is published already.
    #[error("the successor {} is published already", .0.kid())]
    Announced(Box<SigningKeyRecord>),
    /// It could not be made or kept.
    #[error(transparent)]
    Keys(#[from] KeysError),
}

/// Makes a successor for the key that now signs for this purpose with this
/// algorithm.
pub(crate) async fn rotate(
    app: &Arc<App>,
    purpose: KeyPurpose,
    algorithm: SignatureAlgorithm,
    rotation: Rotation,
) -> Result<SigningKeyRecord, RotateError> {
    let _changing = app.key_changes.lock().await;
    for _ in 0..TRIES {
        let now = app.clock.now();
        let existing = app.store.signing_keys().await.map_err(KeysError::from)?;
        let overlap = match rotation {
            Rotation::AtOnce => NO_OVERLAP,
            Rotation::WithOverlap => {
                let mut same = existing
                    .iter()
                    .filter(|key| (key.purpose, key.algorithm) == (purpose, algorithm));
                if let Some(next) = same.find(|key| key.schedule.life(now) == KeyLife::Next) {
                    return Err(RotateError::Announced(Box::new(next.clone())));
                }
                app.settings.overlap
            }
        };
        let (schedule, rescheduled) = plan_rotation(&existing, algorithm, purpose, overlap, now);
        let made = make(app, algorithm, purpose, schedule).await?;
        if keep(app, &made, &rescheduled, KeysRevision::of(&existing)).await? {
            return Ok(made.record);
        }
    }
    Err(KeysError::Contended.into())
}

/// Keeps a key that was planned on these keys, and opens it. `false` if there
/// are others by now.
async fn keep(
    app: &App,
    made: &MadeKey,
    rescheduled: &[(String, KeySchedule)],
    planned_on: KeysRevision,
) -> Result<bool, KeysError> {
    let keeping = app
        .store
        .insert_signing_key(&made.record, rescheduled, planned_on);
    match keeping.await {
        Ok(()) => {}
        Err(StoreError::Conflict(Taken::Record)) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    app.keys().await?;
    Ok(true)
}

/// Makes a key off the async workers: RSA takes up to a second of one core.
async fn make(
    app: &Arc<App>,
    algorithm: SignatureAlgorithm,
    purpose: KeyPurpose,
    schedule: KeySchedule,
) -> Result<MadeKey, KeysError> {
    let app = Arc::clone(app);
    let making = tokio::task::spawn_blocking(move || {
        make_signing_key(algorithm, purpose, schedule, &app.sealer, &*app.random)
    });
    Ok(making.await.map_err(|_| KeysError::Interrupted)??)
}

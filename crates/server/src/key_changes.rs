//! Making and rotating signing keys while the server runs.

use std::sync::Arc;

use avouch_core::keys::{MadeKey, Overlap, make_signing_key, plan_rotation};
use avouch_core::records::{KeyPurpose, KeySchedule, SigningKeyRecord, TokenFormat};
use avouch_core::storage::KeyStore;
use avouch_jose::SignatureAlgorithm;

use crate::app::App;
use crate::keys::{Keys, KeysError};

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
        let now = app.clock.now();
        let present = app
            .keys
            .load()
            .ring
            .active(purpose, *algorithm, now)
            .is_some();
        if !present {
            let made = make(app, *algorithm, purpose, KeySchedule::at_once(now)).await?;
            app.store.insert_signing_key(&made.record, &[]).await?;
            reload(app).await?;
        }
    }
    Ok(())
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
        || !app.keys.load().access_tokens.is_empty();
    if in_use {
        make_for_access_tokens(app).await?;
    }
    Ok(())
}

/// Makes a successor for the key that now signs for this purpose with this
/// algorithm.
pub(crate) async fn rotate(
    app: &Arc<App>,
    purpose: KeyPurpose,
    algorithm: SignatureAlgorithm,
    overlap: Overlap,
) -> Result<SigningKeyRecord, KeysError> {
    let _changing = app.key_changes.lock().await;
    let now = app.clock.now();
    let existing = app.store.signing_keys().await?;
    let (schedule, rescheduled) = plan_rotation(&existing, algorithm, purpose, overlap, now);
    let made = make(app, algorithm, purpose, schedule).await?;
    app.store
        .insert_signing_key(&made.record, &rescheduled)
        .await?;
    reload(app).await?;
    Ok(made.record)
}

/// Puts what the store holds in the place of what is in memory.
async fn reload(app: &App) -> Result<(), KeysError> {
    let keys = Keys::load(&app.store, &app.sealer, app.clock.now()).await?;
    app.keys.store(Arc::new(keys));
    Ok(())
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

//! Making and rotating signing keys while the server runs.

use std::sync::Arc;

use avouch_core::keys::{MadeKey, Overlap, make_signing_key, plan_rotation};
use avouch_core::records::{KeyPurpose, KeySchedule, SigningKeyRecord};
use avouch_core::storage::KeyStore;
use avouch_jose::SignatureAlgorithm;

use crate::app::App;
use crate::keys::{Keys, KeysError};

/// Makes a key of each algorithm that has none, which signs at once: nobody
/// can hold an older set that lacks it, for it is advertised only from now on.
pub(crate) async fn make_missing(
    app: &Arc<App>,
    algorithms: &[SignatureAlgorithm],
) -> Result<(), KeysError> {
    for algorithm in algorithms {
        let _changing = app.key_changes.lock().await;
        let now = app.clock.now();
        let present = app
            .keys
            .load()
            .ring
            .active(KeyPurpose::Statements, *algorithm, now)
            .is_some();
        if !present {
            let made = make(app, *algorithm, KeySchedule::at_once(now)).await?;
            app.store.insert_signing_key(&made.record, &[]).await?;
            reload(app).await?;
        }
    }
    Ok(())
}

/// Makes a successor for the key that now signs with this algorithm.
pub(crate) async fn rotate(
    app: &Arc<App>,
    algorithm: SignatureAlgorithm,
    overlap: Overlap,
) -> Result<SigningKeyRecord, KeysError> {
    let _changing = app.key_changes.lock().await;
    let now = app.clock.now();
    let existing = app.store.signing_keys().await?;
    let (schedule, rescheduled) =
        plan_rotation(&existing, algorithm, KeyPurpose::Statements, overlap, now);
    let made = make(app, algorithm, schedule).await?;
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
    schedule: KeySchedule,
) -> Result<MadeKey, KeysError> {
    let app = Arc::clone(app);
    let making = tokio::task::spawn_blocking(move || {
        make_signing_key(
            algorithm,
            KeyPurpose::Statements,
            schedule,
            &app.sealer,
            &*app.random,
        )
    });
    Ok(making.await.map_err(|_| KeysError::Interrupted)??)
}

//! `/admin/v1/keys`.

use std::sync::Arc;

use avouch_core::records::{KeyPurpose, SigningKeyRecord};
use avouch_core::storage::KeyStore;
use avouch_core::time::Timestamp;
use avouch_jose::SignatureAlgorithm;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::administrator::Administrator;
use super::answer::json;
use super::api::{KeyEntry, KeyList, RotateKey};
use super::document::Document;
use super::error::AdminError;
use super::instant::rfc3339;
use super::operation::Operation;
use super::record_administered;
use crate::app::App;
use crate::key_changes::{self, RotateError, Rotation};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/admin/v1/keys", "listKeys", list)
            .summary("Every signing key and where it stands in its life")
            .answers::<KeyList>(200),
        Operation::post("/admin/v1/keys/rotate", "rotateKey", rotate)
            .summary("Make a successor for the key that now signs with an algorithm")
            .takes::<RotateKey>()
            .answers::<KeyEntry>(201)
            .fails(&[400, 409, 413, 415]),
    ]
}

async fn list(State(app): State<Arc<App>>) -> Result<Response, AdminError> {
    let now = app.clock.now();
    let records = app.store.signing_keys().await?;
    let keys = records.iter().map(|record| entry(record, now)).collect();
    Ok(json(StatusCode::OK, &KeyList { keys }))
}

async fn rotate(
    State(app): State<Arc<App>>,
    by: Administrator,
    Document(request): Document<RotateKey>,
) -> Result<Response, AdminError> {
    let RotateKey {
        purpose,
        algorithm,
        at_once,
    } = request;
    let own = &app.settings.access_token_algorithm;
    let (kept, setting) = match purpose {
        KeyPurpose::Statements => (app.settings.algorithms.as_slice(), "keys.algorithms"),
        KeyPurpose::AccessTokens => (std::slice::from_ref(own), "tokens.signing_algorithm"),
    };
    if !kept.contains(&algorithm) {
        let names: Vec<_> = kept.iter().copied().map(SignatureAlgorithm::name).collect();
        return Err(AdminError::bad_request(format!(
            "this server keeps no key for {algorithm}; {setting} in its configuration names {}",
            names.join(", ")
        )));
    }
    let (rotation, what) = if at_once {
        (Rotation::AtOnce, "signing key replaced at once")
    } else {
        (Rotation::WithOverlap, "signing key rotated")
    };
    let record = key_changes::rotate(&app, purpose, algorithm, rotation).await?;
    let now = app.clock.now();
    let name = record.kid();
    record_administered(&app, &by, now, what, name).await?;
    Ok(json(StatusCode::CREATED, &entry(&record, now)))
}

impl From<RotateError> for AdminError {
    fn from(error: RotateError) -> Self {
        match error {
            RotateError::Announced(next) => Self::conflict(format!(
                "the successor {} is published already and signs from {} ({} seconds since 1970); \
                 to replace a compromised key now, set at_once",
                next.kid(),
                rfc3339(next.schedule.active_at),
                next.schedule.active_at.numeric_date()
            )),
            RotateError::Keys(error) => error.into(),
        }
    }
}

fn entry(record: &SigningKeyRecord, now: Timestamp) -> KeyEntry {
    let schedule = &record.schedule;
    KeyEntry {
        kid: record.kid().to_owned(),
        algorithm: record.algorithm,
        purpose: record.purpose,
        life: schedule.life(now),
        created_at: schedule.created_at.numeric_date(),
        active_at: schedule.active_at.numeric_date(),
        retiring_at: schedule.retiring_at.map(Timestamp::numeric_date),
        retired_at: schedule.retired_at.map(Timestamp::numeric_date),
    }
}

//! Registrations that are managed by their owners (RFC 7592), and what an
//! administrator does about them: hands tokens out to a caller that was
//! described or lost its own, and takes things away.

use avouch_core::opaque_token::TokenKind;
use avouch_core::registration::{hand_out_registration_token, without_what_is_taken};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, RegisteredCaller, RegistrationStore, StoreError, Taken,
};
use avouch_core::time::Timestamp;
use avouch_oauth::secret::IssuedSecret;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};

use super::administrator::Administrator;
use super::answer::json;
use super::api::{FreshRegistrationToken, RegistrationEntry};
use super::error::AdminError;
use super::record_administered;
use crate::app::App;
use crate::endpoints::registration::registration_client_uri;
use crate::request::read_nothing;

/// Sees to it that a token that is asked for can be used, and that nothing else
/// is asked for.
pub(super) async fn check(app: &App, request: Request<Body>) -> Result<(), AdminError> {
    read_nothing(request).await?;
    if app.settings.registration {
        return Ok(());
    }
    Err(AdminError::conflict(
        "registrations are not managed over HTTP here: set registration.enabled in the \
         configuration first",
    ))
}

/// How often what another change came before is tried.
const TRIES: usize = 8;

/// Makes a token for a caller; the earlier ones end. `None` if it is gone by
/// now.
pub(super) async fn hand_out(
    app: &App,
    by: &Administrator,
    caller: &CallerRecord,
    now: Timestamp,
) -> Result<Option<Response>, AdminError> {
    let id = caller.id();
    let token = app.mint.mint(TokenKind::Registration, &*app.random)?;
    let current = app.store.registration_of(id).await?;
    let registration = hand_out_registration_token(caller, current.clone(), token.hash());
    let giving = app
        .store
        .give_registration(caller, current.as_ref(), &registration);
    match giving.await? {
        Changed::Done => {}
        Changed::Meanwhile => return Err(AdminError::meanwhile(id)),
        Changed::Gone => return Ok(None),
    }
    record_administered(app, by, now, "registration access token handed out", id).await?;
    let answer = FreshRegistrationToken {
        client_id: id.to_owned(),
        registration_client_uri: registration_client_uri(app, id),
        registration_access_token: IssuedSecret::new(token.expose()),
    };
    Ok(Some(json(StatusCode::CREATED, &answer)))
}

/// Sees to it that a caller that manages its registration does not take back
/// what this record takes from it.
pub(super) async fn take_away(app: &App, after: CallerRecord) -> Result<(), StoreError> {
    let id = after.id();
    // Meanwhile a token may be used for the first time and end the others, which must not come
    // back; and other nodes may change what they will.
    for _ in 0..TRIES {
        let Some(caller) = app.store.current_caller(id).await? else {
            return Ok(());
        };
        let Some(registration) = app.store.registration_of(id).await? else {
            return Ok(());
        };
        let Some(narrowed) = without_what_is_taken(&registration, &caller, &after) else {
            return Ok(());
        };
        let from = RegisteredCaller {
            caller: caller.clone(),
            registration,
        };
        let to = RegisteredCaller {
            caller,
            registration: narrowed,
        };
        match app.store.change_registration(&from, &to).await? {
            Changed::Done | Changed::Gone => return Ok(()),
            Changed::Meanwhile => {}
        }
    }
    Err(StoreError::Conflict(Taken::Record))
}

/// What a caller was registered with, as an administrator sees it.
pub(super) async fn entry(app: &App, id: &str) -> Result<Option<RegistrationEntry>, StoreError> {
    let registration = app.store.registration_of(id).await?;
    Ok(registration.map(RegistrationEntry::from))
}

//! Registration access tokens (RFC 7592) from an administrator: for a caller
//! that was described, or one that lost its own.

use avouch_core::opaque_token::TokenKind;
use avouch_core::registration::hand_out_registration_token;
use avouch_core::storage::{CallerRecord, RegistrationStore, StoreError};
use avouch_core::time::Timestamp;
use avouch_oauth::secret::IssuedSecret;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};

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

/// Makes a token for a caller; the earlier ones end. `None` if it is gone by
/// now. The caller's record must not change meanwhile.
pub(super) async fn hand_out(
    app: &App,
    caller: &CallerRecord,
    now: Timestamp,
) -> Result<Option<Response>, AdminError> {
    let id = caller.id();
    let token = app.mint.mint(TokenKind::Registration, &*app.random)?;
    let current = app.store.registration_of(id).await?;
    let registration = hand_out_registration_token(caller, current, token.hash());
    if !app.store.put_registration(id, &registration).await? {
        return Ok(None);
    }
    record_administered(app, now, "registration access token handed out", id).await?;
    let answer = FreshRegistrationToken {
        client_id: id.to_owned(),
        registration_client_uri: registration_client_uri(app, id),
        registration_access_token: IssuedSecret::new(token.expose()),
    };
    Ok(Some(json(StatusCode::CREATED, &answer)))
}

/// What a caller was registered with, as an administrator sees it.
pub(super) async fn entry(app: &App, id: &str) -> Result<Option<RegistrationEntry>, StoreError> {
    let registration = app.store.registration_of(id).await?;
    Ok(registration.map(RegistrationEntry::from))
}

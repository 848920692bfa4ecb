//! `/register/{client_id}`: a registrant reads, changes and removes its own
//! registration (RFC 7592), with its registration access token.

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::opaque_token::TokenKind;
use avouch_core::registration::{
    ManagementError, Registrant, authenticate_registrant, remove_registered, update_registration,
};
use avouch_core::time::Timestamp;
use avouch_oauth::client_metadata::RegistrationUpdate;
use avouch_oauth::error::ErrorCode;
use avouch_oauth::secret::IssuedSecret;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, State};
use axum::response::Response;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};

use super::registration::{context, describe, issued, not_kept, signing_algorithms};
use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::extract::{OwnToken, own_token};
use crate::request::{ReadRequest, read_json};
use crate::respond::forbid_caching;

/// Shows the whole registration, but for the secret, of which there is a hash
/// alone.
pub(crate) async fn read(
    State(app): State<Arc<App>>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, ErrorReply> {
    let token = registration_token(&app, &headers)?;
    let found = authenticate_registrant(token.registrant(&id), &app.store).await?;
    let same = IssuedSecret::new(token.0.presented.expose());
    Ok(describe(&app, StatusCode::OK, &found, None, same))
}

/// Replaces the whole registration, and hands out a fresh token for it.
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    Named(id): Named,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let now = app.clock.now();
    let token = registration_token(&app, request.headers())?;
    // Before the body is read: strangers have nothing read.
    authenticate_registrant(token.registrant(&id), &app.store).await?;
    let ReadRequest { body, .. } = read_json(request, app.settings.body_limit).await?;
    let asked = RegistrationUpdate::parse(&body)?;

    let algorithms = signing_algorithms(&app, now).await?;
    let context = context(&app, &algorithms, now);
    let _changing = app.caller_changes.lock().await;
    let updating = update_registration(token.registrant(&id), &asked, &context, &app.store);
    let updated = match updating.await {
        Ok(updated) => updated,
        Err(error) => return Err(refused(&app, &id, error, now).await),
    };
    record(&app, &id, "registration updated", now).await?;
    let token = IssuedSecret::new(updated.token.expose());
    let secret = updated.secret.as_ref().map(issued);
    Ok(describe(
        &app,
        StatusCode::OK,
        &updated.registered,
        secret,
        token,
    ))
}

/// Removes the registrant: when the answer leaves, secret and tokens are dead.
pub(crate) async fn remove(
    State(app): State<Arc<App>>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, ErrorReply> {
    let now = app.clock.now();
    let token = registration_token(&app, &headers)?;
    let _changing = app.caller_changes.lock().await;
    if let Err(error) = remove_registered(token.registrant(&id), &app.store, now).await {
        return Err(refused(&app, &id, error, now).await);
    }
    record(&app, &id, "registration removed", now).await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    forbid_caching(response.headers_mut());
    Ok(response)
}

/// The id in the path, as it was sent. Whether it names anybody is seen by the
/// token alone.
pub(crate) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ErrorReply;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ErrorReply> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(ErrorReply::bad_request(
                ErrorCode::InvalidRequest,
                "the client_id in the path is not UTF-8 behind its percent signs",
            )),
        }
    }
}

/// A registration access token of ours, not yet known to be good.
pub(super) struct RegistrationToken(OwnToken);

impl RegistrationToken {
    pub(super) fn registrant<'a>(&self, id: &'a str) -> Registrant<'a> {
        Registrant {
            token: self.0.hash,
            id,
        }
    }
}

/// The right to manage a registration, from the `Authorization` header alone.
pub(super) fn registration_token(
    app: &App,
    headers: &HeaderMap,
) -> Result<RegistrationToken, ErrorReply> {
    match own_token(app, headers, TokenKind::Registration) {
        Ok(Some(token)) => Ok(RegistrationToken(token)),
        Ok(None) => Err(ErrorReply::token_required(
            "a registration is managed with its registration access token: send it as \
             Authorization: Bearer",
        )),
        Err(_) => Err(not_good()),
    }
}

fn not_good() -> ErrorReply {
    ErrorReply::invalid_token(
        "the registration access token is unknown, was replaced, or is not for this client_id",
    )
}

/// The answer to a change that was refused. That somebody tried where an
/// administrator has stopped it is recorded.
pub(super) async fn refused(
    app: &App,
    id: &str,
    error: ManagementError,
    now: Timestamp,
) -> ErrorReply {
    if matches!(error, ManagementError::Suspended) {
        let event = Event::Refused {
            at: now,
            caller: id,
            reason: "registration: suspended",
        };
        if let Err(error) = app.recorder.record(&event).await {
            return error.into();
        }
    }
    error.into()
}

/// Records what a registrant did to itself, before the answer leaves.
pub(super) async fn record(
    app: &App,
    id: &str,
    what: &'static str,
    now: Timestamp,
) -> Result<(), ErrorReply> {
    app.recorder
        .record(&Event::Administered {
            at: now,
            by: id,
            what,
            name: id,
        })
        .await?;
    Ok(())
}

impl From<ManagementError> for ErrorReply {
    fn from(error: ManagementError) -> Self {
        match error {
            ManagementError::Token => not_good(),
            ManagementError::Suspended => Self::new(
                StatusCode::FORBIDDEN,
                ErrorCode::UnauthorizedClient,
                error.to_string(),
            ),
            ManagementError::Refused(error) => error.into(),
            ManagementError::Rotation(_) => Self::new(
                StatusCode::CONFLICT,
                ErrorCode::InvalidRequest,
                error.to_string(),
            ),
            ManagementError::Contended => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::TemporarilyUnavailable,
                error.to_string(),
            )
            .with_header(RETRY_AFTER, "1"),
            ManagementError::Store(error) => not_kept(error),
        }
    }
}

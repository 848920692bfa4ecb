//! `POST /revoke`: a client revokes its own token (RFC 7009).

use std::sync::Arc;

use avouch_core::event::{Event, Recorder};
use avouch_core::revocation::{RevokeError, revoke};
use avouch_oauth::error::ErrorCode;
use avouch_oauth::media_type;
use avouch_oauth::revocation::RevocationRequest;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};

use super::parse_form;
use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::extract::authenticate_caller;
use crate::request::read_form;
use crate::respond::respond;

/// Revokes one token. When the answer leaves, no RS sees the token active.
pub(crate) async fn revocation(
    State(app): State<Arc<App>>,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let read = read_form(request, app.settings.body_limit).await?;
    let form = parse_form(&read.body, &[])?;
    let request = RevocationRequest::parse(&form)?;
    let caller = authenticate_caller(&app, &read, &form).await?;

    let now = app.clock.now();
    let Some(client) = caller.client() else {
        let reason = "revoke: not a client";
        app.recorder
            .record(&Event::Refused {
                at: now,
                caller: caller.id(),
                reason,
            })
            .await?;
        return Err(ErrorReply::bad_request(
            ErrorCode::UnauthorizedClient,
            "only clients revoke tokens; a resource server may only introspect",
        ));
    };
    let keys = app.keys().await?;
    let own = app.own_tokens(&keys);
    let revoking = revoke(&request.token, &client.id, own, &app.store, now);
    let revocation = app.timed("revoke", revoking).await?;
    app.recorder
        .record(&Event::Revoked {
            at: now,
            by: caller.id(),
            what: "token",
            name: revocation
                .token
                .as_ref()
                .map(avouch_core::id::TokenId::as_str),
            outcome: revocation.outcome,
        })
        .await?;
    app.metrics.revoked("token");
    // The same for a token that was never there (RFC 7009 section 2.2).
    Ok(respond(StatusCode::OK, media_type::JSON, "{}"))
}

impl From<RevokeError> for ErrorReply {
    fn from(error: RevokeError) -> Self {
        match error {
            RevokeError::ForeignToken => {
                Self::bad_request(ErrorCode::InvalidGrant, error.to_string())
            }
            RevokeError::Store(error) => error.into(),
        }
    }
}

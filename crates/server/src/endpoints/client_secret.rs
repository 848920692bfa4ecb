//! `POST /register/{client_id}/client_secret`: a registrant has a new secret
//! made for itself. A call of ours, for RFC 7592 has none: see
//! `docs/divergences.md`.

use std::sync::Arc;

use avouch_core::registration::{authenticate_registrant, renew_client_secret};
use avouch_oauth::client_metadata::ClientSecretResponse;
use avouch_oauth::media_type;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{Request, StatusCode};

use super::registration::{context, issued, signing_algorithms};
use super::registration_management::{Named, record, refused, registration_token};
use crate::app::App;
use crate::error_reply::ErrorReply;
use crate::request::read_nothing;
use crate::respond::respond;

/// Makes a secret; the older ones work on for the configured overlap.
pub(crate) async fn renew(
    State(app): State<Arc<App>>,
    Named(id): Named,
    request: Request<Body>,
) -> Result<Response, ErrorReply> {
    let now = app.clock.now();
    let token = registration_token(&app, request.headers())?;
    authenticate_registrant(token.registrant(&id), &app.store).await?;
    read_nothing(request).await?;

    let algorithms = signing_algorithms(&app, now).await?;
    let context = context(&app, &algorithms, now);
    let _changing = app.caller_changes.lock().await;
    let renewing = renew_client_secret(
        token.registrant(&id),
        app.settings.secret_overlap,
        &context,
        &app.store,
    );
    let (_, secret) = match renewing.await {
        Ok(renewed) => renewed,
        Err(error) => return Err(refused(&app, &id, error, now).await),
    };
    record(&app, &id, "client secret renewed", now).await?;
    let response = ClientSecretResponse {
        client_id: id,
        secret: issued(&secret),
    };
    Ok(respond(
        StatusCode::CREATED,
        media_type::JSON,
        response.to_json(),
    ))
}

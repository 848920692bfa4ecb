//! The one table of public routes.

use std::sync::Arc;

use avouch_oauth::error::ErrorCode;
use avouch_oauth::metadata::{WELL_KNOWN_OAUTH, WELL_KNOWN_OPENID};
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use http::StatusCode;

use crate::app::App;
use crate::endpoints::{
    client_secret, introspection, jwks, metadata, registration, registration_management,
    revocation, token,
};
use crate::error_reply::ErrorReply;
use crate::paths::{
    CLIENT_SECRET, INTROSPECTION, JWKS, MANAGEMENT, REGISTRATION, REVOCATION, TOKEN,
};
use crate::throttle;

/// Every public route, below the issuer's path.
pub(crate) fn public(app: Arc<App>) -> Router {
    let base = app.issuer.path().trim_end_matches('/').to_owned();
    let at = |path: &str| format!("{base}{path}");
    let mut router = Router::new()
        .route(&at(INTROSPECTION), post(introspection::introspect))
        .route(&at(TOKEN), post(token::token))
        .route(&at(REVOCATION), post(revocation::revocation))
        .route(&at(JWKS), get(jwks::jwks))
        // RFC 8414 section 3.1: between host and path. OpenID Connect
        // Discovery section 4: after the path. Both are found both ways.
        .route(
            &format!("/.well-known/{WELL_KNOWN_OAUTH}{base}"),
            get(metadata::metadata),
        )
        .route(
            &format!("/.well-known/{WELL_KNOWN_OPENID}{base}"),
            get(metadata::metadata),
        );
    if !base.is_empty() {
        router = router.route(
            &format!("{base}/.well-known/{WELL_KNOWN_OPENID}"),
            get(metadata::metadata),
        );
    }
    if app.settings.registration {
        let registration = Router::new()
            .route(&at(REGISTRATION), post(registration::registration))
            .route(
                &at(MANAGEMENT),
                get(registration_management::read)
                    .put(registration_management::update)
                    .delete(registration_management::remove),
            )
            .route(&at(CLIENT_SECRET), post(client_secret::renew))
            .route_layer(from_fn_with_state(Arc::clone(&app), throttle::around));
        router = router.merge(registration);
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

pub(crate) async fn not_found() -> ErrorReply {
    ErrorReply::new(
        StatusCode::NOT_FOUND,
        ErrorCode::InvalidRequest,
        "there is no such endpoint; the metadata at /.well-known/oauth-authorization-server \
         lists them",
    )
}

/// The `Allow` header is added by the router.
pub(crate) async fn method_not_allowed() -> ErrorReply {
    ErrorReply::new(
        StatusCode::METHOD_NOT_ALLOWED,
        ErrorCode::InvalidRequest,
        "this method is not allowed here; the Allow header says which is",
    )
}

//! Around every request: who may speak plain HTTP to us, a time limit, one log
//! line, and the metrics.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use avouch_oauth::error::ErrorCode;
use axum::body::Body;
use axum::extract::{MatchedPath, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use tracing::info;

use crate::app::App;
use crate::error_reply::ErrorReply;

/// The other end of the connection, put into each of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

/// Wraps the handling of one request.
pub(crate) async fn around(
    State(app): State<Arc<App>>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let started = Instant::now();
    let peer = request
        .extensions()
        .get::<Peer>()
        .copied()
        .unwrap_or(Peer(None))
        .0;
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "unknown".to_owned(), |path| path.as_str().to_owned());

    let response = if peer.is_none_or(|peer| app.settings.plain_http_admits(peer)) {
        let limit = app.settings.request_timeout;
        tokio::time::timeout(limit, next.run(request))
            .await
            .unwrap_or_else(|_| timed_out().into_response())
    } else {
        not_a_proxy().into_response()
    };

    let status = response.status().as_u16();
    let took = started.elapsed();
    info!(
        target: "avouch::request",
        %method,
        route,
        status,
        error = response.extensions().get::<ErrorCode>().map(|code| code.as_str()),
        micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        peer = peer.map(tracing::field::display),
    );
    app.metrics
        .request(endpoint_name(&app, &route), status, took.as_secs_f64());
    response
}

/// A label that no request can invent.
fn endpoint_name(app: &App, route: &str) -> &'static str {
    let base = app.issuer.path().trim_end_matches('/');
    match route.strip_prefix(base).unwrap_or(route) {
        crate::paths::INTROSPECTION => "introspection",
        crate::paths::TOKEN => "token",
        crate::paths::REVOCATION => "revocation",
        crate::paths::REGISTRATION => "registration",
        crate::paths::JWKS => "jwks",
        crate::paths::HEALTH | crate::paths::READINESS => "health",
        other if other.starts_with("/.well-known/") => "metadata",
        other if other.starts_with("/admin/v1/") => "admin",
        _ => "other",
    }
}

fn not_a_proxy() -> ErrorReply {
    ErrorReply::new(
        StatusCode::FORBIDDEN,
        ErrorCode::InvalidRequest,
        "plain HTTP is served to the proxies named in listen.trusted_proxies only; come through \
         one of them over TLS",
    )
}

fn timed_out() -> ErrorReply {
    ErrorReply::new(
        StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::TemporarilyUnavailable,
        "the request took too long and was given up; whether it took effect is not known",
    )
    .with_header(http::header::RETRY_AFTER, "1")
}

//! `GET /metrics`, `/healthz` and `/readyz`: for whoever keeps the server running.

use std::sync::Arc;

use avouch_core::records::KeyPurpose;
use avouch_core::storage::Storage;
use avouch_oauth::media_type;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use crate::app::App;
use crate::metrics::CONTENT_TYPE;
use crate::respond::respond;

/// The process answers. Says nothing about what it depends on, so that a
/// database away does not get it restarted.
pub(crate) async fn healthz() -> Response {
    respond(StatusCode::OK, media_type::JSON, r#"{"status":"ok"}"#)
}

/// Requests can be served: the store answers and there is a key to sign with.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let algorithms = app
        .keys
        .load()
        .ring
        .algorithms(KeyPurpose::Statements, app.clock.now());
    let (status, body) = if algorithms.is_empty() {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"status":"no signing key"}"#,
        )
    } else if app.store.ping().await.is_err() {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            r#"{"status":"store not available"}"#,
        )
    } else {
        (StatusCode::OK, r#"{"status":"ok"}"#)
    };
    respond(status, media_type::JSON, body)
}

/// All that is counted and timed, as text for Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    respond(StatusCode::OK, CONTENT_TYPE, app.metrics.encode())
}

//! `GET /metrics`, `/healthz` and `/readyz`: for whoever keeps the server running.

use std::sync::Arc;

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

/// Requests can be served: the store answers, and every key that the server is
/// to have is there.
pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let keys = app.keys().await;
    let missing = keys.as_ref().map(|keys| app.keys_in_the_making(keys).len());
    let (status, body) = if let Ok(missing @ 1..) = missing {
        let wanted = app.settings.algorithms.len();
        let there = wanted.saturating_sub(missing);
        let said =
            format!(r#"{{"status":"signing keys are being made","made":{there},"of":{wanted}}}"#);
        (StatusCode::SERVICE_UNAVAILABLE, said)
    } else if keys.is_err() || app.store.ping().await.is_err() {
        let said = r#"{"status":"store not available"}"#.to_owned();
        (StatusCode::SERVICE_UNAVAILABLE, said)
    } else {
        (StatusCode::OK, r#"{"status":"ok"}"#.to_owned())
    };
    respond(status, media_type::JSON, body)
}

/// All that is counted and timed, as text for Prometheus.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Response {
    respond(StatusCode::OK, CONTENT_TYPE, app.metrics.encode())
}

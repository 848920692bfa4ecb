//! The admin API: HTTP and JSON over a Unix socket in the data folder.
//!
//! The socket's file mode (0600, in a folder of mode 0700) is the guard:
//! whoever can open it owns the database anyway. A file per resource;
//! [`api`] holds the documents that go over the wire, [`openapi()`] describes
//! them. Every decision is recorded before its answer leaves.

pub mod api;

mod allowed;
mod answer;
mod apply;
mod clients;
mod document;
mod error;
mod explanations;
mod health;
mod initial_access_tokens;
mod keys;
mod named;
mod openapi;
mod operation;
mod page;
mod registrations;
mod resource_servers;
mod revocations;
mod secrets;
mod suggestion;
mod tokens;
mod weakening;

use std::sync::Arc;

use avouch_core::event::{Event, RecordError, Recorder};
use avouch_core::time::Timestamp;
use axum::Router;
use axum::routing::get;
use http::StatusCode;

use crate::app::App;
use crate::paths::{HEALTH, READINESS};
use error::AdminError;
use operation::Operation;

pub use openapi::openapi;

const METRICS: &str = "/metrics";

/// Who asked, in events: the socket tells nobody apart.
const ADMINISTRATOR: &str = "administrator";

/// Everything that can be administered, and the observation routes.
pub(crate) fn routes(app: Arc<App>) -> Router {
    operations()
        .into_iter()
        .fold(observed(), |router, operation| {
            router.route(operation.path, operation.handler)
        })
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

/// What watches the server and changes nothing.
pub(crate) fn observation_routes(app: Arc<App>) -> Router {
    observed()
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(app)
}

/// The one table that routes and description are both made from.
fn operations() -> Vec<Operation> {
    [
        tokens::operations(),
        explanations::operations(),
        revocations::operations(),
        clients::operations(),
        resource_servers::operations(),
        apply::operations(),
        keys::operations(),
        initial_access_tokens::operations(),
        openapi::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn observed() -> Router<Arc<App>> {
    Router::new()
        .route(METRICS, get(health::metrics))
        .route(HEALTH, get(health::healthz))
        .route(READINESS, get(health::readyz))
}

async fn not_found() -> AdminError {
    AdminError::not_found("there is no such endpoint; GET /admin/v1/openapi.json lists them")
}

/// The `Allow` header is added by the router.
async fn method_not_allowed() -> AdminError {
    AdminError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this method is not allowed here; the Allow header says which is",
    )
}

/// Records what an administrator did, before the answer leaves.
async fn record_administered(
    app: &App,
    at: Timestamp,
    what: &'static str,
    name: &str,
) -> Result<(), RecordError> {
    app.recorder
        .record(&Event::Administered {
            at,
            by: ADMINISTRATOR,
            what,
            name,
        })
        .await
}

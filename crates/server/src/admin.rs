//! The admin API: HTTP and JSON over a Unix socket in the data folder and, where
//! that is switched on, over TCP.
//!
//! The socket's file mode (0600, in a folder of mode 0700) is its guard:
//! whoever can open it owns the database anyway. Over TCP it is [`guard`]:
//! access tokens, of clients that were chosen at the socket. A file per resource;
//! [`api`] holds the documents that go over the wire, [`openapi()`] describes
//! them. Every decision is recorded before its answer leaves.

pub mod api;

mod administrator;
mod allowed;
mod answer;
mod apply;
mod chosen;
mod clients;
mod document;
mod error;
mod explanations;
mod guard;
mod health;
mod initial_access_tokens;
mod instant;
mod keys;
mod named;
mod openapi;
mod operation;
mod page;
mod protected_resource;
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
use avouch_oauth::protected_resource::WELL_KNOWN;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use axum::{Extension, Router};
use http::StatusCode;

use crate::app::App;
use crate::paths::{HEALTH, READINESS};
use administrator::Administrator;
use error::AdminError;
use guard::Guard;
use operation::Operation;

pub use openapi::openapi;
pub(crate) use protected_resource::ProtectedResource;

const METRICS: &str = "/metrics";

/// Everything that can be administered, and the observation routes.
pub(crate) fn routes(app: Arc<App>) -> Router {
    operations()
        .into_iter()
        .fold(observed(), |router, operation| {
            router.route(operation.path, operation.handler)
        })
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(Extension(Administrator::AtTheSocket))
        .with_state(app)
}

/// Everything that can be administered over TCP, each behind its guard, and the
/// metadata that says how to come in.
pub(crate) fn guarded_routes(app: Arc<App>, own: &Arc<ProtectedResource>) -> Router {
    let metadata =
        get(protected_resource::metadata).with_state((Arc::clone(&app), Arc::clone(own)));
    let open = Router::new().route(&format!("/.well-known/{WELL_KNOWN}"), metadata);
    operations()
        .into_iter()
        .fold(open, |router, operation| {
            let guard = Guard {
                app: Arc::clone(&app),
                own: Arc::clone(own),
                right: operation.right,
            };
            let guarded = operation
                .handler
                .route_layer(from_fn_with_state(guard, guard::around));
            router.route(operation.path, guarded)
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
    by: &Administrator,
    at: Timestamp,
    what: &'static str,
    name: &str,
) -> Result<(), RecordError> {
    app.recorder
        .record(&Event::Administered {
            at,
            by: by.name(),
            what,
            name,
        })
        .await
}

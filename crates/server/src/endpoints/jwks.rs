//! `GET /jwks.json`: the keys that statements and JWT access
//! tokens are checked with (RFC 7517 section 5).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

use crate::app::App;
use crate::error_reply::ErrorReply;

/// The media type of a JWK Set (RFC 7517 section 8.5).
const JWK_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");

/// The published set: public, and cacheable for as long as a new key is
/// published before it signs; not at all while the first keys are being made.
pub(crate) async fn jwks(State(app): State<Arc<App>>) -> Result<Response, ErrorReply> {
    let keys = app.keys_to_publish().await;
    let published = keys.ring.published(app.clock.now());
    let set = published
        .map_err(|error| ErrorReply::server_error("the keys cannot be published", &error))?;
    let mut response = Response::new(set.to_json().into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, JWK_SET);
    headers.insert(CACHE_CONTROL, app.keys_cache_control(&keys));
    Ok(response)
}

//! Reading the document a request brings.

use std::sync::Arc;

use avouch_jose::strict_json;
use axum::body::Body;
use axum::extract::FromRequest;
use http::Request;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::AdminError;
use crate::app::App;
use crate::request::read_json;

/// A JSON object of just these members, each given once.
pub(super) struct Document<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Document<T> {
    type Rejection = AdminError;

    async fn from_request(request: Request<Body>, app: &Arc<App>) -> Result<Self, AdminError> {
        read(request, app.settings.body_limit).await.map(Document)
    }
}

/// Reads a document of at most `limit` octets.
pub(super) async fn read<T: DeserializeOwned>(
    request: Request<Body>,
    limit: usize,
) -> Result<T, AdminError> {
    let body = read_json(request, limit).await?.body;
    let members = strict_json::object(&body)
        .map_err(|error| AdminError::bad_request(format!("the body cannot be read: {error}")))?;
    // Unlike at the public endpoints the message may quote what was sent: it
    // goes back to the administrator who sent it, and nowhere else.
    serde_json::from_value(Value::Object(members))
        .map_err(|error| AdminError::bad_request(error.to_string()))
}

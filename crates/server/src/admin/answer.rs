//! Answers when all went well.

use avouch_oauth::media_type;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::error_reply::ErrorReply;
use crate::respond::{forbid_caching, respond};

/// An answer in JSON that no cache keeps.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => respond(status, media_type::JSON, body),
        Err(error) => {
            ErrorReply::server_error("an answer could not be written", &error).into_response()
        }
    }
}

/// 204: done, and nothing to say.
pub(super) fn no_content() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    forbid_caching(response.headers_mut());
    response
}

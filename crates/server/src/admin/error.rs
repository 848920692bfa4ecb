//! What went wrong, in the one form of the admin API.

use avouch_core::apply::PlanError;
use avouch_core::event::RecordError;
use avouch_core::issuance::IssueError;
use avouch_core::storage::StoreError;
use avouch_crypto::random::RandomError;
use avouch_crypto::seal::SealError;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::RETRY_AFTER;

use super::answer::json;
use super::api::{ErrorAnswer, PartlyApplied};
use crate::error_reply::{ErrorReply, RETRY_AFTER_SECONDS};
use crate::keys::KeysError;

/// An error answer.
#[derive(Debug)]
pub(super) enum AdminError {
    /// As the public endpoints say it too.
    Common(ErrorReply),
    /// What only an administrator meets.
    Own(StatusCode, ErrorAnswer),
    /// A description was carried out in part.
    Partly(StatusCode, Box<PartlyApplied>),
}

impl AdminError {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        description: impl Into<String>,
    ) -> Self {
        Self::Own(status, ErrorAnswer::new(code, description))
    }

    /// 400.
    pub(super) fn bad_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", description)
    }

    /// 404.
    pub(super) fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", description)
    }

    /// 409: the record is not the one that was read.
    pub(super) fn meanwhile(id: &str) -> Self {
        Self::conflict(format!("{id} was changed in the meantime; try again"))
    }

    /// 409.
    pub(super) fn conflict(description: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", description)
    }
}

impl IntoResponse for AdminError {
    fn into_response(self) -> Response {
        let (status, mut response) = match self {
            Self::Common(reply) => return reply.into_response(),
            Self::Own(status, body) => (status, json(status, &body)),
            Self::Partly(status, body) => (status, json(status, &*body)),
        };
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let headers = response.headers_mut();
            headers.insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}

impl From<ErrorReply> for AdminError {
    fn from(reply: ErrorReply) -> Self {
        Self::Common(reply)
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict(taken) => Self::conflict(format!("{taken} is taken")),
            error => Self::Common(error.into()),
        }
    }
}

impl From<RecordError> for AdminError {
    fn from(error: RecordError) -> Self {
        Self::Common(error.into())
    }
}

impl From<RandomError> for AdminError {
    fn from(error: RandomError) -> Self {
        Self::Common(ErrorReply::server_error("no randomness", &error))
    }
}

impl From<SealError> for AdminError {
    fn from(error: SealError) -> Self {
        Self::Common(ErrorReply::server_error(
            "a secret could not be made",
            &error,
        ))
    }
}

impl From<IssueError> for AdminError {
    fn from(error: IssueError) -> Self {
        Self::Common(error.into())
    }
}

impl From<KeysError> for AdminError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error.into(),
            error @ KeysError::Contended => Self::conflict(error.to_string()),
            error => Self::Common(ErrorReply::server_error(
                "the key could not be made",
                &error,
            )),
        }
    }
}

impl From<PlanError> for AdminError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Description(error) => Self::bad_request(error.to_string()),
            error @ (PlanError::OtherKind(_) | PlanError::ResourceTaken { .. }) => {
                Self::conflict(error.to_string())
            }
            PlanError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_now_says_when_and_no_other_error_does() {
        for (status, says) in [
            (StatusCode::SERVICE_UNAVAILABLE, true),
            (StatusCode::CONFLICT, false),
            (StatusCode::INTERNAL_SERVER_ERROR, false),
        ] {
            let response = AdminError::new(status, "code", "why").into_response();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers().contains_key(RETRY_AFTER), says);
        }
    }
}

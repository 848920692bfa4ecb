//! What went wrong, in the one form of the admin API.

use avouch_core::apply::PlanError;
use avouch_core::event::RecordError;
use avouch_core::issuance::IssueError;
use avouch_core::storage::StoreError;
use avouch_crypto::random::RandomError;
use avouch_crypto::seal::SealError;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::answer::json;
use super::api::{ErrorAnswer, PartlyApplied};
use crate::error_reply::ErrorReply;
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
        match self {
            Self::Common(reply) => reply.into_response(),
            Self::Own(status, body) => json(status, &body),
            Self::Partly(status, body) => json(status, &*body),
        }
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

//! The id in a path.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::error::AdminError;

/// An id as it stands in the path; whether it names anything is seen later.
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(error) => Err(AdminError::bad_request(error.body_text())),
        }
    }
}

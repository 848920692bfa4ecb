//! Whether a change may take encryption away.

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::Deserialize;

use super::error::AdminError;

/// What the request says of changes that take a resource server's encryption away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weakening {
    /// They are refused.
    Refused,
    /// They are meant: `allow_weaker=true`. In the query, so that no description that is kept in a
    /// file says it for ever.
    Allowed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    #[serde(default)]
    allow_weaker: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Weakening {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        let Query(Parameters { allow_weaker }) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| AdminError::bad_request(error.body_text()))?;
        Ok(if allow_weaker {
            Self::Allowed
        } else {
            Self::Refused
        })
    }
}

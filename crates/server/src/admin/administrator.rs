//! Who asks, as events name him.

use avouch_core::id::ClientId;
use axum::extract::FromRequestParts;
use http::request::Parts;

use super::error::AdminError;
use crate::error_reply::ErrorReply;

/// How the socket's users are called: it tells nobody apart. No client that
/// administers has this id.
pub(super) const AT_THE_SOCKET: &str = "administrator";

/// Put into each request by the listener it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Administrator {
    /// Whoever may open the socket.
    AtTheSocket,
    /// A client, over TCP.
    Client {
        /// Which.
        id: ClientId,
        /// Whether it may look at what there is.
        reads: bool,
    },
}

impl Administrator {
    /// The `by` of events.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::AtTheSocket => AT_THE_SOCKET,
            Self::Client { id, .. } => id.as_str(),
        }
    }

    /// Whether an error may name what was not asked for: whoever only issues tokens is not told
    /// what else there is.
    pub(super) const fn reads(&self) -> bool {
        match self {
            Self::AtTheSocket => true,
            Self::Client { reads, .. } => *reads,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Administrator {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AdminError> {
        let known = parts.extensions.get::<Self>().cloned();
        // Nothing is done that would be done in nobody's name.
        known.ok_or_else(|| {
            tracing::error!("a request reached the admin API past its guard");
            ErrorReply::internal().into()
        })
    }
}

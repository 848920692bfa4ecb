//! Whether the caller may introspect at all.

use std::ops::Deref;
use std::sync::Arc;

use thiserror::Error;

use crate::AuthenticatedCaller;
use crate::records::{ResourceServer, Standing};

/// An RS that has proved itself and may ask. Only [`authorize`] makes one.
#[derive(Clone, Debug)]
pub struct AuthorizedResourceServer(Arc<ResourceServer>);

impl Deref for AuthorizedResourceServer {
    type Target = ResourceServer;

    fn deref(&self) -> &ResourceServer {
        &self.0
    }
}

/// Why an authenticated caller may not introspect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AuthorizationError {
    /// It is a client (RFC 7662 section 4; requirement F617-01).
    #[error("the caller is not registered as a resource server")]
    NotAResourceServer,
    /// An administrator has stopped it.
    #[error("the resource server is suspended")]
    Suspended,
}

/// Lets resource servers in good standing pass, and nobody else. Decided
/// before any token is looked up.
pub fn authorize(
    caller: &AuthenticatedCaller,
) -> Result<AuthorizedResourceServer, AuthorizationError> {
    let resource_server = caller
        .resource_server()
        .ok_or(AuthorizationError::NotAResourceServer)?;
    match resource_server.standing {
        Standing::Good => Ok(AuthorizedResourceServer(Arc::clone(resource_server))),
        Standing::Suspended { .. } => Err(AuthorizationError::Suspended),
    }
}

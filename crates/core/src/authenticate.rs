//! Who is asking. The only place that makes an [`AuthenticatedCaller`].

use std::fmt;
use std::sync::Arc;

use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::secret::PresentedSecret;
use thiserror::Error;

use crate::records::{Client, Credentials, ResourceServer};
use crate::secret::SecretHash;
use crate::storage::{CallerRecord, CallerStore, StoreError};
use crate::time::Timestamp;

/// What a request presented to prove its caller: extracted, not yet judged.
#[derive(Debug)]
pub enum PresentedCredentials {
    /// `client_id` and secret, by the method they came in.
    ClientSecret {
        /// [`AuthenticationMethod::ClientSecretBasic`] or [`AuthenticationMethod::ClientSecretPost`].
        method: AuthenticationMethod,
        /// The claimed `client_id`.
        id: String,
        /// The secret.
        secret: PresentedSecret,
    },
}

/// A caller that has proved itself. Only [`authenticate`] makes one.
#[derive(Clone)]
pub struct AuthenticatedCaller(CallerRecord);

impl AuthenticatedCaller {
    /// The client that asks, if it is one.
    pub fn client(&self) -> Option<&Arc<Client>> {
        match &self.0 {
            CallerRecord::Client(client) => Some(client),
            CallerRecord::ResourceServer(_) => None,
        }
    }

    /// The resource server that asks, if it is one.
    pub fn resource_server(&self) -> Option<&Arc<ResourceServer>> {
        match &self.0 {
            CallerRecord::ResourceServer(resource_server) => Some(resource_server),
            CallerRecord::Client(_) => None,
        }
    }

    /// Its `client_id`.
    pub fn id(&self) -> &str {
        self.0.id()
    }
}

impl fmt::Debug for AuthenticatedCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthenticatedCaller({})", self.id())
    }
}

/// Why nobody was authenticated.
#[derive(Debug, Error)]
pub enum AuthenticationError {
    /// The credentials prove nothing. On the wire every reason looks the same.
    #[error("client authentication failed")]
    Failed(AuthenticationFailure),
    /// The store could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The private reason of a failed authentication: for events, never for the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationFailure {
    /// Nobody has this `client_id`.
    UnknownCaller,
    /// The caller is registered for another method.
    WrongMethod,
    /// No live secret matches.
    WrongSecret,
}

impl AuthenticationFailure {
    /// A name for logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownCaller => "unknown_caller",
            Self::WrongMethod => "wrong_method",
            Self::WrongSecret => "wrong_secret",
        }
    }
}

/// Decides whether the presented credentials are those of a registered caller.
///
/// An unknown id costs the same hashing and comparison as a wrong secret.
pub async fn authenticate(
    presented: &PresentedCredentials,
    callers: &impl CallerStore,
    now: Timestamp,
) -> Result<AuthenticatedCaller, AuthenticationError> {
    let PresentedCredentials::ClientSecret { method, id, secret } = presented;
    let presented = SecretHash::of(secret.expose());
    let Some(record) = callers.find_caller(id).await? else {
        let _ = SecretHash::OF_NOTHING.matches(&presented);
        return Err(AuthenticationError::Failed(
            AuthenticationFailure::UnknownCaller,
        ));
    };
    check_secret(record.credentials(), *method, &presented, now)
        .map_err(AuthenticationError::Failed)?;
    Ok(AuthenticatedCaller(record))
}

fn check_secret(
    registered: &Credentials,
    method: AuthenticationMethod,
    presented: &SecretHash,
    now: Timestamp,
) -> Result<(), AuthenticationFailure> {
    let matches = registered.has_secret(presented, now);
    if registered.method != method {
        return Err(AuthenticationFailure::WrongMethod);
    }
    if matches {
        Ok(())
    } else {
        Err(AuthenticationFailure::WrongSecret)
    }
}

//! A secret that is sent: `client_secret_basic` and `client_secret_post`
//! (RFC 6749 section 2.3.1).

use avouch_oauth::secret::PresentedSecret;

use super::{AuthenticationError, AuthenticationFailure, SecretMethod};
use crate::secret::SecretHash;
use crate::storage::{CallerRecord, CallerStore};
use crate::time::Timestamp;

/// An unknown id costs the same hashing and comparison as a wrong secret.
pub(super) async fn check(
    method: SecretMethod,
    id: &str,
    secret: &PresentedSecret,
    callers: &impl CallerStore,
    now: Timestamp,
) -> Result<CallerRecord, AuthenticationError> {
    let presented = SecretHash::of(secret.expose());
    let Some(record) = callers.find_caller(id).await? else {
        let _ = SecretHash::OF_NOTHING.matches(&presented);
        return Err(AuthenticationFailure::UnknownCaller.into());
    };
    let credentials = record.credentials();
    let matches = credentials.has_secret(&presented, now);
    if credentials.authentication.method() != method.method() {
        return Err(AuthenticationFailure::WrongMethod.into());
    }
    if matches {
        Ok(record)
    } else {
        Err(AuthenticationFailure::WrongSecret.into())
    }
}

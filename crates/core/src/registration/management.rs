//! Who may change what (RFC 7592): a registrant with its registration access
//! token, its own registration, and no resource server that is suspended.

use std::time::Duration;

use avouch_crypto::random::RandomError;
use avouch_crypto::seal::SealError;
use avouch_oauth::client_metadata::RegistrationUpdate;
use thiserror::Error;

use super::register::make_secret;
use super::{RegistrationContext, RegistrationError, update};
use crate::opaque_token::{OpaqueToken, TokenHash, TokenKind};
use crate::records::{Registration, RotationError, Standing};
use crate::secret::PlainSecret;
use crate::storage::{
    CallerRecord, CallerStore, Changed, RegisteredCaller, RegistrationStore, StoreError,
};
use crate::time::Timestamp;

/// How often a change that another came before is tried.
const TRIES: usize = 8;

/// Who a request claims to come from.
#[derive(Clone, Copy, Debug)]
pub struct Registrant<'a> {
    /// The registration access token it presents; ours, but perhaps not good.
    pub token: TokenHash,
    /// The `client_id` in the path.
    pub id: &'a str,
}

/// Why a registration is not read or changed.
#[derive(Debug, Error)]
pub enum ManagementError {
    /// The token is not good for this registration; there may be none.
    #[error("the registration access token is not good for this registration")]
    Token,
    /// An administrator has suspended the RS: its registration is frozen.
    #[error("this resource server is suspended: its registration can be read, not changed")]
    Suspended,
    /// What is asked for is refused.
    #[error(transparent)]
    Refused(#[from] RegistrationError),
    /// No further secret is made.
    #[error(transparent)]
    Rotation(#[from] RotationError),
    /// Other changes came before, again and again.
    #[error("other changes of this registration came in between")]
    Contended,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<RandomError> for ManagementError {
    fn from(error: RandomError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<SealError> for ManagementError {
    fn from(error: SealError) -> Self {
        Self::Refused(error.into())
    }
}

/// Finds the registration that the token is good for. If the token was handed
/// out by an update and not used before, the older ones end now, durably.
pub async fn authenticate_registrant(
    registrant: Registrant<'_>,
    store: &impl RegistrationStore,
) -> Result<RegisteredCaller, ManagementError> {
    let (found, ()) = change(registrant, store, |current| Ok((current.clone(), ()))).await?;
    Ok(found)
}

/// A registration after a change by its owner, with what is shown once.
#[derive(Debug)]
pub struct Updated {
    /// Caller and registration, as they are kept.
    pub registered: RegisteredCaller,
    /// Takes the place of the token presented once it is first used.
    pub token: OpaqueToken,
    /// A secret, where another method of authentication needs one.
    pub secret: Option<PlainSecret>,
}

/// Changes a registration as its owner says.
pub async fn update_registration(
    registrant: Registrant<'_>,
    asked: &RegistrationUpdate,
    context: &RegistrationContext<'_>,
    store: &impl RegistrationStore,
) -> Result<Updated, ManagementError> {
    let token = context.mint.mint(TokenKind::Registration, context.random)?;
    let (registered, secret) = change(registrant, store, |current| {
        in_good_standing(&current.caller)?;
        let (mut changed, secret) = update(current, asked, context)?;
        changed.registration.tokens = changed.registration.tokens.with(token.hash());
        Ok((changed, secret))
    })
    .await?;
    Ok(Updated {
        registered,
        token,
        secret,
    })
}

/// Makes a new client secret; the older ones work on for the overlap.
pub async fn renew_client_secret(
    registrant: Registrant<'_>,
    overlap: Duration,
    context: &RegistrationContext<'_>,
    store: &impl RegistrationStore,
) -> Result<(RegisteredCaller, PlainSecret), ManagementError> {
    change(registrant, store, |current| {
        in_good_standing(&current.caller)?;
        let credentials = current.caller.credentials();
        let kind = credentials.authentication.secret_kind();
        let (secret, stored) =
            make_secret(kind, registrant.id, context)?.ok_or(RotationError::NoSecret)?;
        let credentials = credentials.rotated(stored, overlap, context.now)?;
        let changed = RegisteredCaller {
            caller: current.caller.with_credentials(credentials),
            registration: current.registration.clone(),
        };
        Ok((changed, secret))
    })
    .await
}

/// Removes a registrant with all that hangs on it: secrets, registration, and
/// the tokens of a client or the resources of an RS.
pub async fn remove_registered(
    registrant: Registrant<'_>,
    store: &(impl RegistrationStore + CallerStore),
    now: Timestamp,
) -> Result<RegisteredCaller, ManagementError> {
    for _ in 0..TRIES {
        let found = authenticate_registrant(registrant, store).await?;
        in_good_standing(&found.caller)?;
        match store.remove_caller(&found.caller, now).await? {
            Changed::Done => return Ok(found),
            Changed::Meanwhile => {}
            Changed::Gone => return Err(ManagementError::Token),
        }
    }
    Err(ManagementError::Contended)
}

/// Reads, decides and writes, until nobody came in between.
async fn change<T>(
    registrant: Registrant<'_>,
    store: &impl RegistrationStore,
    decide: impl Fn(&RegisteredCaller) -> Result<(RegisteredCaller, T), ManagementError>,
) -> Result<(RegisteredCaller, T), ManagementError> {
    for _ in 0..TRIES {
        let found = store.find_registration(&registrant.token).await?;
        let found = found
            .filter(|found| found.caller.id() == registrant.id)
            .ok_or(ManagementError::Token)?;
        let tokens = found.registration.tokens.after_use_of(&registrant.token);
        let used = RegisteredCaller {
            caller: found.caller.clone(),
            registration: Registration {
                tokens,
                ..found.registration.clone()
            },
        };
        let decided = decide(&used);
        // A refusal is a use of the token too.
        let to = decided.as_ref().map_or(&used, |(changed, _)| changed);
        if *to == found {
            return decided;
        }
        match store.change_registration(&found, to).await? {
            Changed::Done => return decided,
            Changed::Meanwhile => {}
            Changed::Gone => return Err(ManagementError::Token),
        }
    }
    Err(ManagementError::Contended)
}

fn in_good_standing(caller: &CallerRecord) -> Result<(), ManagementError> {
    match caller {
        CallerRecord::ResourceServer(server) if server.standing != Standing::Good => {
            Err(ManagementError::Suspended)
        }
        CallerRecord::ResourceServer(_) | CallerRecord::Client(_) => Ok(()),
    }
}

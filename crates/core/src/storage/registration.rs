//! Registration: initial access tokens, and what came of them.

use super::{CallerRecord, StoreError};
use crate::id::InitialAccessTokenId;
use crate::opaque_token::TokenHash;
use crate::records::{InitialAccessToken, Registration};
use crate::time::Timestamp;

/// Keeps initial access tokens.
pub trait InitialAccessTokenStore {
    /// Keeps a new one.
    fn insert_initial_access_token(
        &self,
        token: &InitialAccessToken,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Finds one that is live at this instant: not expired, not withdrawn, not
    /// used up.
    fn find_initial_access_token(
        &self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<InitialAccessToken>, StoreError>> + Send;

    /// Every one that is not withdrawn, in the order of ids.
    fn list_initial_access_tokens(
        &self,
    ) -> impl Future<Output = Result<Vec<InitialAccessToken>, StoreError>> + Send;

    /// Withdraws one; `false` if there is none.
    fn remove_initial_access_token(
        &self,
        id: &InitialAccessTokenId,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;
}

/// A caller with its registration, as of one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisteredCaller {
    /// The client or RS.
    pub caller: CallerRecord,
    /// What it was registered with.
    pub registration: Registration,
}

/// What became of a change to a caller or its registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is made.
    Done,
    /// Nothing: caller or registration is not as it was read. Read again; what
    /// is read on this node then is not older than what was in the way.
    Meanwhile,
    /// Nothing: the caller was removed, or its registration was.
    Gone,
}

/// Keeps registrations beside the callers they are about. A registration ends
/// with its caller: [`super::CallerStore`]'s removals take it along, tokens and
/// all, in the same transaction.
pub trait RegistrationStore {
    /// Keeps a new caller with its registration and takes one use of the
    /// initial access token, if it was registered with one: all of it or
    /// nothing. `false` if the token is not live at this instant; two callers
    /// never get the same last use. `Conflict` as for
    /// [`super::CallerStore::insert_resource_server`], with the sharing of the
    /// registration's allowance, and if a registration token is in use already.
    fn register(
        &self,
        registered: &RegisteredCaller,
        initial_access_token: Option<&TokenHash>,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Whom this registration token manages. Never answered from a cache.
    fn find_registration(
        &self,
        token: &TokenHash,
    ) -> impl Future<Output = Result<Option<RegisteredCaller>, StoreError>> + Send;

    /// The registration of the caller with this id, if it has one.
    fn registration_of(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Registration>, StoreError>> + Send;

    /// Compares and sets: puts `to` in the place of `from` if both caller and
    /// registration still are what `from` says, to the last member. So no
    /// change is lost, and no removed caller comes back. Both must have one id
    /// and kind. `Conflict` as for [`super::CallerStore::change_caller`],
    /// with the sharing of the registration's allowance.
    fn change_registration(
        &self,
        from: &RegisteredCaller,
        to: &RegisteredCaller,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// Compares and sets: gives a caller the registration `to` in the place of
    /// `from`, or its first where that is `None`, if caller and registration
    /// still are what is said.
    fn give_registration(
        &self,
        caller: &CallerRecord,
        from: Option<&Registration>,
        to: &Registration,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;
}

//! What every storage engine guarantees, in words.
//!
//! The traits are narrow, one per record kind; [`Storage`] is their sum.
//!
//! **Durability.** When a write returns `Ok`, it survives `kill -9` and the
//! loss of power. When it returns `Err`, it may or may not have happened
//! ([`StoreError::Unavailable`] after the request was sent, for one): whoever
//! must know asks again. Every write here can be repeated safely or is refused
//! the second time ([`StoreError::Conflict`]).
//!
//! **Atomicity.** One call is one transaction: all of it or nothing.
//!
//! **Ordering.** A read that starts after a write has returned sees that write:
//! on the same node at once; on other nodes at once as far as it is not answered
//! from a cache, and after a stated time, a second unless configured otherwise,
//! where it is. The calls that may be answered from a cache say so.
//!
//! **Absence** is never cached: what was never found may be found by the next call.

mod caller_tokens;
mod callers;
mod keys;
mod moving;
mod registration;
mod replay;
mod tokens;

use thiserror::Error;

pub use caller_tokens::CallerTokenStore;
pub use callers::{CallerRecord, CallerStore, Page, RevisionHistory};
pub use keys::{KeyStore, KeysRevision, ServerSecret};
pub use moving::{
    Beginning, MovePlace, MoveSource, MoveTarget, MovedClient, MovedRecord, MovedResourceServer,
    MovedServerEpoch, RecordKind,
};
pub use registration::{Changed, InitialAccessTokenStore, RegisteredCaller, RegistrationStore};
pub use replay::{ReplayStore, Used};
pub use tokens::{IssuedBefore, Revoked, RevokedEverything, TokenStore};

/// Everything the server stores, behind one name.
pub trait Storage:
    TokenStore
    + CallerStore
    + CallerTokenStore
    + KeyStore
    + InitialAccessTokenStore
    + RegistrationStore
    + ReplayStore
    + Send
    + Sync
{
    /// Whether the engine answers: cheap, for readiness probes.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Cleans up what an engine noted of changes for its other nodes, as far as
    /// none needs it any more. Returns how many notes went. May take several
    /// transactions.
    fn trim_changes(&self) -> impl Future<Output = Result<u32, StoreError>> + Send;
}

/// Why a storage call failed, by who has to act.
#[derive(Debug, Error)]
pub enum StoreError {
    /// What was to be made is there already, or belongs to another.
    #[error("{0} is taken")]
    Conflict(Taken),
    /// The engine cannot be reached, is full, locked or shutting down: try later.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Cause),
    /// What was read back makes no sense: an operator has to look.
    #[error("the store holds a damaged record: {0}")]
    Damaged(#[source] Cause),
}

/// The engine's own account of a failure; free of secrets and tokens.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What a conflicting write wanted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Taken {
    /// A `client_id`, of a client or an RS.
    #[error("the client_id")]
    CallerId,
    /// A resource identifier that another RS serves alone.
    #[error("the resource identifier {0}")]
    Resource(String),
    /// A token hash, key id or revision number.
    #[error("the record")]
    Record,
}

//! One type for every engine: chosen at start; the embedded one is called without boxing.

use std::sync::Arc;

use avouch_core::id::{ClientId, GrantId, InitialAccessTokenId, ResourceServerId, SubjectId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{
    AccessToken, CallerToken, Client, FoundToken, Grant, InitialAccessToken, KeySchedule,
    Registration, ResourceServer, ResourceSharing, SigningKeyRecord, UsedProof,
};
use avouch_core::storage::{
    Beginning, CallerRecord, CallerStore, CallerTokenStore, Changed, InitialAccessTokenStore,
    IssuedBefore, KeyStore, KeysRevision, MovePlace, MoveSource, MoveTarget, MovedRecord, Page,
    RecordKind, RegisteredCaller, RegistrationStore, ReplayStore, RevisionHistory, Revoked,
    RevokedEverything, ServerSecret, Storage, StoreError, TokenStore, Used,
};
use avouch_core::time::Timestamp;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;

use crate::{PostgresStore, SqliteStore};

/// The engine that was chosen.
#[derive(Debug)]
pub enum AnyStore {
    /// The embedded engine.
    Sqlite(SqliteStore),
    /// A PostgreSQL database.
    Postgres(PostgresStore),
}

impl From<SqliteStore> for AnyStore {
    fn from(store: SqliteStore) -> Self {
        Self::Sqlite(store)
    }
}

impl From<PostgresStore> for AnyStore {
    fn from(store: PostgresStore) -> Self {
        Self::Postgres(store)
    }
}

/// Writes a trait's methods, each handing its arguments to the chosen engine.
macro_rules! dispatch {
    ($contract:ident { $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* }) => {
        impl $contract for AnyStore {
            $(
                async fn $method(&self, $($argument: $kind),*) -> Result<$answer, StoreError> {
                    match self {
                        Self::Sqlite(store) => store.$method($($argument),*).await,
                        // Boxed, so that whoever awaits the embedded engine carries none of
                        // this: beside a round trip, an allocation is nothing.
                        Self::Postgres(store) => Box::pin(store.$method($($argument),*)).await,
                    }
                }
            )*
        }
    };
}

dispatch!(Storage {
    fn ping() -> ();
    fn trim_changes() -> u32;
});

dispatch!(TokenStore {
    fn issue(grant: &Grant, token: &AccessToken) -> ();
    fn find_evenly(
        hash: &TokenHash,
        is_good: &(dyn Fn(&FoundToken) -> bool + Sync)
    ) -> Option<Arc<FoundToken>>;
    fn revoke_token(hash: &TokenHash, at: Timestamp) -> Revoked;
    fn revoke_grant(grant: &GrantId, at: Timestamp) -> Revoked;
    fn revoke_client(client: &ClientId, at: Timestamp) -> Revoked;
    fn revoke_subject(subject: &SubjectId, at: Timestamp) -> Revoked;
    fn revoke_everything(issued: IssuedBefore, at: Timestamp) -> RevokedEverything;
    fn remove_expired(before: Timestamp, limit: u32) -> u32;
});

dispatch!(CallerStore {
    fn find_caller(id: &str) -> Option<CallerRecord>;
    fn current_caller(id: &str) -> Option<CallerRecord>;
    fn insert_client(client: &Client) -> ();
    fn list_clients(page: Page<'_>) -> Vec<Arc<Client>>;
    fn insert_resource_server(rs: &ResourceServer, sharing: ResourceSharing) -> ();
    fn change_caller(from: &CallerRecord, to: &CallerRecord, sharing: ResourceSharing) -> Changed;
    fn remove_caller(from: &CallerRecord, at: Timestamp) -> Changed;
    fn list_resource_servers(page: Page<'_>) -> Vec<Arc<ResourceServer>>;
    fn resource_server_history(id: &ResourceServerId) -> RevisionHistory;
    fn is_served(resource: &ResourceIdentifier) -> bool;
    fn servers_of(resource: &ResourceIdentifier) -> Vec<Arc<ResourceServer>>;
    fn servers_meant_by(scope: &Scope) -> Vec<Arc<ResourceServer>>;
});

dispatch!(CallerTokenStore {
    fn insert_caller_token(token: &CallerToken) -> ();
    fn find_caller_token(hash: &TokenHash) -> Option<CallerToken>;
    fn remove_expired_caller_tokens(before: Timestamp, limit: u32) -> u32;
});

dispatch!(KeyStore {
    fn insert_signing_key(
        key: &SigningKeyRecord,
        rescheduled: &[(String, KeySchedule)],
        planned_on: KeysRevision
    ) -> ();
    fn signing_keys_revision() -> KeysRevision;
    fn signing_keys() -> Vec<SigningKeyRecord>;
    fn server_secret_or_insert(secret: ServerSecret, sealed: &[u8]) -> Vec<u8>;
    fn server_secret(secret: ServerSecret) -> Option<Vec<u8>>;
    fn reseal(keys: &[(String, Vec<u8>)], secrets: &[(ServerSecret, Vec<u8>)]) -> ();
});

dispatch!(InitialAccessTokenStore {
    fn insert_initial_access_token(token: &InitialAccessToken) -> ();
    fn find_initial_access_token(hash: &TokenHash, now: Timestamp) -> Option<InitialAccessToken>;
    fn list_initial_access_tokens() -> Vec<InitialAccessToken>;
    fn remove_initial_access_token(id: &InitialAccessTokenId) -> bool;
});

dispatch!(RegistrationStore {
    fn register(new: &RegisteredCaller, with: Option<&TokenHash>, now: Timestamp) -> bool;
    fn find_registration(token: &TokenHash) -> Option<RegisteredCaller>;
    fn registration_of(id: &str) -> Option<Registration>;
    fn change_registration(from: &RegisteredCaller, to: &RegisteredCaller) -> Changed;
    fn give_registration(
        caller: &CallerRecord,
        from: Option<&Registration>,
        to: &Registration
    ) -> Changed;
});

dispatch!(ReplayStore {
    fn use_once(proof: &UsedProof, quota: u32, now: Timestamp) -> Used;
    fn remove_expired_proofs(now: Timestamp, limit: u32) -> u32;
});

dispatch!(MoveSource {
    fn records_after(kind: RecordKind, after: Option<&[u8]>, limit: u32) -> Vec<MovedRecord>;
    fn count_records(kind: RecordKind) -> u64;
});

dispatch!(MoveTarget {
    fn begin_move(source: &[u8; 32]) -> Beginning;
    fn put_records(records: &[MovedRecord], place: &MovePlace) -> ();
    fn finish_move() -> ();
});

//! Everything that is kept, record by record in a fixed order: how one engine's
//! records come into another.
//!
//! What an engine derives (counters, caches, feeds, indexes) is not moved; the
//! engine that receives makes its own. What is left of those that were removed
//! is: an id is not given twice, and a history stays.

use std::collections::BTreeMap;

use avouch_oauth::resource::ResourceIdentifier;
use serde::Serialize;

use super::{RevisionHistory, ServerSecret, StoreError};
use crate::id::SubjectId;
use crate::records::{
    AccessToken, Allowance, CallerToken, Client, Epoch, Epochs, Grant, InitialAccessToken,
    Registration, ResourceServer, ResourceSharing, SigningKeyRecord, UsedProof,
};
use crate::time::Timestamp;

/// The kinds of record, in the order in which they can be written: none hangs
/// on one of a later kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Server secrets, sealed.
    ServerSecret,
    /// Signing keys, their private halves sealed.
    SigningKey,
    /// Clients, removed ones too, with secrets and epochs.
    Client,
    /// RSs, removed ones too, with secrets, resources and histories.
    ResourceServer,
    /// Registrations with their tokens.
    Registration,
    /// Initial access tokens, withdrawn ones too.
    InitialAccessToken,
    /// The epoch of all tokens; none if nothing was ever revoked with it.
    ServerEpoch,
    /// The epochs of subjects.
    SubjectEpoch,
    /// Grants, and when they were revoked.
    Grant,
    /// Access tokens.
    AccessToken,
    /// The access tokens of RSs.
    CallerToken,
    /// Proofs that were used.
    UsedProof,
}

impl RecordKind {
    /// All of them, in order.
    pub const ALL: [Self; 12] = [
        Self::ServerSecret,
        Self::SigningKey,
        Self::Client,
        Self::ResourceServer,
        Self::Registration,
        Self::InitialAccessToken,
        Self::ServerEpoch,
        Self::SubjectEpoch,
        Self::Grant,
        Self::AccessToken,
        Self::CallerToken,
        Self::UsedProof,
    ];

    /// What many of them are called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ServerSecret => "server secrets",
            Self::SigningKey => "signing keys",
            Self::Client => "clients",
            Self::ResourceServer => "resource servers",
            Self::Registration => "registrations",
            Self::InitialAccessToken => "initial access tokens",
            Self::ServerEpoch => "server epochs",
            Self::SubjectEpoch => "subject epochs",
            Self::Grant => "grants",
            Self::AccessToken => "access tokens",
            Self::CallerToken => "caller tokens",
            Self::UsedProof => "used proofs",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One record, whole.
#[derive(Clone, Debug)]
pub enum MovedRecord {
    /// A server secret.
    ServerSecret(ServerSecret, Vec<u8>),
    /// A signing key.
    SigningKey(Box<SigningKeyRecord>),
    /// A client.
    Client(Box<MovedClient>),
    /// An RS.
    ResourceServer(Box<MovedResourceServer>),
    /// The registration of the caller with this id.
    Registration(String, Box<Registration>),
    /// An initial access token, and whether it was withdrawn.
    InitialAccessToken(Box<InitialAccessToken>, bool),
    /// The epoch of all tokens.
    ServerEpoch(MovedServerEpoch),
    /// The epoch of a subject, and since when.
    SubjectEpoch(SubjectId, Epoch, Timestamp),
    /// A grant, and when it was revoked.
    Grant(Box<Grant>, Option<Timestamp>),
    /// An access token, and the epochs it was issued in. Its client is that of
    /// its grant.
    AccessToken(Box<AccessToken>, Epochs),
    /// The token of an RS.
    CallerToken(Box<CallerToken>),
    /// A proof that was used.
    UsedProof(UsedProof),
}

/// A client, in use or removed.
#[derive(Clone, Debug)]
pub struct MovedClient {
    /// Its record; without secrets if it was removed.
    pub client: Client,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
    /// Its epoch.
    pub epoch: Epoch,
    /// Since when; `None` in the first.
    pub epoch_since: Option<Timestamp>,
}

/// What was revoked of everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MovedServerEpoch {
    /// The epoch.
    pub epoch: Epoch,
    /// Since when; `None` in the first.
    pub epoch_since: Option<Timestamp>,
    /// Tokens that bear this instant, or an earlier one, are dead.
    pub revoked_until: Option<Timestamp>,
}

/// An RS, in use or removed.
#[derive(Clone, Debug)]
pub struct MovedResourceServer {
    /// Its record; without secrets and resources if it was removed.
    pub server: ResourceServer,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
    /// How it was given each of its resources.
    pub resources: BTreeMap<ResourceIdentifier, ResourceSharing>,
    /// Every revision of its profiles and policy.
    pub history: RevisionHistory,
}

impl MovedRecord {
    /// Its kind.
    pub const fn kind(&self) -> RecordKind {
        match self {
            Self::ServerSecret(..) => RecordKind::ServerSecret,
            Self::SigningKey(_) => RecordKind::SigningKey,
            Self::Client(_) => RecordKind::Client,
            Self::ResourceServer(_) => RecordKind::ResourceServer,
            Self::Registration(..) => RecordKind::Registration,
            Self::InitialAccessToken(..) => RecordKind::InitialAccessToken,
            Self::ServerEpoch(_) => RecordKind::ServerEpoch,
            Self::SubjectEpoch(..) => RecordKind::SubjectEpoch,
            Self::Grant(..) => RecordKind::Grant,
            Self::AccessToken(..) => RecordKind::AccessToken,
            Self::CallerToken(_) => RecordKind::CallerToken,
            Self::UsedProof(_) => RecordKind::UsedProof,
        }
    }

    /// What it is found by, unique within its kind. Every engine has a kind in
    /// the order of these octets.
    pub fn key(&self) -> &[u8] {
        match self {
            Self::ServerSecret(secret, _) => secret.name().as_bytes(),
            Self::SigningKey(key) => key.kid().as_bytes(),
            Self::Client(moved) => moved.client.id.as_str().as_bytes(),
            Self::ResourceServer(moved) => moved.server.id.as_str().as_bytes(),
            Self::Registration(caller, _) => caller.as_bytes(),
            Self::InitialAccessToken(token, _) => token.hash.as_bytes(),
            // There is one.
            Self::ServerEpoch(_) => b"server",
            Self::SubjectEpoch(subject, ..) => subject.as_str().as_bytes(),
            Self::Grant(grant, _) => grant.id.as_str().as_bytes(),
            Self::AccessToken(token, _) => token.hash.as_bytes(),
            Self::CallerToken(token) => token.hash.as_bytes(),
            Self::UsedProof(proof) => &proof.key,
        }
    }

    /// The record in one way of writing, the same whatever engine it comes
    /// from: two are the same if these octets are.
    pub fn canonical(&self) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::ServerSecret(secret, sealed) => serde_json::to_vec(&(secret.name(), sealed)),
            Self::SigningKey(key) => {
                let SigningKeyRecord {
                    public,
                    algorithm,
                    purpose,
                    sealed_private,
                    schedule,
                } = &**key;
                serde_json::to_vec(&(public, algorithm, purpose, sealed_private, schedule))
            }
            Self::Client(moved) => {
                let MovedClient {
                    client,
                    removed_at,
                    epoch,
                    epoch_since,
                } = &**moved;
                serde_json::to_vec(&(client, removed_at, epoch, epoch_since))
            }
            Self::ResourceServer(moved) => {
                let MovedResourceServer {
                    server,
                    removed_at,
                    resources,
                    history,
                } = &**moved;
                let RevisionHistory {
                    profiles,
                    policies,
                    access_tokens,
                } = history;
                let resources: Vec<_> = resources.iter().collect();
                serde_json::to_vec(&(
                    server,
                    removed_at,
                    resources,
                    profiles,
                    policies,
                    access_tokens,
                ))
            }
            Self::Registration(caller, registration) => {
                let Registration {
                    approval,
                    allowance,
                    narrowed,
                    software,
                    tokens,
                } = &**registration;
                let Allowance {
                    kinds,
                    resources,
                    sharing,
                } = allowance;
                let allowance = (kinds, resources, sharing);
                let tokens = tokens.hashes();
                serde_json::to_vec(&(caller, approval, allowance, narrowed, software, tokens))
            }
            Self::InitialAccessToken(token, withdrawn) => serde_json::to_vec(&(token, withdrawn)),
            Self::ServerEpoch(moved) => serde_json::to_vec(moved),
            Self::SubjectEpoch(subject, epoch, since) => {
                serde_json::to_vec(&(subject, epoch, since))
            }
            Self::Grant(grant, revoked_at) => serde_json::to_vec(&(grant, revoked_at)),
            Self::AccessToken(token, issued_in) => serde_json::to_vec(&(token, issued_in)),
            Self::CallerToken(token) => {
                let CallerToken {
                    hash,
                    id,
                    resource_server,
                    confirmation,
                    issued_at,
                    expires_at,
                } = &**token;
                serde_json::to_vec(&(
                    hash,
                    id,
                    resource_server,
                    confirmation,
                    issued_at,
                    expires_at,
                ))
            }
            Self::UsedProof(proof) => {
                let UsedProof {
                    key,
                    owner,
                    expires_at,
                } = proof;
                serde_json::to_vec(&(key, owner, expires_at))
            }
        }
    }
}

/// How far a move is: what comes next follows this record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovePlace {
    /// The kind that is being written.
    pub kind: RecordKind,
    /// The key of the last record of it; `None` if there is none yet.
    pub after: Option<Vec<u8>>,
}

impl MovePlace {
    /// Where every move begins.
    pub const START: Self = Self {
        kind: RecordKind::ALL[0],
        after: None,
    };
}

/// What a target says to a move into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Go on from here.
    From(MovePlace),
    /// Nothing: there are records in it that did not come by a move.
    InUse,
    /// Nothing: a move from another source into it is not finished.
    OfAnother,
}

/// Gives its records away, in order.
pub trait MoveSource {
    /// The records of a kind after this key, or from the first, in the order of
    /// the octets of their keys, at most `limit`. Fewer are the last.
    fn records_after(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<MovedRecord>, StoreError>> + Send;

    /// How many records of a kind there are.
    fn count_records(
        &self,
        kind: RecordKind,
    ) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// Takes records in, and remembers how far it is.
///
/// From its beginning to its end a move leaves a mark, and no server opens a
/// store that bears it: half the tokens look like a server that lost half.
pub trait MoveTarget: MoveSource {
    /// Begins a move from the source of this name, or goes on with it. An empty
    /// store is marked; one with records in it, or marked by another, is left
    /// alone.
    fn begin_move(
        &self,
        source: &[u8; 32],
    ) -> impl Future<Output = Result<Beginning, StoreError>> + Send;

    /// Writes records and the place that follows them, all or nothing.
    fn put_records(
        &self,
        records: &[MovedRecord],
        place: &MovePlace,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Takes the mark away: the store can be served from now on.
    fn finish_move(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

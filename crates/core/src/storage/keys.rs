//! Signing keys and the server's other secrets. Everything private is sealed
//! before it comes here.

use super::StoreError;
use crate::records::{KeySchedule, SigningKeyRecord};

/// A secret of the server that is no signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServerSecret {
    /// Makes and checks opaque tokens ([`crate::opaque_token::TokenMint`]).
    TokenCheck,
    /// Derives pairwise subjects ([`crate::introspection::PairwiseSubjects`]).
    PairwiseSubjects,
    /// Seals client secrets that both sides keep ([`crate::client_secrets::ClientSecrets`]).
    ClientSecrets,
    /// Makes the nonces of `DPoP` proofs ([`avouch_oauth::dpop::NonceKey`]).
    DpopNonces,
}

impl ServerSecret {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::TokenCheck,
        Self::PairwiseSubjects,
        Self::ClientSecrets,
        Self::DpopNonces,
    ];

    /// The name it is stored under, also bound into its seal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TokenCheck => "token check",
            Self::PairwiseSubjects => "pairwise subjects",
            Self::ClientSecrets => "client secrets",
            Self::DpopNonces => "DPoP nonces",
        }
    }
}

/// Which signing keys there are, and their schedules: as many as this. No key
/// is ever removed, and schedules change with a new key alone, so that another
/// set has another number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct KeysRevision(u64);

impl KeysRevision {
    /// That of a set with so many keys.
    pub const fn new(keys: u64) -> Self {
        Self(keys)
    }

    /// That of these keys, which must be all there are.
    pub fn of(keys: &[SigningKeyRecord]) -> Self {
        Self(u64::try_from(keys.len()).unwrap_or(u64::MAX))
    }

    /// How many keys there are.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Keeps signing keys and server secrets.
pub trait KeyStore {
    /// Keeps a new key and, in the same transaction, the changed schedules of
    /// others (named by `kid`) that it follows. Compares and sets: `Conflict`
    /// if the keys are not those of the revision `planned_on` any more, as two
    /// nodes that rotate at once would make. Of several, one is kept; the
    /// others have to look again.
    fn insert_signing_key(
        &self,
        key: &SigningKeyRecord,
        rescheduled: &[(String, KeySchedule)],
        planned_on: KeysRevision,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every key, retired ones too, oldest first. Never answered from a cache.
    fn signing_keys(
        &self,
    ) -> impl Future<Output = Result<Vec<SigningKeyRecord>, StoreError>> + Send;

    /// Whether what is known of the keys is still all there is. On the path of
    /// every request that a key is needed for: answered from a cache where it
    /// can be, on the terms of [`super::TokenStore::find`].
    fn signing_keys_revision(
        &self,
    ) -> impl Future<Output = Result<KeysRevision, StoreError>> + Send;

    /// Keeps a sealed secret if there is none of its name, and returns the one
    /// that is kept: with two nodes starting at once both get the same.
    fn server_secret_or_insert(
        &self,
        secret: ServerSecret,
        sealed: &[u8],
    ) -> impl Future<Output = Result<Vec<u8>, StoreError>> + Send;

    /// The sealed secret of this name, if there is one.
    fn server_secret(
        &self,
        secret: ServerSecret,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;

    /// Replaces sealed blobs after the sealing key changed, all or none.
    /// `signing_keys` are named by `kid`.
    fn reseal(
        &self,
        signing_keys: &[(String, Vec<u8>)],
        secrets: &[(ServerSecret, Vec<u8>)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

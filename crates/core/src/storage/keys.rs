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

/// Keeps signing keys and server secrets.
pub trait KeyStore {
    /// Keeps a new key and, in the same transaction, the changed schedules of
    /// others (named by `kid`) that it follows.
    fn insert_signing_key(
        &self,
        key: &SigningKeyRecord,
        rescheduled: &[(String, KeySchedule)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Every key, retired ones too, oldest first.
    fn signing_keys(
        &self,
    ) -> impl Future<Output = Result<Vec<SigningKeyRecord>, StoreError>> + Send;

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

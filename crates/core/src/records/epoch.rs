//! Epochs: what a revocation of many tokens ends, without a clock.

use serde::{Deserialize, Serialize};

/// How often all tokens of a client, of a subject, or of everybody were
/// revoked. Each such revocation begins the next epoch.
///
/// A token is good in the epochs it was issued in and in no other. These are
/// counts, not instants: which of two came first was settled by the database,
/// and no clock of any server has a say in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(u64);

impl Epoch {
    /// Before the first revocation.
    pub const FIRST: Self = Self(0);

    /// The epoch after so many revocations.
    pub const fn new(revocations: u64) -> Self {
        Self(revocations)
    }

    /// How many revocations came before it.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The epochs that count for a token: those it was issued in, or those there
/// are now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epochs {
    /// That of all tokens there are.
    pub server: Epoch,
    /// That of its client.
    pub client: Epoch,
    /// That of its subject; the first where there is none.
    pub subject: Epoch,
}

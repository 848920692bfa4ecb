//! Mass revocation.

use avouch_core::id::{ClientId, GrantId, SubjectId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// Kills every token issued until now under one grant, to one client, or for
/// one subject.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RevokeAll {
    /// Under this grant.
    Grant(#[schemars(with = "schema::Identifier")] GrantId),
    /// To this client, which stays registered.
    Client(#[schemars(with = "schema::Identifier")] ClientId),
    /// For this subject, at whatever client.
    Subject(#[schemars(with = "schema::Subject")] SubjectId),
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevokedAll {
    /// Tokens issued at or before this instant are dead.
    pub revoked_before: u64,
    /// Whether this request moved that instant.
    pub outcome: Outcome,
}

/// Whether a revocation changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did.
    Now,
    /// It was so before.
    Already,
}

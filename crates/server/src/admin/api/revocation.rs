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
    /// When, by the clock of the server that did it. Which tokens are dead does
    /// not depend on any clock: all that were issued before this request.
    pub at: u64,
    /// `already` for a grant that was revoked before. A client or subject can
    /// be revoked again and again: each time for what was issued meanwhile.
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

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

/// Kills everything that was issued: every access token under any grant, to any
/// client, for any subject, the access tokens of resource servers, and initial
/// access tokens. Records, secrets and registrations stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeEverything {
    /// Until when it was issued.
    pub issued_before: IssuedBefore,
}

/// `"now"`, or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "issued_before is \"now\", or a whole number of seconds since 1970 UTC"
)]
pub enum IssuedBefore {
    /// What bears this second, or an earlier one, as that of its issue (`iat`).
    /// It is compared with what the clocks of the servers said. Not to come.
    Instant(u64),
    /// All that was issued before this request, whatever any clock said.
    Now(Now),
}

/// The word `now`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Now {
    /// Now.
    Now,
}

impl IssuedBefore {
    /// All that was issued before the request.
    pub const NOW: Self = Self::Now(Now::Now);
}

/// What ended, beside access tokens: these are not touched one by one, and not
/// counted.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct RevokedEverything {
    /// When, by the clock of the server that did it.
    pub at: u64,
    /// Access tokens of resource servers, expired ones included until they are
    /// cleaned away.
    pub caller_tokens: u64,
    /// Initial access tokens.
    pub initial_access_tokens: u64,
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

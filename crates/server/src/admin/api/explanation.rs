//! Why a resource server is told what it is told.

use avouch_core::id::{ResourceServerId, TokenId};
use avouch_core::introspection::ExplainedMember;
use avouch_oauth::secret::IssuedSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// The token and the resource server a question is about.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Explain {
    /// The token itself.
    #[schemars(with = "String")]
    pub token: IssuedSecret,
    /// Who would ask.
    #[schemars(with = "schema::Identifier")]
    pub resource_server: ResourceServerId,
}

/// What a resource server would be told of a token now, and why. Of claims only the names.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Whether the token is active for it.
    pub active: bool,
    /// Why not, such as `expired` or `foreign_audience`. The resource server is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The token's `jti`, if it is one of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<schema::Identifier>")]
    pub jti: Option<TokenId>,
    /// Whether it may ask at all.
    pub suspended: bool,
    /// The revision of its profile in force.
    pub profile_revision: u32,
    /// Since when, in seconds since 1970 UTC.
    pub profile_since: u64,
    /// The revision of its release policy in force.
    pub policy_revision: u32,
    /// Since when, in seconds since 1970 UTC.
    pub policy_since: u64,
    /// What would be signed with which algorithm, and encrypted if it would.
    pub secured_with: Vec<String>,
    /// Where the key is published that its answers are encrypted to. It is fetched when the
    /// resource server asks, not for this explanation: without it there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_jwks_uri: Option<String>,
    /// Everything the token could tell, and what becomes of it. Empty if it is not active.
    #[schemars(with = "Vec<schema::ExplainedMember>")]
    pub members: Vec<ExplainedMember>,
}

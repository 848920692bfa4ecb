//! Clients and resource servers.

use avouch_core::apply::{ClientDescription, ResourceServerDescription};
use avouch_core::id::ResourceServerId;
use avouch_core::records::{AccessTokenProfile, JwtProfile, ReleasePolicy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RegistrationEntry, schema};

/// Orders a new secret.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSecret {
    /// Seconds for which the older secrets still work. 0 ends them at once.
    #[serde(default)]
    pub overlap: u64,
}

/// A client.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClientEntry {
    /// As it would be described; can be sent back with PUT.
    #[schemars(with = "schema::ClientDescription")]
    pub description: ClientDescription,
    /// Its live secrets, without what they are.
    pub secrets: Vec<SecretEntry>,
    /// When it was registered.
    pub registered_at: u64,
    /// What it manages its registration within. Absent where it does not: an
    /// administrator registered it, and handed out no registration access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationEntry>,
}

/// Clients in the order of their ids.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ClientList {
    /// One page of them.
    pub clients: Vec<ClientEntry>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A resource server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResourceServerEntry {
    /// As it would be described; can be sent back with PUT. `shared` is asked
    /// for at each write and not kept, so it always shows as false.
    #[schemars(with = "schema::ResourceServerDescription")]
    pub description: ResourceServerDescription,
    /// The number of the profile in force.
    pub profile_revision: u32,
    /// The number of the release policy in force.
    pub policy_revision: u32,
    /// The number of the access token profile in force.
    pub access_tokens_revision: u32,
    /// Its live secrets, without what they are.
    pub secrets: Vec<SecretEntry>,
    /// When it was registered.
    pub registered_at: u64,
    /// What it manages its registration within. Absent where it does not: an
    /// administrator registered it, and handed out no registration access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RegistrationEntry>,
}

/// Resource servers in the order of their ids.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ResourceServerList {
    /// One page of them.
    pub resource_servers: Vec<ResourceServerEntry>,
    /// What to send as `after` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A secret, without what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretEntry {
    /// When it was made.
    pub created_at: u64,
    /// From when on it no longer works, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
}

/// How a resource server's answers were secured, what it could learn, and how
/// its access tokens were made, at every instant since it was registered.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// Whose.
    #[schemars(with = "schema::Identifier")]
    pub id: ResourceServerId,
    /// Every profile, oldest first.
    #[schemars(with = "Vec<RevisionEntry<schema::Profile>>")]
    pub profiles: Vec<RevisionEntry<JwtProfile>>,
    /// Every release policy, oldest first.
    #[schemars(with = "Vec<RevisionEntry<schema::ReleasePolicy>>")]
    pub policies: Vec<RevisionEntry<ReleasePolicy>>,
    /// Every access token profile, oldest first.
    #[schemars(with = "Vec<RevisionEntry<schema::AccessTokenProfile>>")]
    pub access_tokens: Vec<RevisionEntry<AccessTokenProfile>>,
}

/// One revision.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Revision")]
pub struct RevisionEntry<T> {
    /// 1 for the first, then without gaps.
    pub number: u32,
    /// From when on it was in force, until the next.
    pub since: u64,
    /// What was in force.
    pub value: T,
}

//! Initial access tokens (RFC 7591 section 1.2): the right to register.

use avouch_oauth::resource::ResourceIdentifier;
use serde::{Deserialize, Serialize};

use super::AllowedResources;
use crate::id::InitialAccessTokenId;
use crate::opaque_token::TokenHash;
use crate::time::Timestamp;

/// An initial access token, without the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialAccessToken {
    /// What it is found by.
    pub hash: TokenHash,
    /// Its name, for lists and logs.
    pub id: InitialAccessTokenId,
    /// Whom it may register.
    pub kinds: RegistrationKinds,
    /// The resource identifiers it may give away.
    pub resources: AllowedResources,
    /// Whether a resource that another RS serves already may be given again.
    pub sharing: ResourceSharing,
    /// How many registrations are left; `None` is without limit.
    pub uses_left: Option<u32>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is good no longer, if ever.
    pub expires_at: Option<Timestamp>,
}

impl InitialAccessToken {
    /// Whether it may give this resource away.
    pub fn allows(&self, resource: &ResourceIdentifier) -> bool {
        match &self.resources {
            AllowedResources::Any => true,
            AllowedResources::Only(resources) => resources.contains(resource),
        }
    }
}

/// Whom an initial access token may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationKinds {
    /// Clients only.
    Clients,
    /// Resource servers only.
    ResourceServers,
    /// Either: an RS if the request carries `resource` or asks for no grant at
    /// all (`grant_types: []`), else a client.
    Both,
}

/// Whether a resource may belong to several RSs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceSharing {
    /// One RS only.
    Exclusive,
    /// Several may serve it.
    Shared,
}

//! What a right to register reaches: whom it makes, and what it may serve.

use avouch_oauth::resource::ResourceIdentifier;
use serde::{Deserialize, Serialize};

use super::AllowedResources;

/// How far an approval reaches. Kept with what was registered under it, so
/// that no update ever goes further.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// Whom it may register.
    pub kinds: RegistrationKinds,
    /// The resource identifiers it may give away.
    pub resources: AllowedResources,
    /// Whether a resource that another RS serves already may be given again.
    pub sharing: ResourceSharing,
}

impl Allowance {
    /// Whether it may give this resource away.
    pub fn allows(&self, resource: &ResourceIdentifier) -> bool {
        match &self.resources {
            AllowedResources::Any => true,
            AllowedResources::Only(resources) => resources.contains(resource),
        }
    }
}

/// Whom an approval may register.
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

//! Resource servers: those who ask what a token is worth. They are not clients.

use std::collections::BTreeSet;

use avouch_oauth::resource::ResourceIdentifier;
use serde::{Deserialize, Serialize};

use super::{
    AccessTokenProfile, Credentials, GrantType, JwtProfile, PublicDetails, ReleasePolicy, Revision,
};
use crate::id::ResourceServerId;
use crate::time::Timestamp;

/// A registered resource server (RS).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// The `client_id` it presents, and the `aud` of the statements it gets.
    pub id: ResourceServerId,
    /// Name and links for people.
    pub details: PublicDetails,
    /// How it proves itself.
    pub credentials: Credentials,
    /// The resources it serves (RFC 8707): a token is good here if its
    /// audience holds one of them.
    pub resources: BTreeSet<ResourceIdentifier>,
    /// How it may get a token of its own, which is good for introspection
    /// alone; none if it presents its credentials each time.
    pub grant_types: BTreeSet<GrantType>,
    /// Whether it may ask at all.
    pub standing: Standing,
    /// How its answers are secured, as now in force.
    pub profile: Revision<JwtProfile>,
    /// What it may learn, as now in force.
    pub policy: Revision<ReleasePolicy>,
    /// Which access tokens are for it and how they are made, as now in force.
    pub access_tokens: Revision<AccessTokenProfile>,
    /// When it was registered.
    pub registered_at: Timestamp,
}

impl ResourceServer {
    /// Whether a token with this audience is good here.
    pub fn serves_any_of(&self, audience: &[ResourceIdentifier]) -> bool {
        audience
            .iter()
            .any(|resource| self.resources.contains(resource))
    }
}

/// Whether an RS may ask at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It may.
    Good,
    /// An administrator has stopped it.
    Suspended {
        /// For the administrator's eyes, not the RS's.
        reason: String,
    },
}

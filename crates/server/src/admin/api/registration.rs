//! What a caller was registered with, and may change by itself (RFC 7592).

use avouch_core::apply::{AccessDescription, AnyResource};
use avouch_core::records::{AllowedResources, Approval, Registration, ResourceSharing};
use avouch_oauth::secret::IssuedSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::schema;

/// A registration that its owner manages by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RegistrationEntry {
    /// Who approved it.
    pub approved_by: Approver,
    /// The resources the approval reaches: no update takes another.
    #[schemars(with = "schema::Access")]
    pub resources: AccessDescription,
    /// Whether an update may take a resource that another resource server
    /// serves.
    #[schemars(with = "schema::Sharing")]
    pub sharing: ResourceSharing,
    /// What software it says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Which version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
}

/// Who gave the right to register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// An administrator, who registered it and handed out a registration access
    /// token later.
    Administrator,
    /// Whoever made the initial access token with this id.
    InitialAccessToken(String),
    /// This issuer, by a software statement.
    SoftwareStatement(String),
}

/// A fresh registration access token. The earlier ones end.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct FreshRegistrationToken {
    /// Whose registration it manages.
    pub client_id: String,
    /// Where.
    pub registration_client_uri: String,
    /// The token: given out this once.
    #[schemars(with = "String")]
    pub registration_access_token: IssuedSecret,
}

impl From<Approval> for Approver {
    fn from(approval: Approval) -> Self {
        match approval {
            Approval::Administrator => Self::Administrator,
            Approval::InitialAccessToken(id) => Self::InitialAccessToken(id.to_string()),
            Approval::SoftwareStatement(issuer) => Self::SoftwareStatement(issuer),
        }
    }
}

impl From<Registration> for RegistrationEntry {
    fn from(registration: Registration) -> Self {
        let Registration {
            approval,
            allowance,
            narrowed: _,
            software,
            tokens: _,
        } = registration;
        Self {
            approved_by: approval.into(),
            resources: match allowance.resources {
                AllowedResources::Any => AccessDescription::Any(AnyResource::Any),
                AllowedResources::Only(resources) => AccessDescription::Only(resources),
            },
            sharing: allowance.sharing,
            software_id: software.id,
            software_version: software.version,
        }
    }
}

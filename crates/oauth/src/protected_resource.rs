//! What a protected resource says of itself (RFC 9728).

use avouch_jose::strict_json::{self, JsonError};
use serde::{Deserialize, Serialize};

use crate::issuer::Issuer;
use crate::resource::ResourceIdentifier;

/// The path component of RFC 9728, section 3, behind `/.well-known/`.
pub const WELL_KNOWN: &str = "oauth-protected-resource";

/// The metadata document (RFC 9728, section 2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtectedResourceMetadata {
    /// The resource identifier. Whoever fetched the document for another one must not use it.
    pub resource: ResourceIdentifier,
    /// Whose access tokens it takes.
    #[serde(default)]
    pub authorization_servers: Vec<Issuer>,
    /// The scope values that mean something here.
    #[serde(default)]
    pub scopes_supported: Vec<String>,
    /// How access tokens are sent: `header`, `body` or `query`.
    #[serde(default)]
    pub bearer_methods_supported: Vec<String>,
    /// Its name, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Whether tokens that are bound to a client certificate are checked against it (RFC 8705).
    #[serde(default)]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// What `DPoP` proofs may be signed with.
    #[serde(default)]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether every access token has to be bound by `DPoP`.
    #[serde(default)]
    pub dpop_bound_access_tokens_required: bool,
}

/// Why a fetched document is not the metadata of the resource that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtectedResourceError {
    /// Not a metadata document.
    #[error("the protected resource metadata {0}")]
    Json(#[from] JsonError),
    /// Another resource's (RFC 9728, section 3.3).
    #[error("the metadata is of another protected resource")]
    OtherResource,
}

impl ProtectedResourceMetadata {
    /// The body of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 1024)
    }

    /// Reads a fetched document and drops it unless it is the one of the resource asked for.
    pub fn parse(
        json: &[u8],
        expected: &ResourceIdentifier,
    ) -> Result<Self, ProtectedResourceError> {
        let metadata: Self = strict_json::from_slice(json)?;
        if metadata.resource == *expected {
            Ok(metadata)
        } else {
            Err(ProtectedResourceError::OtherResource)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_9728_2_01_metadata_of_another_resource_is_dropped() {
        let own = ResourceIdentifier::parse("https://admin.example.com").unwrap();
        let other = ResourceIdentifier::parse("https://admin.example.com/").unwrap();
        let json = br#"{"resource":"https://admin.example.com","further":1}"#;
        let read = ProtectedResourceMetadata::parse(json, &own).unwrap();
        assert_eq!(read.resource, own);
        assert!(!read.dpop_bound_access_tokens_required && read.authorization_servers.is_empty());
        assert_eq!(
            ProtectedResourceMetadata::parse(json, &other),
            Err(ProtectedResourceError::OtherResource)
        );
        for bad in [&b"{}"[..], b"[]", br#"{"resource":"admin"}"#, b""] {
            let read = ProtectedResourceMetadata::parse(bad, &own);
            assert!(matches!(read, Err(ProtectedResourceError::Json(_))));
        }
    }
}

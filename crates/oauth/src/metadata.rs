//! Authorization server metadata (RFC 8414, section 2).

use crate::AuthenticationMethod;
use crate::issuer::Issuer;
use avouch_jose::strict_json::{self, JsonError};
use serde::{Deserialize, Serialize};

/// Where RFC 8414 metadata lives, below `/.well-known/`.
pub const WELL_KNOWN_OAUTH: &str = "oauth-authorization-server";
/// Where OpenID Connect Discovery looks, below `/.well-known/`.
pub const WELL_KNOWN_OPENID: &str = "openid-configuration";

/// The metadata document. What is `None` or empty is left out (RFC 8414, section 3.2).
///
/// Algorithms are plain names: a reader must be able to meet ones it does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerMetadata {
    /// The issuer, the same string as `iss` everywhere.
    pub issuer: String,
    /// RFC 8414.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// RFC 8414.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where the signing keys are published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// RFC 7591.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<String>,
    /// RFC 7662.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// RFC 7009.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// RFC 9126.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// The scope values worth telling.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Required by RFC 8414, yet left out while there is no authorization endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_types_supported: Vec<String>,
    /// RFC 8414.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// RFC 8414.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// RFC 7636.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// Methods at the token endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// Algorithms of client assertions at the token endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Methods at the introspection endpoint; also `Bearer` and `DPoP` where tokens may be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// Algorithms of client assertions at the introspection endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// Methods at the revocation endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// Algorithms of client assertions at the revocation endpoint.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// RFC 9701, section 7: how answers can be signed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_signing_alg_values_supported: Vec<String>,
    /// RFC 9701, section 7: how the content key of answers can be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_encryption_alg_values_supported: Vec<String>,
    /// RFC 9701, section 7: how the content of answers can be encrypted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspection_encryption_enc_values_supported: Vec<String>,
    /// RFC 9396.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details_types_supported: Vec<String>,
    /// RFC 9449.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// RFC 8705.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    /// RFC 8705, section 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtls_endpoint_aliases: Option<EndpointAliases>,
    /// RFC 9728: the resource identifiers this server issues tokens for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub protected_resources: Vec<String>,
    /// Where people read about this server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

/// Where the endpoints are for who authenticates with a certificate (RFC 8705, section 5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EndpointAliases {
    /// In place of the one in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// In place of the one in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<String>,
    /// In place of the one in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
}

/// The most characters of a foreign `issuer` that an error shows.
const MAX_SHOWN: usize = 200;

/// Why a fetched document is not the metadata of the server that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not JSON, or a member of the wrong type.
    #[error("the metadata is not acceptable: {0}")]
    Malformed(#[from] JsonError),
    /// The document speaks for another issuer (RFC 8414, section 3.3).
    #[error("the metadata is of {found:?}, not of {expected}, the issuer asked for")]
    OtherIssuer {
        /// The `issuer` of the document, shortened.
        found: String,
        /// The issuer asked for.
        expected: Issuer,
    },
}

impl ServerMetadata {
    /// A document with nothing but the issuer.
    pub fn new(issuer: &Issuer) -> Self {
        Self {
            issuer: issuer.as_str().to_owned(),
            ..Self::default()
        }
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 4096)
    }

    /// Reads a fetched document and drops it unless it is the one of the issuer asked for.
    pub fn parse(json: &[u8], expected: &Issuer) -> Result<Self, MetadataError> {
        let metadata: Self = strict_json::from_slice(json)?;
        if metadata.issuer != expected.as_str() {
            return Err(MetadataError::OtherIssuer {
                found: metadata.issuer.chars().take(MAX_SHOWN).collect(),
                expected: expected.clone(),
            });
        }
        Ok(metadata)
    }
}

/// The names of the methods, as metadata lists them.
pub fn method_names(methods: &[AuthenticationMethod]) -> Vec<String> {
    methods
        .iter()
        .map(|method| method.as_str().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn issuer() -> Issuer {
        Issuer::parse("https://as.example.com").unwrap()
    }

    #[test]
    fn row_8414_3_2_01_empty_arrays_are_left_out() {
        let json = ServerMetadata::new(&issuer()).to_json();
        assert_eq!(json, br#"{"issuer":"https://as.example.com"}"#);
    }

    #[test]
    fn row_8414_3_3_01_metadata_of_another_issuer_is_dropped() {
        let json = ServerMetadata::new(&issuer()).to_json();
        assert!(ServerMetadata::parse(&json, &issuer()).is_ok());
        let other = Issuer::parse("https://as.example.com/").unwrap();
        let error = ServerMetadata::parse(&json, &other).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the metadata is of \"https://as.example.com\", not of https://as.example.com/, the \
             issuer asked for"
        );
        let error = ServerMetadata::parse(b"{}", &other).unwrap_err();
        assert!(matches!(error, MetadataError::OtherIssuer { .. }));
        let long = format!(r#"{{"issuer": "{}"}}"#, "\\u001b".repeat(9000));
        let error = ServerMetadata::parse(long.as_bytes(), &other).unwrap_err();
        let shown = error.to_string();
        assert!(shown.len() < 2000 && !shown.contains('\u{1b}'), "{shown}");
        assert_eq!(
            ServerMetadata::parse(b"[]", &other),
            Err(MetadataError::Malformed(JsonError::NotAnObject))
        );
    }

    #[test]
    fn the_three_arrays_have_their_names() {
        let metadata = ServerMetadata {
            introspection_signing_alg_values_supported: vec!["RS256".into()],
            introspection_encryption_alg_values_supported: vec!["RSA-OAEP-256".into()],
            introspection_encryption_enc_values_supported: vec!["A128CBC-HS256".into()],
            ..ServerMetadata::new(&issuer())
        };
        let json = String::from_utf8(metadata.to_json()).unwrap();
        for member in [
            r#""introspection_signing_alg_values_supported":["RS256"]"#,
            r#""introspection_encryption_alg_values_supported":["RSA-OAEP-256"]"#,
            r#""introspection_encryption_enc_values_supported":["A128CBC-HS256"]"#,
        ] {
            assert!(json.contains(member), "{json}");
        }
    }

    #[test]
    fn unknown_members_are_ignored() {
        let json = br#"{"issuer":"https://as.example.com","colour":["blue"],"jwks_uri":"https://as.example.com/jwks.json"}"#;
        let metadata = ServerMetadata::parse(json, &issuer()).unwrap();
        assert_eq!(
            metadata.jwks_uri.as_deref(),
            Some("https://as.example.com/jwks.json")
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(json in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ServerMetadata::parse(&json, &issuer());
        }
    }
}

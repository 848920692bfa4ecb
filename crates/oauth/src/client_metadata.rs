//! Client metadata: what a client or resource server registers (RFC 7591), and
//! changes later (RFC 7592).

mod response;
mod update;

use crate::ErrorCode;
use crate::auth_method::AuthenticationMethod;
use crate::resource::ResourceIdentifier;
use crate::scope::Scope;
use avouch_jose::strict_json::{self, JsonError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use response::{
    ClientSecretResponse, IssuedClientSecret, RegistrationManagement, RegistrationResponse,
};
pub use update::RegistrationUpdate;

/// The metadata of RFC 7591, section 2, RFC 9701, section 6, and `resource`, which makes the
/// registrant a resource server. Unknown members are ignored; known ones have strict types.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// Where browsers are sent back to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// How the registrant authenticates; `client_secret_basic` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<AuthenticationMethod>,
    /// The one algorithm of its assertions; any that is supported if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The subject of its certificate (RFC 8705, section 2.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_subject_dn: Option<String>,
    /// A host in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_dns: Option<String>,
    /// A URI in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_uri: Option<String>,
    /// An IP address in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_ip: Option<String>,
    /// A mail address in its certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_client_auth_san_email: Option<String>,
    /// The grant types it may use. `None` (the default applies) is not the empty list (none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// The response types it may use. `None` (the default applies) is not the empty list (none).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_types: Option<Vec<String>>,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// A page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// A picture of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The scope it may ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// How to reach the people behind it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Its terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Its privacy policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Where its keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Its keys, a JWK Set not yet parsed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Map<String, Value>>,
    /// Whether its access tokens are always bound to a `DPoP` key (RFC 9449, section 5.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// Whether its access tokens are always bound to its certificate (RFC 8705, section 3.4).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// What software it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_id: Option<String>,
    /// Which version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_version: Option<String>,
    /// A signed statement about the software, returned unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_statement: Option<String>,
    /// The resource identifiers it serves: a string or an array.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "one_or_many")]
    pub resource: Vec<ResourceIdentifier>,
    /// RFC 9701, section 6: how its answers are signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// RFC 9701, section 6: how the content key of its answers is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_alg: Option<String>,
    /// RFC 9701, section 6: how the content of its answers is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_encrypted_response_enc: Option<String>,
}

/// Why a body is no metadata (`invalid_client_metadata`).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientMetadataError {
    /// Not strict JSON, or a member of the wrong type.
    #[error("the client metadata is not acceptable: {0}")]
    Malformed(#[from] JsonError),
    /// Keys by value and by reference (RFC 7591, section 2).
    #[error("jwks and jwks_uri must not be given together")]
    TwoKeySources,
    /// A content encryption without a key encryption (RFC 9701, section 6).
    #[error(
        "introspection_encrypted_response_enc needs introspection_encrypted_response_alg beside it"
    )]
    ContentEncryptionAlone,
    /// A member that only the server writes (RFC 7592, section 2.2).
    #[error("{0} must not be sent: only the server sets it")]
    SetByServer(&'static str),
    /// An update that does not say whom it is about (RFC 7592, section 2.2).
    #[error("an update carries the client_id, as a string")]
    NoClientId,
    /// A secret that is no string.
    #[error("client_secret is a string")]
    Secret,
}

impl ClientMetadata {
    /// Reads a request body and checks what can be checked without knowing the server.
    pub fn parse(json: &[u8]) -> Result<Self, ClientMetadataError> {
        Self::from_object(strict_json::object(json)?)
    }

    /// The same for an object that [`strict_json::object`] has parsed. A member that is `null` is
    /// one that is left out (RFC 7592, section 2.2).
    pub fn from_object(mut members: Map<String, Value>) -> Result<Self, ClientMetadataError> {
        members.retain(|_, value| !value.is_null());
        let metadata: Self = strict_json::from_object(members)?;
        if metadata.jwks.is_some() && metadata.jwks_uri.is_some() {
            return Err(ClientMetadataError::TwoKeySources);
        }
        if metadata.introspection_encrypted_response_enc.is_some()
            && metadata.introspection_encrypted_response_alg.is_none()
        {
            return Err(ClientMetadataError::ContentEncryptionAlone);
        }
        Ok(metadata)
    }
}

impl ClientMetadataError {
    /// The code on the wire.
    pub fn code(&self) -> ErrorCode {
        ErrorCode::InvalidClientMetadata
    }
}

mod one_or_many {
    use crate::resource::ResourceIdentifier;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(
        untagged,
        expecting = "resource must be an absolute URI or an array of such"
    )]
    enum OneOrMany {
        One(ResourceIdentifier),
        Many(Vec<ResourceIdentifier>),
    }

    pub(super) fn serialize<S: Serializer>(
        resources: &[ResourceIdentifier],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match resources {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<ResourceIdentifier>, D::Error> {
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(value: &Value) -> Result<ClientMetadata, ClientMetadataError> {
        ClientMetadata::parse(value.to_string().as_bytes())
    }

    #[test]
    fn row_7591_2_01_unknown_metadata_is_ignored() {
        let metadata = parse(&json!({"client_name": "shop", "colour": "blue"})).unwrap();
        assert_eq!(
            serde_json::to_value(&metadata).unwrap(),
            json!({"client_name": "shop"})
        );
    }

    #[test]
    fn no_grant_is_not_the_default_grant() {
        assert_eq!(parse(&json!({})).unwrap().grant_types, None);
        assert_eq!(
            parse(&json!({"grant_types": []})).unwrap().grant_types,
            Some(vec![])
        );
    }

    #[test]
    fn resource_is_a_string_or_an_array() {
        for (given, count) in [
            (json!("https://a.example"), 1),
            (json!(["https://a.example", "urn:b:c"]), 2),
            (json!([]), 0),
        ] {
            assert_eq!(
                parse(&json!({"resource": given})).unwrap().resource.len(),
                count
            );
        }
        for bad in [
            json!(1),
            json!("a"),
            json!([1]),
            json!({}),
            json!(["https://a.example/#"]),
        ] {
            assert!(parse(&json!({"resource": bad})).is_err(), "{bad}");
        }
    }

    #[test]
    fn row_7591_2_03_jwks_and_jwks_uri_exclude_each_other() {
        let both = json!({"jwks": {"keys": []}, "jwks_uri": "https://a.example/jwks"});
        let error = parse(&both).unwrap_err();
        assert_eq!(error, ClientMetadataError::TwoKeySources);
        assert_eq!(error.code(), ErrorCode::InvalidClientMetadata);
    }

    #[test]
    fn row_9701_6_08_content_encryption_needs_key_encryption() {
        let alone = json!({"introspection_encrypted_response_enc": "A256GCM"});
        assert_eq!(
            parse(&alone),
            Err(ClientMetadataError::ContentEncryptionAlone)
        );
        let mut both = alone;
        both["introspection_encrypted_response_alg"] = json!("RSA-OAEP-256");
        assert!(parse(&both).is_ok());
    }

    #[test]
    fn null_is_left_out() {
        let nulls = json!({"contacts": null, "client_name": null, "scope": null, "resource": null});
        assert_eq!(parse(&nulls), Ok(ClientMetadata::default()));
        assert!(parse(&json!({"contacts": [null]})).is_err());
    }

    #[test]
    fn types_are_strict_and_errors_quote_nothing() {
        for bad in [
            json!([]),
            json!({"client_name": 5}),
            json!({"contacts": "me"}),
            json!({"redirect_uris": "https://a.example"}),
            json!({"token_endpoint_auth_method": "s3cret"}),
            json!({"scope": ["a"]}),
            json!({"jwks": "s3cret"}),
        ] {
            let error = parse(&bad).unwrap_err();
            assert!(matches!(error, ClientMetadataError::Malformed(_)), "{bad}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        assert!(ClientMetadata::parse(br#"{"scope":"a","scope":"b"}"#).is_err());
    }

    proptest! {
        #[test]
        fn no_input_panics(json in "\\PC*") {
            let _ = ClientMetadata::parse(json.as_bytes());
        }
    }
}

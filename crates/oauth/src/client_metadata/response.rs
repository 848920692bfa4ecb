//! What a registrant is answered (RFC 7591, section 3.2.1; RFC 7592, section 3).

use super::ClientMetadata;
use crate::secret::IssuedSecret;
use serde::{Deserialize, Serialize};

/// The body of the answer: what is registered, and the credentials made for it. `Debug` hides
/// every secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegistrationResponse {
    /// The identifier made for the registrant.
    pub client_id: String,
    /// When it was made, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id_issued_at: Option<u64>,
    /// The secret and when it expires, both or neither.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<IssuedClientSecret>,
    /// Where the registration is managed and with what, both or neither.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub management: Option<RegistrationManagement>,
    /// All metadata as registered, replaced values and defaults included.
    #[serde(flatten)]
    pub metadata: ClientMetadata,
}

/// A client secret on its way to its owner.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IssuedClientSecret {
    /// The secret.
    pub client_secret: IssuedSecret,
    /// When it expires, in seconds; 0 is never.
    pub client_secret_expires_at: u64,
}

/// How the registrant reads, changes and removes its registration (RFC 7592, section 3).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegistrationManagement {
    /// Where.
    pub registration_client_uri: String,
    /// With which token.
    pub registration_access_token: IssuedSecret,
}

/// The answer to a registrant that asked for a new secret. No RFC has this call.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientSecretResponse {
    /// Whose.
    pub client_id: String,
    /// The secret and when it expires.
    #[serde(flatten)]
    pub secret: IssuedClientSecret,
}

impl RegistrationResponse {
    /// The body of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 1024)
    }
}

impl ClientSecretResponse {
    /// The body of the answer.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response() -> RegistrationResponse {
        RegistrationResponse {
            client_id: "rs-1".into(),
            client_id_issued_at: Some(1_514_797_892),
            secret: Some(IssuedClientSecret {
                client_secret: IssuedSecret::new("s3cret"),
                client_secret_expires_at: 0,
            }),
            management: Some(RegistrationManagement {
                registration_client_uri: "https://as.example/register/rs-1".into(),
                registration_access_token: IssuedSecret::new("t0ken"),
            }),
            metadata: ClientMetadata::parse(br#"{"resource":"https://a.example"}"#).unwrap(),
        }
    }

    #[test]
    fn row_7591_3_2_1_02_secret_and_expiry_come_together() {
        let mut response = response();
        let json = String::from_utf8(response.to_json()).unwrap();
        assert!(
            json.starts_with(concat!(
                r#"{"client_id":"rs-1","client_id_issued_at":1514797892,"client_secret":"s3cret","#,
                r#""client_secret_expires_at":0,"#
            )),
            "{json}"
        );
        let read: RegistrationResponse = serde_json::from_slice(&response.to_json()).unwrap();
        assert_eq!(read.secret.unwrap().client_secret.expose(), "s3cret");
        assert_eq!(read.metadata, response.metadata);

        response.secret = None;
        let json = String::from_utf8(response.to_json()).unwrap();
        assert!(!json.contains("secret"), "{json}");
        let read: RegistrationResponse = serde_json::from_str(&json).unwrap();
        assert!(read.secret.is_none());
    }

    #[test]
    fn row_7592_3_01_the_place_of_management_and_its_token_come_together() {
        let mut response = response();
        let json = String::from_utf8(response.to_json()).unwrap();
        assert!(
            json.contains(concat!(
                r#""registration_client_uri":"https://as.example/register/rs-1","#,
                r#""registration_access_token":"t0ken""#
            )),
            "{json}"
        );
        response.management = None;
        let json = String::from_utf8(response.to_json()).unwrap();
        assert!(!json.contains("registration_"), "{json}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", response());
        assert!(
            !shown.contains("s3cret") && !shown.contains("t0ken"),
            "{shown}"
        );
    }

    #[test]
    fn a_new_secret_comes_with_its_owner_and_its_end() {
        let answer = ClientSecretResponse {
            client_id: "rs-1".into(),
            secret: response().secret.unwrap(),
        };
        assert_eq!(
            answer.to_json(),
            br#"{"client_id":"rs-1","client_secret":"s3cret","client_secret_expires_at":0}"#
        );
    }
}

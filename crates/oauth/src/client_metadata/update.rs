//! What a registrant sends to change its registration (RFC 7592, section 2.2).

use super::ClientMetadataError;
use crate::secret::PresentedSecret;
use avouch_jose::strict_json;
use serde_json::{Map, Value};

/// Members that the server alone sets; an update that carries one is refused.
const SET_BY_SERVER: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// The body of an update: the whole record anew. Whose it is and that the secret is the current
/// one is for the server to check.
#[derive(Debug, Clone)]
pub struct RegistrationUpdate {
    /// Whom it is about.
    pub client_id: String,
    /// The secret, which an update may repeat and cannot change.
    pub client_secret: Option<PresentedSecret>,
    /// The metadata, not yet read.
    pub metadata: Map<String, Value>,
}

impl RegistrationUpdate {
    /// Reads the body.
    pub fn parse(json: &[u8]) -> Result<Self, ClientMetadataError> {
        let mut metadata = strict_json::object(json)?;
        for name in SET_BY_SERVER {
            if metadata.contains_key(name) {
                return Err(ClientMetadataError::SetByServer(name));
            }
        }
        let Some(Value::String(client_id)) = metadata.remove("client_id") else {
            return Err(ClientMetadataError::NoClientId);
        };
        let client_secret = match metadata.remove("client_secret") {
            None => None,
            Some(Value::String(secret)) => Some(PresentedSecret::new(secret)),
            Some(_) => return Err(ClientMetadataError::Secret),
        };
        Ok(Self {
            client_id,
            client_secret,
            metadata,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(value: &Value) -> Result<RegistrationUpdate, ClientMetadataError> {
        RegistrationUpdate::parse(value.to_string().as_bytes())
    }

    #[test]
    fn id_and_secret_are_taken_out_of_the_metadata() {
        let update =
            parse(&json!({"client_id": "c", "client_secret": "s3cret", "scope": "a"})).unwrap();
        assert_eq!(update.client_id, "c");
        assert!(!format!("{update:?}").contains("s3cret"));
        assert_eq!(update.client_secret.unwrap().expose(), "s3cret");
        assert_eq!(Value::Object(update.metadata), json!({"scope": "a"}));
        assert!(
            parse(&json!({"client_id": "c"}))
                .unwrap()
                .client_secret
                .is_none()
        );
    }

    #[test]
    fn row_7592_2_2_02_what_the_server_sets_is_refused_and_the_id_is_needed() {
        for name in SET_BY_SERVER {
            for value in [json!("x"), json!(0), Value::Null] {
                let mut body = json!({"client_id": "c"});
                body[name] = value;
                assert_eq!(
                    parse(&body).unwrap_err(),
                    ClientMetadataError::SetByServer(name)
                );
            }
        }
        for body in [
            json!({}),
            json!({"client_id": 5}),
            json!({"client_id": null}),
        ] {
            assert_eq!(parse(&body).unwrap_err(), ClientMetadataError::NoClientId);
        }
    }

    #[test]
    fn a_secret_is_a_string_and_no_error_repeats_it() {
        for secret in [json!(5), Value::Null, json!(["s3cret"])] {
            let error = parse(&json!({"client_id": "c", "client_secret": secret})).unwrap_err();
            assert_eq!(error, ClientMetadataError::Secret);
            assert!(!error.to_string().contains("s3cret"));
        }
        let twice = br#"{"client_id":"c","client_secret":"a","client_secret":"b"}"#;
        assert!(RegistrationUpdate::parse(twice).is_err());
    }

    proptest! {
        #[test]
        fn no_input_panics(json in "\\PC*") {
            let _ = RegistrationUpdate::parse(json.as_bytes());
        }
    }
}

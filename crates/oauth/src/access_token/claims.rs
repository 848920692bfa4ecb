//! The claims set of a JWT access token (RFC 9068, section 2.2).

use crate::introspection::{Audience, FurtherClaims};
use crate::{AuthorizationDetails, Confirmation, Scope};
use serde::Serialize;

/// What is written into an access token, in the order it is written. Whoever holds the token can
/// read it: the client, and everybody it is shown to.
///
/// The claims that RFC 9068 requires cannot be left out. There is no way to write an introspection
/// answer into it: `token_introspection` is no further claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccessTokenClaims {
    /// The issuer, exactly as in the metadata.
    pub iss: String,
    /// The subject, in the form made for the audience; for a client acting for itself, its
    /// `client_id`.
    pub sub: String,
    /// The resource indicators of the one the token is for.
    pub aud: Audience,
    /// The client the token was issued to.
    pub client_id: String,
    /// When the token expires, in seconds.
    pub exp: u64,
    /// When the token begins to be valid, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// When the token was issued, in seconds.
    pub iat: u64,
    /// The identifier of the token.
    pub jti: String,
    /// What it allows. An empty scope is not written.
    #[serde(skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// When the login behind the token happened, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// The authentication context of that login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The key the token is bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// What exactly was allowed (RFC 9396, section 9.1).
    #[serde(skip_serializing_if = "AuthorizationDetails::is_empty")]
    pub authorization_details: AuthorizationDetails,
    /// Claims about the subject.
    #[serde(flatten)]
    pub claims: FurtherClaims,
}

impl AccessTokenClaims {
    /// The bytes to sign.
    pub fn to_json(&self) -> Vec<u8> {
        crate::json::to_vec(self, 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::confirmation::Sha256Thumbprint;
    use serde_json::{Value, json};

    /// The claims that RFC 9068 prints in section 3, where it has them.
    fn smallest() -> AccessTokenClaims {
        AccessTokenClaims {
            iss: "https://authorization-server.example.com/".into(),
            sub: "5ba552d67".into(),
            aud: Audience::one("https://rs.example.com/"),
            client_id: "s6BhdRkqt3".into(),
            exp: 1_639_528_912,
            nbf: None,
            iat: 1_618_354_090,
            jti: "dbe39bf3a3ba4238a513f51d6e1691c4".into(),
            scope: Scope::default(),
            auth_time: None,
            acr: None,
            cnf: None,
            authorization_details: AuthorizationDetails::default(),
            claims: FurtherClaims::default(),
        }
    }

    #[test]
    fn row_9068_2_2_01_the_required_claims_are_always_there_and_nothing_else() {
        assert_eq!(
            String::from_utf8(smallest().to_json()).unwrap(),
            concat!(
                r#"{"iss":"https://authorization-server.example.com/","sub":"5ba552d67","#,
                r#""aud":"https://rs.example.com/","client_id":"s6BhdRkqt3","exp":1639528912,"#,
                r#""iat":1618354090,"jti":"dbe39bf3a3ba4238a513f51d6e1691c4"}"#
            )
        );
    }

    #[test]
    fn row_9068_2_2_01_scope_and_all_else_that_is_known_is_written() {
        let full = AccessTokenClaims {
            nbf: Some(1),
            scope: Scope::parse("openid profile reademail").unwrap(),
            auth_time: Some(2),
            acr: Some("high".into()),
            cnf: Some(Confirmation::x5t_s256(Sha256Thumbprint::from_bytes(
                [0; 32],
            ))),
            authorization_details: AuthorizationDetails::parse(r#"[{"type":"a"}]"#).unwrap(),
            claims: serde_json::from_value(json!({"family_name": "Doe"})).unwrap(),
            ..smallest()
        };
        let written: Value = serde_json::from_slice(&full.to_json()).unwrap();
        let mut expected: Value = serde_json::from_slice(&smallest().to_json()).unwrap();
        for (name, value) in [
            ("nbf", json!(1)),
            ("scope", json!("openid profile reademail")),
            ("auth_time", json!(2)),
            ("acr", json!("high")),
            ("cnf", json!({"x5t#S256": "A".repeat(43)})),
            ("authorization_details", json!([{"type": "a"}])),
            ("family_name", json!("Doe")),
        ] {
            expected[name] = value;
        }
        assert_eq!(written, expected);
    }
}

//! The claims set of a signed introspection answer (RFC 9701, section 5).

use super::response::USUAL;
use super::{ActiveToken, IntrospectionResponse};
use crate::json::ObjectWriter;

/// What the AS states to one resource server (RS) at one instant.
///
/// There is no way to put `sub` or `exp` beside `token_introspection`: whoever mistook the
/// statement for an access token or an ID token would need them (RFC 9701, section 5).
#[derive(Debug, Clone, Copy)]
pub struct StatementClaims<'a> {
    /// The issuer, exactly as in the metadata.
    pub iss: &'a str,
    /// The RS that asked: its `client_id`.
    pub aud: &'a str,
    /// When this answer was made, in seconds.
    pub iat: u64,
    /// Claims about the statement itself, for those who asked for them.
    pub further: FurtherStatementClaims<'a>,
    /// The answer.
    pub token_introspection: &'a IntrospectionResponse,
}

/// Registered claims that may stand at the top level (RFC 9701, section 5). All speak of the
/// statement and its question, none of the token's owner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FurtherStatementClaims<'a> {
    /// The name of this statement, never given twice.
    pub jti: Option<&'a str>,
    /// The base64url SHA-256 of the token asked about (RFC 9449, section 4.2).
    pub ath: Option<&'a str>,
    /// The `nonce` of the request.
    pub nonce: Option<&'a str>,
}

impl StatementClaims<'_> {
    /// The bytes to sign in the form of draft -08: the members stand at the top level, and
    /// `iss`, `aud` and `iat` there speak of the statement, not of the token.
    pub fn to_legacy_json(&self) -> Vec<u8> {
        let members = match self.token_introspection {
            IntrospectionResponse::Inactive => IntrospectionResponse::Inactive.to_json(),
            IntrospectionResponse::Active(token) => {
                let token = ActiveToken {
                    iss: None,
                    aud: None,
                    iat: None,
                    ..(**token).clone()
                };
                IntrospectionResponse::active(token).to_json()
            }
        };
        let mut claims = Vec::with_capacity(USUAL);
        let mut object = self.envelope(&mut claims);
        // An object that holds something: of `{a}` the `a}`.
        object.members(|buffer| buffer.extend_from_slice(&members[1..]));
        claims
    }

    /// The bytes to sign: members in the order above, no white space.
    ///
    /// The same claims give the same bytes, so a signature over them may be remembered.
    pub fn to_json(&self) -> Vec<u8> {
        let mut claims = Vec::with_capacity(USUAL);
        let mut object = self.envelope(&mut claims);
        let FurtherStatementClaims { jti, ath, nonce } = self.further;
        object.optional("jti", jti.as_ref());
        object.optional("ath", ath.as_ref());
        object.optional("nonce", nonce.as_ref());
        object.raw("token_introspection", |buffer| {
            self.token_introspection.write(buffer);
        });
        object.close();
        claims
    }

    fn envelope<'b>(&self, buffer: &'b mut Vec<u8>) -> ObjectWriter<'b> {
        let mut object = ObjectWriter::open(buffer);
        object.member("iss", self.iss);
        object.member("aud", self.aud);
        object.member("iat", &self.iat);
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::introspection::{ActiveToken, Audience, FurtherClaims};
    use serde_json::{Value, json};

    const INACTIVE: StatementClaims<'_> = StatementClaims {
        iss: "https://as.example.com/",
        aud: "rs-client-1",
        iat: 1_514_797_892,
        further: FurtherStatementClaims {
            jti: None,
            ath: None,
            nonce: None,
        },
        token_introspection: &IntrospectionResponse::Inactive,
    };

    /// The claims that RFC 9701, section 5, prints.
    fn example() -> IntrospectionResponse {
        let further =
            json!({"birthdate": "1982-02-01", "given_name": "John", "family_name": "Doe"});
        IntrospectionResponse::active(ActiveToken {
            iss: Some("https://as.example.com/".into()),
            aud: Some(Audience::one("https://rs.example.com/resource")),
            iat: Some(1_514_797_822),
            exp: Some(1_514_797_942),
            client_id: Some("paiB2goo0a".into()),
            scope: Some(Scope::parse("read write dolphin").unwrap()),
            sub: Some("Z5O3upPC88QrAjx00dis".into()),
            jti: Some("t1FoCCaZd4Xv4ORJUWVUeTZfsKhW30CQCrWDDjwXy6w".into()),
            claims: FurtherClaims::new(further.as_object().unwrap().clone()).unwrap(),
            ..ActiveToken::default()
        })
    }

    #[test]
    fn row_9701_5_08_an_inactive_token_is_one_member() {
        assert_eq!(
            String::from_utf8(INACTIVE.to_json()).unwrap(),
            r#"{"iss":"https://as.example.com/","aud":"rs-client-1","iat":1514797892,"token_introspection":{"active":false}}"#
        );
    }

    #[test]
    fn row_9701_5_07_the_claims_of_the_rfc_example_come_out() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/rfc9701-section5.json"
        );
        let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let made = StatementClaims {
            aud: "https://rs.example.com/resource",
            token_introspection: &example(),
            ..INACTIVE
        };
        let made: Value = serde_json::from_slice(&made.to_json()).unwrap();
        assert_eq!(made, vectors["cases"][0]["claims"]);
    }

    #[test]
    fn row_9701_5_07_the_jwt_holds_the_members_of_the_json_answer() {
        for response in [example(), IntrospectionResponse::Inactive] {
            let made = StatementClaims {
                token_introspection: &response,
                ..INACTIVE
            };
            let inside = String::from_utf8(response.to_json()).unwrap();
            let expected = format!(
                r#"{{"iss":"https://as.example.com/","aud":"rs-client-1","iat":1514797892,"token_introspection":{inside}}}"#
            );
            assert_eq!(String::from_utf8(made.to_json()).unwrap(), expected);
        }
    }

    #[test]
    fn row_9701_5_17_no_sub_and_no_exp_beside_it() {
        let response = example();
        let made = StatementClaims {
            token_introspection: &response,
            ..INACTIVE
        };
        let made: Value = serde_json::from_slice(&made.to_json()).unwrap();
        let names: Vec<_> = made.as_object().unwrap().keys().collect();
        assert_eq!(names, ["iss", "aud", "iat", "token_introspection"]);
    }

    #[test]
    fn row_9701_5_16_further_claims_stand_beside_the_answer_where_they_are_wanted() {
        let made = StatementClaims {
            further: FurtherStatementClaims {
                jti: Some("s-1"),
                ath: Some("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"),
                nonce: Some("n-1"),
            },
            ..INACTIVE
        };
        let made: Value = serde_json::from_slice(&made.to_json()).unwrap();
        let names: Vec<_> = made.as_object().unwrap().keys().collect();
        assert_eq!(
            names,
            [
                "iss",
                "aud",
                "iat",
                "jti",
                "ath",
                "nonce",
                "token_introspection"
            ]
        );
        assert_eq!(made["token_introspection"], json!({"active": false}));
    }

    #[test]
    fn the_same_claims_give_the_same_bytes() {
        let (one, two) = (example(), example());
        let json = |token_introspection| {
            StatementClaims {
                token_introspection,
                ..INACTIVE
            }
            .to_json()
        };
        assert_eq!(json(&one), json(&two));
    }
}

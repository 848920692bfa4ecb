//! The `typ` of statements, where a resource server (RS) cannot take the registered one.

use std::fmt;
use std::str::FromStr;

use avouch_jose::media_type;
use serde::{Deserialize, Serialize};

use crate::media_type::{
    ACCESS_TOKEN_JWT_TYP, CLIENT_AUTHENTICATION_JWT_TYP, DPOP_JWT_TYP, TOKEN_INTROSPECTION_JWT_TYP,
};

/// The longest `typ` that is taken, in octets.
const MAX_LENGTH: usize = 64;

/// Kinds of JWT that mean something else, at this issuer or to those who read its JWTs
/// (RFC 8725 section 3.11). A statement under one of these names could pass as another thing.
const OTHER_KINDS: [&str; 11] = [
    ACCESS_TOKEN_JWT_TYP,
    CLIENT_AUTHENTICATION_JWT_TYP,
    DPOP_JWT_TYP,
    "oauth-authz-req+jwt", // RFC 9101
    "oauth-authz-resp+jwt",
    "id_token+jwt",
    "logout+jwt",   // OpenID Connect Back-Channel Logout
    "secevent+jwt", // RFC 8417
    "entity-statement+jwt",
    "dc+sd-jwt",
    "kb+jwt",
];

/// A `typ` other than `token-introspection+jwt`, for an RS that cannot take that one.
///
/// RFC 9701 section 5 asks for the registered value, so this is a switch for old readers only.
/// It says what a statement is called and changes nothing else about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StatementTyp(Box<str>);

/// Why a `typ` is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StatementTypError {
    /// Empty, too long, or with characters that no media type has (RFC 6838 section 4.2).
    #[error("a typ is the name of a media type without application/, such as JWT")]
    Malformed,
    /// The name of another kind of JWT.
    #[error("this typ belongs to another kind of JWT: a statement must not pass as one")]
    OtherKind,
    /// What it is without any override.
    #[error("this is the typ of RFC 9701 already: leave the override out")]
    Registered,
}

impl StatementTyp {
    /// Takes a `typ` that no other kind of JWT has.
    pub fn new(typ: &str) -> Result<Self, StatementTypError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
        if typ.is_empty() || typ.len() > MAX_LENGTH || !typ.bytes().all(is_name) {
            return Err(StatementTypError::Malformed);
        }
        if media_type::matches(typ, TOKEN_INTROSPECTION_JWT_TYP) {
            return Err(StatementTypError::Registered);
        }
        if OTHER_KINDS
            .iter()
            .any(|kind| media_type::matches(typ, kind))
        {
            return Err(StatementTypError::OtherKind);
        }
        Ok(Self(typ.into()))
    }

    /// The value as it stands in the header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StatementTyp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for StatementTyp {
    type Err = StatementTypError;

    fn from_str(typ: &str) -> Result<Self, StatementTypError> {
        Self::new(typ)
    }
}

impl TryFrom<String> for StatementTyp {
    type Error = StatementTypError;

    fn try_from(typ: String) -> Result<Self, StatementTypError> {
        Self::new(&typ)
    }
}

impl From<StatementTyp> for String {
    fn from(typ: StatementTyp) -> Self {
        typ.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_c2id_02_an_override_is_never_the_name_of_another_kind_of_jwt() {
        for typ in OTHER_KINDS {
            for spelling in [typ.to_owned(), typ.to_uppercase()] {
                let refused = Err(StatementTypError::OtherKind);
                assert_eq!(StatementTyp::new(&spelling), refused, "{spelling}");
            }
        }
        assert_eq!(StatementTyp::new("JWT").unwrap().as_str(), "JWT");
        assert_eq!(
            StatementTyp::new("Token-Introspection+JWT"),
            Err(StatementTypError::Registered)
        );
    }

    #[test]
    fn an_override_is_a_name() {
        let long = "x".repeat(MAX_LENGTH + 1);
        for typ in ["", " ", "a b", "application/jwt", "a\"b", "a\n", "ä", &long] {
            let refused = Err(StatementTypError::Malformed);
            assert_eq!(StatementTyp::new(typ), refused, "{typ:?}");
        }
    }
}

//! Identifiers. Each kind is a type of its own, so that none is taken for another.

use std::fmt;

use avouch_crypto::random::{RandomError, SecureRandom};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest identifier that is accepted, in octets.
pub const MAX_LENGTH: usize = 128;

/// Why a string is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum IdError {
    /// The string is empty.
    #[error("an identifier must not be empty")]
    Empty,
    /// The string has more than [`MAX_LENGTH`] octets.
    #[error("an identifier has at most {MAX_LENGTH} characters")]
    TooLong,
    /// The string holds a character that is not allowed.
    #[error("an identifier holds only letters, digits and - . _ ~ : @")]
    Character,
}

fn check(text: &str, extra: &[u8]) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(IdError::TooLong);
    }
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || extra.contains(byte);
    if text.bytes().all(|byte| allowed(&byte)) {
        Ok(())
    } else {
        Err(IdError::Character)
    }
}

/// A fresh identifier with 128 random bits, after a prefix that tells its kind.
fn fresh(prefix: &str, random: &dyn SecureRandom) -> Result<String, RandomError> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(format!("{prefix}{}", avouch_jose::base64url::encode(bytes)))
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and keeps an identifier that somebody else chose.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text, b"-._~:@")?;
                Ok(Self(text.into()))
            }

            /// A fresh identifier with 128 random bits.
            pub fn generate(random: &dyn SecureRandom) -> Result<Self, RandomError> {
                fresh($prefix, random).map(|text| Self(text.into()))
            }

            /// The identifier as it goes over the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                check(&text, b"-._~:@")?;
                Ok(Self(text.into()))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }
    };
}

identifier! {
    /// The `client_id` of a client (RFC 6749 section 2.2).
    ClientId, "c-"
}
identifier! {
    /// The `client_id` that a resource server presents. It comes from the same
    /// name space as [`ClientId`], so that one string never means two callers.
    ResourceServerId, "rs-"
}
identifier! {
    /// The name of one grant.
    GrantId, "g-"
}
identifier! {
    /// The `jti` of an access token: tells tokens apart and says nothing else.
    TokenId, ""
}
identifier! {
    /// The name of an initial access token (RFC 7591 section 1.2), for lists and logs.
    InitialAccessTokenId, "iat-"
}
identifier! {
    /// The `jti` of a statement, where the resource server wants one.
    StatementId, "st-"
}

/// The `sub` of a resource owner, as the operator's login system knows it.
///
/// Any printable ASCII without blanks is taken; unlike `client_id` it is not
/// ours to choose.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubjectId(Box<str>);

impl SubjectId {
    /// Checks and keeps a subject identifier.
    pub fn new(text: &str) -> Result<Self, IdError> {
        check(text, b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")?;
        Ok(Self(text.into()))
    }

    /// The identifier itself: personal data, so it never enters a log line.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SubjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectId(..)")
    }
}

impl TryFrom<String> for SubjectId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(&text)
    }
}

impl From<SubjectId> for String {
    fn from(id: SubjectId) -> Self {
        id.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_identifier_may_hold() {
        assert!(ClientId::new("shop.example:4@eu_1~a-b").is_ok());
        assert_eq!(ClientId::new(""), Err(IdError::Empty));
        assert_eq!(ClientId::new("a b"), Err(IdError::Character));
        assert_eq!(ClientId::new("a\n"), Err(IdError::Character));
        assert_eq!(ClientId::new("ä"), Err(IdError::Character));
        assert_eq!(
            ClientId::new(&"a".repeat(MAX_LENGTH + 1)),
            Err(IdError::TooLong)
        );
        assert!(SubjectId::new("auth0|4711").is_ok());
        assert_eq!(SubjectId::new("a b"), Err(IdError::Character));
    }

    #[test]
    fn a_subject_does_not_show_in_debug() {
        let subject = SubjectId::new("erika").unwrap();
        assert!(!format!("{subject:?}").contains("erika"));
    }
}

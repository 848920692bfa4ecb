//! Scope: what a token is good for, in words (RFC 6749, section 3.3).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How many values one scope may have.
pub const MAX_SCOPE_TOKENS: usize = 256;
/// How long the whole scope may be, in bytes.
pub const MAX_SCOPE_LENGTH: usize = 8192;

/// A set of scope values, in the order first given, each once. Values are compared exactly.
///
/// On the wire it is one string with single spaces. The empty scope cannot be written in a
/// request; it arises when a scope is narrowed to nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// As on the wire, or empty.
    text: Box<str>,
}

/// Why a string is not a scope (`invalid_scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// No value at all.
    #[error("the scope is empty")]
    Empty,
    /// Two spaces in a row, or one at an end.
    #[error("scope values must be separated by exactly one space")]
    Spacing,
    /// A character that no scope value may have.
    #[error("a scope value has a character other than printable ASCII without quote and backslash")]
    Character,
    /// More than [`MAX_SCOPE_TOKENS`] or [`MAX_SCOPE_LENGTH`].
    #[error("the scope is longer than {MAX_SCOPE_TOKENS} values or {MAX_SCOPE_LENGTH} bytes")]
    TooLong,
}

impl Scope {
    /// Parses a scope string. A value that is repeated counts once.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Err(ScopeError::Empty);
        }
        if text.len() > MAX_SCOPE_LENGTH {
            return Err(ScopeError::TooLong);
        }
        let mut values: Vec<&str> = Vec::new();
        let mut repeated = false;
        for value in text.split(' ') {
            if value.is_empty() {
                return Err(ScopeError::Spacing);
            }
            if !value.bytes().all(is_scope_byte) {
                return Err(ScopeError::Character);
            }
            if values.contains(&value) {
                repeated = true;
            } else if values.len() == MAX_SCOPE_TOKENS {
                return Err(ScopeError::TooLong);
            } else {
                values.push(value);
            }
        }
        Ok(if repeated {
            Self::of(values, text.len())
        } else {
            Self { text: text.into() }
        })
    }

    /// The values, each of which is given once; at most `capacity` bytes with their spaces.
    fn of<'a>(values: impl IntoIterator<Item = &'a str>, capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity);
        for value in values {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(value);
        }
        Self { text: text.into() }
    }

    /// Whether the scope has no value.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        // Of an empty text one empty value would come out.
        self.text.split(' ').filter(|value| !value.is_empty())
    }

    /// The scope as it is written; empty if it has no value.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether this very value is in the scope.
    pub fn contains(&self, token: &str) -> bool {
        self.iter().any(|own| own == token)
    }

    /// Whether every value of this scope is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.iter().all(|token| other.contains(token))
    }

    /// The values that are in both, in the order of this scope.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        self.filter(|token| other.contains(token))
    }

    /// The values that the predicate keeps.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self::of(self.iter().filter(|token| keep(token)), self.text.len())
    }

    /// The values of both, this scope's first.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let further = other.iter().filter(|token| !self.contains(token));
        let capacity = self.text.len() + 1 + other.text.len();
        Self::of(self.iter().chain(further), capacity)
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Scope {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// As [`Scope::parse`], but `""` is the empty scope: other servers do send it in JSON.
impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match Self::parse(&text) {
            Err(ScopeError::Empty) => Ok(Self::default()),
            parsed => parsed.map_err(serde::de::Error::custom),
        }
    }
}

/// `scope-token`: `%x21 / %x23-5B / %x5D-7E`.
fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope(text: &str) -> Scope {
        Scope::parse(text).unwrap()
    }

    #[test]
    fn the_grammar_is_strict() {
        assert_eq!(Scope::parse(""), Err(ScopeError::Empty));
        for spacing in [" ", " a", "a ", "a  b"] {
            assert_eq!(
                Scope::parse(spacing),
                Err(ScopeError::Spacing),
                "{spacing:?}"
            );
        }
        for character in ["a\"", "a\\", "a\tb", "\u{fc}", "\u{7f}"] {
            assert_eq!(
                Scope::parse(character),
                Err(ScopeError::Character),
                "{character:?}"
            );
        }
    }

    #[test]
    fn size_and_count_are_bounded() {
        let many = |count: usize| {
            (0..count)
                .map(|i| i.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert!(Scope::parse(&many(MAX_SCOPE_TOKENS)).is_ok());
        assert_eq!(
            Scope::parse(&many(MAX_SCOPE_TOKENS + 1)),
            Err(ScopeError::TooLong)
        );
        assert_eq!(
            Scope::parse(&"a".repeat(MAX_SCOPE_LENGTH + 1)),
            Err(ScopeError::TooLong)
        );
    }

    #[test]
    fn a_scope_is_an_ordered_set() {
        assert_eq!(scope("b a b").to_string(), "b a");
        assert_eq!(
            scope("a b c").intersection(&scope("c a x")).to_string(),
            "a c"
        );
        assert_eq!(scope("a b").union(&scope("b c")).to_string(), "a b c");
        assert!(scope("a").is_subset(&scope("b a")));
        assert!(!scope("a A").is_subset(&scope("a")));
    }

    #[test]
    fn json_is_one_string() {
        assert_eq!(
            serde_json::to_string(&scope("read write")).unwrap(),
            r#""read write""#
        );
        assert_eq!(
            serde_json::from_str::<Scope>(r#""""#).unwrap(),
            Scope::default()
        );
        assert!(serde_json::from_str::<Scope>(r#"["read"]"#).is_err());
        assert!(serde_json::from_str::<Scope>(r#""a  b""#).is_err());
    }

    proptest! {
        #[test]
        fn parse_and_display_agree(text in "[!#-\\[\\]-~]{1,6}( [!#-\\[\\]-~]{1,6}){0,8}") {
            let once = scope(&text);
            prop_assert_eq!(&scope(&once.to_string()), &once);
            prop_assert!(text.split(' ').all(|token| once.contains(token)));
        }

        #[test]
        fn an_intersection_is_a_subset_of_both(a in "[a-e]( [a-e]){0,6}", b in "[a-e]( [a-e]){0,6}") {
            let both = scope(&a).intersection(&scope(&b));
            prop_assert!(both.is_subset(&scope(&a)) && both.is_subset(&scope(&b)));
        }

        #[test]
        fn no_input_panics(text in "\\PC*") {
            let _ = Scope::parse(&text);
        }
    }
}

//! For whom a token or a statement is (RFC 7519, section 4.1.3).

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// One value or several, as `aud` is written in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Audience(Vec<String>);

impl Audience {
    /// A single audience.
    pub fn one(value: impl Into<String>) -> Self {
        Self(vec![value.into()])
    }

    /// Several audiences, in order; `None` for an empty list, which says nothing.
    pub fn several(values: Vec<String>) -> Option<Self> {
        (!values.is_empty()).then_some(Self(values))
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether this very value is among them.
    pub fn contains(&self, value: &str) -> bool {
        self.iter().any(|own| own == value)
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => serializer.serialize_str(one),
            several => several.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Audience;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or an array of strings that is not empty")
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Audience, E> {
                Ok(Audience::one(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Audience, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Audience::several(values).ok_or_else(|| Error::invalid_length(0, &self))
            }
        }
        deserializer.deserialize_any(OneOrMany)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn row_7662_2_2_07_one_is_a_string_several_an_array() {
        assert_eq!(
            serde_json::to_string(&Audience::one("a")).unwrap(),
            r#""a""#
        );
        let several = Audience::several(vec!["a".into(), "b".into()]).unwrap();
        assert_eq!(serde_json::to_string(&several).unwrap(), r#"["a","b"]"#);
        assert_eq!(Audience::several(vec![]), None);
    }

    #[test]
    fn values_are_compared_exactly() {
        let audience = Audience::one("https://rs.example.com");
        assert!(audience.contains("https://rs.example.com"));
        assert!(!audience.contains("https://rs.example.com/"));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(values in proptest::collection::vec("\\PC{0,8}", 1..5)) {
            let audience = Audience::several(values).unwrap();
            let json = serde_json::to_string(&audience).unwrap();
            prop_assert_eq!(serde_json::from_str::<Audience>(&json).unwrap(), audience);
        }
    }
}

//! Rich authorization requests: what exactly was allowed (RFC 9396).

use avouch_jose::strict_json::Strict;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// How many details one token may have.
pub const MAX_DETAILS: usize = 64;
/// How long the JSON of a request parameter may be, in bytes.
pub const MAX_DETAILS_LENGTH: usize = 16 * 1024;
/// How deep arrays and objects may nest, the array of details itself included.
pub const MAX_DETAILS_DEPTH: usize = 16;

/// A list of authorization details, in the order given. May be empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct AuthorizationDetails(Vec<AuthorizationDetail>);

/// One object with a `type`; the type decides what the other members mean.
#[derive(Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct AuthorizationDetail {
    members: Map<String, Value>,
}

/// Why a value is no list of authorization details (`invalid_authorization_details`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationDetailsError {
    /// Longer than [`MAX_DETAILS_LENGTH`], more than [`MAX_DETAILS`], or nested deeper than
    /// [`MAX_DETAILS_DEPTH`].
    #[error("authorization_details are too large")]
    TooLarge,
    /// Not strict JSON (a member given twice counts as broken).
    #[error("authorization_details are not well-formed JSON")]
    NotJson,
    /// Not an array of objects.
    #[error("authorization_details must be an array of objects")]
    NotObjects,
    /// An object whose `type` is missing, empty or no string.
    #[error("every object of authorization_details needs a type, a string that is not empty")]
    NoType,
}

impl AuthorizationDetails {
    /// Parses the request parameter `authorization_details`.
    pub fn parse(json: &str) -> Result<Self, AuthorizationDetailsError> {
        if json.len() > MAX_DETAILS_LENGTH {
            return Err(AuthorizationDetailsError::TooLarge);
        }
        let strict: Strict =
            serde_json::from_str(json).map_err(|_| AuthorizationDetailsError::NotJson)?;
        Self::from_value(strict.0)
    }

    /// Reads the member `authorization_details` of a larger document.
    pub fn from_value(value: Value) -> Result<Self, AuthorizationDetailsError> {
        let Value::Array(objects) = value else {
            return Err(AuthorizationDetailsError::NotObjects);
        };
        if objects.len() > MAX_DETAILS
            || objects
                .iter()
                .any(|object| !nests_within(object, MAX_DETAILS_DEPTH - 1))
        {
            return Err(AuthorizationDetailsError::TooLarge);
        }
        objects
            .into_iter()
            .map(AuthorizationDetail::from_value)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The details, in order.
    pub fn iter(&self) -> impl Iterator<Item = &AuthorizationDetail> {
        self.0.iter()
    }

    /// The details the predicate keeps: the way to narrow them for one resource server.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&AuthorizationDetail) -> bool) -> Self {
        Self(
            self.0
                .iter()
                .filter(|detail| keep(detail))
                .cloned()
                .collect(),
        )
    }

    /// The details whose type is in the list.
    #[must_use]
    pub fn of_types<T: AsRef<str>>(&self, types: &[T]) -> Self {
        self.filter(|detail| {
            types
                .iter()
                .any(|kept| kept.as_ref() == detail.detail_type())
        })
    }
}

impl AuthorizationDetail {
    fn from_value(value: Value) -> Result<Self, AuthorizationDetailsError> {
        let Value::Object(members) = value else {
            return Err(AuthorizationDetailsError::NotObjects);
        };
        match members.get("type") {
            Some(Value::String(name)) if !name.is_empty() => Ok(Self { members }),
            _ => Err(AuthorizationDetailsError::NoType),
        }
    }

    /// The `type`, never empty.
    pub fn detail_type(&self) -> &str {
        self.members
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// All members, `type` among them.
    pub fn members(&self) -> &Map<String, Value> {
        &self.members
    }

    /// The `locations` that say which resource servers it is for (RFC 9396, section 2.2).
    pub fn locations(&self) -> impl Iterator<Item = &str> {
        let listed = self.members.get("locations").and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Shows the type alone: the rest is the subject's business.
impl fmt::Debug for AuthorizationDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationDetail")
            .field("type", &self.detail_type())
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for AuthorizationDetails {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::from_value(value).map_err(serde::de::Error::custom)
    }
}

/// Whether the value has at most `depth` levels of arrays and objects.
fn nests_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| nests_within(item, depth - 1)),
        Value::Object(members) => {
            depth > 0
                && members
                    .values()
                    .all(|member| nests_within(member, depth - 1))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TWO: &str = r#"[
        {"type":"payment_initiation","instructedAmount":{"currency":"EUR","amount":"123.50"},"locations":["https://pay.example"]},
        {"type":"signature","documents":2}
    ]"#;

    #[test]
    fn details_are_narrowed_by_type() {
        let details = AuthorizationDetails::parse(TWO).unwrap();
        assert_eq!(details.len(), 2);
        let narrowed = details.of_types(&["signature"]);
        assert_eq!(
            serde_json::to_value(&narrowed).unwrap(),
            serde_json::json!([{"type": "signature", "documents": 2}])
        );
        let first = details.iter().next().unwrap();
        assert_eq!(
            first.locations().collect::<Vec<_>>(),
            ["https://pay.example"]
        );
        assert!(!format!("{details:?}").contains("123.50"));
    }

    #[test]
    fn row_9396_5_01_bad_content_is_refused() {
        let many = format!("[{}]", vec![r#"{"type":"a"}"#; MAX_DETAILS + 1].join(","));
        let deep = format!(
            r#"[{{"type":"a","x":{}{}}}]"#,
            "[".repeat(15),
            "]".repeat(15)
        );
        let long = format!(r#"[{{"type":"{}"}}]"#, "a".repeat(MAX_DETAILS_LENGTH));
        for (json, error) in [
            ("", AuthorizationDetailsError::NotJson),
            ("[", AuthorizationDetailsError::NotJson),
            (
                r#"[{"type":"a","type":"b"}]"#,
                AuthorizationDetailsError::NotJson,
            ),
            ("{}", AuthorizationDetailsError::NotObjects),
            (r#"["a"]"#, AuthorizationDetailsError::NotObjects),
            ("[{}]", AuthorizationDetailsError::NoType),
            (r#"[{"type":""}]"#, AuthorizationDetailsError::NoType),
            (r#"[{"type":1}]"#, AuthorizationDetailsError::NoType),
            (&many, AuthorizationDetailsError::TooLarge),
            (&deep, AuthorizationDetailsError::TooLarge),
            (&long, AuthorizationDetailsError::TooLarge),
        ] {
            assert_eq!(AuthorizationDetails::parse(json), Err(error));
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(json in "\\PC*") {
            let _ = AuthorizationDetails::parse(&json);
        }

        #[test]
        fn filtering_keeps_the_rest_out(types in proptest::collection::vec("[a-c]", 0..10)) {
            let objects = types.iter().map(|name| serde_json::json!({"type": name})).collect();
            let details = AuthorizationDetails::from_value(Value::Array(objects)).unwrap();
            let kept = details.of_types(&["b"]);
            prop_assert!(kept.iter().all(|detail| detail.detail_type() == "b"));
            prop_assert_eq!(kept.len(), types.iter().filter(|name| *name == "b").count());
        }
    }
}

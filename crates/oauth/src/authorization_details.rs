//! Rich authorization requests: what exactly was allowed (RFC 9396).

use crate::pieces::{Builder, Piece, Pieces};
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

/// A list of authorization details, in the order given. May be empty. Kept as the JSON it is
/// written as, which is the same for the same values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AuthorizationDetails {
    /// Objects, by their `type`.
    objects: Pieces,
}

/// One object with a `type`; the type decides what the other members mean.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuthorizationDetail<'a>(Piece<'a>);

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
        let mut details = Builder::default();
        for object in &objects {
            let members = object
                .as_object()
                .ok_or(AuthorizationDetailsError::NotObjects)?;
            let detail_type = match members.get("type") {
                Some(Value::String(name)) if !name.is_empty() => name,
                _ => return Err(AuthorizationDetailsError::NoType),
            };
            details.push(detail_type, |text| text.push_str(&object.to_string()));
        }
        Ok(Self {
            objects: details.build(),
        })
    }

    /// Reads what was written out of this type and kept since. `None` if it cannot have been
    /// written that way: the same octets would not come out again.
    pub fn from_kept(json: &str) -> Option<Self> {
        if json == "[]" {
            return Some(Self::default());
        }
        let Strict(value) = serde_json::from_str(json).ok()?;
        let details = Self::from_value(value).ok()?;
        let mut again = Vec::with_capacity(json.len());
        details.write(&mut again);
        (again == json.as_bytes()).then_some(details)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// The details, in order.
    pub fn iter(&self) -> impl Iterator<Item = AuthorizationDetail<'_>> {
        self.objects.iter().map(AuthorizationDetail)
    }

    /// The details whose type passes: the way to narrow them for one resource server.
    #[must_use]
    pub fn of_types(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self {
            objects: self.objects.filter(keep),
        }
    }

    /// Writes them as a JSON array.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        self.objects.write(out);
        out.push(b']');
    }
}

impl<'a> AuthorizationDetail<'a> {
    /// The `type`, never empty.
    pub fn detail_type(&self) -> &'a str {
        self.0.name
    }

    /// The whole object, as JSON without white space.
    pub fn json(&self) -> &'a str {
        self.0.json
    }

    /// All members, `type` among them.
    #[expect(
        clippy::expect_used,
        reason = "`from_value` wrote it, or `from_kept` has read it"
    )]
    pub fn members(&self) -> Map<String, Value> {
        serde_json::from_str(self.0.json).expect("a detail is an object")
    }
}

/// Shows the types alone: the rest is the subject's business.
impl fmt::Debug for AuthorizationDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Shows the type alone.
impl fmt::Debug for AuthorizationDetail<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationDetail")
            .field("type", &self.detail_type())
            .finish_non_exhaustive()
    }
}

impl Serialize for AuthorizationDetails {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|detail| detail.members()))
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
        let narrowed = details.of_types(|name| name == "signature");
        assert_eq!(
            serde_json::to_value(&narrowed).unwrap(),
            serde_json::json!([{"type": "signature", "documents": 2}])
        );
        let first = details.iter().next().unwrap();
        assert_eq!(first.members()["locations"][0], "https://pay.example");
        assert!(first.json().starts_with(r#"{"type":"payment_initiation","#));
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

    #[test]
    fn what_is_kept_comes_back_and_nothing_is_made_of_anything_else() {
        for details in [TWO, "[]", r#"[{"type":"a\"b","x":[null,{"y":2.5}]}]"#] {
            let details = AuthorizationDetails::parse(details).unwrap();
            let kept = serde_json::to_string(&details).unwrap();
            assert_eq!(AuthorizationDetails::from_kept(&kept), Some(details));
        }
        for bad in [
            "",
            "{}",
            "[1]",
            "[{}]",
            r#"[{"type":""}]"#,
            r#"[{"type":"a","type":"a"}]"#,
            r#"[{"type":"a"}"#,
            r#"[["a"]]"#,
            r#"[{"type":"a","n":1,"n":2}]"#,
            r#"[{"type":"a","n":1e400}]"#,
            r#"[{"type":"a","n":"\ud800"}]"#,
            r#"[ {"type":"a"}]"#,
            r#"[{"\u0074ype":"a"}]"#,
        ] {
            assert_eq!(AuthorizationDetails::from_kept(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(json in "\\PC*") {
            let _ = AuthorizationDetails::parse(&json);
            let _ = AuthorizationDetails::from_kept(&json);
        }

        #[test]
        fn filtering_keeps_the_rest_out(types in proptest::collection::vec("[a-c]", 0..10)) {
            let objects = types.iter().map(|name| serde_json::json!({"type": name})).collect();
            let details = AuthorizationDetails::from_value(Value::Array(objects)).unwrap();
            let kept = details.of_types(|name| name == "b");
            prop_assert!(kept.iter().all(|detail| detail.detail_type() == "b"));
            prop_assert_eq!(kept.len(), types.iter().filter(|name| *name == "b").count());
        }
    }
}

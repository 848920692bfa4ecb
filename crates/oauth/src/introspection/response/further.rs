//! Members of an answer beyond those with a meaning of their own: claims about the subject.

use std::borrow::Cow;
use std::fmt;

use avouch_jose::strict_json::Strict;
use serde::de::{Deserializer as _, Error, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{STANDARD_MEMBERS, STATEMENT_CLAIM};
use crate::pieces::{Builder, Piece, Pieces};

/// Members that shadow none of [`STANDARD_MEMBERS`], nor the claim `token_introspection`. Kept as
/// the JSON they are written as, which is the same for the same values.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub struct FurtherClaims {
    /// `"name":value` of each.
    members: Pieces,
}

/// A further claim has the name of a standard member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0} has a meaning of its own and cannot be set freely")]
pub struct ShadowedMember(pub String);

impl TryFrom<Map<String, Value>> for FurtherClaims {
    type Error = ShadowedMember;

    fn try_from(claims: Map<String, Value>) -> Result<Self, ShadowedMember> {
        Self::new(claims)
    }
}

impl FurtherClaims {
    /// Takes over the claims, if none has the name of a standard member.
    pub fn new(claims: Map<String, Value>) -> Result<Self, ShadowedMember> {
        if let Some(name) = claims.keys().find(|name| is_standard(name)) {
            return Err(ShadowedMember(name.clone()));
        }
        let mut members = Builder::default();
        for (name, value) in claims {
            members.push(&name, |text| member(text, &name, &value.to_string()));
        }
        Ok(Self {
            members: members.build(),
        })
    }

    /// Reads what was written out of this type and kept since. `None` if it cannot have been
    /// written that way: of a value the same octets would not come out again.
    pub fn from_kept(json: &str) -> Option<Self> {
        if json == "{}" {
            return Some(Self::default());
        }
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let claims = deserializer.deserialize_map(Kept).ok()?;
        deserializer.end().ok()?;
        Some(claims)
    }

    /// Those whose name passes.
    #[must_use]
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self {
            members: self.members.filter(keep),
        }
    }

    /// The value of a claim.
    pub fn get(&self, name: &str) -> Option<Value> {
        let mut members = self.members.iter();
        members.find(|member| member.name == name).map(value)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The names of the claims, in the order given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name)
    }

    /// The claims, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        self.members
            .iter()
            .map(|member| (member.name, value(member)))
    }

    /// Writes the members as they stand in an object.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        self.members.write(out);
    }
}

/// Appends `"name":value`.
fn member(text: &mut String, name: &str, value: &str) {
    if name
        .bytes()
        .any(|byte| matches!(byte, b'"' | b'\\' | ..b' '))
    {
        text.push_str(&Value::from(name).to_string());
    } else {
        text.push('"');
        text.push_str(name);
        text.push('"');
    }
    text.push(':');
    text.push_str(value);
}

#[expect(
    clippy::expect_used,
    reason = "each piece is one member, as `new` writes it"
)]
fn value(member: Piece<'_>) -> Value {
    let object = format!("{{{}}}", member.json);
    let members: Map<String, Value> =
        serde_json::from_str(&object).expect("a member makes an object");
    members.into_iter().next().expect("it has one member").1
}

impl Serialize for FurtherClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Shows names alone: the values are the subject's business.
impl fmt::Debug for FurtherClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// A name, copied only if it is written with escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

struct Kept;

impl<'de> Visitor<'de> for Kept {
    type Value = FurtherClaims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FurtherClaims, A::Error> {
        let mut members = Builder::default();
        while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            if members.has(&name) || is_standard(&name) {
                return Err(Error::custom("a member is there twice"));
            }
            if !is_as_written(value.get()) {
                return Err(Error::custom("a value was not written by us"));
            }
            members.push(&name, |text| member(text, &name, value.get()));
        }
        Ok(FurtherClaims {
            members: members.build(),
        })
    }
}

/// Whether a value, which is well-formed as far as its brackets go, is what is written of it.
fn is_as_written(json: &str) -> bool {
    // Nearly all are plain: nothing else can be meant by them, nor written for what they mean.
    let is_plain = match json.as_bytes() {
        [b'"', text @ .., b'"'] => !text.contains(&b'\\'),
        b"true" | b"false" | b"null" => true,
        _ => false,
    };
    if is_plain {
        return true;
    }
    let Ok(Strict(value)) = serde_json::from_str(json) else {
        return false;
    };
    let again = value.to_string();
    again == json
}

/// The claim that holds the answer in a statement is no member either: in the shape of draft -08,
/// where members stand at the top level, it would read as an answer within the answer.
fn is_standard(name: &str) -> bool {
    name == STATEMENT_CLAIM || STANDARD_MEMBERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> FurtherClaims {
        FurtherClaims::new(value.as_object().unwrap().clone()).unwrap()
    }

    #[test]
    fn values_come_out_as_they_went_in() {
        let value = json!({"a\"b": {"c": [1, null, 2.5]}, "\u{e4}": "\u{1f600}\n", "": true});
        let claims = claims(&value);
        assert_eq!(serde_json::to_value(&claims).unwrap(), value);
        assert_eq!(claims.get("a\"b"), Some(json!({"c": [1, null, 2.5]})));
        assert_eq!(claims.get("a"), None);
        assert_eq!(claims.names().collect::<Vec<_>>(), ["a\"b", "\u{e4}", ""]);
        let narrowed = claims.filter(str::is_empty);
        assert_eq!(serde_json::to_string(&narrowed).unwrap(), r#"{"":true}"#);
    }

    #[test]
    fn nothing_is_made_of_what_was_not_kept_by_us() {
        for bad in [
            "",
            "null",
            "[]",
            "{",
            r#"{"a":1}x"#,
            r#"{"a":}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"active":true}"#,
            r#"{"\u0061ctive":true}"#,
            r#"{"token_introspection":{}}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":"\u0061"}"#,
            r#"{"a":1e400}"#,
            r#"{"a":[1e400]}"#,
            r#"{"a":1.50}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"a":{"b": 1}}"#,
            r#"{"a":{"$serde_json::private::RawValue":5}}"#,
            &format!(r#"{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200)),
        ] {
            assert_eq!(FurtherClaims::from_kept(bad), None, "{bad}");
        }
        assert_eq!(
            FurtherClaims::from_kept("{}"),
            Some(FurtherClaims::default())
        );
    }

    proptest! {
        #[test]
        fn what_is_kept_comes_back(
            members in proptest::collection::btree_map("\\PC{0,6}", "\\PC{0,8}", 0..5),
        ) {
            let members = members.into_iter().map(|(name, value)| (name, Value::from(value)));
            let Ok(claims) = FurtherClaims::new(members.collect()) else { return Ok(()) };
            let kept = serde_json::to_string(&claims).unwrap();
            prop_assert_eq!(FurtherClaims::from_kept(&kept), Some(claims));
        }

        /// Nor does what is made of it.
        #[test]
        fn no_kept_text_panics(
            text in prop_oneof![
                "\\PC*",
                r#"\{"(a|\\u0061|\$serde_json::private::RawValue)":(["tfn0-9.eE+\\\[\]{}:-]|\PC){0,12}\}"#,
            ],
        ) {
            if let Some(claims) = FurtherClaims::from_kept(&text) {
                let kept = serde_json::to_string(&claims).unwrap();
                prop_assert_eq!(FurtherClaims::from_kept(&kept), Some(claims));
            }
        }
    }
}

//! JSON objects as JOSE needs them: one meaning, whoever reads them.
//!
//! RFC 7515 section 4 and RFC 7519 section 4 let a reader refuse duplicate member names or take the last; two readers
//! that differ in that can be played against each other, so here they are refused at every level. So are anything but
//! UTF-8, anything after the object, and nesting beyond [`MAX_DEPTH`].
//!
//! Integers from `i64::MIN` to `u64::MAX` are exact; other numbers become the nearest `f64`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value, error::Category};

/// How deep objects and arrays may nest, the outermost object counting as one.
pub const MAX_DEPTH: usize = 32;

/// Names that `serde_json` reads as instructions to itself when it fills its own types.
const RESERVED_PREFIX: &str = "$serde_json::private::";

/// Why a text is not the JSON object that was asked for. Holds no value of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not UTF-8 (RFC 8259 section 8.1).
    #[error("not UTF-8")]
    NotUtf8,
    /// Not JSON, or something follows it.
    #[error("not well-formed JSON, at line {line} column {column}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A member name occurs twice in one object.
    #[error("a member name occurs twice, at line {line} column {column}")]
    DuplicateMember {
        /// The line of the second, from 1.
        line: usize,
        /// The column of the second, from 1.
        column: usize,
    },
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// An object, but not of the members and types that were asked for.
    #[error("not of the expected shape: {0}")]
    Shape(String),
}

/// Parses one object.
pub fn object(json: &[u8]) -> Result<Map<String, Value>, JsonError> {
    let json = std::str::from_utf8(json).map_err(|_| JsonError::NotUtf8)?;
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let strict = Strict::deserialize(&mut deserializer).map_err(|error| classify(&error))?;
    deserializer.end().map_err(|error| classify(&error))?;
    match strict.0 {
        Value::Object(members) => Ok(members),
        _ => Err(JsonError::NotAnObject),
    }
}

/// Parses one object into a type.
///
/// The type is filled from the very object that was checked, so there is no second reading to disagree.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, JsonError> {
    from_object(object(json)?)
}

/// Fills a type from an object that [`object`] has parsed.
pub fn from_object<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, JsonError> {
    serde_json::from_value(Value::Object(members))
        .map_err(|error| JsonError::Shape(without_values(&error)))
}

/// A JSON value with the strictness of this module, for use as a field within other types.
#[derive(Debug, Clone, PartialEq)]
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Level(0).deserialize(deserializer).map(Strict)
    }
}

/// Marks in `serde_json`'s error texts, which are the only way out of a visitor. Our own, so no input can forge them:
/// error texts quote input only for errors of shape, which this visitor never meets.
const DUPLICATE: &str = "avouch: duplicate member";
const TOO_DEEP: &str = "avouch: too deep";

/// Builds a value at a depth: the number of objects and arrays around it.
struct Level(usize);

impl Level {
    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.0 < MAX_DEPTH {
            Ok(self.0 + 1)
        } else {
            Err(E::custom(TOO_DEEP))
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(Level(depth))? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(DUPLICATE));
            }
            if name.starts_with(RESERVED_PREFIX) {
                return Err(A::Error::custom("a reserved member name"));
            }
            let value = map.next_value_seed(Level(depth))?;
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

fn classify(error: &serde_json::Error) -> JsonError {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Data => {
            let text = error.to_string();
            if text.starts_with(DUPLICATE) {
                JsonError::DuplicateMember { line, column }
            } else if text.starts_with(TOO_DEEP) {
                JsonError::TooDeep
            } else {
                JsonError::Malformed { line, column }
            }
        }
        Category::Syntax | Category::Eof | Category::Io => JsonError::Malformed { line, column },
    }
}

/// serde's messages quote the offending value, which may be a claim about a person. Names and expectations stay.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("missing field ") {
        return text;
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => String::from("a member is unknown or unacceptable"),
    }
}

#[cfg(test)]
mod tests;

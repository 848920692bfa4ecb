//! What a description says of whether an RS may ask.

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// A suspension as it is described. Left out, the standing stays as it is: what stops an RS in an
/// emergency is not lifted by the next file that says nothing of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suspension {
    /// `false`: it may ask.
    Lifted,
    /// It may not, for this reason.
    For(String),
}

impl Serialize for Suspension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Lifted => serializer.serialize_bool(false),
            Self::For(reason) => serializer.serialize_str(reason),
        }
    }
}

impl<'de> Deserialize<'de> for Suspension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading)
    }
}

struct Reading;

impl Visitor<'_> for Reading {
    type Value = Suspension;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the reason for the suspension, or false to lift it")
    }

    fn visit_bool<E: de::Error>(self, suspended: bool) -> Result<Suspension, E> {
        if suspended {
            return Err(E::invalid_value(de::Unexpected::Bool(true), &self));
        }
        Ok(Suspension::Lifted)
    }

    fn visit_str<E: de::Error>(self, reason: &str) -> Result<Suspension, E> {
        if reason.trim().is_empty() {
            return Err(E::invalid_value(de::Unexpected::Str(reason), &self));
        }
        Ok(Suspension::For(reason.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_suspension_is_a_reason_or_false() {
        let read = |value| serde_json::from_value::<Suspension>(value);
        assert_eq!(read(json!(false)).unwrap(), Suspension::Lifted);
        let audit = Suspension::For("audit".into());
        assert_eq!(read(json!("audit")).unwrap(), audit);
        for bad in [json!(true), json!(""), json!(" "), json!(1), json!(null)] {
            let error = read(bad.clone()).unwrap_err().to_string();
            assert!(error.contains("false to lift it"), "{bad}: {error}");
        }
        for one in [Suspension::Lifted, audit] {
            let written = serde_json::to_value(&one).unwrap();
            assert_eq!(read(written).unwrap(), one);
        }
    }
}

//! Whole numbers that carry their limits in their type.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Whole<const MIN: u64, const MAX: u64>(u64);

/// A span of time in whole seconds, from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Seconds<const MIN: u64, const MAX: u64>(u64);

/// The number lies outside the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} is out of range; give a whole number from {min} to {max}")]
pub struct OutOfRange {
    found: i128,
    min: u64,
    max: u64,
}

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    /// The number, if it lies within the limits.
    pub fn new(number: u64) -> Result<Self, OutOfRange> {
        within(number.into(), MIN, MAX).map(Self)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number as a size in memory; on a platform where it would not fit,
    /// the largest size there is.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// A number written in the source; a wrong one does not compile where the
    /// call is const.
    pub(super) const fn literal(number: u64) -> Self {
        assert!(
            MIN <= number && number <= MAX,
            "the literal is out of range"
        );
        Self(number)
    }
}

impl<const MIN: u64, const MAX: u64> Seconds<MIN, MAX> {
    /// The span, if it lies within the limits.
    pub fn new(seconds: u64) -> Result<Self, OutOfRange> {
        within(seconds.into(), MIN, MAX).map(Self)
    }

    /// The number of seconds.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The span as the standard library has it.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }

    /// A span written in the source; a wrong one does not compile where the
    /// call is const.
    pub(super) const fn literal(seconds: u64) -> Self {
        assert!(
            MIN <= seconds && seconds <= MAX,
            "the literal is out of range"
        );
        Self(seconds)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_i64(Limits { min: MIN, max: MAX })
            .map(Self)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Seconds<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_i64(Limits { min: MIN, max: MAX })
            .map(Self)
    }
}

struct Limits {
    min: u64,
    max: u64,
}

impl de::Visitor<'_> for Limits {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {} to {}", self.min, self.max)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<u64, E> {
        within(number.into(), self.min, self.max).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<u64, E> {
        within(number.into(), self.min, self.max).map_err(E::custom)
    }

    // TOML integers have no upper end of their own; the reader hands the long
    // ones over in wider types.
    fn visit_i128<E: de::Error>(self, number: i128) -> Result<u64, E> {
        within(number, self.min, self.max).map_err(E::custom)
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<u64, E> {
        let number = i128::try_from(number).unwrap_or(i128::MAX);
        within(number, self.min, self.max).map_err(E::custom)
    }
}

fn within(found: i128, min: u64, max: u64) -> Result<u64, OutOfRange> {
    match u64::try_from(found) {
        Ok(number) if (min..=max).contains(&number) => Ok(number),
        _ => Err(OutOfRange { found, min, max }),
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Whole_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl<const MIN: u64, const MAX: u64> JsonSchema for Seconds<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Seconds_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX, "format": "seconds" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_limits_are_allowed_and_the_numbers_beside_them_are_not() {
        assert_eq!(
            Seconds::<5, 9>::new(5).unwrap().duration(),
            Duration::from_secs(5)
        );
        assert_eq!(Whole::<5, 9>::new(9).unwrap().get(), 9);
        assert!(Whole::<5, 9>::new(4).is_err());
        assert_eq!(
            Seconds::<5, 9>::new(10).unwrap_err().to_string(),
            "10 is out of range; give a whole number from 5 to 9"
        );
    }
}

//! Records to columns and back.
//!
//! What comes back is parsed as strictly as what comes over the wire: a value
//! that does not parse is reported by its column's name, never repeated.

use avouch_core::time::Timestamp;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use serde::de::value::{Error as PlainError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

use super::fault::{Damage, Fault};

/// The columns of a row, taken in the order of the statement.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
    /// Octets of text and blobs taken so far: what a cache entry weighs.
    pub(super) octets: usize,
}

impl<'r> Columns<'r> {
    /// The next column, which must hold a value that `parse` understands.
    pub(super) fn take<T>(
        &mut self,
        parse: impl FnOnce(ValueRef<'r>) -> Option<T>,
    ) -> Result<T, Fault> {
        let at = self.next;
        self.next += 1;
        let value = self.row.get_ref(at)?;
        if let ValueRef::Text(octets) | ValueRef::Blob(octets) = value {
            self.octets += octets.len();
        }
        parse(value).ok_or_else(|| {
            let name = self.row.as_ref().column_name(at).unwrap_or("(unnamed)");
            Damage::Column(name.to_owned()).into()
        })
    }

    /// The same for a column that may be null.
    pub(super) fn take_optional<T>(
        &mut self,
        parse: impl FnOnce(ValueRef<'r>) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        self.take(|value| match value {
            ValueRef::Null => Some(None),
            value => parse(value).map(Some),
        })
    }
}

/// The first row of a statement, if it has one.
pub(super) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl FnOnce(&mut Columns<'_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?
        .map(|row| {
            decode(&mut Columns {
                row,
                next: 0,
                octets: 0,
            })
        })
        .transpose()
}

/// Every row of a statement. The statement bounds how many.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    decode: impl Fn(&mut Columns<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut decoded = Vec::new();
    while let Some(row) = rows.next()? {
        decoded.push(decode(&mut Columns {
            row,
            next: 0,
            octets: 0,
        })?);
    }
    Ok(decoded)
}

/// An instant, kept in microseconds.
pub(super) fn time(value: ValueRef<'_>) -> Option<Timestamp> {
    value.as_i64().ok().map(Timestamp::from_micros)
}

/// A count or number.
pub(super) fn number<N: TryFrom<i64>>(value: ValueRef<'_>) -> Option<N> {
    value
        .as_i64()
        .ok()
        .and_then(|number| N::try_from(number).ok())
}

/// `0` or `1`.
pub(super) fn flag(value: ValueRef<'_>) -> Option<bool> {
    match value {
        ValueRef::Integer(0) => Some(false),
        ValueRef::Integer(1) => Some(true),
        _ => None,
    }
}

/// Text as it is.
pub(super) fn text(value: ValueRef<'_>) -> Option<String> {
    value.as_str().ok().map(str::to_owned)
}

/// A SHA-256.
pub(super) fn hash(value: ValueRef<'_>) -> Option<[u8; 32]> {
    value.as_blob().ok()?.try_into().ok()
}

/// Octets as they are.
pub(super) fn octets(value: ValueRef<'_>) -> Option<Vec<u8>> {
    value.as_blob().ok().map(<[u8]>::to_vec)
}

/// A value whose JSON is a string (an identifier, a scope, a plain enum), kept
/// without the quotes.
pub(super) fn word<T: DeserializeOwned>(value: ValueRef<'_>) -> Option<T> {
    let text: StrDeserializer<'_, PlainError> = value.as_str().ok()?.into_deserializer();
    T::deserialize(text).ok()
}

/// A text that `parse` understands.
pub(super) fn read<'r, T>(
    parse: impl FnOnce(&'r str) -> Option<T>,
) -> impl FnOnce(ValueRef<'r>) -> Option<T> {
    |value| parse(value.as_str().ok()?)
}

/// A structured value, kept as JSON.
pub(super) fn json<T: DeserializeOwned>(value: ValueRef<'_>) -> Option<T> {
    serde_json::from_str(value.as_str().ok()?).ok()
}

/// The column for an instant.
pub(super) fn from_time(at: Timestamp) -> Value {
    Value::Integer(at.as_micros())
}

/// The column for an instant that may not be set.
pub(super) fn from_optional_time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, from_time)
}

/// The column for what [`word`] reads. `what` names it if it cannot be written.
pub(super) fn from_word(what: &'static str, value: &impl Serialize) -> Result<Value, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Ok(Value::Text(text)),
        _ => Err(Damage::Unencodable(what).into()),
    }
}

/// The column for what [`json`] reads. `what` names it if it cannot be written.
pub(super) fn from_json(what: &'static str, value: &impl Serialize) -> Result<Value, Fault> {
    serde_json::to_string(value)
        .map(Value::Text)
        .map_err(|_| Damage::Unencodable(what).into())
}

/// [`from_json`] for what may not be set.
pub(super) fn from_optional_json(
    what: &'static str,
    value: Option<&impl Serialize>,
) -> Result<Value, Fault> {
    value.map_or(Ok(Value::Null), |value| from_json(what, value))
}

#[cfg(test)]
mod tests {
    use avouch_core::records::{RegistrationKinds, ResourceSharing};
    use avouch_core::storage::StoreError;

    use super::*;

    #[test]
    fn plain_values_are_kept_without_quotes() {
        let kept = from_word("kind", &RegistrationKinds::ResourceServers).unwrap();
        assert_eq!(kept, Value::Text("resource_servers".into()));
        assert_eq!(
            word((&kept).into()),
            Some(RegistrationKinds::ResourceServers)
        );
        assert_eq!(word::<ResourceSharing>(ValueRef::Text(b"whole")), None);
        assert_eq!(word::<ResourceSharing>(ValueRef::Integer(1)), None);
    }

    #[test]
    fn a_damaged_column_is_named_and_its_value_is_not_told() {
        let connection = Connection::open_in_memory().unwrap();
        let damaged = first(&connection, "SELECT 'erika' AS claims", (), |row| {
            row.take(json::<serde_json::Value>)
        });
        let told = StoreError::from(damaged.unwrap_err()).to_string();
        assert!(told.contains("column claims"), "{told}");
        assert!(!told.contains("erika"), "{told}");
    }

    #[test]
    fn only_a_null_is_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        let read = |sql| first(&connection, sql, (), |row| row.take_optional(time));
        assert_eq!(read("SELECT NULL").unwrap(), Some(None));
        assert_eq!(
            read("SELECT 7").unwrap(),
            Some(Some(Timestamp::from_micros(7)))
        );
        assert!(read("SELECT 'seven'").is_err());
        assert_eq!(read("SELECT 7 WHERE 0").unwrap(), None);
    }
}

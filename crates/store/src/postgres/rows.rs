//! Records to columns and back.
//!
//! What comes back is parsed as strictly as what comes over the wire: a value
//! that does not parse is reported by its column's name, never repeated.

use std::error::Error;

use avouch_core::time::Timestamp;
use deadpool_postgres::{ClientWrapper, Transaction};
use serde::Serialize;
use serde::de::value::{Error as PlainError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::fault::{Damage, Fault};

/// What goes along with a statement.
pub(super) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A value that was read. The layout has no other kinds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'r> {
    Null,
    Number(i64),
    Text(&'r str),
    Octets(&'r [u8]),
}

impl Value<'_> {
    /// The size of text or a blob.
    fn octets(&self) -> usize {
        match self {
            Self::Null | Self::Number(_) => 0,
            Self::Text(text) => text.len(),
            Self::Octets(octets) => octets.len(),
        }
    }
}

impl<'r> FromSql<'r> for Value<'r> {
    fn from_sql(kind: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Number(i64::from_sql(kind, raw)?),
            Type::BYTEA => Self::Octets(raw),
            _ => Self::Text(std::str::from_utf8(raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::BYTEA, Type::TEXT, Type::VARCHAR].contains(kind)
    }
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Column {
    Null,
    Number(i64),
    Text(String),
    Octets(Vec<u8>),
}

impl ToSql for Column {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Octets(octets) => octets.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        Value::accepts(kind)
    }

    to_sql_checked!();
}

/// Columns as what goes along with a statement.
pub(super) fn params<const N: usize>(columns: &[Column; N]) -> [&(dyn ToSql + Sync); N] {
    columns.each_ref().map(|column| column as _)
}

/// The columns of a row, taken in the order of the statement.
pub(super) struct Columns<'r> {
    row: &'r Row,
    next: usize,
    /// Octets of text and blobs taken so far: what a cache entry weighs.
    pub(super) octets: usize,
}

impl<'r> Columns<'r> {
    fn of(row: &'r Row) -> Self {
        Self {
            row,
            next: 0,
            octets: 0,
        }
    }

    /// The next column, which must hold a value that `parse` understands.
    pub(super) fn take<T>(
        &mut self,
        parse: impl FnOnce(Value<'r>) -> Option<T>,
    ) -> Result<T, Fault> {
        let value = self.next::<Value<'r>>()?;
        self.octets += value.octets();
        parse(value).ok_or_else(|| self.damage())
    }

    /// The same for a column that may be null.
    pub(super) fn take_optional<T>(
        &mut self,
        parse: impl FnOnce(Value<'r>) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        self.take(|value| match value {
            Value::Null => Some(None),
            value => parse(value).map(Some),
        })
    }

    /// The next column, an array whose entries `parse` understands.
    pub(super) fn take_all<T>(
        &mut self,
        parse: impl Fn(Value<'r>) -> Option<T>,
    ) -> Result<Vec<T>, Fault> {
        let values = self.next::<Vec<Value<'r>>>()?;
        self.octets += values.iter().map(Value::octets).sum::<usize>();
        let parsed = values.into_iter().map(parse).collect::<Option<_>>();
        parsed.ok_or_else(|| self.damage())
    }

    fn next<T: FromSql<'r>>(&mut self) -> Result<T, Fault> {
        let at = self.next;
        self.next += 1;
        self.row.try_get(at).map_err(|_| self.damage())
    }

    /// About the column taken last.
    fn damage(&self) -> Fault {
        let column = self.row.columns().get(self.next.saturating_sub(1));
        let name = column.map_or("(unnamed)", |column| column.name());
        Damage::Column(name.to_owned()).into()
    }
}

/// A session, or a transaction in one. Statements are prepared once in each session.
pub(super) trait Conversation {
    /// What a statement finds.
    fn find(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<Vec<Row>, tokio_postgres::Error>> + Send;

    /// How many rows a statement changes.
    fn change(
        &self,
        sql: &str,
        params: Params<'_>,
    ) -> impl Future<Output = Result<u64, tokio_postgres::Error>> + Send;
}

macro_rules! conversation {
    ($($kind:ty),*) => {$(
        impl Conversation for $kind {
            async fn find(
                &self,
                sql: &str,
                params: Params<'_>,
            ) -> Result<Vec<Row>, tokio_postgres::Error> {
                let statement = self.prepare_cached(sql).await?;
                self.query(&statement, params).await
            }

            async fn change(
                &self,
                sql: &str,
                params: Params<'_>,
            ) -> Result<u64, tokio_postgres::Error> {
                let statement = self.prepare_cached(sql).await?;
                self.execute(&statement, params).await
            }
        }
    )*};
}
conversation!(ClientWrapper, Transaction<'_>);

/// The first row of a statement, if it has one.
pub(super) async fn first<T>(
    client: &impl Conversation,
    sql: &str,
    params: Params<'_>,
    decode: impl FnOnce(&mut Columns<'_>) -> Result<T, Fault> + Send,
) -> Result<Option<T>, Fault> {
    let rows = client.find(sql, params).await?;
    rows.first()
        .map(|row| decode(&mut Columns::of(row)))
        .transpose()
}

/// Every row of a statement. The statement bounds how many.
pub(super) async fn all<T>(
    client: &impl Conversation,
    sql: &str,
    params: Params<'_>,
    decode: impl Fn(&mut Columns<'_>) -> Result<T, Fault> + Send,
) -> Result<Vec<T>, Fault> {
    let rows = client.find(sql, params).await?;
    rows.iter()
        .map(|row| decode(&mut Columns::of(row)))
        .collect()
}

/// How many rows a statement changed.
pub(super) async fn execute(
    client: &impl Conversation,
    sql: &str,
    params: Params<'_>,
) -> Result<u64, Fault> {
    Ok(client.change(sql, params).await?)
}

/// An instant, kept in microseconds.
pub(super) fn time(value: Value<'_>) -> Option<Timestamp> {
    number(value).map(Timestamp::from_micros)
}

/// A count or number.
pub(super) fn number<N: TryFrom<i64>>(value: Value<'_>) -> Option<N> {
    match value {
        Value::Number(number) => N::try_from(number).ok(),
        _ => None,
    }
}

/// Text as it is.
pub(super) fn text(value: Value<'_>) -> Option<String> {
    borrowed(value).map(str::to_owned)
}

fn borrowed(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// A SHA-256.
pub(super) fn hash(value: Value<'_>) -> Option<[u8; 32]> {
    match value {
        Value::Octets(octets) => octets.try_into().ok(),
        _ => None,
    }
}

/// Octets as they are.
pub(super) fn octets(value: Value<'_>) -> Option<Vec<u8>> {
    match value {
        Value::Octets(octets) => Some(octets.to_vec()),
        _ => None,
    }
}

/// A value whose JSON is a string (an identifier, a scope, a plain enum), kept
/// without the quotes.
pub(super) fn word<T: DeserializeOwned>(value: Value<'_>) -> Option<T> {
    let text: StrDeserializer<'_, PlainError> = borrowed(value)?.into_deserializer();
    T::deserialize(text).ok()
}

/// A text that `parse` understands.
pub(super) fn read<'r, T>(
    parse: impl FnOnce(&'r str) -> Option<T>,
) -> impl FnOnce(Value<'r>) -> Option<T> {
    |value| parse(borrowed(value)?)
}

/// A structured value, kept as JSON.
pub(super) fn json<T: DeserializeOwned>(value: Value<'_>) -> Option<T> {
    serde_json::from_str(borrowed(value)?).ok()
}

/// An entry of an array that may be null, as one that is not.
pub(super) fn optional<'r, T>(
    parse: impl Fn(Value<'r>) -> Option<T>,
) -> impl Fn(Value<'r>) -> Option<Option<T>> {
    move |value| match value {
        Value::Null => Some(None),
        value => parse(value).map(Some),
    }
}

/// The column for an instant.
pub(super) fn from_time(at: Timestamp) -> Column {
    Column::Number(at.as_micros())
}

/// The column for an instant that may not be set.
pub(super) fn from_optional_time(at: Option<Timestamp>) -> Column {
    at.map_or(Column::Null, from_time)
}

/// The column for text.
pub(super) fn from_text(text: &str) -> Column {
    Column::Text(text.to_owned())
}

/// The column for what [`word`] reads. `what` names it if it cannot be written.
pub(super) fn from_word(what: &'static str, value: &impl Serialize) -> Result<Column, Fault> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Ok(Column::Text(text)),
        _ => Err(Damage::Unencodable(what).into()),
    }
}

/// The column for what [`json`] reads. `what` names it if it cannot be written.
pub(super) fn from_json(what: &'static str, value: &impl Serialize) -> Result<Column, Fault> {
    serde_json::to_string(value)
        .map(Column::Text)
        .map_err(|_| Damage::Unencodable(what).into())
}

/// [`from_json`] for what may not be set.
pub(super) fn from_optional_json(
    what: &'static str,
    value: Option<&impl Serialize>,
) -> Result<Column, Fault> {
    value.map_or(Ok(Column::Null), |value| from_json(what, value))
}

#[cfg(test)]
mod tests {
    use avouch_core::records::{RegistrationKinds, ResourceSharing};

    use super::*;

    #[test]
    fn plain_values_are_kept_without_quotes() {
        let kept = from_word("kind", &RegistrationKinds::ResourceServers).unwrap();
        assert_eq!(kept, Column::Text("resource_servers".into()));
        assert_eq!(
            word(Value::Text("resource_servers")),
            Some(RegistrationKinds::ResourceServers)
        );
        assert_eq!(word::<ResourceSharing>(Value::Text("whole")), None);
        assert_eq!(word::<ResourceSharing>(Value::Number(1)), None);
    }

    #[test]
    fn only_what_fits_is_read() {
        assert_eq!(number::<u32>(Value::Number(7)), Some(7));
        assert_eq!(number::<u32>(Value::Number(-1)), None);
        assert_eq!(number::<u32>(Value::Null), None);
        assert_eq!(hash(Value::Octets(&[0; 31])), None);
        assert_eq!(text(Value::Octets(b"a")), None);
        assert_eq!(json::<serde_json::Value>(Value::Text("{")), None);
        assert_eq!(optional(time)(Value::Null), Some(None));
        assert_eq!(optional(time)(Value::Text("7")), None);
    }
}

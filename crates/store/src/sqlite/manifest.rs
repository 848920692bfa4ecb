//! What a backup says of itself: it stands in a table of its own in the file.

use std::collections::BTreeMap;

use avouch_core::time::Timestamp;
use avouch_crypto::hash::Sha256;
use avouch_crypto::seal::sealed_under;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::inspect;

/// The table. A data file has none of this name.
pub(super) const TABLE: &str = "backup_manifest";

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Everything that was acknowledged before this instant is in it.
    pub made_at: Timestamp,
    /// The release that made it.
    pub release: String,
    /// The layout of its tables.
    pub layout: i64,
    /// How many rows each table has.
    pub rows: BTreeMap<String, u64>,
    /// The ids of the sealing keys that its keys and secrets are sealed under,
    /// in hexadecimal. Without these keys it is of no use.
    pub sealing_keys: Vec<String>,
    /// SHA-256 over every row of every table, in hexadecimal.
    pub sha256: String,
}

/// What is in a file, counted and hashed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) rows: BTreeMap<String, u64>,
    pub(super) sha256: String,
}

impl Content {
    /// Reads every row of every table but the manifest's: table by table in the
    /// order of their names, row by row as the table itself has them, each value
    /// with its kind and length before it.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut hash = Sha256::new();
        let mut rows = BTreeMap::new();
        for table in inspect::tables(connection)? {
            if table == TABLE {
                continue;
            }
            put(&mut hash, b't', table.as_bytes());
            // Never in the order of an index, which another release may not have.
            let sql = format!("SELECT * FROM \"{table}\" NOT INDEXED");
            let mut statement = connection.prepare(&sql)?;
            let columns = statement.column_count();
            let mut found = statement.query(())?;
            let mut count = 0_u64;
            while let Some(row) = found.next()? {
                count += 1;
                for column in 0..columns {
                    value(&mut hash, row.get_ref(column)?);
                }
            }
            put(&mut hash, b'c', &count.to_be_bytes());
            rows.insert(table, count);
        }
        Ok(Self {
            rows,
            sha256: hex(&hash.finish()),
        })
    }
}

impl Manifest {
    /// The manifest in a file, if it has one.
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Option<Self>> {
        if !inspect::has_table(connection, TABLE)? {
            return Ok(None);
        }
        let text: Option<String> = connection
            .query_row(&format!("SELECT manifest FROM {TABLE}"), (), |row| {
                row.get(0)
            })
            .optional()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Writes it into a file that has none.
    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let text = serde_json::to_string(self)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        connection.execute_batch(&format!(
            "CREATE TABLE {TABLE} (manifest TEXT NOT NULL) STRICT"
        ))?;
        connection.execute(&format!("INSERT INTO {TABLE} VALUES (?1)"), [text])?;
        Ok(())
    }

    /// Takes it out again.
    pub(super) fn remove(connection: &Connection) -> rusqlite::Result<()> {
        connection.execute_batch(&format!("DROP TABLE {TABLE}"))
    }
}

/// The sealing keys that what is in a file is sealed under.
pub(super) fn sealing_keys(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut keys: Vec<String> = connection
        .prepare(
            "SELECT sealed_private FROM signing_key UNION ALL SELECT sealed FROM server_secret",
        )?
        .query_map((), |row| row.get::<_, Vec<u8>>(0))?
        .filter_map(|sealed| {
            sealed
                .map(|sealed| sealed_under(&sealed).map(|key| key.to_string()))
                .transpose()
        })
        .collect::<Result<_, _>>()?;
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

fn value(hash: &mut Sha256, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => put(hash, b'0', &[]),
        ValueRef::Integer(number) => put(hash, b'i', &number.to_be_bytes()),
        ValueRef::Real(number) => put(hash, b'r', &number.to_bits().to_be_bytes()),
        ValueRef::Text(octets) => put(hash, b's', octets),
        ValueRef::Blob(octets) => put(hash, b'b', octets),
    }
}

fn put(hash: &mut Sha256, kind: u8, octets: &[u8]) {
    hash.update(&[kind]);
    hash.update(&(octets.len() as u64).to_be_bytes());
    hash.update(octets);
}

fn hex(octets: &[u8]) -> String {
    use std::fmt::Write;
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

//! Moving everything out of a file, or into one.
//!
//! ```text
//! give     records in the order of their keys
//! take     records written as they are, with what belongs to them
//! ```

mod give;
mod take;

use avouch_core::storage::{
    Beginning, MovePlace, MoveSource, MoveTarget, MovedRecord, RecordKind, StoreError,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use super::fault::{Damage, Fault};
use super::inspect::has_table;
use super::refusal::OpenError;
use super::writer::Done;

pub(super) use self::give::page;

/// The mark, and how far the move is. No file in use has a table of this name.
const MARK: &str = "unfinished_move";

impl MoveSource for SqliteStore {
    async fn records_after(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: u32,
    ) -> Result<Vec<MovedRecord>, StoreError> {
        Ok(self
            .readers
            .snapshot(|connection| page(connection, kind, after, limit))?)
    }

    async fn count_records(&self, kind: RecordKind) -> Result<u64, StoreError> {
        Ok(self
            .readers
            .read(|connection| give::count(connection, kind))?)
    }
}

impl MoveTarget for SqliteStore {
    async fn begin_move(&self, source: &[u8; 32]) -> Result<Beginning, StoreError> {
        let source = *source;
        self.write(move |connection| begin(connection, &source).map(Done::fresh))
            .await
    }

    async fn put_records(
        &self,
        records: &[MovedRecord],
        place: &MovePlace,
    ) -> Result<(), StoreError> {
        let (records, place) = (records.to_vec(), place.clone());
        // Nothing was looked up while the mark was there, so that no cache holds anything.
        self.write(move |connection| {
            for record in &records {
                take::put(connection, record)?;
            }
            let moved = connection.execute(
                &format!("UPDATE {MARK} SET kind = ?1, after = ?2"),
                params![place.kind.name(), place.after],
            )?;
            if moved == 0 {
                return Err(Damage::Missing("move under way").into());
            }
            Ok(Done::fresh(()))
        })
        .await
    }

    async fn finish_move(&self) -> Result<(), StoreError> {
        self.write(|connection| {
            connection.execute_batch(&format!("DROP TABLE {MARK}"))?;
            Ok(Done::fresh(()))
        })
        .await
    }
}

fn begin(connection: &Connection, source: &[u8; 32]) -> Result<Beginning, Fault> {
    if has_table(connection, MARK)? {
        return go_on(connection, source);
    }
    for kind in RecordKind::ALL {
        if give::count(connection, kind)? > 0 {
            return Ok(Beginning::InUse);
        }
    }
    connection.execute_batch(&format!(
        "CREATE TABLE {MARK} (source BLOB NOT NULL, kind TEXT NOT NULL, after BLOB) STRICT"
    ))?;
    connection.execute(
        &format!("INSERT INTO {MARK} (source, kind) VALUES (?1, ?2)"),
        params![source, MovePlace::START.kind.name()],
    )?;
    Ok(Beginning::From(MovePlace::START))
}

fn go_on(connection: &Connection, source: &[u8; 32]) -> Result<Beginning, Fault> {
    let sql = format!("SELECT source, kind, after FROM {MARK}");
    let found: Option<(Vec<u8>, String, Option<Vec<u8>>)> = connection
        .query_row(&sql, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((of, kind, after)) = found else {
        return Err(Damage::Missing("move under way").into());
    };
    if of != source {
        return Ok(Beginning::OfAnother);
    }
    let kind = RecordKind::from_name(&kind).ok_or_else(|| Damage::Column("kind".into()))?;
    Ok(Beginning::From(MovePlace { kind, after }))
}

/// A server does not work on half of what there was.
pub(super) fn refuse_half_moved(connection: &Connection) -> Result<(), OpenError> {
    if has_table(connection, MARK)? {
        return Err(OpenError::HalfMoved);
    }
    Ok(())
}

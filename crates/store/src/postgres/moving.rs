//! Moving everything out of a database, or into one.
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
use deadpool_postgres::{ClientWrapper, Transaction};

use super::PostgresStore;
use super::fault::{self, Damage, Fault};
use super::open::PostgresError;
use super::options::PostgresOptions;
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{Conversation, execute, first, number, octets, text};

/// The mark, and how far the move is. No schema in use has a table of this name.
const MARK: &str = "unfinished_move";

impl MoveSource for PostgresStore {
    async fn records_after(
        &self,
        kind: RecordKind,
        after: Option<&[u8]>,
        limit: u32,
    ) -> Result<Vec<MovedRecord>, StoreError> {
        in_transaction!(self, Kind::Snapshot, |transaction| give::page(
            transaction,
            kind,
            after,
            limit
        ))
    }

    async fn count_records(&self, kind: RecordKind) -> Result<u64, StoreError> {
        asking!(self, Repeat::IfLost, |client| give::count(client, kind))
    }
}

impl MoveTarget for PostgresStore {
    async fn begin_move(&self, source: &[u8; 32]) -> Result<Beginning, StoreError> {
        in_transaction!(self, Kind::Change, |transaction| begin(transaction, source))
    }

    async fn put_records(
        &self,
        records: &[MovedRecord],
        place: &MovePlace,
    ) -> Result<(), StoreError> {
        let (kind, after) = (place.kind.name(), place.after.as_deref());
        in_transaction!(self, Kind::Change, |transaction| async {
            // First, so that whoever goes on with the move waits for what a killed one had sent.
            let sql = "UPDATE unfinished_move SET kind = $1, after = $2";
            if execute(transaction, sql, &[&kind, &after]).await? == 0 {
                return Err(Damage::Missing("move under way").into());
            }
            take::put(transaction, records).await
        })
    }

    async fn finish_move(&self) -> Result<(), StoreError> {
        in_transaction!(self, Kind::Change, |transaction| async {
            Ok(transaction
                .batch_execute("DROP TABLE unfinished_move")
                .await?)
        })
    }
}

impl PostgresStore {
    /// How many connections servers have to this database and schema, as far
    /// as it tells this user. A server that runs has at least one.
    pub async fn connections_of_servers(&self) -> Result<u64, StoreError> {
        let sql = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name = $1";
        let found = asking!(self, Repeat::IfLost, |client| first(
            client,
            sql,
            &[&self.servers],
            |row| row.take(number)
        ))?;
        Ok(found.unwrap_or(0))
    }
}

async fn begin(transaction: &Transaction<'_>, source: &[u8; 32]) -> Result<Beginning, Fault> {
    // Where servers pass that start: one that comes later sees the mark.
    let layout = "SELECT step FROM avouch_layout WHERE one FOR UPDATE";
    first(transaction, layout, &[], |_| Ok(())).await?;
    if is_marked(transaction).await? {
        return go_on(transaction, source).await;
    }
    for kind in RecordKind::ALL {
        if give::count(transaction, kind).await? > 0 {
            return Ok(Beginning::InUse);
        }
    }
    transaction
        .batch_execute(
            "CREATE TABLE unfinished_move (source BYTEA NOT NULL, kind TEXT NOT NULL, after BYTEA)",
        )
        .await?;
    let sql = "INSERT INTO unfinished_move (source, kind) VALUES ($1, $2)";
    let (name, kind) = (source.as_slice(), MovePlace::START.kind.name());
    execute(transaction, sql, &[&name, &kind]).await?;
    Ok(Beginning::From(MovePlace::START))
}

async fn go_on(transaction: &Transaction<'_>, source: &[u8; 32]) -> Result<Beginning, Fault> {
    let sql = "SELECT source, kind, after FROM unfinished_move FOR UPDATE";
    let found = first(transaction, sql, &[], |row| {
        let of = row.take(octets)?;
        let kind = row.take(|value| RecordKind::from_name(&text(value)?))?;
        Ok((of, kind, row.take_optional(octets)?))
    });
    let Some((of, kind, after)) = found.await? else {
        return Err(Damage::Missing("move under way").into());
    };
    Ok(if of == source {
        Beginning::From(MovePlace { kind, after })
    } else {
        Beginning::OfAnother
    })
}

async fn is_marked(client: &impl Conversation) -> Result<bool, Fault> {
    let sql = "SELECT count(*) FROM information_schema.tables
               WHERE table_schema = current_schema() AND table_name = $1";
    let found: Option<i64> = first(client, sql, &[&MARK], |row| row.take(number)).await?;
    Ok(found.is_some_and(|tables| tables > 0))
}

/// A server does not work on half of what there was.
pub(super) async fn refuse_half_moved(
    client: &ClientWrapper,
    options: &PostgresOptions,
) -> Result<(), PostgresError> {
    let sql = "SELECT 1 FROM information_schema.tables
               WHERE table_schema = $1 AND table_name = $2";
    let found = client
        .query(sql, &[&options.schema.as_str(), &MARK])
        .await
        .map_err(|error| PostgresError::Layout(fault::account(&error)))?;
    if found.is_empty() {
        Ok(())
    } else {
        Err(PostgresError::HalfMoved)
    }
}

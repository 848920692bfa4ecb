//! The layout of the database, step by step.
//!
//! Each step is a numbered SQL file, applied in a transaction of its own that
//! also moves the number in `avouch_layout` on: a crash leaves a whole step or none.
//! Of several servers that start at once one works, for it has locked the row;
//! the others wait and find the work done. A database with a step this program
//! does not know is left alone.

use std::time::Duration;

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio_postgres::IsolationLevel;
use tokio_postgres::error::SqlState;

use super::fault;
use super::open::PostgresError;
use super::options::PostgresOptions;

/// Every step in order; step `n` stands at `n - 1`.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/postgres/0001_initial.sql")];

/// How long a step may take, and another server's be waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often the table of the layout is asked for while others make it.
const TRIES: u32 = 20;

/// Applies the steps that are missing.
pub(super) async fn migrate(
    client: &mut ClientWrapper,
    options: &PostgresOptions,
) -> Result<(), PostgresError> {
    let told = |error| PostgresError::unreachable(options, &error);
    if !is_ours(client, options).await? {
        make_layout_table(client).await?;
    }
    let known = newest();
    loop {
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted)
            .start()
            .await
            .map_err(told)?;
        let found = lock(&transaction).await.map_err(told)?;
        let next = usize::try_from(found)
            .ok()
            .and_then(|at| MIGRATIONS.get(at));
        let Some(sql) = next else {
            // Not by the end of the connection, which may come later: others wait for the row.
            transaction.rollback().await.map_err(told)?;
            return if found > known {
                Err(PostgresError::Newer { found, known })
            } else {
                Ok(())
            };
        };
        let layout = |error| PostgresError::Layout(fault::account(&error));
        transaction.batch_execute(sql).await.map_err(layout)?;
        let step = found + 1;
        transaction
            .execute("UPDATE avouch_layout SET step = $1", &[&step])
            .await
            .map_err(layout)?;
        transaction.commit().await.map_err(layout)?;
        tracing::info!(
            step,
            "the layout of the database is up to date with this step"
        );
    }
}

/// Waits for whoever is at work, and returns the step the layout is at.
async fn lock(transaction: &Transaction<'_>) -> Result<i64, tokio_postgres::Error> {
    let patience = format!("SET LOCAL statement_timeout = {}", PATIENCE.as_millis());
    transaction.batch_execute(&patience).await?;
    let row = transaction
        .query_one("SELECT step FROM avouch_layout WHERE one FOR UPDATE", &[])
        .await?;
    row.try_get(0)
}

/// Whether the schema is ours already, rather than empty.
async fn is_ours(client: &ClientWrapper, options: &PostgresOptions) -> Result<bool, PostgresError> {
    let schema = options.schema.as_str();
    let tables = client
        .query(
            "SELECT table_name::text FROM information_schema.tables
             WHERE table_schema = $1 AND table_type = 'BASE TABLE'",
            &[&schema],
        )
        .await
        .map_err(|error| PostgresError::unreachable(options, &error))?;
    let ours = tables.iter().any(|row| {
        row.try_get(0)
            .is_ok_and(|name: &str| name == "avouch_layout")
    });
    if ours || tables.is_empty() {
        Ok(ours)
    } else {
        Err(PostgresError::AnotherApplication(schema.to_owned()))
    }
}

/// Makes the one row that says which step the layout is at. Others may be
/// making it at the same time: whoever comes second gets one of several errors
/// from PostgreSQL's own tables, and looks again.
async fn make_layout_table(client: &ClientWrapper) -> Result<(), PostgresError> {
    let sql = "CREATE TABLE IF NOT EXISTS avouch_layout (
                   one  BOOLEAN NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
                   step BIGINT  NOT NULL
               );
               INSERT INTO avouch_layout (one, step) VALUES (true, 0) ON CONFLICT (one) DO NOTHING";
    let mut tries = TRIES;
    loop {
        let Err(error) = client.batch_execute(sql).await else {
            return Ok(());
        };
        tries -= 1;
        let others = [
            SqlState::UNIQUE_VIOLATION,
            SqlState::DUPLICATE_TABLE,
            SqlState::DUPLICATE_OBJECT,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ];
        if tries == 0 || !error.code().is_some_and(|code| others.contains(code)) {
            return Err(PostgresError::Layout(fault::account(&error)));
        }
    }
}

fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_numbered_file_is_a_step() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names.len(), MIGRATIONS.len());
        for (number, (name, sql)) in (1..).zip(names.iter().zip(MIGRATIONS)) {
            assert!(name.starts_with(&format!("{number:04}_")), "{name}");
            let file = std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
            assert_eq!(file, *sql, "{name}");
        }
    }
}

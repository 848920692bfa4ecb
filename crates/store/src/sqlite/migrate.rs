//! The layout of the data file, step by step.
//!
//! Each step is a numbered SQL file, applied in a transaction of its own that
//! also moves `user_version` on: a crash leaves a whole step or none. A file
//! with a step this program does not know is left alone.

use rusqlite::{Connection, TransactionBehavior};

use super::refusal::OpenError;

/// Says "avouch" in the file's header (`avch`), so that `file` and this program
/// can tell it from any other SQLite file.
const APPLICATION_ID: i64 = 0x6176_6368;

/// Every step in order; step `n` stands at `n - 1`.
const MIGRATIONS: &[&str] = &[include_str!("../../migrations/sqlite/0001_initial.sql")];

/// What a file says about itself.
#[derive(Debug)]
pub(super) enum Identity {
    /// Nothing is in it yet.
    Empty,
    /// It is ours, at this step.
    Ours { version: i64 },
}

/// Whether the file may be worked on; changes nothing in it.
pub(super) fn identify(connection: &Connection) -> Result<Identity, OpenError> {
    let number = |sql| connection.query_row(sql, (), |row| row.get::<_, i64>(0));
    let version = number("PRAGMA user_version")?;
    let known = newest();
    match number("PRAGMA application_id")? {
        APPLICATION_ID if version > known => Err(OpenError::Newer {
            found: version,
            known,
        }),
        APPLICATION_ID if version > 0 => Ok(Identity::Ours { version }),
        0 if version == 0 && number("SELECT count(*) FROM sqlite_schema")? == 0 => {
            Ok(Identity::Empty)
        }
        _ => Err(OpenError::AnotherApplication),
    }
}

/// Applies the steps that are missing.
pub(super) fn migrate(connection: &mut Connection, from: &Identity) -> Result<(), OpenError> {
    let version = match from {
        Identity::Empty => 0,
        Identity::Ours { version } => *version,
    };
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    for (step, sql) in (1_i64..).zip(MIGRATIONS).skip(done) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", step)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The layout that this program works on.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_numbered_file_is_a_step() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite");
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

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        // In the way of the last part of the first step.
        connection
            .execute_batch("CREATE TABLE initial_access_token (a)")
            .unwrap();
        assert!(migrate(&mut connection, &Identity::Empty).is_err());
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", (), |r| r.get(0))
            .unwrap();
        assert_eq!(tables, 1);
        assert!(matches!(
            identify(&connection),
            Err(OpenError::AnotherApplication)
        ));
    }
}

//! Whether what is in a file holds together.
//!
//! A start looks at the small tables, on which everything hangs; how long that
//! takes does not grow with the tokens. `avouch check`, a backup and a restore
//! look at all of it.

use rusqlite::Connection;

use super::refusal::OpenError;

/// As large as there are tokens: too large to be read at every start.
const LARGE: &[&str] = &[
    "access_grant",
    "access_token",
    "caller_token",
    "proof_owner",
    "used_proof",
];

/// Findings that are told; whoever has more does not read them.
const TOLD: usize = 20;

/// Refuses a file in which a small table is broken.
pub(super) fn vital(connection: &Connection) -> Result<(), OpenError> {
    for table in tables(connection)? {
        if LARGE.contains(&table.as_str()) {
            continue;
        }
        let sql = format!("PRAGMA quick_check(\"{table}\")");
        let said: String = connection.query_row(&sql, (), |row| row.get(0))?;
        if said != "ok" {
            return Err(OpenError::Damaged(format!("{table}: {said}")));
        }
    }
    Ok(())
}

/// Everything that is wrong with a file, up to a number of findings. Empty if
/// it is whole.
pub(super) fn whole(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut found = Vec::new();
    let sql = format!("PRAGMA integrity_check({TOLD})");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            found.push(said);
        }
    }
    let mut statement = connection.prepare(
        "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
        let count: i64 = row.get(2)?;
        found.push(format!(
            "{count} row(s) of {table} hang on a {parent} that is not there"
        ));
    }
    found.truncate(TOLD);
    Ok(found)
}

/// The names of all tables but SQLite's own, in order.
pub(super) fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?
        .query_map((), |row| row.get(0))?
        .collect()
}

/// Whether the file has a table of this name.
pub(super) fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?
        .exists([name])
}

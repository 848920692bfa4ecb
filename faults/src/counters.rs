//! Whether what is kept twice agrees, looked up in the tables themselves.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// What must count nothing, and what it would be.
pub const QUERIES: &[(&str, &str)] = &[
    (
        "callers whose number of used proofs is not that of their proofs",
        "SELECT count(*) FROM proof_owner
         WHERE kept <> (SELECT count(*) FROM used_proof WHERE used_proof.owner = proof_owner.owner)",
    ),
    (
        "used proofs that are counted for nobody",
        "SELECT count(*) FROM used_proof
         WHERE owner NOT IN (SELECT owner FROM proof_owner)",
    ),
    (
        "tokens whose grant is not there",
        "SELECT count(*) FROM access_token
         WHERE access_grant NOT IN (SELECT id FROM access_grant)",
    ),
    (
        "registrations without a token that is good",
        "SELECT count(*) FROM registration
         WHERE caller NOT IN (SELECT caller FROM registration_token)",
    ),
];

/// What does not agree in an SQLite file, and whether SQLite finds the file whole.
///
/// # Panics
///
/// If it cannot be read.
pub fn of_file(file: &Path) -> Vec<String> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(file, flags).unwrap();
    let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut found: Vec<String> = QUERIES
        .iter()
        .filter_map(|(what, sql)| told(what, ask(sql).unwrap()))
        .collect();
    let whole = connection.query_row("PRAGMA integrity_check(1)", [], |row| {
        row.get::<_, String>(0)
    });
    let whole = whole.unwrap();
    if whole != "ok" {
        found.push(format!("SQLite says: {whole}"));
    }
    let hanging = connection
        .prepare("PRAGMA foreign_key_check")
        .and_then(|mut check| check.exists([]))
        .unwrap();
    if hanging {
        found.push("SQLite says: a foreign key leads nowhere".to_owned());
    }
    found
}

/// A finding, if there is one.
pub fn told(what: &str, count: i64) -> Option<String> {
    (count != 0).then(|| format!("{count} {what}"))
}

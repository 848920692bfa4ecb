//! The SQL of the map from scope values to the resource servers they mean.

use avouch_oauth::scope::Scope;
use rusqlite::Connection;

use super::fault::Fault;
use super::rows::{all, from_json, text};

/// Puts these values in the place of those that meant the RS so far.
pub(super) fn replace(connection: &Connection, id: &str, scope: &Scope) -> Result<(), Fault> {
    remove(connection, id)?;
    let mut add = connection.prepare_cached(
        "INSERT INTO audience_scope (scope_value, resource_server) VALUES (?1, ?2)",
    )?;
    for value in scope.iter() {
        add.execute([value, id])?;
    }
    Ok(())
}

/// From now on no value means the RS.
pub(super) fn remove(connection: &Connection, id: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM audience_scope WHERE resource_server = ?1")?
        .execute([id])?;
    Ok(())
}

/// The ids of those that one of the values means, in order.
pub(super) fn meant_by(connection: &Connection, scope: &Scope) -> Result<Vec<String>, Fault> {
    let values: Vec<&str> = scope.iter().collect();
    all(
        connection,
        "SELECT DISTINCT resource_server FROM audience_scope
         WHERE scope_value IN (SELECT value FROM json_each(?1)) ORDER BY 1",
        [from_json("list of scope values", &values)?],
        |row| row.take(text),
    )
}

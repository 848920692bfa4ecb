//! The SQL of clients.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::id::ClientId;
use avouch_core::records::{Client, Credentials};
use avouch_core::storage::Page;
use avouch_core::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::fault::Fault;
use super::rows::{Columns, all, first, from_json, from_time, from_word, json, number, time, word};
use super::{registrations, secrets};

/// A client that was not removed, with the size of what was read.
pub(super) fn select(connection: &Connection, id: &str) -> Result<Option<(Client, usize)>, Fault> {
    first(
        connection,
        "SELECT id, public_details, authentication_details, grant_types, scope, resources,
                access_token_lifetime, access_token_format, token_binding, registered_at
         FROM client WHERE id = ?1 AND removed_at IS NULL",
        [id],
        |row| Ok((client(connection, row)?, row.octets)),
    )
}

/// Clients that were not removed, by id. One snapshot for all of it.
pub(super) fn list(connection: &Connection, page: Page<'_>) -> Result<Vec<Arc<Client>>, Fault> {
    all(
        connection,
        "SELECT id, public_details, authentication_details, grant_types, scope, resources,
                access_token_lifetime, access_token_format, token_binding, registered_at
         FROM client WHERE id > ?1 AND removed_at IS NULL ORDER BY id LIMIT ?2",
        params![page.after.unwrap_or_default(), page.limit],
        |row| Ok(Arc::new(client(connection, row)?)),
    )
}

/// Keeps the client under an id already given.
pub(super) fn insert(connection: &Connection, client: &Client) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO client (id, public_details, authentication_details, grant_types, scope,
                 resources, access_token_lifetime, access_token_format, token_binding,
                 registered_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(columns(client)?)?;
    secrets::replace(connection, client.id.as_str(), &client.credentials)
}

/// Replaces all but the epoch. `false` if there is none of this id.
pub(super) fn update(connection: &Connection, client: &Client) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached(
            "UPDATE client SET public_details = ?2, authentication_details = ?3, grant_types = ?4,
                 scope = ?5, resources = ?6, access_token_lifetime = ?7,
                 access_token_format = ?8, token_binding = ?9, registered_at = ?10
             WHERE id = ?1 AND removed_at IS NULL",
        )?
        .execute(columns(client)?)?;
    if changed == 0 {
        return Ok(false);
    }
    secrets::replace(connection, client.id.as_str(), &client.credentials)?;
    Ok(true)
}

/// Marks it as removed; its tokens see that when they are found.
pub(super) fn remove(connection: &Connection, id: &ClientId, at: Timestamp) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached("UPDATE client SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL")?
        .execute(params![id.as_str(), at.as_micros()])?;
    if changed > 0 {
        secrets::remove(connection, id.as_str())?;
        registrations::remove(connection, id.as_str())?;
    }
    Ok(changed > 0)
}

pub(super) fn client(connection: &Connection, row: &mut Columns<'_>) -> Result<Client, Fault> {
    let id: ClientId = row.take(word)?;
    Ok(Client {
        details: row.take(json)?,
        credentials: Credentials {
            authentication: row.take(json)?,
            secrets: secrets::select(connection, id.as_str())?,
        },
        grant_types: row.take(json)?,
        scope: row.take(word)?,
        resources: row.take(json)?,
        access_token_lifetime: row.take_optional(number)?.map(Duration::from_micros),
        access_token_format: row.take_optional(word)?,
        token_binding: row.take(word)?,
        registered_at: row.take(time)?,
        id,
    })
}

fn columns(client: &Client) -> Result<[Value; 10], Fault> {
    Ok([
        client.id.as_str().to_owned().into(),
        from_json("set of public details", &client.details)?,
        from_json("client authentication", &client.credentials.authentication)?,
        from_json("set of grant types", &client.grant_types)?,
        client.scope.to_string().into(),
        from_json("list of resources", &client.resources)?,
        client.access_token_lifetime.map(micros).into(),
        match &client.access_token_format {
            None => Value::Null,
            Some(format) => from_word("access token format", format)?,
        },
        from_word("token binding", &client.token_binding)?,
        from_time(client.registered_at),
    ])
}

/// Whole microseconds, as all times here; saturates after 290,000 years.
fn micros(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX)
}

//! The SQL of clients.

use std::sync::Arc;
use std::time::Duration;

use avouch_core::id::ClientId;
use avouch_core::records::{Client, Credentials};
use avouch_core::storage::Page;
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::fault::Fault;
use super::rows::{
    Column, Columns, Conversation, all, execute, first, from_json, from_text, from_time, from_word,
    json, number, params, time, word,
};
use super::secrets::secrets_of;
use super::{registrations, secrets};

/// Clients with all that belongs to them, in one statement: true of one instant.
macro_rules! clients {
    ($which:literal) => {
        concat!(
            "SELECT c.id, c.public_details, c.authentication_details, ",
            secrets_of!("c.id"),
            ", c.grant_types, c.scope, c.resources, c.access_token_lifetime,
               c.access_token_format, c.token_binding, c.registered_at
             FROM client c ",
            $which
        )
    };
}

/// A client that was not removed, with the size of what was read.
pub(super) async fn select(
    client: &impl Conversation,
    id: &str,
) -> Result<Option<(Client, usize)>, Fault> {
    let sql = clients!("WHERE c.id = $1 AND c.removed_at IS NULL");
    first(client, sql, &[&id], |row| Ok((read(row)?, row.octets))).await
}

/// Clients that were not removed, by id.
pub(super) async fn list(
    client: &impl Conversation,
    page: Page<'_>,
) -> Result<Vec<Arc<Client>>, Fault> {
    let sql = clients!("WHERE c.id > $1 AND c.removed_at IS NULL ORDER BY c.id LIMIT $2");
    let (after, limit) = (page.after.unwrap_or_default(), i64::from(page.limit));
    all(client, sql, &[&after, &limit], |row| {
        read(row).map(Arc::new)
    })
    .await
}

/// Keeps the client under an id already given.
pub(super) async fn insert(transaction: &Transaction<'_>, client: &Client) -> Result<(), Fault> {
    let sql = "INSERT INTO client (id, public_details, authentication_details, grant_types, scope,
                   resources, access_token_lifetime, access_token_format, token_binding,
                   registered_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    execute(transaction, sql, &params(&columns(client)?)).await?;
    secrets::replace(transaction, client.id.as_str(), &client.credentials).await
}

/// Replaces all but the epoch. `false` if there is none of this id. The caller
/// must be locked.
pub(super) async fn update(transaction: &Transaction<'_>, client: &Client) -> Result<bool, Fault> {
    let sql = "UPDATE client SET public_details = $2, authentication_details = $3,
                   grant_types = $4, scope = $5, resources = $6, access_token_lifetime = $7,
                   access_token_format = $8, token_binding = $9, registered_at = $10
               WHERE id = $1 AND removed_at IS NULL";
    if execute(transaction, sql, &params(&columns(client)?)).await? == 0 {
        return Ok(false);
    }
    secrets::replace(transaction, client.id.as_str(), &client.credentials).await?;
    Ok(true)
}

/// Marks it as removed; its tokens see that when they are found. The caller
/// must be locked.
pub(super) async fn remove(
    transaction: &Transaction<'_>,
    id: &ClientId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE client SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
    let changed = execute(transaction, sql, &[&id.as_str(), &at.as_micros()]).await?;
    if changed > 0 {
        secrets::remove(transaction, id.as_str()).await?;
        registrations::remove(transaction, id.as_str()).await?;
    }
    Ok(changed > 0)
}

pub(super) fn read(row: &mut Columns<'_>) -> Result<Client, Fault> {
    Ok(Client {
        id: row.take(word)?,
        details: row.take(json)?,
        credentials: Credentials {
            authentication: row.take(json)?,
            secrets: secrets::take(row)?,
        },
        grant_types: row.take(json)?,
        scope: row.take(word)?,
        resources: row.take(json)?,
        access_token_lifetime: row.take_optional(number)?.map(Duration::from_micros),
        access_token_format: row.take_optional(word)?,
        token_binding: row.take(word)?,
        registered_at: row.take(time)?,
    })
}

fn columns(client: &Client) -> Result<[Column; 10], Fault> {
    Ok([
        from_text(client.id.as_str()),
        from_json("set of public details", &client.details)?,
        from_json("client authentication", &client.credentials.authentication)?,
        from_json("set of grant types", &client.grant_types)?,
        from_text(&client.scope.to_string()),
        from_json("list of resources", &client.resources)?,
        client
            .access_token_lifetime
            .map_or(Column::Null, |lifetime| Column::Number(micros(lifetime))),
        match &client.access_token_format {
            None => Column::Null,
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

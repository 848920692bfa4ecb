//! The access tokens of resource servers.

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::CallerToken;
use avouch_core::storage::{CallerTokenStore, StoreError, Taken};
use avouch_core::time::Timestamp;
use rusqlite::{Connection, params};

use super::fault::{Fault, OrTaken};
use super::rows::{Columns, first, from_optional_json, hash, json, time, word};
use super::writer::Done;
use super::{SqliteStore, resource_servers};

impl CallerTokenStore for SqliteStore {
    async fn insert_caller_token(&self, token: &CallerToken) -> Result<(), StoreError> {
        let token = token.clone();
        self.write(move |connection| insert(connection, &token).map(Done::fresh))
            .await
    }

    async fn find_caller_token(&self, hash: &TokenHash) -> Result<Option<CallerToken>, StoreError> {
        Ok(self.readers.read(|connection| select(connection, hash))?)
    }

    async fn remove_expired_caller_tokens(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        self.write(move |connection| {
            let gone = connection
                .prepare_cached(
                    "DELETE FROM caller_token WHERE hash IN (
                         SELECT hash FROM caller_token WHERE expires_at <= ?1 LIMIT ?2)",
                )?
                .execute(params![before.as_micros(), limit])?;
            Ok(Done::fresh(u32::try_from(gone).unwrap_or(u32::MAX)))
        })
        .await
    }
}

fn insert(connection: &Connection, token: &CallerToken) -> Result<(), Fault> {
    // A removed one is there still, as a row.
    if resource_servers::select(connection, token.resource_server.as_str())?.is_none() {
        return Err(Fault::Conflict(Taken::CallerId));
    }
    put(connection, token)
}

/// Keeps the token of one that is there.
pub(super) fn put(connection: &Connection, token: &CallerToken) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO caller_token
                 (hash, id, resource_server, confirmation_details, issued_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            token.hash.as_bytes(),
            token.id.as_str(),
            token.resource_server.as_str(),
            from_optional_json("confirmation", token.confirmation.as_ref())?,
            token.issued_at.as_micros(),
            token.expires_at.as_micros(),
        ])
        .or_taken(Taken::Record)?;
    Ok(())
}

fn select(connection: &Connection, token: &TokenHash) -> Result<Option<CallerToken>, Fault> {
    first(
        connection,
        "SELECT hash, id, resource_server, confirmation_details, issued_at, expires_at
         FROM caller_token WHERE hash = ?1",
        [token.as_bytes()],
        self::token,
    )
}

pub(super) fn token(row: &mut Columns<'_>) -> Result<CallerToken, Fault> {
    Ok(CallerToken {
        hash: TokenHash::from_bytes(row.take(hash)?),
        id: row.take(word)?,
        resource_server: row.take(word)?,
        confirmation: row.take_optional(json)?,
        issued_at: row.take(time)?,
        expires_at: row.take(time)?,
    })
}

/// Ends the tokens of a resource server.
pub(super) fn remove_all(connection: &Connection, resource_server: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM caller_token WHERE resource_server = ?1")?
        .execute([resource_server])?;
    Ok(())
}

//! The access tokens of resource servers.

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::CallerToken;
use avouch_core::storage::{CallerTokenStore, StoreError, Taken};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::fault::{Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{
    Column, Columns, execute, first, from_optional_json, from_text, from_time, hash, json, params,
    time, word,
};
use super::{PostgresStore, callers, resource_servers};

impl CallerTokenStore for PostgresStore {
    async fn insert_caller_token(&self, token: &CallerToken) -> Result<(), StoreError> {
        let columns = columns(token)?;
        in_transaction!(self, Kind::Change, |transaction| insert(
            transaction,
            token,
            &columns
        ))
    }

    async fn find_caller_token(&self, hash: &TokenHash) -> Result<Option<CallerToken>, StoreError> {
        let sql = "SELECT hash, id, resource_server, confirmation_details, issued_at, expires_at
                   FROM caller_token WHERE hash = $1";
        let key = hash.as_bytes().as_slice();
        asking!(self, Repeat::IfLost, |client| first(
            client,
            sql,
            &[&key],
            read
        ))
    }

    async fn remove_expired_caller_tokens(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u32, StoreError> {
        // What another server has in hand is passed over.
        let sql = "DELETE FROM caller_token WHERE hash IN (
                       SELECT hash FROM caller_token WHERE expires_at <= $1 LIMIT $2
                       FOR UPDATE SKIP LOCKED)";
        let (before, limit) = (before.as_micros(), i64::from(limit));
        let gone = asking!(self, Repeat::IfUndone, |client| execute(
            client,
            sql,
            &[&before, &limit]
        ))?;
        Ok(u32::try_from(gone).unwrap_or(u32::MAX))
    }
}

/// The RS is locked, so that its removal, or a change of its credentials, ends
/// this token or is over before it is kept.
async fn insert(
    transaction: &Transaction<'_>,
    token: &CallerToken,
    columns: &[Column; 6],
) -> Result<(), Fault> {
    let id = token.resource_server.as_str();
    callers::lock(transaction, id).await?;
    // A removed one is there still, as a row.
    if resource_servers::select(transaction, id).await?.is_none() {
        return Err(Fault::Conflict(Taken::CallerId));
    }
    execute(transaction, INSERT, &params(columns))
        .await
        .or_taken(Taken::Record)?;
    Ok(())
}

pub(super) const INSERT: &str = "
    INSERT INTO caller_token
        (hash, id, resource_server, confirmation_details, issued_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)";

/// Ends the tokens of a resource server, which must be locked.
pub(super) async fn remove_all(
    transaction: &Transaction<'_>,
    resource_server: &str,
) -> Result<(), Fault> {
    let sql = "DELETE FROM caller_token WHERE resource_server = $1";
    execute(transaction, sql, &[&resource_server]).await?;
    Ok(())
}

pub(super) fn read(row: &mut Columns<'_>) -> Result<CallerToken, Fault> {
    Ok(CallerToken {
        hash: TokenHash::from_bytes(row.take(hash)?),
        id: row.take(word)?,
        resource_server: row.take(word)?,
        confirmation: row.take_optional(json)?,
        issued_at: row.take(time)?,
        expires_at: row.take(time)?,
    })
}

pub(super) fn columns(token: &CallerToken) -> Result<[Column; 6], Fault> {
    Ok([
        Column::Octets(token.hash.as_bytes().to_vec()),
        from_text(token.id.as_str()),
        from_text(token.resource_server.as_str()),
        from_optional_json("confirmation", token.confirmation.as_ref())?,
        from_time(token.issued_at),
        from_time(token.expires_at),
    ])
}

//! Initial access tokens.

use avouch_core::id::InitialAccessTokenId;
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{Allowance, InitialAccessToken};
use avouch_core::storage::{InitialAccessTokenStore, StoreError, Taken};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::PostgresStore;
use super::fault::{Fault, OrTaken};
use super::pool::{Repeat, asking};
use super::rows::{
    Column, Columns, all, execute, first, from_json, from_optional_time, from_text, from_time,
    from_word, hash, json, number, params, time, word,
};

impl InitialAccessTokenStore for PostgresStore {
    async fn insert_initial_access_token(
        &self,
        token: &InitialAccessToken,
    ) -> Result<(), StoreError> {
        let columns = columns(token)?;
        let inserted = asking!(self, Repeat::IfUndone, |client| async {
            execute(client, INSERT, &params(&columns))
                .await
                .or_taken(Taken::Record)
        });
        inserted.map(drop)
    }

    async fn find_initial_access_token(
        &self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<InitialAccessToken>, StoreError> {
        // What "live" means is said here and in `take_use`.
        let sql = "SELECT hash, id, kind, resources, sharing, uses_left, created_at, expires_at
                   FROM initial_access_token
                   WHERE hash = $1 AND NOT withdrawn
                     AND (uses_left IS NULL OR uses_left > 0)
                     AND (expires_at IS NULL OR expires_at > $2)";
        let (key, now) = (hash.as_bytes().as_slice(), now.as_micros());
        asking!(self, Repeat::IfLost, |client| first(
            client,
            sql,
            &[&key, &now],
            token
        ))
    }

    async fn list_initial_access_tokens(&self) -> Result<Vec<InitialAccessToken>, StoreError> {
        let sql = "SELECT hash, id, kind, resources, sharing, uses_left, created_at, expires_at
                   FROM initial_access_token WHERE NOT withdrawn ORDER BY id";
        asking!(self, Repeat::IfLost, |client| all(client, sql, &[], token))
    }

    async fn remove_initial_access_token(
        &self,
        id: &InitialAccessTokenId,
    ) -> Result<bool, StoreError> {
        let sql =
            "UPDATE initial_access_token SET withdrawn = true WHERE id = $1 AND NOT withdrawn";
        let id = id.as_str();
        let withdrawn = asking!(self, Repeat::IfUndone, |client| execute(
            client,
            sql,
            &[&id]
        ))?;
        Ok(withdrawn > 0)
    }
}

pub(super) const INSERT: &str = "
    INSERT INTO initial_access_token
        (hash, id, kind, resources, sharing, uses_left, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Takes one use, if the token is live and one is left; `false` if not. Whoever
/// wants the next waits for the end of this transaction, and looks again.
pub(super) async fn take_use(
    transaction: &Transaction<'_>,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<bool, Fault> {
    // Null, without limit, stays null.
    let sql = "UPDATE initial_access_token SET uses_left = uses_left - 1
               WHERE hash = $1 AND NOT withdrawn
                 AND (uses_left IS NULL OR uses_left > 0)
                 AND (expires_at IS NULL OR expires_at > $2)";
    let key = hash.as_bytes().as_slice();
    let used = execute(transaction, sql, &[&key, &now.as_micros()]).await?;
    Ok(used > 0)
}

pub(super) fn token(row: &mut Columns<'_>) -> Result<InitialAccessToken, Fault> {
    Ok(InitialAccessToken {
        hash: TokenHash::from_bytes(row.take(hash)?),
        id: row.take(word)?,
        allowance: Allowance {
            kinds: row.take(word)?,
            resources: row.take(json)?,
            sharing: row.take(word)?,
        },
        uses_left: row.take_optional(number)?,
        created_at: row.take(time)?,
        expires_at: row.take_optional(time)?,
    })
}

pub(super) fn columns(token: &InitialAccessToken) -> Result<[Column; 8], Fault> {
    Ok([
        Column::Octets(token.hash.as_bytes().to_vec()),
        from_text(token.id.as_str()),
        from_word("kind of registration", &token.allowance.kinds)?,
        from_json("list of resources", &token.allowance.resources)?,
        from_word("sharing", &token.allowance.sharing)?,
        token
            .uses_left
            .map_or(Column::Null, |uses| Column::Number(uses.into())),
        from_time(token.created_at),
        from_optional_time(token.expires_at),
    ])
}

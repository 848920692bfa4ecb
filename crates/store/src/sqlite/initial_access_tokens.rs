//! Initial access tokens.

use avouch_core::id::InitialAccessTokenId;
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{Allowance, InitialAccessToken};
use avouch_core::storage::{InitialAccessTokenStore, StoreError, Taken};
use avouch_core::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::fault::{Fault, OrTaken};
use super::rows::{
    Columns, all, first, from_json, from_optional_time, from_time, from_word, hash, json, number,
    time, word,
};
use super::writer::Done;

impl InitialAccessTokenStore for SqliteStore {
    async fn insert_initial_access_token(
        &self,
        token: &InitialAccessToken,
    ) -> Result<(), StoreError> {
        let token = columns(token)?;
        self.write(move |connection| insert(connection, token).map(Done::fresh))
            .await
    }

    async fn find_initial_access_token(
        &self,
        hash: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<InitialAccessToken>, StoreError> {
        // What "live" means is said here and in `take_use`.
        let sql = "SELECT hash, id, kind, resources, sharing, uses_left, created_at, expires_at
                   FROM initial_access_token
                   WHERE hash = ?1 AND withdrawn = 0
                     AND (uses_left IS NULL OR uses_left > 0)
                     AND (expires_at IS NULL OR expires_at > ?2)";
        Ok(self.readers.read(|connection| {
            first(
                connection,
                sql,
                params![hash.as_bytes(), now.as_micros()],
                token,
            )
        })?)
    }

    async fn list_initial_access_tokens(&self) -> Result<Vec<InitialAccessToken>, StoreError> {
        let sql = "SELECT hash, id, kind, resources, sharing, uses_left, created_at, expires_at
                   FROM initial_access_token WHERE withdrawn = 0 ORDER BY id";
        Ok(self
            .readers
            .read(|connection| all(connection, sql, (), token))?)
    }

    async fn remove_initial_access_token(
        &self,
        id: &InitialAccessTokenId,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |connection| {
            let withdrawn = connection
                .prepare_cached(
                    "UPDATE initial_access_token SET withdrawn = 1 WHERE id = ?1 AND withdrawn = 0",
                )?
                .execute([id.as_str()])?;
            Ok(Done::fresh(withdrawn > 0))
        })
        .await
    }
}

/// Keeps a new one.
pub(super) fn insert(connection: &Connection, token: [Value; 8]) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO initial_access_token
                 (hash, id, kind, resources, sharing, uses_left, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(token)
        .or_taken(Taken::Record)?;
    Ok(())
}

/// Takes one use, if the token is live and one is left; `false` if not.
pub(super) fn take_use(
    connection: &Connection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<bool, Fault> {
    // Null, without limit, stays null.
    let used = connection
        .prepare_cached(
            "UPDATE initial_access_token SET uses_left = uses_left - 1
             WHERE hash = ?1 AND withdrawn = 0
               AND (uses_left IS NULL OR uses_left > 0)
               AND (expires_at IS NULL OR expires_at > ?2)",
        )?
        .execute(params![hash.as_bytes(), now.as_micros()])?;
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

pub(super) fn columns(token: &InitialAccessToken) -> Result<[Value; 8], Fault> {
    Ok([
        token.hash.as_bytes().to_vec().into(),
        token.id.as_str().to_owned().into(),
        from_word("kind of registration", &token.allowance.kinds)?,
        from_json("list of resources", &token.allowance.resources)?,
        from_word("sharing", &token.allowance.sharing)?,
        token.uses_left.map(i64::from).into(),
        from_time(token.created_at),
        from_optional_time(token.expires_at),
    ])
}

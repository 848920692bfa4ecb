//! The secrets of callers, as hashes.

use avouch_core::records::Credentials;
use avouch_core::secret::{SecretHash, StoredSecret};
use avouch_core::time::Timestamp;
use rusqlite::{Connection, params};

use super::fault::Fault;
use super::rows::{all, hash, time};

/// A caller's secrets, oldest first.
pub(super) fn select(connection: &Connection, caller: &str) -> Result<Vec<StoredSecret>, Fault> {
    all(
        connection,
        "SELECT hash, created_at, expires_at FROM caller_secret
         WHERE caller = ?1 ORDER BY position",
        [caller],
        |row| {
            Ok(StoredSecret {
                hash: SecretHash::from_bytes(row.take(hash)?),
                created_at: row.take(time)?,
                expires_at: row.take_optional(time)?,
            })
        },
    )
}

/// Puts these in the place of those that were there.
pub(super) fn replace(
    connection: &Connection,
    caller: &str,
    credentials: &Credentials,
) -> Result<(), Fault> {
    remove(connection, caller)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO caller_secret (caller, position, hash, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (position, secret) in (0_i64..).zip(&credentials.secrets) {
        insert.execute(params![
            caller,
            position,
            secret.hash.as_bytes(),
            secret.created_at.as_micros(),
            secret.expires_at.map(Timestamp::as_micros),
        ])?;
    }
    Ok(())
}

/// Forgets a caller's secrets.
pub(super) fn remove(connection: &Connection, caller: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM caller_secret WHERE caller = ?1")?
        .execute([caller])?;
    Ok(())
}

//! The secrets of callers, as hashes or sealed.

use avouch_core::records::Credentials;
use avouch_core::secret::{KeptSecret, SealedSecret, SecretHash, StoredSecret};
use avouch_core::time::Timestamp;
use rusqlite::{Connection, params};

use super::fault::{Damage, Fault};
use super::rows::{all, hash, octets, time};

/// A caller's secrets, oldest first.
pub(super) fn select(connection: &Connection, caller: &str) -> Result<Vec<StoredSecret>, Fault> {
    all(
        connection,
        "SELECT hash, sealed, created_at, expires_at FROM caller_secret
         WHERE caller = ?1 ORDER BY position",
        [caller],
        |row| {
            let hashed = row.take_optional(hash)?.map(SecretHash::from_bytes);
            let sealed = row.take_optional(octets)?.map(SealedSecret::from_bytes);
            Ok(StoredSecret {
                kept: match (hashed, sealed) {
                    (Some(hash), None) => KeptSecret::Hash(hash),
                    (None, Some(sealed)) => KeptSecret::Sealed(sealed),
                    _ => return Err(Damage::Missing("client secret").into()),
                },
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
        "INSERT INTO caller_secret (caller, position, hash, sealed, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (position, secret) in (0_i64..).zip(&credentials.secrets) {
        let (hash, sealed) = match &secret.kept {
            KeptSecret::Hash(hash) => (Some(hash.as_bytes()), None),
            KeptSecret::Sealed(sealed) => (None, Some(sealed.as_bytes())),
        };
        insert.execute(params![
            caller,
            position,
            hash,
            sealed,
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

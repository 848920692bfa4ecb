//! The secrets of callers, as hashes or sealed.

use avouch_core::records::Credentials;
use avouch_core::secret::{KeptSecret, SealedSecret, SecretHash, StoredSecret};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::fault::{Damage, Fault};
use super::rows::{Columns, execute, hash, octets, optional, time};

/// The columns that [`take`] takes, for the caller that `$id` names: one array
/// for each, so that a caller is read whole by one statement.
macro_rules! secrets_of {
    ($id:literal) => {
        concat!(
            "ARRAY(SELECT hash FROM caller_secret WHERE caller = ",
            $id,
            " ORDER BY position) AS secret_hashes,
            ARRAY(SELECT sealed FROM caller_secret WHERE caller = ",
            $id,
            " ORDER BY position) AS sealed_secrets,
            ARRAY(SELECT created_at FROM caller_secret WHERE caller = ",
            $id,
            " ORDER BY position) AS secrets_created,
            ARRAY(SELECT expires_at FROM caller_secret WHERE caller = ",
            $id,
            " ORDER BY position) AS secrets_expire"
        )
    };
}
pub(super) use secrets_of;

/// A caller's secrets, oldest first.
pub(super) fn take(row: &mut Columns<'_>) -> Result<Vec<StoredSecret>, Fault> {
    let hashes = row.take_all(optional(hash))?;
    let sealed = row.take_all(optional(octets))?;
    let created = row.take_all(time)?;
    let expires = row.take_all(optional(time))?;
    let columns = hashes.into_iter().zip(sealed).zip(created).zip(expires);
    columns
        .map(|(((hash, sealed), created_at), expires_at)| {
            Ok(StoredSecret {
                kept: match (hash, sealed) {
                    (Some(hash), None) => KeptSecret::Hash(SecretHash::from_bytes(hash)),
                    (None, Some(sealed)) => KeptSecret::Sealed(SealedSecret::from_bytes(sealed)),
                    _ => return Err(Damage::Missing("client secret").into()),
                },
                created_at,
                expires_at,
            })
        })
        .collect()
}

/// Puts these in the place of those that were there.
pub(super) async fn replace(
    transaction: &Transaction<'_>,
    caller: &str,
    credentials: &Credentials,
) -> Result<(), Fault> {
    remove(transaction, caller).await?;
    let sql = "INSERT INTO caller_secret (caller, position, hash, sealed, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    for (position, secret) in (0_i64..).zip(&credentials.secrets) {
        let (hash, sealed) = match &secret.kept {
            KeptSecret::Hash(hash) => (Some(hash.as_bytes().as_slice()), None),
            KeptSecret::Sealed(sealed) => (None, Some(sealed.as_bytes())),
        };
        let created_at = secret.created_at.as_micros();
        let expires_at = secret.expires_at.map(Timestamp::as_micros);
        let params: super::rows::Params<'_> =
            &[&caller, &position, &hash, &sealed, &created_at, &expires_at];
        execute(transaction, sql, params).await?;
    }
    Ok(())
}

/// Forgets a caller's secrets.
pub(super) async fn remove(transaction: &Transaction<'_>, caller: &str) -> Result<(), Fault> {
    let sql = "DELETE FROM caller_secret WHERE caller = $1";
    execute(transaction, sql, &[&caller]).await?;
    Ok(())
}

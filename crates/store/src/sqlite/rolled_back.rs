//! What a restore takes back, as far as the file that it replaces can still be
//! read: exactly, rather than "whatever happened since".

use std::path::Path;

use avouch_core::time::Timestamp;
use rusqlite::{Connection, OpenFlags, params};
use serde::Serialize;

use super::migrate::{Identity, identify};
use super::open::{SqliteOptions, connect};

/// What the replaced file has and the backup has not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RolledBack {
    /// Access tokens that were revoked one by one, and would be good again.
    pub revoked_tokens: u64,
    /// Grants, clients and subjects whose tokens were all revoked, or that
    /// once more since; everything counts for one more.
    pub revocations: u64,
    /// Callers that were removed and come back.
    pub removed_callers: Vec<String>,
    /// Resource servers that were suspended and are in good standing again.
    pub suspended: Vec<String>,
    /// Resource servers whose profiles or release policies are the older ones
    /// again, and the newer revisions gone.
    pub changed_policies: Vec<String>,
    /// Callers that were registered and are gone.
    pub new_callers: Vec<String>,
    /// Callers that get their older secrets back.
    pub changed_secrets: Vec<String>,
    /// Signing keys that were made and are gone.
    pub new_keys: Vec<String>,
    /// Signing keys that were withdrawn and are published again.
    pub withdrawn_keys: Vec<String>,
    /// Initial access tokens that were withdrawn or used, and get those uses back.
    pub initial_access_tokens: u64,
    /// Proofs that were used and could be used again.
    pub used_proofs: u64,
    /// Access tokens that were issued and are not known any more.
    pub new_tokens: u64,
}

/// Compares; `None` if the file that is there cannot be read, or is of another layout.
pub(super) fn compare(data: &Path, staged: &Path, now: Timestamp) -> Option<RolledBack> {
    let options = SqliteOptions::default();
    let connection = connect(data, OpenFlags::SQLITE_OPEN_READ_ONLY, &options).ok()?;
    let other = connect(staged, OpenFlags::SQLITE_OPEN_READ_ONLY, &options).ok()?;
    match (identify(&connection).ok()?, identify(&other).ok()?) {
        (Identity::Ours { version: one }, Identity::Ours { version: two }) if one == two => {}
        _ => return None,
    }
    let path = staged.to_str()?;
    connection.execute("ATTACH ?1 AS backup", [path]).ok()?;
    read(&connection, now).ok()
}

fn read(connection: &Connection, now: Timestamp) -> rusqlite::Result<RolledBack> {
    let now = now.as_micros();
    let count = |sql: &str| -> rusqlite::Result<u64> {
        let mut statement = connection.prepare(sql)?;
        // Those that ask about the present have it as ?1.
        let number: i64 = if statement.parameter_count() == 1 {
            statement.query_row(params![now], |row| row.get(0))?
        } else {
            statement.query_row((), |row| row.get(0))?
        };
        Ok(u64::try_from(number).unwrap_or(0))
    };
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        if statement.parameter_count() == 1 {
            statement
                .query_map(params![now], |row| row.get(0))?
                .collect()
        } else {
            statement.query_map((), |row| row.get(0))?.collect()
        }
    };
    Ok(RolledBack {
        revoked_tokens: count(
            "SELECT count(*) FROM main.access_token n JOIN backup.access_token b USING (hash)
             WHERE n.revoked_at IS NOT NULL AND b.revoked_at IS NULL AND n.expires_at > ?1",
        )?,
        revocations: count(
            "SELECT (SELECT count(*) FROM main.access_grant n JOIN backup.access_grant b USING (id)
                     WHERE n.revoked_at IS NOT b.revoked_at)
                  + (SELECT count(*) FROM main.client n JOIN backup.client b USING (id)
                     WHERE n.epoch <> b.epoch)
                  + (SELECT count(*) FROM main.subject_epoch n
                     LEFT JOIN backup.subject_epoch b USING (subject)
                     WHERE n.epoch IS NOT b.epoch)
                  + (SELECT count(*) FROM main.server_epoch n JOIN backup.server_epoch b USING (one)
                     WHERE n.epoch <> b.epoch OR n.revoked_until IS NOT b.revoked_until)",
        )?,
        removed_callers: names(
            "SELECT n.id FROM main.client n JOIN backup.client b USING (id)
             WHERE n.removed_at IS NOT NULL AND b.removed_at IS NULL
             UNION ALL
             SELECT n.id FROM main.resource_server n JOIN backup.resource_server b USING (id)
             WHERE n.removed_at IS NOT NULL AND b.removed_at IS NULL ORDER BY 1",
        )?,
        suspended: names(
            "SELECT n.id FROM main.resource_server n JOIN backup.resource_server b USING (id)
             WHERE n.suspended_reason IS NOT NULL AND b.suspended_reason IS NULL
               AND b.removed_at IS NULL ORDER BY 1",
        )?,
        changed_policies: names(
            "SELECT resource_server FROM (
                 SELECT resource_server, number FROM main.jwt_profile_revision
                 EXCEPT SELECT resource_server, number FROM backup.jwt_profile_revision)
             UNION
             SELECT resource_server FROM (
                 SELECT resource_server, number FROM main.release_policy_revision
                 EXCEPT SELECT resource_server, number FROM backup.release_policy_revision)
             UNION
             SELECT resource_server FROM (
                 SELECT resource_server, number FROM main.access_token_profile_revision
                 EXCEPT SELECT resource_server, number FROM backup.access_token_profile_revision)
             INTERSECT SELECT id FROM backup.caller ORDER BY 1",
        )?,
        new_callers: names(
            "SELECT id FROM main.caller EXCEPT SELECT id FROM backup.caller ORDER BY 1",
        )?,
        changed_secrets: names(
            "SELECT DISTINCT caller FROM (
                 SELECT * FROM (SELECT caller, hash, sealed, expires_at FROM main.caller_secret
                     EXCEPT SELECT caller, hash, sealed, expires_at FROM backup.caller_secret)
                 UNION ALL
                 SELECT * FROM (SELECT caller, hash, sealed, expires_at FROM backup.caller_secret
                     EXCEPT SELECT caller, hash, sealed, expires_at FROM main.caller_secret))
             WHERE caller IN (SELECT id FROM backup.caller) ORDER BY 1",
        )?,
        new_keys: names(
            "SELECT kid FROM main.signing_key EXCEPT SELECT kid FROM backup.signing_key ORDER BY 1",
        )?,
        withdrawn_keys: names(
            "SELECT n.kid FROM main.signing_key n JOIN backup.signing_key b USING (kid)
             WHERE n.retired_at <= ?1 AND (b.retired_at IS NULL OR b.retired_at > ?1) ORDER BY 1",
        )?,
        initial_access_tokens: count(
            "SELECT count(*)
             FROM main.initial_access_token n JOIN backup.initial_access_token b USING (hash)
             WHERE n.withdrawn <> b.withdrawn OR n.uses_left IS NOT b.uses_left",
        )?,
        used_proofs: count(
            "SELECT count(*) FROM main.used_proof n
             WHERE n.expires_at > ?1 AND n.key NOT IN (SELECT key FROM backup.used_proof)",
        )?,
        new_tokens: count(
            "SELECT count(*) FROM main.access_token n
             WHERE n.expires_at > ?1 AND n.hash NOT IN (SELECT hash FROM backup.access_token)",
        )?,
    })
}

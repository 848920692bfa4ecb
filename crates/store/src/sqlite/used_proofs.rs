//! Proofs that were used.
//!
//! How many of an owner's are kept stands in a counter beside them, so that the
//! quota costs one row and no count. Kept ones may have ended already: only
//! when the counter stands at the quota are the owner's ended ones looked for
//! and forgotten, [`ENDED_AT_ONCE`]. One is enough to make room (or more, had
//! the quota been lowered), and if there is none the quota is truly used up.

use avouch_core::records::UsedProof;
use avouch_core::storage::{ReplayStore, StoreError, Used};
use avouch_core::time::Timestamp;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::fault::Fault;
use super::rows::{all, first, hash, time};
use super::writer::Done;

/// Ended uses forgotten on the way of one use, so that the next find room.
const ENDED_AT_ONCE: u32 = 64;
/// Ended uses forgotten in one transaction of the clean-up.
const EXPIRED_AT_ONCE: u32 = 500;

impl ReplayStore for SqliteStore {
    async fn use_once(
        &self,
        proof: &UsedProof,
        quota: u32,
        now: Timestamp,
    ) -> Result<Used, StoreError> {
        let proof = *proof;
        self.write(move |connection| use_once(connection, &proof, quota, now).map(Done::fresh))
            .await
    }

    async fn remove_expired_proofs(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut forgotten = 0;
        while forgotten < limit {
            let batch = EXPIRED_AT_ONCE.min(limit - forgotten);
            let gone = self
                .write(move |connection| {
                    forget(connection, DELETE_ENDED, params![now.as_micros(), batch])
                        .map(Done::fresh)
                })
                .await?;
            forgotten += gone;
            if gone < batch {
                break;
            }
        }
        Ok(forgotten)
    }
}

/// Alone on the connection that writes, hence nothing comes in between.
fn use_once(
    connection: &Connection,
    proof: &UsedProof,
    quota: u32,
    now: Timestamp,
) -> Result<Used, Fault> {
    // A use that is over when it is made could not be told from the next.
    if proof.expires_at <= now {
        return Ok(Used::Again);
    }
    let earlier = first(
        connection,
        "SELECT expires_at FROM used_proof WHERE key = ?1",
        [proof.key],
        |row| row.take(time),
    )?;
    match earlier {
        Some(end) if now < end => return Ok(Used::Again),
        Some(_) => {
            forget(connection, DELETE_ONE, [proof.key])?;
        }
        None => {}
    }
    while !take_room(connection, proof, quota)? {
        let ended = params![proof.owner, now.as_micros(), ENDED_AT_ONCE];
        if forget(connection, DELETE_ENDED_OF_OWNER, ended)? == 0 {
            return Ok(Used::OverQuota);
        }
    }
    connection
        .prepare_cached("INSERT INTO used_proof (key, owner, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![
            proof.key,
            proof.owner,
            proof.expires_at.as_micros()
        ])?;
    Ok(Used::First)
}

/// Counts one more of the owner's, if the quota allows.
fn take_room(connection: &Connection, proof: &UsedProof, quota: u32) -> Result<bool, Fault> {
    if quota == 0 {
        return Ok(false);
    }
    let counted = connection
        .prepare_cached(
            "INSERT INTO proof_owner (owner, kept) VALUES (?1, 1)
             ON CONFLICT (owner) DO UPDATE SET kept = kept + 1 WHERE kept < ?2",
        )?
        .execute(params![proof.owner, quota])?;
    Ok(counted > 0)
}

/// Runs a statement that deletes uses and returns their owners, and takes them
/// off the counters.
fn forget(connection: &Connection, sql: &str, which: impl rusqlite::Params) -> Result<u32, Fault> {
    // Sorted, so that each counter is written once.
    let mut owners = all(connection, sql, which, |row| row.take(hash))?;
    let gone = u32::try_from(owners.len()).unwrap_or(u32::MAX);
    owners.sort_unstable();
    let mut fewer =
        connection.prepare_cached("UPDATE proof_owner SET kept = kept - ?2 WHERE owner = ?1")?;
    let mut none =
        connection.prepare_cached("DELETE FROM proof_owner WHERE owner = ?1 AND kept = 0")?;
    for same in owners.chunk_by(|one, next| one == next) {
        if let Some(owner) = same.first() {
            fewer.execute(params![
                owner,
                i64::try_from(same.len()).unwrap_or(i64::MAX)
            ])?;
            none.execute([owner])?;
        }
    }
    Ok(gone)
}

const DELETE_ONE: &str = "DELETE FROM used_proof WHERE key = ?1 RETURNING owner";

const DELETE_ENDED_OF_OWNER: &str = "
    DELETE FROM used_proof WHERE key IN (
        SELECT key FROM used_proof WHERE owner = ?1 AND expires_at <= ?2
        ORDER BY expires_at LIMIT ?3)
    RETURNING owner";

const DELETE_ENDED: &str = "
    DELETE FROM used_proof WHERE key IN (
        SELECT key FROM used_proof WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING owner";

#[cfg(test)]
mod tests;

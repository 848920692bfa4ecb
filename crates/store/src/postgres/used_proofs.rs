//! Proofs that were used.
//!
//! How many of an owner's are kept stands in a counter beside them, so that the
//! quota costs one row and no count. Kept ones may have ended already: only
//! when the counter stands at the quota are the owner's ended ones looked for
//! and forgotten, [`ENDED_AT_ONCE`]. One is enough to make room (or more, had
//! the quota been lowered), and if there is none the quota is truly used up.
//!
//! The usual use is one statement ([`USE`]). It writes the counter first, which
//! makes all uses of one owner wait for each other; a proof that another has
//! used meanwhile violates the key, which undoes the statement. Whatever keeps
//! it from inserting is looked into with the counter locked ([`look_closer`]).
//! Counters are always locked before proofs.

use avouch_core::records::UsedProof;
use avouch_core::storage::{ReplayStore, StoreError, Taken, Used};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;

use super::PostgresStore;
use super::fault::{Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{Conversation, Params, all, execute, first, octets, time};

/// Ended uses forgotten on the way of one use, so that the next find room.
const ENDED_AT_ONCE: i64 = 64;
/// Ended uses forgotten in one transaction of the clean-up: their owners wait.
const EXPIRED_AT_ONCE: u32 = 500;

impl ReplayStore for PostgresStore {
    async fn use_once(
        &self,
        proof: &UsedProof,
        quota: u32,
        now: Timestamp,
    ) -> Result<Used, StoreError> {
        // A use that is over when it is made could not be told from the next.
        if proof.expires_at <= now {
            return Ok(Used::Again);
        }
        if quota > 0 {
            let used = asking!(self, Repeat::IfUndone, |client| async {
                match insert(client, proof, quota).await {
                    Err(Fault::Conflict(_)) => Ok(false),
                    outcome => outcome,
                }
            })?;
            if used {
                return Ok(Used::First);
            }
        }
        // Nothing is written for a mere replay.
        let earlier = asking!(self, Repeat::IfLost, |client| end_of(client, proof))?;
        if earlier.is_some_and(|end| now < end) {
            return Ok(Used::Again);
        }
        if quota == 0 {
            return Ok(Used::OverQuota);
        }
        in_transaction!(self, Kind::Change, |transaction| look_closer(
            transaction,
            proof,
            quota,
            now
        ))
    }

    async fn remove_expired_proofs(&self, now: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut forgotten = 0;
        while forgotten < limit {
            let batch = EXPIRED_AT_ONCE.min(limit - forgotten);
            let gone = in_transaction!(self, Kind::Change, |transaction| forget_ended(
                transaction,
                now,
                batch
            ))?;
            forgotten += gone;
            if gone < batch {
                break;
            }
        }
        Ok(forgotten)
    }
}

/// Counts one more of the owner's if the quota allows, and keeps the use if it
/// was counted. Nothing if the key is there, or appears meanwhile.
const USE: &str = "
    WITH counted AS (
        INSERT INTO proof_owner (owner, kept)
        SELECT $2, 1 WHERE NOT EXISTS (SELECT 1 FROM used_proof WHERE key = $1)
        ON CONFLICT (owner) DO UPDATE SET kept = proof_owner.kept + 1
            WHERE proof_owner.kept < $4
        RETURNING owner)
    INSERT INTO used_proof (key, owner, expires_at) SELECT $1, owner, $3 FROM counted";

async fn insert(client: &impl Conversation, proof: &UsedProof, quota: u32) -> Result<bool, Fault> {
    let (key, owner) = (proof.key.as_slice(), proof.owner.as_slice());
    let end = proof.expires_at.as_micros();
    let params: Params<'_> = &[&key, &owner, &end, &i64::from(quota)];
    let kept = execute(client, USE, params).await.or_taken(Taken::Record)?;
    Ok(kept > 0)
}

/// When the use that is remembered ends, if there is one.
async fn end_of(client: &impl Conversation, proof: &UsedProof) -> Result<Option<Timestamp>, Fault> {
    let sql = "SELECT expires_at FROM used_proof WHERE key = $1";
    first(client, sql, &[&proof.key.as_slice()], |row| row.take(time)).await
}

/// The same with the owner's counter locked, so that nothing comes in between.
async fn look_closer(
    transaction: &Transaction<'_>,
    proof: &UsedProof,
    quota: u32,
    now: Timestamp,
) -> Result<Used, Fault> {
    let (key, owner) = (proof.key.as_slice(), proof.owner.as_slice());
    // There to be locked, even if nothing is counted yet.
    let counter = "INSERT INTO proof_owner (owner, kept) VALUES ($1, 0)
                   ON CONFLICT (owner) DO UPDATE SET kept = proof_owner.kept";
    execute(transaction, counter, &[&owner]).await?;
    match end_of(transaction, proof).await? {
        Some(end) if now < end => return Ok(Used::Again),
        Some(_) => {
            forget(transaction, DELETE_ONE, &[&key]).await?;
        }
        None => {}
    }
    while !insert(transaction, proof, quota).await? {
        let params: Params<'_> = &[&owner, &now.as_micros(), &ENDED_AT_ONCE];
        if forget(transaction, DELETE_ENDED_OF_OWNER, params).await? == 0 {
            return Ok(Used::OverQuota);
        }
    }
    Ok(Used::First)
}

/// Forgets at most `limit` that have ended, whosever they are, the oldest first.
async fn forget_ended(
    transaction: &Transaction<'_>,
    now: Timestamp,
    limit: u32,
) -> Result<u32, Fault> {
    let now = now.as_micros();
    let ended = all(
        transaction,
        "SELECT key, owner FROM used_proof WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2",
        &[&now, &i64::from(limit)],
        |row| Ok((row.take(octets)?, row.take(octets)?)),
    )
    .await?;
    let (keys, owners): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
    let lock = "SELECT owner FROM proof_owner WHERE owner = ANY($1) ORDER BY owner FOR UPDATE";
    execute(transaction, lock, &[&owners]).await?;
    // One that was used anew in between has another end.
    let sql = "DELETE FROM used_proof WHERE key = ANY($1) AND expires_at <= $2 RETURNING owner";
    forget(transaction, sql, &[&keys, &now]).await
}

/// Runs a statement that deletes uses and returns their owners, and takes them
/// off the counters. The counters must be locked.
async fn forget(transaction: &Transaction<'_>, sql: &str, which: Params<'_>) -> Result<u32, Fault> {
    // Sorted, so that each counter is written once.
    let mut owners = all(transaction, sql, which, |row| row.take(octets)).await?;
    let gone = u32::try_from(owners.len()).unwrap_or(u32::MAX);
    owners.sort_unstable();
    let fewer = "UPDATE proof_owner SET kept = kept - $2 WHERE owner = $1";
    for same in owners.chunk_by(|one, next| one == next) {
        if let Some(owner) = same.first() {
            let count = i64::try_from(same.len()).unwrap_or(i64::MAX);
            execute(transaction, fewer, &[owner, &count]).await?;
        }
    }
    owners.dedup();
    let none = "DELETE FROM proof_owner WHERE owner = ANY($1) AND kept = 0";
    execute(transaction, none, &[&owners]).await?;
    Ok(gone)
}

const DELETE_ONE: &str = "DELETE FROM used_proof WHERE key = $1 RETURNING owner";

const DELETE_ENDED_OF_OWNER: &str = "
    DELETE FROM used_proof WHERE key IN (
        SELECT key FROM used_proof WHERE owner = $1 AND expires_at <= $2
        ORDER BY expires_at LIMIT $3)
    RETURNING owner";

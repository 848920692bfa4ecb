//! Access tokens, grants and epochs.

mod columns;

use std::sync::Arc;

use avouch_core::id::{ClientId, GrantId, SubjectId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{AccessToken, CallerState, Epochs, FoundToken, Grant};
use avouch_core::storage::{
    IssuedBefore, Revoked, RevokedEverything, StoreError, Taken, TokenStore,
};
use avouch_core::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::SqliteStore;
use super::fault::{Damage, Fault, OrTaken};
use super::rows::{Columns, all, first, hash, read, time, word};
use super::writer::Done;
use crate::cache::Stale;
use crate::kept;

pub(super) use self::columns::{
    epoch, epochs, from_epoch, grant, grant_columns, token, token_columns, underlying_grant,
};

/// Tokens forgotten in one transaction: bounds how long others wait for it.
const EXPIRED_AT_ONCE: u32 = 500;

impl TokenStore for SqliteStore {
    async fn issue(&self, grant: &Grant, token: &AccessToken) -> Result<(), StoreError> {
        // The token's row does not repeat the client: it is the grant's.
        if token.grant != grant.id || token.client != grant.client {
            return Err(Fault::from(Damage::Missing("grant")).into());
        }
        // Encoded here, so that the writer is left with nothing but SQL.
        let (client, subject) = (grant.client.clone(), grant.subject.clone());
        let (grant, token) = (grant_columns(grant, None)?, token_columns(token)?);
        self.write(move |connection| {
            insert_grant(connection, grant)?;
            issue_token(connection, token, &client, subject.as_ref())?;
            Ok(Done::fresh(()))
        })
        .await
    }

    async fn find_evenly(
        &self,
        hash: &TokenHash,
        is_good: &(dyn Fn(&FoundToken) -> bool + Sync),
    ) -> Result<Option<Arc<FoundToken>>, StoreError> {
        let cache = &self.caches.tokens;
        if let Some(found) = cache.get(hash)
            && is_good(&found)
        {
            return Ok(Some(found));
        }
        let ticket = cache.ticket();
        let Some((found, octets)) = self.readers.read(|connection| select(connection, hash))?
        else {
            return Ok(None);
        };
        let found = Arc::new(found);
        // What is no good would take room and never be used.
        if is_good(&found) {
            cache.fill(ticket, *hash, Arc::clone(&found), octets);
        }
        Ok(Some(found))
    }

    async fn revoke_token(&self, hash: &TokenHash, at: Timestamp) -> Result<Revoked, StoreError> {
        let hash = *hash;
        self.write(move |connection| {
            let changed = connection
                .prepare_cached(
                    "UPDATE access_token SET revoked_at = ?2
                     WHERE hash = ?1 AND revoked_at IS NULL",
                )?
                .execute(params![hash.as_bytes(), at.as_micros()])?;
            let known = "SELECT 1 FROM access_token WHERE hash = ?1";
            Ok(Done {
                value: outcome(changed, || {
                    Ok(connection
                        .prepare_cached(known)?
                        .exists([hash.as_bytes()])?)
                })?,
                stale: if changed > 0 {
                    Stale::Tokens(vec![hash])
                } else {
                    Stale::Nothing
                },
            })
        })
        .await
    }

    async fn revoke_grant(&self, grant: &GrantId, at: Timestamp) -> Result<Revoked, StoreError> {
        let grant = grant.clone();
        self.write(move |connection| {
            revoke(
                connection,
                "UPDATE access_grant SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL",
                "SELECT 1 FROM access_grant WHERE id = ?1",
                grant.as_str(),
                at,
                Stale::TokensOfGrant,
            )
        })
        .await
    }

    async fn revoke_client(&self, client: &ClientId, at: Timestamp) -> Result<Revoked, StoreError> {
        let client = client.clone();
        self.write(move |connection| {
            revoke(
                connection,
                "UPDATE client SET epoch = epoch + 1, epoch_since = ?2
                 WHERE id = ?1 AND removed_at IS NULL",
                "SELECT 1 FROM client WHERE id = ?1 AND removed_at IS NULL",
                client.as_str(),
                at,
                Stale::TokensOfClient,
            )
        })
        .await
    }

    async fn revoke_subject(
        &self,
        subject: &SubjectId,
        at: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let subject = subject.clone();
        self.write(move |connection| {
            revoke(
                connection,
                "INSERT INTO subject_epoch (subject, epoch, epoch_since) VALUES (?1, 1, ?2)
                 ON CONFLICT (subject) DO UPDATE
                 SET epoch = subject_epoch.epoch + 1, epoch_since = excluded.epoch_since",
                "SELECT 1 FROM subject_epoch WHERE subject = ?1",
                subject.as_str(),
                at,
                Stale::TokensOfSubject,
            )
        })
        .await
    }

    async fn revoke_everything(
        &self,
        issued: IssuedBefore,
        at: Timestamp,
    ) -> Result<RevokedEverything, StoreError> {
        self.write(move |connection| revoke_everything(connection, issued, at))
            .await
    }

    /// In several transactions if there is much to forget, so that no other
    /// write waits long. Each is whole; one that fails leaves the earlier done.
    async fn remove_expired(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut forgotten = 0;
        while forgotten < limit {
            let batch = EXPIRED_AT_ONCE.min(limit - forgotten);
            let gone = self
                .write(move |connection| forget(connection, before, batch))
                .await?;
            forgotten += gone;
            if gone < batch {
                break;
            }
        }
        Ok(forgotten)
    }
}

/// `known` is asked only if nothing changed.
fn outcome(changed: usize, known: impl FnOnce() -> Result<bool, Fault>) -> Result<Revoked, Fault> {
    Ok(match changed {
        0 if !known()? => Revoked::Unknown,
        0 => Revoked::Already,
        _ => Revoked::Now,
    })
}

/// Revokes tokens by what they hang on; they leave the cache.
fn revoke(
    connection: &Connection,
    change: &str,
    known: &str,
    name: &str,
    at: Timestamp,
    tokens: fn(Box<str>) -> Stale,
) -> Result<Done<Revoked>, Fault> {
    let changed = connection
        .prepare_cached(change)?
        .execute(params![name, at.as_micros()])?;
    Ok(Done {
        value: outcome(changed, || {
            Ok(connection.prepare_cached(known)?.exists([name])?)
        })?,
        stale: if changed > 0 {
            tokens(name.into())
        } else {
            Stale::Nothing
        },
    })
}

pub(super) fn revoke_everything(
    connection: &Connection,
    issued: IssuedBefore,
    at: Timestamp,
) -> Result<Done<RevokedEverything>, Fault> {
    let (epoch, until, with_it) = match issued {
        IssuedBefore::Now => (
            "UPDATE server_epoch SET epoch = epoch + 1, epoch_since = ?1",
            at,
            // All of them, whatever instant they bear.
            Timestamp::from_micros(i64::MAX),
        ),
        IssuedBefore::Instant(until) => (
            "UPDATE server_epoch SET revoked_until = max(coalesce(revoked_until, ?1), ?1)",
            until,
            until,
        ),
    };
    if connection.execute(epoch, [until.as_micros()])? == 0 {
        return Err(Damage::Missing("epoch of the server").into());
    }
    let caller_tokens = connection.execute(
        "DELETE FROM caller_token WHERE issued_at <= ?1",
        [with_it.as_micros()],
    )?;
    let initial_access_tokens = connection.execute(
        "UPDATE initial_access_token SET withdrawn = 1 WHERE withdrawn = 0 AND created_at <= ?1",
        [with_it.as_micros()],
    )?;
    Ok(Done {
        value: RevokedEverything {
            caller_tokens: caller_tokens as u64,
            initial_access_tokens: initial_access_tokens as u64,
        },
        stale: Stale::Everything,
    })
}

/// Forgets at most `limit` tokens, the longest expired first, and the grants
/// whose last token was among them.
fn forget(connection: &Connection, before: Timestamp, limit: u32) -> Result<Done<u32>, Fault> {
    let gone = all(
        connection,
        DELETE_EXPIRED,
        params![before.as_micros(), limit],
        |row| {
            Ok((
                TokenHash::from_bytes(row.take(hash)?),
                row.take(word::<GrantId>)?,
            ))
        },
    )?;
    let mut empty = connection.prepare_cached(DELETE_EMPTY_GRANT)?;
    for (_, grant) in &gone {
        empty.execute([grant.as_str()])?;
    }
    let hashes: Vec<_> = gone.into_iter().map(|(hash, _)| hash).collect();
    Ok(Done {
        value: u32::try_from(hashes.len()).unwrap_or(limit),
        stale: if hashes.is_empty() {
            Stale::Nothing
        } else {
            Stale::Tokens(hashes)
        },
    })
}

const DELETE_EXPIRED: &str = "
    DELETE FROM access_token WHERE hash IN (
        SELECT hash FROM access_token WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)
    RETURNING hash, access_grant";

const DELETE_EMPTY_GRANT: &str = "
    DELETE FROM access_grant WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM access_token WHERE access_grant = ?1)";

/// One statement, hence true of one instant. Also tells the size of what was read.
///
/// The record at the hash or next after it is read and decoded in any case, so that a token that
/// is not kept takes as long as one that is. (Only past the last hash of all there is none.)
fn select(connection: &Connection, hash: &TokenHash) -> Result<Option<(FoundToken, usize)>, Fault> {
    let nearest = first(connection, SELECT_NEAREST, [hash.as_bytes()], |row| {
        let of = TokenHash::from_bytes(row.take(super::rows::hash)?);
        let found = found(row, of);
        Ok((of, found, row.octets))
    })?;
    match nearest {
        Some((of, found, octets)) if of == *hash => Ok(Some((found?, octets))),
        // A neighbour's damage is not this token's.
        Some(_) | None => Ok(None),
    }
}

fn found(row: &mut Columns<'_>, hash: TokenHash) -> Result<FoundToken, Fault> {
    let grant: GrantId = row.take(read(kept::id))?;
    let client: ClientId = row.take(read(kept::id))?;
    let removed_at = row.take_optional(time)?;
    let current = epochs(row)?;
    let all_revoked_until = row.take_optional(time)?;
    let token = token(row, hash, grant, client)?;
    let issued_in = epochs(row)?;
    Ok(FoundToken {
        token,
        grant: underlying_grant(row)?,
        client: match removed_at {
            Some(_) => CallerState::Removed,
            None => CallerState::Registered,
        },
        issued_in,
        current,
        all_revoked_until,
    })
}

// CROSS JOIN: in this order and no other, whatever SQLite believes of the sizes of the tables.
const SELECT_NEAREST: &str = "
    SELECT t.hash, g.id, g.client, c.removed_at,
           e.epoch, c.epoch, coalesce(s.epoch, 0), e.revoked_until,
           t.id, t.scope, t.resources, t.authorization_details, t.confirmation_details,
           t.issued_at, t.not_before, t.expires_at, t.revoked_at,
           t.server_epoch, t.client_epoch, t.subject_epoch,
           g.subject, g.claims, g.legal_basis, g.login_details, g.revoked_at
    FROM access_token t
    CROSS JOIN access_grant g ON g.id = t.access_grant
    CROSS JOIN client c ON c.id = g.client
    LEFT JOIN subject_epoch s ON s.subject = g.subject
    LEFT JOIN server_epoch e ON e.one = 1
    WHERE t.hash >= ?1 ORDER BY t.hash LIMIT 1";

/// Keeps a token, in the epochs there are.
fn issue_token(
    connection: &Connection,
    token: [Value; 11],
    client: &ClientId,
    subject: Option<&SubjectId>,
) -> Result<(), Fault> {
    let subject = subject.map(|subject| subject.as_str().to_owned());
    let whose = [client.as_str().to_owned().into(), subject.into()];
    connection
        .prepare_cached(ISSUE_TOKEN)?
        .execute(params_from_iter(token.into_iter().chain(whose)))
        .or_taken(Taken::Record)?;
    Ok(())
}

const ISSUE_TOKEN: &str = "
    INSERT INTO access_token (hash, id, access_grant, scope, resources, authorization_details,
        confirmation_details, issued_at, not_before, expires_at, revoked_at,
        server_epoch, client_epoch, subject_epoch)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
        (SELECT epoch FROM server_epoch WHERE one = 1),
        (SELECT epoch FROM client WHERE id = ?12),
        coalesce((SELECT epoch FROM subject_epoch WHERE subject = ?13), 0))";

/// Keeps a token as it was kept elsewhere.
pub(super) fn insert_token(
    connection: &Connection,
    token: [Value; 11],
    issued_in: Epochs,
) -> Result<(), Fault> {
    let Epochs {
        server,
        client,
        subject,
    } = issued_in;
    let epochs = [server, client, subject].map(from_epoch);
    connection
        .prepare_cached(INSERT_TOKEN)?
        .execute(params_from_iter(token.into_iter().chain(epochs)))
        .or_taken(Taken::Record)?;
    Ok(())
}

const INSERT_TOKEN: &str = "
    INSERT INTO access_token (hash, id, access_grant, scope, resources, authorization_details,
        confirmation_details, issued_at, not_before, expires_at, revoked_at,
        server_epoch, client_epoch, subject_epoch)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

pub(super) fn insert_grant(connection: &Connection, grant: [Value; 11]) -> Result<(), Fault> {
    connection
        .prepare_cached(INSERT_GRANT)?
        .execute(grant)
        .or_taken(Taken::Record)?;
    Ok(())
}

const INSERT_GRANT: &str = "
    INSERT INTO access_grant (id, client, subject, scope, resources, claims,
        authorization_details, legal_basis, login_details, created_at, revoked_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

#[cfg(test)]
mod tests;

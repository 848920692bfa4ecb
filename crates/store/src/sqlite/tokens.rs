//! Access tokens, grants and epochs.

use std::sync::Arc;

use avouch_core::id::{ClientId, GrantId, SubjectId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{AccessToken, CallerState, FoundToken, Grant};
use avouch_core::storage::{Revoked, StoreError, Taken, TokenStore};
use avouch_core::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::fault::{Damage, Fault, OrTaken};
use super::rows::{
    Columns, all, first, from_json, from_optional_json, from_optional_time, from_time, hash, json,
    time, word,
};
use super::writer::Done;
use crate::cache::Stale;

/// Tokens forgotten in one transaction: bounds how long others wait for it.
const EXPIRED_AT_ONCE: u32 = 500;

impl TokenStore for SqliteStore {
    async fn issue(&self, grant: &Grant, token: &AccessToken) -> Result<(), StoreError> {
        // The token's row does not repeat the client: it is the grant's.
        if token.grant != grant.id || token.client != grant.client {
            return Err(Fault::from(Damage::Missing("grant")).into());
        }
        // Encoded here, so that the writer is left with nothing but SQL.
        let (grant, token) = (grant_columns(grant)?, token_columns(token)?);
        self.write(move |connection| {
            insert_grant(connection, grant)?;
            insert_token(connection, token)?;
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

    async fn revoke_grant(
        &self,
        grant: &GrantId,
        before: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let grant = grant.clone();
        self.write(move |connection| {
            move_epoch(
                connection,
                "UPDATE access_grant SET revoked_before = ?2
                 WHERE id = ?1 AND (revoked_before IS NULL OR revoked_before < ?2)",
                "SELECT 1 FROM access_grant WHERE id = ?1",
                grant.as_str(),
                before,
                Stale::TokensOfGrant,
            )
        })
        .await
    }

    async fn revoke_client(
        &self,
        client: &ClientId,
        before: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let client = client.clone();
        self.write(move |connection| {
            move_epoch(
                connection,
                "UPDATE client SET revoked_before = ?2
                 WHERE id = ?1 AND removed_at IS NULL
                   AND (revoked_before IS NULL OR revoked_before < ?2)",
                "SELECT 1 FROM client WHERE id = ?1 AND removed_at IS NULL",
                client.as_str(),
                before,
                Stale::TokensOfClient,
            )
        })
        .await
    }

    async fn revoke_subject(
        &self,
        subject: &SubjectId,
        before: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let subject = subject.clone();
        self.write(move |connection| {
            move_epoch(
                connection,
                "INSERT INTO subject_epoch (subject, revoked_before) VALUES (?1, ?2)
                 ON CONFLICT (subject) DO UPDATE SET revoked_before = excluded.revoked_before
                 WHERE subject_epoch.revoked_before < excluded.revoked_before",
                "SELECT 1 FROM subject_epoch WHERE subject = ?1",
                subject.as_str(),
                before,
                Stale::TokensOfSubject,
            )
        })
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

/// Moves an epoch forward; the tokens that hang on it leave the cache.
fn move_epoch(
    connection: &Connection,
    forward: &str,
    known: &str,
    name: &str,
    before: Timestamp,
    tokens: fn(Box<str>) -> Stale,
) -> Result<Done<Revoked>, Fault> {
    let changed = connection
        .prepare_cached(forward)?
        .execute(params![name, before.as_micros()])?;
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
    let grant_id: GrantId = row.take(word)?;
    let client: ClientId = row.take(word)?;
    let subject_revoked_before = row.take_optional(time)?;
    let removed_at = row.take_optional(time)?;
    let revoked_before = row.take_optional(time)?;
    let token = token(row, hash, &grant_id, &client)?;
    let grant = grant(row, grant_id, client)?;
    Ok(FoundToken {
        token,
        grant: Arc::new(grant),
        client: match removed_at {
            Some(_) => CallerState::Removed,
            None => CallerState::Registered { revoked_before },
        },
        subject_revoked_before,
    })
}

// CROSS JOIN: in this order and no other, whatever SQLite believes of the sizes of the tables.
const SELECT_NEAREST: &str = "
    SELECT t.hash, g.id, g.client, s.revoked_before, c.removed_at, c.revoked_before,
           t.id, t.scope, t.resources, t.authorization_details, t.confirmation_details,
           t.issued_at, t.not_before, t.expires_at, t.revoked_at,
           g.subject, g.scope, g.resources, g.claims, g.authorization_details,
           g.legal_basis, g.login_details, g.created_at, g.revoked_before
    FROM access_token t
    CROSS JOIN access_grant g ON g.id = t.access_grant
    CROSS JOIN client c ON c.id = g.client
    LEFT JOIN subject_epoch s ON s.subject = g.subject
    WHERE t.hash >= ?1 ORDER BY t.hash LIMIT 1";

pub(super) fn token(
    row: &mut Columns<'_>,
    hash: TokenHash,
    grant: &GrantId,
    client: &ClientId,
) -> Result<AccessToken, Fault> {
    Ok(AccessToken {
        hash,
        id: row.take(word)?,
        grant: grant.clone(),
        client: client.clone(),
        scope: row.take(word)?,
        audience: row.take(json)?,
        authorization_details: row.take(json)?,
        confirmation: row.take_optional(json)?,
        issued_at: row.take(time)?,
        not_before: row.take_optional(time)?,
        expires_at: row.take(time)?,
        revoked_at: row.take_optional(time)?,
    })
}

pub(super) fn insert_token(connection: &Connection, token: [Value; 11]) -> Result<(), Fault> {
    connection
        .prepare_cached(INSERT_TOKEN)?
        .execute(token)
        .or_taken(Taken::Record)?;
    Ok(())
}

const INSERT_TOKEN: &str = "
    INSERT INTO access_token (hash, id, access_grant, scope, resources, authorization_details,
        confirmation_details, issued_at, not_before, expires_at, revoked_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

pub(super) fn token_columns(token: &AccessToken) -> Result<[Value; 11], Fault> {
    Ok([
        token.hash.as_bytes().to_vec().into(),
        token.id.as_str().to_owned().into(),
        token.grant.as_str().to_owned().into(),
        token.scope.to_string().into(),
        from_json("audience", &token.audience)?,
        from_json(
            "list of authorization details",
            &token.authorization_details,
        )?,
        from_optional_json("confirmation", token.confirmation.as_ref())?,
        from_time(token.issued_at),
        from_optional_time(token.not_before),
        from_time(token.expires_at),
        from_optional_time(token.revoked_at),
    ])
}

pub(super) fn grant(row: &mut Columns<'_>, id: GrantId, client: ClientId) -> Result<Grant, Fault> {
    Ok(Grant {
        id,
        client,
        subject: row.take_optional(word)?,
        scope: row.take(word)?,
        resources: row.take(json)?,
        claims: row.take(json)?,
        authorization_details: row.take(json)?,
        legal_basis: row.take_optional(word)?,
        authentication: row.take_optional(json)?,
        created_at: row.take(time)?,
        revoked_before: row.take_optional(time)?,
    })
}

pub(super) fn insert_grant(connection: &Connection, grant: [Value; 11]) -> Result<(), Fault> {
    connection
        .prepare_cached(INSERT_GRANT)?
        .execute(grant)
        .or_taken(Taken::Record)?;
    Ok(())
}

const INSERT_GRANT: &str = "
    INSERT INTO access_grant (id, client, subject, scope, resources, claims,
        authorization_details, legal_basis, login_details, created_at, revoked_before)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

pub(super) fn grant_columns(grant: &Grant) -> Result<[Value; 11], Fault> {
    let text = |text: &str| Value::Text(text.to_owned());
    Ok([
        text(grant.id.as_str()),
        text(grant.client.as_str()),
        grant
            .subject
            .as_ref()
            .map(|subject| subject.as_str().to_owned())
            .into(),
        grant.scope.to_string().into(),
        from_json("list of resources", &grant.resources)?,
        from_json("set of claims", &grant.claims)?,
        from_json(
            "list of authorization details",
            &grant.authorization_details,
        )?,
        grant
            .legal_basis
            .as_ref()
            .map(|basis| basis.as_str().to_owned())
            .into(),
        from_optional_json("login", grant.authentication.as_ref())?,
        from_time(grant.created_at),
        from_optional_time(grant.revoked_before),
    ])
}

#[cfg(test)]
mod tests;

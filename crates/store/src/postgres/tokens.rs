//! Access tokens, grants and epochs.

use std::sync::Arc;

use avouch_core::id::{ClientId, GrantId, SubjectId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{AccessToken, CallerState, FoundToken, Grant, LegalBasis};
use avouch_core::storage::{Revoked, StoreError, Taken, TokenStore};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::changes::{self, Told, telling};
use super::fault::{Damage, Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{
    Column, Columns, Params, all, execute, first, from_json, from_optional_json,
    from_optional_time, from_text, from_time, hash, json, number, params, text, time, word,
};
use crate::cache::Stale;

/// Tokens forgotten in one transaction: bounds how long others wait for it.
const EXPIRED_AT_ONCE: u32 = 500;

impl TokenStore for PostgresStore {
    async fn issue(&self, grant: &Grant, token: &AccessToken) -> Result<(), StoreError> {
        // The token's row does not repeat the client: it is the grant's.
        if token.grant != grant.id || token.client != grant.client {
            return Err(Fault::from(Damage::Missing("grant")).into());
        }
        let columns = columns(grant, token)?;
        let issued = asking!(self, Repeat::IfUndone, |client| async {
            execute(client, ISSUE, &params(&columns))
                .await
                .or_taken(Taken::Record)
        });
        issued.map(drop)
    }

    /// The record at the hash or next after it is fetched and decoded in any case, so that a token
    /// that is not kept takes as long as one that is.
    async fn find_evenly(
        &self,
        hash: &TokenHash,
        is_good: &(dyn Fn(&FoundToken) -> bool + Sync),
    ) -> Result<Option<Arc<FoundToken>>, StoreError> {
        if let Some(found) = self.recall(|caches| caches.tokens.get(hash))
            && is_good(&found)
        {
            return Ok(Some(found));
        }
        let filling = self
            .hot
            .as_ref()
            .map(|hot| (hot, hot.caches.tokens.ticket()));
        let key = hash.as_bytes().as_slice();
        let nearest = asking!(self, Repeat::IfLost, |client| first(
            client,
            SELECT_NEAREST,
            &[&key],
            |row| {
                let of = TokenHash::from_bytes(row.take(super::rows::hash)?);
                let found = found(row, of);
                // A neighbour's damage is not this token's.
                if of == *hash {
                    Ok(Some((Arc::new(found?), row.octets)))
                } else {
                    Ok(None)
                }
            }
        ))?;
        let Some((found, octets)) = nearest.flatten() else {
            return Ok(None);
        };
        // What is no good would take room and never be used.
        if let Some((hot, ticket)) = filling
            && is_good(&found)
        {
            let tokens = &hot.caches.tokens;
            tokens.fill(ticket, *hash, Arc::clone(&found), octets);
        }
        Ok(Some(found))
    }

    async fn revoke_token(&self, hash: &TokenHash, at: Timestamp) -> Result<Revoked, StoreError> {
        let sql = telling!(
            "UPDATE access_token SET revoked_at = $6
             WHERE hash = $5 AND revoked_at IS NULL RETURNING hash",
            "SELECT count(*) FROM access_token WHERE hash = $5"
        );
        let stale = Stale::Tokens(vec![*hash]);
        self.revoke(sql, &hash.as_bytes().as_slice(), at, &stale)
            .await
    }

    async fn revoke_grant(
        &self,
        grant: &GrantId,
        before: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let sql = telling!(
            "UPDATE access_grant SET revoked_before = $6
             WHERE id = $5 AND (revoked_before IS NULL OR revoked_before < $6) RETURNING id",
            "SELECT count(*) FROM access_grant WHERE id = $5"
        );
        let stale = Stale::TokensOfGrant(grant.as_str().into());
        self.revoke(sql, &grant.as_str(), before, &stale).await
    }

    async fn revoke_client(
        &self,
        client: &ClientId,
        before: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let sql = telling!(
            "UPDATE client SET revoked_before = $6
             WHERE id = $5 AND removed_at IS NULL
               AND (revoked_before IS NULL OR revoked_before < $6) RETURNING id",
            "SELECT count(*) FROM client WHERE id = $5 AND removed_at IS NULL"
        );
        let stale = Stale::TokensOfClient(client.as_str().into());
        self.revoke(sql, &client.as_str(), before, &stale).await
    }

    async fn revoke_subject(
        &self,
        subject: &SubjectId,
        before: Timestamp,
    ) -> Result<Revoked, StoreError> {
        // Where nothing changes, there is one that is as late.
        let sql = telling!(
            "INSERT INTO subject_epoch (subject, revoked_before) VALUES ($5, $6)
             ON CONFLICT (subject) DO UPDATE SET revoked_before = excluded.revoked_before
             WHERE subject_epoch.revoked_before < excluded.revoked_before RETURNING subject",
            "SELECT 1::bigint"
        );
        let stale = Stale::TokensOfSubject(subject.as_str().into());
        self.revoke(sql, &subject.as_str(), before, &stale).await
    }

    /// In several transactions if there is much to forget, so that no other
    /// write waits long. Each is whole; one that fails leaves the earlier done.
    /// Several servers may clean up at once: each passes over what another has
    /// in hand.
    async fn remove_expired(&self, before: Timestamp, limit: u32) -> Result<u32, StoreError> {
        let mut forgotten = 0;
        while forgotten < limit {
            let batch = EXPIRED_AT_ONCE.min(limit - forgotten);
            let (gone, stale) = in_transaction!(self, Kind::Change, |transaction| forget(
                transaction,
                before,
                batch
            ))?;
            self.forget_now(&stale);
            forgotten += gone;
            if gone < batch {
                break;
            }
        }
        Ok(forgotten)
    }
}

impl PostgresStore {
    /// Runs a statement of [`telling`]. What is to die is `$5`, as of when `$6`.
    async fn revoke(
        &self,
        sql: &str,
        what: &(dyn ToSql + Sync),
        at: Timestamp,
        stale: &Stale,
    ) -> Result<Revoked, StoreError> {
        let at = at.as_micros();
        let Told {
            lane,
            kind,
            name,
            tokens,
        } = Told::of(stale, self.lanes.next()).ok_or(Fault::from(Damage::Unencodable("change")))?;
        let params: Params<'_> = &[&lane, &kind, &name, &tokens, what, &at];
        let counts = asking!(self, Repeat::IfUndone, |client| first(
            client,
            sql,
            params,
            |row| Ok((row.take(number::<u32>)?, row.take(number::<u32>)?))
        ));
        Ok(match self.forget(counts, stale)? {
            None | Some((0, 0)) => Revoked::Unknown,
            Some((0, _)) => Revoked::Already,
            Some(_) => Revoked::Now,
        })
    }
}

/// Forgets at most `limit` tokens, the longest expired first, and the grants
/// whose last token was among them.
async fn forget(
    transaction: &Transaction<'_>,
    before: Timestamp,
    limit: u32,
) -> Result<(u32, Stale), Fault> {
    let gone = all(
        transaction,
        DELETE_EXPIRED,
        &[&before.as_micros(), &i64::from(limit)],
        |row| {
            let token = TokenHash::from_bytes(row.take(hash)?);
            Ok((token, row.take(text)?))
        },
    )
    .await?;
    if gone.is_empty() {
        return Ok((0, Stale::Nothing));
    }
    let count = u32::try_from(gone.len()).unwrap_or(limit);
    let (tokens, mut grants): (Vec<_>, Vec<_>) = gone.into_iter().unzip();
    grants.sort_unstable();
    grants.dedup();
    // Locked first, and looked at by the next statement: of two that take the
    // last tokens of one grant at once, the second sees that none is left.
    let lock = "SELECT id FROM access_grant WHERE id = ANY($1) ORDER BY id FOR UPDATE";
    execute(transaction, lock, &[&grants]).await?;
    execute(transaction, DELETE_EMPTY_GRANTS, &[&grants]).await?;
    let stale = Stale::Tokens(tokens);
    changes::tell(transaction, &stale).await?;
    Ok((count, stale))
}

const DELETE_EXPIRED: &str = "
    DELETE FROM access_token WHERE hash IN (
        SELECT hash FROM access_token WHERE expires_at < $1 ORDER BY expires_at LIMIT $2
        FOR UPDATE SKIP LOCKED)
    RETURNING hash, access_grant";

const DELETE_EMPTY_GRANTS: &str = "
    DELETE FROM access_grant g WHERE g.id = ANY($1)
    AND NOT EXISTS (SELECT 1 FROM access_token t WHERE t.access_grant = g.id)";

// The one row first, by its index; then what it hangs on.
const SELECT_NEAREST: &str = "
    SELECT t.hash, g.id, g.client, s.revoked_before, c.removed_at, c.revoked_before,
           t.id, t.scope, t.resources, t.authorization_details, t.confirmation_details,
           t.issued_at, t.not_before, t.expires_at, t.revoked_at,
           g.subject, g.scope, g.resources, g.claims, g.authorization_details,
           g.legal_basis, g.login_details, g.created_at, g.revoked_before
    FROM (SELECT * FROM access_token WHERE hash >= $1 ORDER BY hash LIMIT 1) t
    JOIN access_grant g ON g.id = t.access_grant
    JOIN client c ON c.id = g.client
    LEFT JOIN subject_epoch s ON s.subject = g.subject";

/// One statement, hence true of one instant.
fn found(row: &mut Columns<'_>, hash: TokenHash) -> Result<FoundToken, Fault> {
    let grant_id: GrantId = row.take(word)?;
    let client: ClientId = row.take(word)?;
    let subject_revoked_before = row.take_optional(time)?;
    let removed_at = row.take_optional(time)?;
    let revoked_before = row.take_optional(time)?;
    let token = token(row, hash, &grant_id, &client)?;
    Ok(FoundToken {
        token,
        grant: Arc::new(grant(row, grant_id, client)?),
        client: match removed_at {
            Some(_) => CallerState::Removed,
            None => CallerState::Registered { revoked_before },
        },
        subject_revoked_before,
    })
}

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

/// Grant and token in one statement: both or neither, in one round trip.
const ISSUE: &str = "
    WITH granted AS (
        INSERT INTO access_grant (id, client, subject, scope, resources, claims,
            authorization_details, legal_basis, login_details, created_at, revoked_before)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))
    INSERT INTO access_token (hash, id, access_grant, scope, resources, authorization_details,
        confirmation_details, issued_at, not_before, expires_at, revoked_at)
    VALUES ($12, $13, $1, $14, $15, $16, $17, $18, $19, $20, $21)";

fn columns(grant: &Grant, token: &AccessToken) -> Result<[Column; 21], Fault> {
    let [hash, id, _, rest @ ..] = token_columns(token)?;
    let mut both = grant_columns(grant)?
        .into_iter()
        .chain([hash, id])
        .chain(rest);
    Ok(std::array::from_fn(|_| both.next().unwrap_or(Column::Null)))
}

pub(super) fn grant_columns(grant: &Grant) -> Result<[Column; 11], Fault> {
    let optional = |text: Option<&str>| text.map_or(Column::Null, from_text);
    Ok([
        from_text(grant.id.as_str()),
        from_text(grant.client.as_str()),
        optional(grant.subject.as_ref().map(SubjectId::as_str)),
        from_text(&grant.scope.to_string()),
        from_json("list of resources", &grant.resources)?,
        from_json("set of claims", &grant.claims)?,
        from_json(
            "list of authorization details",
            &grant.authorization_details,
        )?,
        optional(grant.legal_basis.as_ref().map(LegalBasis::as_str)),
        from_optional_json("login", grant.authentication.as_ref())?,
        from_time(grant.created_at),
        from_optional_time(grant.revoked_before),
    ])
}

pub(super) fn token_columns(token: &AccessToken) -> Result<[Column; 11], Fault> {
    Ok([
        Column::Octets(token.hash.as_bytes().to_vec()),
        from_text(token.id.as_str()),
        from_text(token.grant.as_str()),
        from_text(&token.scope.to_string()),
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

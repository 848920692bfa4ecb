//! Access tokens, grants and epochs.

mod columns;

use std::sync::Arc;

use avouch_core::id::{ClientId, GrantId, SubjectId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::{AccessToken, CallerState, FoundToken, Grant};
use avouch_core::storage::{
    IssuedBefore, Revoked, RevokedEverything, StoreError, Taken, TokenStore,
};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;

use super::PostgresStore;
use super::changes::{self, Told, telling};
use super::fault::{Damage, Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{
    Column, Columns, Params, all, execute, first, hash, number, params, read, text, time,
};
use crate::cache::Stale;
use crate::kept;

pub(super) use self::columns::{
    epoch, epochs, from_epoch, grant, grant_columns, token, token_columns, underlying_grant,
};

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

    async fn revoke_grant(&self, grant: &GrantId, at: Timestamp) -> Result<Revoked, StoreError> {
        let sql = telling!(
            "UPDATE access_grant SET revoked_at = $6
             WHERE id = $5 AND revoked_at IS NULL RETURNING id",
            "SELECT count(*) FROM access_grant WHERE id = $5"
        );
        let stale = Stale::TokensOfGrant(grant.as_str().into());
        self.revoke(sql, &grant.as_str(), at, &stale).await
    }

    /// Of two at once the second waits for the first, and counts on from what it left.
    async fn revoke_client(&self, client: &ClientId, at: Timestamp) -> Result<Revoked, StoreError> {
        let sql = telling!(
            "UPDATE client SET epoch = epoch + 1, epoch_since = $6
             WHERE id = $5 AND removed_at IS NULL RETURNING id",
            "SELECT count(*) FROM client WHERE id = $5 AND removed_at IS NULL"
        );
        let stale = Stale::TokensOfClient(client.as_str().into());
        self.revoke(sql, &client.as_str(), at, &stale).await
    }

    async fn revoke_subject(
        &self,
        subject: &SubjectId,
        at: Timestamp,
    ) -> Result<Revoked, StoreError> {
        let sql = telling!(
            "INSERT INTO subject_epoch (subject, epoch, epoch_since) VALUES ($5, 1, $6)
             ON CONFLICT (subject) DO UPDATE
             SET epoch = subject_epoch.epoch + 1, epoch_since = excluded.epoch_since
             RETURNING subject",
            "SELECT 1::bigint"
        );
        let stale = Stale::TokensOfSubject(subject.as_str().into());
        self.revoke(sql, &subject.as_str(), at, &stale).await
    }

    async fn revoke_everything(
        &self,
        issued: IssuedBefore,
        at: Timestamp,
    ) -> Result<RevokedEverything, StoreError> {
        let (sql, at, until) = match issued {
            // Whatever instant they bear.
            IssuedBefore::Now => (EVERYTHING_UNTIL_NOW, at.as_micros(), i64::MAX),
            IssuedBefore::Instant(until) => {
                (EVERYTHING_UNTIL_THEN, until.as_micros(), until.as_micros())
            }
        };
        let stale = Stale::Everything;
        let Told { lane, kind, .. } = self.told(&stale)?;
        let params: Params<'_> = &[
            &lane,
            &kind,
            &None::<&str>,
            &None::<Vec<&[u8]>>,
            &until,
            &at,
        ];
        let counts = asking!(self, Repeat::IfUndone, |client| first(
            client,
            sql,
            params,
            |row| {
                let row_is_there = row.take(number::<u32>)? > 0;
                let ended = RevokedEverything {
                    caller_tokens: row.take(number)?,
                    initial_access_tokens: row.take(number)?,
                };
                Ok(row_is_there.then_some(ended))
            }
        ));
        let ended = self.forget(counts, &stale)?.flatten();
        ended.ok_or_else(|| Fault::from(Damage::Missing("epoch of the server")).into())
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

/// A statement of [`telling`] that revokes everything: what else was issued until `$5` goes first,
/// so that the lane is taken last.
macro_rules! everything {
    ($epoch:literal) => {
        telling!(
            also "gone AS (DELETE FROM caller_token WHERE issued_at <= $5 RETURNING hash),
             withdrawn AS (
                 UPDATE initial_access_token SET withdrawn = true
                 WHERE NOT withdrawn AND created_at <= $5 RETURNING hash),
             ended AS (
                 SELECT (SELECT count(*) FROM gone) AS gone,
                        (SELECT count(*) FROM withdrawn) AS withdrawn),",
            concat!(
                "UPDATE server_epoch SET ",
                $epoch,
                " FROM ended RETURNING one"
            ),
            "SELECT gone FROM ended",
            "SELECT withdrawn FROM ended"
        )
    };
}

const EVERYTHING_UNTIL_NOW: &str = everything!("epoch = epoch + 1, epoch_since = $6");
const EVERYTHING_UNTIL_THEN: &str =
    everything!("revoked_until = greatest(coalesce(revoked_until, $6), $6)");

impl PostgresStore {
    /// What a change of one statement says of itself, in the lane whose turn it is.
    fn told<'a>(&self, stale: &'a Stale) -> Result<Told<'a>, Fault> {
        let told = Told::of(stale, self.lanes.next());
        told.ok_or_else(|| Damage::Unencodable("change").into())
    }

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
        } = self.told(stale)?;
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
    SELECT t.hash, g.id, g.client, c.removed_at,
           e.epoch, c.epoch, coalesce(s.epoch, 0), e.revoked_until,
           t.id, t.scope, t.resources, t.authorization_details, t.confirmation_details,
           t.issued_at, t.not_before, t.expires_at, t.revoked_at,
           t.server_epoch, t.client_epoch, t.subject_epoch,
           g.subject, g.claims, g.legal_basis, g.login_details, g.revoked_at
    FROM (SELECT * FROM access_token WHERE hash >= $1 ORDER BY hash LIMIT 1) t
    JOIN access_grant g ON g.id = t.access_grant
    JOIN client c ON c.id = g.client
    LEFT JOIN subject_epoch s ON s.subject = g.subject
    LEFT JOIN server_epoch e ON e.one = 1";

/// One statement, hence true of one instant.
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

/// Grant and token in one statement: both or neither, in one round trip, and with the epochs of the
/// instant at which the statement began. (A client that is not there fails for that, below.)
const ISSUE: &str = "
    WITH granted AS (
        INSERT INTO access_grant (id, client, subject, scope, resources, claims,
            authorization_details, legal_basis, login_details, created_at, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11))
    INSERT INTO access_token (hash, id, access_grant, scope, resources, authorization_details,
        confirmation_details, issued_at, not_before, expires_at, revoked_at,
        server_epoch, client_epoch, subject_epoch)
    VALUES ($12, $13, $1, $14, $15, $16, $17, $18, $19, $20, $21,
        (SELECT epoch FROM server_epoch WHERE one = 1),
        coalesce((SELECT epoch FROM client WHERE id = $2), 0),
        coalesce((SELECT epoch FROM subject_epoch WHERE subject = $3), 0))";

fn columns(grant: &Grant, token: &AccessToken) -> Result<[Column; 21], Fault> {
    let [hash, id, _, rest @ ..] = token_columns(token)?;
    let mut both = grant_columns(grant, None)?
        .into_iter()
        .chain([hash, id])
        .chain(rest);
    Ok(std::array::from_fn(|_| both.next().unwrap_or(Column::Null)))
}

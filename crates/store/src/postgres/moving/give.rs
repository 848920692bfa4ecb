//! Records in the order of their keys, a page at a time. Removed callers and
//! withdrawn tokens are among them.

use std::collections::BTreeMap;

use avouch_core::id::{ClientId, GrantId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::UsedProof;
use avouch_core::storage::{
    MovedClient, MovedRecord, MovedResourceServer, MovedServerEpoch, RecordKind, ServerSecret,
};
use deadpool_postgres::Transaction;

use crate::postgres::fault::{Damage, Fault};
use crate::postgres::rows::{
    Columns, Conversation, all, first, hash, number, octets, text, time, word,
};
use crate::postgres::secrets::secrets_of;
use crate::postgres::tokens::epoch;
use crate::postgres::{
    caller_tokens, clients, initial_access_tokens, keys, registrations, resource_servers, tokens,
};

/// How many there are.
pub(super) async fn count(client: &impl Conversation, kind: RecordKind) -> Result<u64, Fault> {
    let sql = match kind {
        RecordKind::ServerSecret => "SELECT count(*) FROM server_secret",
        RecordKind::SigningKey => "SELECT count(*) FROM signing_key",
        RecordKind::Client => "SELECT count(*) FROM client",
        RecordKind::ResourceServer => "SELECT count(*) FROM resource_server",
        RecordKind::Registration => "SELECT count(*) FROM registration",
        RecordKind::InitialAccessToken => "SELECT count(*) FROM initial_access_token",
        // Its row is always there; it is a record once it is not as it was made.
        RecordKind::ServerEpoch => {
            "SELECT count(*) FROM server_epoch WHERE epoch > 0 OR revoked_until IS NOT NULL"
        }
        RecordKind::SubjectEpoch => "SELECT count(*) FROM subject_epoch",
        RecordKind::Grant => "SELECT count(*) FROM access_grant",
        RecordKind::AccessToken => "SELECT count(*) FROM access_token",
        RecordKind::CallerToken => "SELECT count(*) FROM caller_token",
        RecordKind::UsedProof => "SELECT count(*) FROM used_proof",
    };
    let count = first(client, sql, &[], |row| row.take(number)).await?;
    Ok(count.unwrap_or(0))
}

/// A page. The transaction must be a snapshot.
pub(super) async fn page(
    transaction: &Transaction<'_>,
    kind: RecordKind,
    after: Option<&[u8]>,
    limit: u32,
) -> Result<Vec<MovedRecord>, Fault> {
    let after = after.unwrap_or_default();
    let limit = i64::from(limit);
    let read = |row: &mut Columns<'_>| record(kind, row);
    match kind {
        RecordKind::InitialAccessToken
        | RecordKind::AccessToken
        | RecordKind::CallerToken
        | RecordKind::UsedProof => all(transaction, sql(kind), &[&after, &limit], read).await,
        _ => {
            let after = std::str::from_utf8(after).map_err(|_| Damage::Column("key".into()))?;
            if kind == RecordKind::ResourceServer {
                return resource_servers_after(transaction, after, limit).await;
            }
            all(transaction, sql(kind), &[&after, &limit], read).await
        }
    }
}

/// What asks for a page; RSs are asked for otherwise.
const fn sql(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::ServerSecret => {
            "SELECT name, sealed FROM server_secret WHERE name > $1 ORDER BY name LIMIT $2"
        }
        RecordKind::SigningKey => {
            "SELECT public_details, algorithm, purpose, sealed_private,
                 created_at, active_at, retiring_at, retired_at
             FROM signing_key WHERE kid > $1 ORDER BY kid LIMIT $2"
        }
        RecordKind::Client => {
            concat!(
                "SELECT c.id, c.public_details, c.authentication_details, ",
                secrets_of!("c.id"),
                ", c.grant_types, c.scope, c.resources, c.access_token_lifetime,
                   c.access_token_format, c.token_binding, c.registered_at, c.removed_at,
                   c.epoch, c.epoch_since
                 FROM client c WHERE c.id > $1 ORDER BY c.id LIMIT $2"
            )
        }
        RecordKind::ResourceServer => "",
        RecordKind::Registration => {
            "SELECT r.caller, r.approval_details, r.kind, r.resources, r.sharing, r.narrowed,
                 r.software_details,
                 ARRAY(SELECT hash FROM registration_token WHERE caller = r.caller
                       ORDER BY position) AS hashes
             FROM registration r WHERE r.caller > $1 ORDER BY r.caller LIMIT $2"
        }
        RecordKind::InitialAccessToken => {
            "SELECT hash, id, kind, resources, sharing, uses_left, created_at, expires_at,
                 CASE WHEN withdrawn THEN 1::bigint ELSE 0::bigint END AS withdrawn
             FROM initial_access_token WHERE hash > $1 ORDER BY hash LIMIT $2"
        }
        RecordKind::ServerEpoch => {
            "SELECT epoch, epoch_since, revoked_until FROM server_epoch
             WHERE 'server' > $1 AND (epoch > 0 OR revoked_until IS NOT NULL) LIMIT $2"
        }
        RecordKind::SubjectEpoch => {
            "SELECT subject, epoch, epoch_since FROM subject_epoch WHERE subject > $1
             ORDER BY subject LIMIT $2"
        }
        RecordKind::Grant => {
            "SELECT id, client, subject, scope, resources, claims, authorization_details,
                 legal_basis, login_details, created_at, revoked_at
             FROM access_grant WHERE id > $1 ORDER BY id LIMIT $2"
        }
        RecordKind::AccessToken => {
            "SELECT t.hash, t.access_grant, g.client, t.id, t.scope, t.resources,
                 t.authorization_details, t.confirmation_details, t.issued_at, t.not_before,
                 t.expires_at, t.revoked_at, t.server_epoch, t.client_epoch, t.subject_epoch
             FROM access_token t JOIN access_grant g ON g.id = t.access_grant
             WHERE t.hash > $1 ORDER BY t.hash LIMIT $2"
        }
        RecordKind::CallerToken => {
            "SELECT hash, id, resource_server, confirmation_details, issued_at, expires_at
             FROM caller_token WHERE hash > $1 ORDER BY hash LIMIT $2"
        }
        RecordKind::UsedProof => {
            "SELECT key, owner, expires_at FROM used_proof WHERE key > $1 ORDER BY key LIMIT $2"
        }
    }
}

/// A row of that.
fn record(kind: RecordKind, row: &mut Columns<'_>) -> Result<MovedRecord, Fault> {
    Ok(match kind {
        RecordKind::ServerSecret => secret(row)?,
        RecordKind::SigningKey => MovedRecord::SigningKey(Box::new(keys::key(row)?)),
        RecordKind::Client => client(row)?,
        RecordKind::ResourceServer => return Err(Damage::Missing("resource server").into()),
        RecordKind::Registration => {
            let caller = row.take(text)?;
            MovedRecord::Registration(caller, Box::new(registrations::read(row)?))
        }
        RecordKind::InitialAccessToken => {
            let token = Box::new(initial_access_tokens::token(row)?);
            MovedRecord::InitialAccessToken(token, row.take(number::<i64>)? == 1)
        }
        RecordKind::ServerEpoch => MovedRecord::ServerEpoch(MovedServerEpoch {
            epoch: row.take(epoch)?,
            epoch_since: row.take_optional(time)?,
            revoked_until: row.take_optional(time)?,
        }),
        RecordKind::SubjectEpoch => {
            MovedRecord::SubjectEpoch(row.take(word)?, row.take(epoch)?, row.take(time)?)
        }
        RecordKind::Grant => {
            let (id, client): (GrantId, ClientId) = (row.take(word)?, row.take(word)?);
            let grant = Box::new(tokens::grant(row, id, client)?);
            MovedRecord::Grant(grant, row.take_optional(time)?)
        }
        RecordKind::AccessToken => {
            let hash = TokenHash::from_bytes(row.take(hash)?);
            let (grant, client): (GrantId, ClientId) = (row.take(word)?, row.take(word)?);
            let token = Box::new(tokens::token(row, hash, grant, client)?);
            MovedRecord::AccessToken(token, tokens::epochs(row)?)
        }
        RecordKind::CallerToken => MovedRecord::CallerToken(Box::new(caller_tokens::read(row)?)),
        RecordKind::UsedProof => MovedRecord::UsedProof(UsedProof {
            key: row.take(hash)?,
            owner: row.take(hash)?,
            expires_at: row.take(time)?,
        }),
    })
}

fn secret(row: &mut Columns<'_>) -> Result<MovedRecord, Fault> {
    let secret = row.take(|value| {
        let name = text(value)?;
        let mut known = ServerSecret::ALL.iter().copied();
        known.find(|secret| secret.name() == name)
    })?;
    Ok(MovedRecord::ServerSecret(secret, row.take(octets)?))
}

fn client(row: &mut Columns<'_>) -> Result<MovedRecord, Fault> {
    Ok(MovedRecord::Client(Box::new(MovedClient {
        client: clients::read(row)?,
        removed_at: row.take_optional(time)?,
        epoch: row.take(epoch)?,
        epoch_since: row.take_optional(time)?,
    })))
}

/// With what belongs to each; there are few of them.
async fn resource_servers_after(
    transaction: &Transaction<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<MovedRecord>, Fault> {
    let servers = resource_servers::page_of_all(transaction, after, limit).await?;
    let mut moved = Vec::with_capacity(servers.len());
    for server in servers {
        let id = server.id.as_str();
        let removed = "SELECT removed_at FROM resource_server WHERE id = $1";
        let removed_at = first(transaction, removed, &[&id], |row| row.take_optional(time)).await?;
        let resources = "SELECT identifier, sharing FROM resource WHERE resource_server = $1";
        let resources = all(transaction, resources, &[&id], |row| {
            Ok((row.take(word)?, row.take(word)?))
        })
        .await?;
        moved.push(MovedRecord::ResourceServer(Box::new(MovedResourceServer {
            removed_at: removed_at.flatten(),
            resources: BTreeMap::from_iter(resources),
            history: resource_servers::history(transaction, &server.id).await?,
            server,
        })));
    }
    Ok(moved)
}

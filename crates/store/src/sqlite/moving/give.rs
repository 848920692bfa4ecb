//! Records in the order of their keys, a page at a time. Removed callers and
//! withdrawn tokens are among them.

use std::collections::BTreeMap;

use avouch_core::id::{ClientId, GrantId};
use avouch_core::opaque_token::TokenHash;
use avouch_core::records::UsedProof;
use avouch_core::storage::{
    MovedClient, MovedRecord, MovedResourceServer, MovedServerEpoch, RecordKind, ServerSecret,
};
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use crate::sqlite::fault::{Damage, Fault};
use crate::sqlite::rows::{Columns, all, flag, hash, octets, text, time, word};
use crate::sqlite::tokens::epoch;
use crate::sqlite::{
    caller_tokens, clients, initial_access_tokens, keys, registrations, resource_servers, tokens,
};

/// Whose key is text; the others' is a hash.
const fn is_text(kind: RecordKind) -> bool {
    match kind {
        RecordKind::ServerSecret
        | RecordKind::SigningKey
        | RecordKind::Client
        | RecordKind::ResourceServer
        | RecordKind::Registration
        | RecordKind::ServerEpoch
        | RecordKind::SubjectEpoch
        | RecordKind::Grant => true,
        RecordKind::InitialAccessToken
        | RecordKind::AccessToken
        | RecordKind::CallerToken
        | RecordKind::UsedProof => false,
    }
}

/// The table that has a row for each.
const fn table(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::ServerSecret => "server_secret",
        RecordKind::SigningKey => "signing_key",
        RecordKind::Client => "client",
        RecordKind::ResourceServer => "resource_server",
        RecordKind::Registration => "registration",
        RecordKind::InitialAccessToken => "initial_access_token",
        RecordKind::ServerEpoch => "server_epoch",
        RecordKind::SubjectEpoch => "subject_epoch",
        RecordKind::Grant => "access_grant",
        RecordKind::AccessToken => "access_token",
        RecordKind::CallerToken => "caller_token",
        RecordKind::UsedProof => "used_proof",
    }
}

/// Whether the epoch of all tokens is a record, or still as it was made.
const USED: &str = "(epoch > 0 OR revoked_until IS NOT NULL)";

/// How many there are.
pub(super) fn count(connection: &Connection, kind: RecordKind) -> Result<u64, Fault> {
    let sql = match kind {
        // Its row is always there.
        RecordKind::ServerEpoch => format!("SELECT count(*) FROM server_epoch WHERE {USED}"),
        kind => format!("SELECT count(*) FROM {}", table(kind)),
    };
    let count: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// A page. The connection must be in a snapshot.
pub(in crate::sqlite) fn page(
    connection: &Connection,
    kind: RecordKind,
    after: Option<&[u8]>,
    limit: u32,
) -> Result<Vec<MovedRecord>, Fault> {
    let after = after.unwrap_or_default().to_vec();
    let after = if is_text(kind) {
        let text = String::from_utf8(after);
        Value::Text(text.map_err(|_| Damage::Column("key".into()))?)
    } else {
        Value::Blob(after)
    };
    all(connection, sql(kind), params![after, limit], |row| {
        record(connection, kind, row)
    })
}

/// What asks for a page.
const fn sql(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::ServerSecret => {
            "SELECT name, sealed FROM server_secret WHERE name > ?1 ORDER BY name LIMIT ?2"
        }
        RecordKind::SigningKey => {
            "SELECT public_details, algorithm, purpose, sealed_private,
                 created_at, active_at, retiring_at, retired_at
             FROM signing_key WHERE kid > ?1 ORDER BY kid LIMIT ?2"
        }
        RecordKind::Client => {
            "SELECT id, public_details, authentication_details, grant_types, scope, resources,
                 access_token_lifetime, access_token_format, token_binding, registered_at,
                 removed_at, epoch, epoch_since
             FROM client WHERE id > ?1 ORDER BY id LIMIT ?2"
        }
        RecordKind::ResourceServer => {
            "SELECT id, public_details, authentication_details, grant_types, suspended_reason,
                 registered_at, removed_at
             FROM resource_server WHERE id > ?1 ORDER BY id LIMIT ?2"
        }
        RecordKind::Registration => {
            "SELECT caller FROM registration WHERE caller > ?1 ORDER BY caller LIMIT ?2"
        }
        RecordKind::InitialAccessToken => {
            "SELECT hash, id, kind, resources, sharing, uses_left, created_at, expires_at, withdrawn
             FROM initial_access_token WHERE hash > ?1 ORDER BY hash LIMIT ?2"
        }
        RecordKind::ServerEpoch => {
            "SELECT epoch, epoch_since, revoked_until FROM server_epoch
             WHERE 'server' > ?1 AND (epoch > 0 OR revoked_until IS NOT NULL) LIMIT ?2"
        }
        RecordKind::SubjectEpoch => {
            "SELECT subject, epoch, epoch_since FROM subject_epoch WHERE subject > ?1
             ORDER BY subject LIMIT ?2"
        }
        RecordKind::Grant => {
            "SELECT id, client, subject, scope, resources, claims, authorization_details,
                 legal_basis, login_details, created_at, revoked_at
             FROM access_grant WHERE id > ?1 ORDER BY id LIMIT ?2"
        }
        RecordKind::AccessToken => {
            "SELECT t.hash, t.access_grant, g.client, t.id, t.scope, t.resources,
                 t.authorization_details, t.confirmation_details, t.issued_at, t.not_before,
                 t.expires_at, t.revoked_at, t.server_epoch, t.client_epoch, t.subject_epoch
             FROM access_token t JOIN access_grant g ON g.id = t.access_grant
             WHERE t.hash > ?1 ORDER BY t.hash LIMIT ?2"
        }
        RecordKind::CallerToken => {
            "SELECT hash, id, resource_server, confirmation_details, issued_at, expires_at
             FROM caller_token WHERE hash > ?1 ORDER BY hash LIMIT ?2"
        }
        RecordKind::UsedProof => {
            "SELECT key, owner, expires_at FROM used_proof WHERE key > ?1 ORDER BY key LIMIT ?2"
        }
    }
}

/// A row of that.
fn record(
    connection: &Connection,
    kind: RecordKind,
    row: &mut Columns<'_>,
) -> Result<MovedRecord, Fault> {
    Ok(match kind {
        RecordKind::ServerSecret => secret(row)?,
        RecordKind::SigningKey => MovedRecord::SigningKey(Box::new(keys::key(row)?)),
        RecordKind::Client => client(connection, row)?,
        RecordKind::ResourceServer => resource_server(connection, row)?,
        RecordKind::Registration => {
            let caller = row.take(text)?;
            let registration = registrations::select(connection, &caller)?;
            let registration = registration.ok_or(Damage::Missing("registration"))?;
            MovedRecord::Registration(caller, Box::new(registration))
        }
        RecordKind::InitialAccessToken => {
            let token = Box::new(initial_access_tokens::token(row)?);
            MovedRecord::InitialAccessToken(token, row.take(flag)?)
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
        RecordKind::CallerToken => MovedRecord::CallerToken(Box::new(caller_tokens::token(row)?)),
        RecordKind::UsedProof => MovedRecord::UsedProof(UsedProof {
            key: row.take(hash)?,
            owner: row.take(hash)?,
            expires_at: row.take(time)?,
        }),
    })
}

fn secret(row: &mut Columns<'_>) -> Result<MovedRecord, Fault> {
    let secret = row.take(|value| {
        let name = value.as_str().ok()?;
        let known = ServerSecret::ALL.iter().copied();
        known.into_iter().find(|secret| secret.name() == name)
    })?;
    Ok(MovedRecord::ServerSecret(secret, row.take(octets)?))
}

fn client(connection: &Connection, row: &mut Columns<'_>) -> Result<MovedRecord, Fault> {
    Ok(MovedRecord::Client(Box::new(MovedClient {
        client: clients::client(connection, row)?,
        removed_at: row.take_optional(time)?,
        epoch: row.take(epoch)?,
        epoch_since: row.take_optional(time)?,
    })))
}

fn resource_server(connection: &Connection, row: &mut Columns<'_>) -> Result<MovedRecord, Fault> {
    let server = resource_servers::resource_server(connection, row)?;
    let resources = all(
        connection,
        "SELECT identifier, sharing FROM resource WHERE resource_server = ?1",
        [server.id.as_str()],
        |row| Ok((row.take(word)?, row.take(word)?)),
    )?;
    Ok(MovedRecord::ResourceServer(Box::new(MovedResourceServer {
        removed_at: row.take_optional(time)?,
        resources: BTreeMap::from_iter(resources),
        history: resource_servers::history(connection, &server.id)?,
        server,
    })))
}

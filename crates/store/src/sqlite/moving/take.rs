//! Records written as they are, with what belongs to them.

use avouch_core::records::UsedProof;
use avouch_core::storage::{MovedClient, MovedRecord, MovedResourceServer, MovedServerEpoch};
use rusqlite::{Connection, params};

use crate::sqlite::fault::{Damage, Fault};
use crate::sqlite::rows::{from_optional_time, from_word};
use crate::sqlite::tokens::from_epoch;
use crate::sqlite::{
    audience_scopes, caller_tokens, callers, initial_access_tokens, keys, registrations,
    resource_servers, revisions, secrets, tokens,
};

/// Writes a record that is not there.
pub(super) fn put(connection: &Connection, record: &MovedRecord) -> Result<(), Fault> {
    match record {
        MovedRecord::ServerSecret(secret, sealed) => {
            connection
                .prepare_cached("INSERT INTO server_secret (name, sealed) VALUES (?1, ?2)")?
                .execute(params![secret.name(), sealed])?;
            Ok(())
        }
        MovedRecord::SigningKey(key) => keys::insert(connection, keys::columns(key)?),
        MovedRecord::Client(moved) => client(connection, moved),
        MovedRecord::ResourceServer(moved) => resource_server(connection, moved),
        MovedRecord::Registration(caller, registration) => {
            registrations::insert(connection, caller, registration)
        }
        MovedRecord::InitialAccessToken(token, withdrawn) => {
            initial_access_tokens::insert(connection, initial_access_tokens::columns(token)?)?;
            connection
                .prepare_cached("UPDATE initial_access_token SET withdrawn = ?2 WHERE hash = ?1")?
                .execute(params![token.hash.as_bytes(), withdrawn])?;
            Ok(())
        }
        MovedRecord::ServerEpoch(moved) => server_epoch(connection, *moved),
        MovedRecord::SubjectEpoch(subject, epoch, since) => {
            let epoch = from_epoch(*epoch);
            connection
                .prepare_cached(
                    "INSERT INTO subject_epoch (subject, epoch, epoch_since) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![subject.as_str(), epoch, since.as_micros()])?;
            Ok(())
        }
        MovedRecord::Grant(grant, revoked_at) => {
            tokens::insert_grant(connection, tokens::grant_columns(grant, *revoked_at)?)
        }
        MovedRecord::AccessToken(token, issued_in) => {
            tokens::insert_token(connection, tokens::token_columns(token)?, *issued_in)
        }
        MovedRecord::CallerToken(token) => caller_tokens::put(connection, token),
        MovedRecord::UsedProof(proof) => used_proof(connection, proof),
    }
}

fn client(connection: &Connection, moved: &MovedClient) -> Result<(), Fault> {
    callers::insert_client(connection, &moved.client)?;
    connection
        .prepare_cached(
            "UPDATE client SET removed_at = ?2, epoch = ?3, epoch_since = ?4 WHERE id = ?1",
        )?
        .execute(params![
            moved.client.id.as_str(),
            from_optional_time(moved.removed_at),
            from_epoch(moved.epoch),
            from_optional_time(moved.epoch_since),
        ])?;
    Ok(())
}

/// Into the row that is there.
fn server_epoch(connection: &Connection, moved: MovedServerEpoch) -> Result<(), Fault> {
    let changed = connection.execute(
        "UPDATE server_epoch SET epoch = ?1, epoch_since = ?2, revoked_until = ?3",
        params![
            from_epoch(moved.epoch),
            from_optional_time(moved.epoch_since),
            from_optional_time(moved.revoked_until),
        ],
    )?;
    if changed == 0 {
        return Err(Damage::Missing("epoch of the server").into());
    }
    Ok(())
}

fn resource_server(connection: &Connection, moved: &MovedResourceServer) -> Result<(), Fault> {
    let id = moved.server.id.as_str();
    callers::give_id(connection, id, "resource_server")?;
    resource_servers::insert_row(connection, &moved.server)?;
    connection
        .prepare_cached("UPDATE resource_server SET removed_at = ?2 WHERE id = ?1")?
        .execute(params![id, from_optional_time(moved.removed_at)])?;
    secrets::replace(connection, id, &moved.server.credentials)?;
    let mut give = connection.prepare_cached(
        "INSERT INTO resource (identifier, resource_server, sharing) VALUES (?1, ?2, ?3)",
    )?;
    for (resource, sharing) in &moved.resources {
        give.execute(params![
            resource.as_str(),
            id,
            from_word("sharing", sharing)?
        ])?;
    }
    for revision in &moved.history.profiles {
        revisions::append(connection, id, revision)?;
    }
    for revision in &moved.history.policies {
        revisions::append(connection, id, revision)?;
    }
    for revision in &moved.history.access_tokens {
        revisions::append(connection, id, revision)?;
    }
    // What the scope means follows from the profile, as long as the RS is there.
    if moved.removed_at.is_none() {
        let scope = &moved.server.access_tokens.value.for_scopes;
        audience_scopes::replace(connection, id, scope)?;
    }
    Ok(())
}

/// How many an owner has is counted anew.
fn used_proof(connection: &Connection, proof: &UsedProof) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO used_proof (key, owner, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![
            proof.key,
            proof.owner,
            proof.expires_at.as_micros()
        ])?;
    connection
        .prepare_cached(
            "INSERT INTO proof_owner (owner, kept) VALUES (?1, 1)
             ON CONFLICT (owner) DO UPDATE SET kept = kept + 1",
        )?
        .execute([proof.owner])?;
    Ok(())
}

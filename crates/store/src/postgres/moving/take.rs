//! Records written as they are, with what belongs to them. Of the kinds of
//! which there are millions a page is one statement.

use avouch_core::records::{AccessToken, Epochs, UsedProof};
use avouch_core::storage::{MovedClient, MovedRecord, MovedResourceServer, MovedServerEpoch};
use avouch_core::time::Timestamp;
use deadpool_postgres::Transaction;
use tokio_postgres::types::ToSql;

use crate::postgres::fault::{Damage, Fault};
use crate::postgres::rows::{
    Column, execute, from_optional_time, from_text, from_time, from_word, params,
};
use crate::postgres::{
    audience_scopes, caller_tokens, callers, initial_access_tokens, keys, registrations,
    resource_servers, revisions, secrets, tokens,
};

/// Writes records that are not there.
pub(super) async fn put(
    transaction: &Transaction<'_>,
    records: &[MovedRecord],
) -> Result<(), Fault> {
    let mut grants = Vec::new();
    let mut access_tokens = Vec::new();
    let mut proofs: Vec<&UsedProof> = Vec::new();
    for record in records {
        match record {
            MovedRecord::Grant(grant, revoked_at) => {
                grants.push(tokens::grant_columns(grant, *revoked_at)?);
            }
            MovedRecord::AccessToken(token, issued_in) => {
                access_tokens.push(token_columns(token, *issued_in)?);
            }
            MovedRecord::UsedProof(proof) => proofs.push(proof),
            record => one(transaction, record).await?,
        }
    }
    many(transaction, GRANTS, grants).await?;
    many(transaction, TOKENS, access_tokens).await?;
    used_proofs(transaction, &proofs).await
}

const GRANTS: &str = "
    INSERT INTO access_grant (id, client, subject, scope, resources, claims,
        authorization_details, legal_basis, login_details, created_at, revoked_at)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[])";

const TOKENS: &str = "
    INSERT INTO access_token (hash, id, access_grant, scope, resources, authorization_details,
        confirmation_details, issued_at, not_before, expires_at, revoked_at,
        server_epoch, client_epoch, subject_epoch)
    SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
        $12::bigint[], $13::bigint[], $14::bigint[])";

fn token_columns(token: &AccessToken, issued_in: Epochs) -> Result<[Column; 14], Fault> {
    let Epochs {
        server,
        client,
        subject,
    } = issued_in;
    let epochs = [server, client, subject].map(tokens::from_epoch);
    let mut all = tokens::token_columns(token)?.into_iter().chain(epochs);
    Ok(std::array::from_fn(|_| all.next().unwrap_or(Column::Null)))
}

const PROOFS: &str = "
    INSERT INTO used_proof (key, owner, expires_at)
    SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[])";

/// How many an owner has is counted anew.
const OWNERS: &str = "
    INSERT INTO proof_owner (owner, kept)
    SELECT owner, count(*) FROM unnest($1::bytea[]) AS used (owner) GROUP BY owner
    ON CONFLICT (owner) DO UPDATE SET kept = proof_owner.kept + excluded.kept";

/// Rows of a statement that takes an array for each column.
async fn many<const N: usize>(
    transaction: &Transaction<'_>,
    sql: &str,
    rows: Vec<[Column; N]>,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut columns: [Vec<Column>; N] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let params = columns
        .each_ref()
        .map(|column| column as &(dyn ToSql + Sync));
    execute(transaction, sql, &params).await?;
    Ok(())
}

async fn used_proofs(transaction: &Transaction<'_>, proofs: &[&UsedProof]) -> Result<(), Fault> {
    let octets = |octets: &[u8; 32]| Column::Octets(octets.to_vec());
    let row = |proof: &&UsedProof| {
        let (key, owner) = (octets(&proof.key), octets(&proof.owner));
        [key, owner, from_time(proof.expires_at)]
    };
    many(transaction, PROOFS, proofs.iter().map(row).collect()).await?;
    let owner = |proof: &&UsedProof| [octets(&proof.owner)];
    many(transaction, OWNERS, proofs.iter().map(owner).collect()).await
}

async fn one(transaction: &Transaction<'_>, record: &MovedRecord) -> Result<(), Fault> {
    match record {
        MovedRecord::ServerSecret(secret, sealed) => {
            let sql = "INSERT INTO server_secret (name, sealed) VALUES ($1, $2)";
            execute(transaction, sql, &[&secret.name(), sealed]).await?;
        }
        MovedRecord::SigningKey(key) => {
            execute(transaction, keys::INSERT, &params(&keys::columns(key)?)).await?;
        }
        MovedRecord::Client(moved) => client(transaction, moved).await?,
        MovedRecord::ResourceServer(moved) => resource_server(transaction, moved).await?,
        MovedRecord::Registration(caller, registration) => {
            registrations::insert(transaction, caller, registration).await?;
        }
        MovedRecord::InitialAccessToken(token, withdrawn) => {
            let columns = initial_access_tokens::columns(token)?;
            execute(
                transaction,
                initial_access_tokens::INSERT,
                &params(&columns),
            )
            .await?;
            let sql =
                "UPDATE initial_access_token SET withdrawn = ($2::bigint = 1) WHERE hash = $1";
            let key = token.hash.as_bytes().as_slice();
            execute(transaction, sql, &[&key, &i64::from(*withdrawn)]).await?;
        }
        MovedRecord::ServerEpoch(moved) => server_epoch(transaction, *moved).await?,
        MovedRecord::SubjectEpoch(subject, epoch, since) => {
            let sql = "INSERT INTO subject_epoch (subject, epoch, epoch_since) VALUES ($1, $2, $3)";
            let columns = [
                from_text(subject.as_str()),
                tokens::from_epoch(*epoch),
                from_time(*since),
            ];
            execute(transaction, sql, &params(&columns)).await?;
        }
        MovedRecord::CallerToken(token) => {
            let columns = caller_tokens::columns(token)?;
            execute(transaction, caller_tokens::INSERT, &params(&columns)).await?;
        }
        MovedRecord::Grant(..) | MovedRecord::AccessToken(..) | MovedRecord::UsedProof(_) => {}
    }
    Ok(())
}

async fn client(transaction: &Transaction<'_>, moved: &MovedClient) -> Result<(), Fault> {
    callers::insert_client(transaction, &moved.client).await?;
    let sql = "UPDATE client SET removed_at = $2, epoch = $3, epoch_since = $4 WHERE id = $1";
    let columns = [
        from_text(moved.client.id.as_str()),
        from_optional_time(moved.removed_at),
        tokens::from_epoch(moved.epoch),
        from_optional_time(moved.epoch_since),
    ];
    execute(transaction, sql, &params(&columns)).await?;
    Ok(())
}

/// Into the row that is there.
async fn server_epoch(transaction: &Transaction<'_>, moved: MovedServerEpoch) -> Result<(), Fault> {
    let sql = "UPDATE server_epoch SET epoch = $1, epoch_since = $2, revoked_until = $3";
    let columns = [
        tokens::from_epoch(moved.epoch),
        from_optional_time(moved.epoch_since),
        from_optional_time(moved.revoked_until),
    ];
    match execute(transaction, sql, &params(&columns)).await? {
        0 => Err(Damage::Missing("epoch of the server").into()),
        _ => Ok(()),
    }
}

async fn resource_server(
    transaction: &Transaction<'_>,
    moved: &MovedResourceServer,
) -> Result<(), Fault> {
    let id = moved.server.id.as_str();
    callers::give_id(transaction, id, "resource_server").await?;
    resource_servers::insert_row(transaction, &moved.server).await?;
    let sql = "UPDATE resource_server SET removed_at = $2 WHERE id = $1";
    let removed_at = moved.removed_at.map(Timestamp::as_micros);
    execute(transaction, sql, &[&id, &removed_at]).await?;
    secrets::replace(transaction, id, &moved.server.credentials).await?;
    let sql = "INSERT INTO resource (identifier, resource_server, sharing) VALUES ($1, $2, $3)";
    for (resource, sharing) in &moved.resources {
        let sharing = from_word("sharing", sharing)?;
        execute(transaction, sql, &[&resource.as_str(), &id, &sharing]).await?;
    }
    for revision in &moved.history.profiles {
        revisions::append(transaction, id, revision).await?;
    }
    for revision in &moved.history.policies {
        revisions::append(transaction, id, revision).await?;
    }
    for revision in &moved.history.access_tokens {
        revisions::append(transaction, id, revision).await?;
    }
    // What the scope means follows from the profile, as long as the RS is there.
    if moved.removed_at.is_none() {
        let scope = &moved.server.access_tokens.value.for_scopes;
        audience_scopes::replace(transaction, id, scope).await?;
    }
    Ok(())
}

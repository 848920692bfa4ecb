//! The SQL of resource servers, their resources and their histories.

use std::collections::BTreeSet;
use std::sync::Arc;

use avouch_core::id::ResourceServerId;
use avouch_core::records::{Credentials, ResourceServer, ResourceSharing, Standing};
use avouch_core::storage::{Page, RevisionHistory, Taken};
use avouch_core::time::Timestamp;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use deadpool_postgres::Transaction;

use super::fault::{Fault, OrTaken};
use super::rows::{
    Column, Columns, Conversation, all, execute, first, from_json, from_text, from_time, from_word,
    json, params, text, time, word,
};
use super::secrets::secrets_of;
use super::{audience_scopes, caller_tokens, registrations, revisions, secrets};

/// RSs with all that belongs to them, in one statement: true of one instant.
macro_rules! resource_servers {
    ($which:literal) => {
        concat!(
            "SELECT r.id, r.public_details, r.authentication_details, ",
            secrets_of!("r.id"),
            ", r.grant_types, r.suspended_reason, r.registered_at,
             ARRAY(SELECT identifier FROM resource WHERE resource_server = r.id) AS resources,
             p.number, p.since, p.profile_details,
             l.number, l.since, l.policy_details,
             a.number, a.since, a.profile_details
             FROM resource_server r
             LEFT JOIN LATERAL (
                 SELECT number, since, profile_details FROM jwt_profile_revision
                 WHERE resource_server = r.id ORDER BY number DESC LIMIT 1) p ON true
             LEFT JOIN LATERAL (
                 SELECT number, since, policy_details FROM release_policy_revision
                 WHERE resource_server = r.id ORDER BY number DESC LIMIT 1) l ON true
             LEFT JOIN LATERAL (
                 SELECT number, since, profile_details FROM access_token_profile_revision
                 WHERE resource_server = r.id ORDER BY number DESC LIMIT 1) a ON true ",
            $which
        )
    };
}

/// An RS that was not removed, with the size of what was read.
pub(super) async fn select(
    client: &impl Conversation,
    id: &str,
) -> Result<Option<(ResourceServer, usize)>, Fault> {
    let sql = resource_servers!("WHERE r.id = $1 AND r.removed_at IS NULL");
    first(client, sql, &[&id], |row| Ok((read(row)?, row.octets))).await
}

/// RSs that were not removed, by id.
pub(super) async fn list(
    client: &impl Conversation,
    page: Page<'_>,
) -> Result<Vec<Arc<ResourceServer>>, Fault> {
    let sql = resource_servers!("WHERE r.id > $1 AND r.removed_at IS NULL ORDER BY r.id LIMIT $2");
    let (after, limit) = (page.after.unwrap_or_default(), i64::from(page.limit));
    all(client, sql, &[&after, &limit], |row| {
        read(row).map(Arc::new)
    })
    .await
}

/// RSs by id, removed ones too.
pub(super) async fn page_of_all(
    client: &impl Conversation,
    after: &str,
    limit: i64,
) -> Result<Vec<ResourceServer>, Fault> {
    let sql = resource_servers!("WHERE r.id > $1 ORDER BY r.id LIMIT $2");
    all(client, sql, &[&after, &limit], read).await
}

/// Those that serve this resource, by id.
pub(super) async fn serving(
    client: &impl Conversation,
    resource: &ResourceIdentifier,
) -> Result<Vec<Arc<ResourceServer>>, Fault> {
    let sql = resource_servers!(
        "JOIN resource s ON s.resource_server = r.id
         WHERE s.identifier = $1 AND r.removed_at IS NULL ORDER BY r.id"
    );
    all(client, sql, &[&resource.as_str()], |row| {
        read(row).map(Arc::new)
    })
    .await
}

/// Those that one of these scope values means, by id.
pub(super) async fn meant_by(
    client: &impl Conversation,
    scope: &Scope,
) -> Result<Vec<Arc<ResourceServer>>, Fault> {
    let sql = resource_servers!(
        "WHERE r.removed_at IS NULL AND r.id IN
             (SELECT resource_server FROM audience_scope WHERE scope_value = ANY($1))
         ORDER BY r.id"
    );
    let values: Vec<&str> = scope.iter().collect();
    all(client, sql, &[&values], |row| read(row).map(Arc::new)).await
}

/// Whether some RS serves this resource.
pub(super) async fn is_served(
    client: &impl Conversation,
    resource: &ResourceIdentifier,
) -> Result<bool, Fault> {
    let sql = "SELECT identifier FROM resource WHERE identifier = $1 LIMIT 1";
    let found = first(client, sql, &[&resource.as_str()], |_| Ok(())).await?;
    Ok(found.is_some())
}

/// Keeps the RS under an id already given, with the first of its revisions.
pub(super) async fn insert(
    transaction: &Transaction<'_>,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    let id = resource_server.id.as_str();
    insert_row(transaction, resource_server).await?;
    secrets::replace(transaction, id, &resource_server.credentials).await?;
    replace_resources(transaction, resource_server, sharing).await?;
    revisions::begin(transaction, id, &resource_server.profile).await?;
    revisions::begin(transaction, id, &resource_server.policy).await?;
    revisions::begin(transaction, id, &resource_server.access_tokens).await?;
    let scope = &resource_server.access_tokens.value.for_scopes;
    audience_scopes::replace(transaction, id, scope).await
}

/// The record alone, without what belongs to it.
pub(super) async fn insert_row(
    transaction: &Transaction<'_>,
    resource_server: &ResourceServer,
) -> Result<(), Fault> {
    let sql = "INSERT INTO resource_server
                   (id, public_details, authentication_details, grant_types, suspended_reason,
                    registered_at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    execute(transaction, sql, &params(&columns(resource_server)?)).await?;
    Ok(())
}

/// Replaces the record and carries the histories on. `false` if there is none
/// of this id. The caller must be locked.
pub(super) async fn update(
    transaction: &Transaction<'_>,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<bool, Fault> {
    let id = resource_server.id.as_str();
    let Some((current, _)) = select(transaction, id).await? else {
        return Ok(false);
    };
    if current.credentials != resource_server.credentials {
        caller_tokens::remove_all(transaction, id).await?;
    }
    let sql = "UPDATE resource_server SET public_details = $2, authentication_details = $3,
                   grant_types = $4, suspended_reason = $5, registered_at = $6
               WHERE id = $1 AND removed_at IS NULL";
    if execute(transaction, sql, &params(&columns(resource_server)?)).await? == 0 {
        return Ok(false);
    }
    secrets::replace(transaction, id, &resource_server.credentials).await?;
    replace_resources(transaction, resource_server, sharing).await?;
    revisions::carry_on(transaction, id, &resource_server.profile).await?;
    revisions::carry_on(transaction, id, &resource_server.policy).await?;
    revisions::carry_on(transaction, id, &resource_server.access_tokens).await?;
    let scope = &resource_server.access_tokens.value.for_scopes;
    audience_scopes::replace(transaction, id, scope).await?;
    Ok(true)
}

/// Marks it as removed and frees its resources. Its histories stay. The caller
/// must be locked.
pub(super) async fn remove(
    transaction: &Transaction<'_>,
    id: &ResourceServerId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let sql = "UPDATE resource_server SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL";
    let changed = execute(transaction, sql, &[&id.as_str(), &at.as_micros()]).await?;
    if changed > 0 {
        secrets::remove(transaction, id.as_str()).await?;
        registrations::remove(transaction, id.as_str()).await?;
        caller_tokens::remove_all(transaction, id.as_str()).await?;
        audience_scopes::remove(transaction, id.as_str()).await?;
        let sql = "DELETE FROM resource WHERE resource_server = $1";
        execute(transaction, sql, &[&id.as_str()]).await?;
    }
    Ok(changed > 0)
}

/// Every revision, oldest first. The transaction must be a snapshot.
pub(super) async fn history(
    transaction: &Transaction<'_>,
    id: &ResourceServerId,
) -> Result<RevisionHistory, Fault> {
    let id = id.as_str();
    Ok(RevisionHistory {
        profiles: revisions::all(transaction, id).await?,
        policies: revisions::all(transaction, id).await?,
        access_tokens: revisions::all(transaction, id).await?,
    })
}

/// Gives up what the RS no longer serves and takes what it serves from now on.
/// What it keeps stays as it was given: only what is new to it can be taken by
/// another.
///
/// Of two that take a resource at the same time, neither sees the other's. If
/// both want it alone, the unique index makes the second wait and refuses it.
/// If one shares it, both are right: it came second.
async fn replace_resources(
    transaction: &Transaction<'_>,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    let id = resource_server.id.as_str();
    let kept = "SELECT identifier FROM resource WHERE resource_server = $1";
    let before: BTreeSet<ResourceIdentifier> = all(transaction, kept, &[&id], |row| row.take(word))
        .await?
        .into_iter()
        .collect();
    let give_up = "DELETE FROM resource WHERE identifier = $1 AND resource_server = $2";
    for resource in before.difference(&resource_server.resources) {
        execute(transaction, give_up, &[&resource.as_str(), &id]).await?;
    }
    let take = "INSERT INTO resource (identifier, resource_server, sharing) VALUES ($1, $2, $3)";
    let word = from_word("sharing", &sharing)?;
    // In order, so that two that want the same ones wait for each other in one place.
    for resource in resource_server.resources.difference(&before) {
        let taken = || Taken::Resource(resource.as_str().to_owned());
        if sharing == ResourceSharing::Exclusive && is_served(transaction, resource).await? {
            return Err(Fault::Conflict(taken()));
        }
        execute(transaction, take, &[&resource.as_str(), &id, &word])
            .await
            .or_taken(taken())?;
    }
    Ok(())
}

fn read(row: &mut Columns<'_>) -> Result<ResourceServer, Fault> {
    Ok(ResourceServer {
        id: row.take(word)?,
        details: row.take(json)?,
        credentials: Credentials {
            authentication: row.take(json)?,
            secrets: secrets::take(row)?,
        },
        grant_types: row.take(json)?,
        standing: row
            .take_optional(text)?
            .map_or(Standing::Good, |reason| Standing::Suspended { reason }),
        registered_at: row.take(time)?,
        resources: row.take_all(word)?.into_iter().collect(),
        profile: revisions::in_force(row)?,
        policy: revisions::in_force(row)?,
        access_tokens: revisions::in_force(row)?,
    })
}

fn columns(resource_server: &ResourceServer) -> Result<[Column; 6], Fault> {
    Ok([
        from_text(resource_server.id.as_str()),
        from_json("set of public details", &resource_server.details)?,
        from_json(
            "client authentication",
            &resource_server.credentials.authentication,
        )?,
        from_json("set of grant types", &resource_server.grant_types)?,
        match &resource_server.standing {
            Standing::Good => Column::Null,
            Standing::Suspended { reason } => from_text(reason),
        },
        from_time(resource_server.registered_at),
    ])
}

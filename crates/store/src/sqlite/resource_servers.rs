//! The SQL of resource servers, their resources and their histories.

use std::collections::BTreeSet;
use std::sync::Arc;

use avouch_core::id::ResourceServerId;
use avouch_core::records::{
    AccessTokenProfile, Credentials, JwtProfile, ReleasePolicy, ResourceServer, ResourceSharing,
    Standing,
};
use avouch_core::storage::{Page, RevisionHistory, Taken};
use avouch_core::time::Timestamp;
use avouch_oauth::resource::ResourceIdentifier;
use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::fault::{Damage, Fault};
use super::revisions::{self, History};
use super::rows::{Columns, all, first, from_json, from_time, from_word, json, text, time, word};
use super::{audience_scopes, caller_tokens, registrations, secrets};

/// An RS that was not removed, with the size of what was read. The connection
/// must be in a snapshot.
pub(super) fn select(
    connection: &Connection,
    id: &str,
) -> Result<Option<(ResourceServer, usize)>, Fault> {
    first(
        connection,
        "SELECT id, public_details, authentication_details, grant_types, suspended_reason,
                registered_at
         FROM resource_server WHERE id = ?1 AND removed_at IS NULL",
        [id],
        |row| {
            let resource_server = resource_server(connection, row)?;
            let resources: usize = resource_server
                .resources
                .iter()
                .map(|resource| resource.as_str().len())
                .sum();
            Ok((resource_server, row.octets + resources))
        },
    )
}

/// RSs that were not removed, by id. The connection must be in a snapshot.
pub(super) fn list(
    connection: &Connection,
    page: Page<'_>,
) -> Result<Vec<Arc<ResourceServer>>, Fault> {
    all(
        connection,
        "SELECT id, public_details, authentication_details, grant_types, suspended_reason,
                registered_at
         FROM resource_server WHERE id > ?1 AND removed_at IS NULL ORDER BY id LIMIT ?2",
        params![page.after.unwrap_or_default(), page.limit],
        |row| Ok(Arc::new(resource_server(connection, row)?)),
    )
}

/// Keeps the RS under an id already given, with the first of its revisions.
pub(super) fn insert(
    connection: &Connection,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    let id = resource_server.id.as_str();
    insert_row(connection, resource_server)?;
    secrets::replace(connection, id, &resource_server.credentials)?;
    replace_resources(connection, resource_server, sharing)?;
    JwtProfile::begin(connection, id, &resource_server.profile)?;
    ReleasePolicy::begin(connection, id, &resource_server.policy)?;
    AccessTokenProfile::begin(connection, id, &resource_server.access_tokens)?;
    let scope = &resource_server.access_tokens.value.for_scopes;
    audience_scopes::replace(connection, id, scope)
}

/// The record alone, without what belongs to it.
pub(super) fn insert_row(
    connection: &Connection,
    resource_server: &ResourceServer,
) -> Result<(), Fault> {
    connection
        .prepare_cached(
            "INSERT INTO resource_server
                 (id, public_details, authentication_details, grant_types, suspended_reason,
                  registered_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(columns(resource_server)?)?;
    Ok(())
}

/// Replaces the record and carries the histories on. `false` if there is none
/// of this id.
pub(super) fn update(
    connection: &Connection,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<bool, Fault> {
    let id = resource_server.id.as_str();
    let Some((current, _)) = select(connection, id)? else {
        return Ok(false);
    };
    if current.credentials != resource_server.credentials {
        caller_tokens::remove_all(connection, id)?;
    }
    let changed = connection
        .prepare_cached(
            "UPDATE resource_server SET public_details = ?2, authentication_details = ?3,
                 grant_types = ?4, suspended_reason = ?5, registered_at = ?6
             WHERE id = ?1 AND removed_at IS NULL",
        )?
        .execute(columns(resource_server)?)?;
    if changed == 0 {
        return Ok(false);
    }
    secrets::replace(connection, id, &resource_server.credentials)?;
    replace_resources(connection, resource_server, sharing)?;
    JwtProfile::carry_on(connection, id, &resource_server.profile)?;
    ReleasePolicy::carry_on(connection, id, &resource_server.policy)?;
    AccessTokenProfile::carry_on(connection, id, &resource_server.access_tokens)?;
    let scope = &resource_server.access_tokens.value.for_scopes;
    audience_scopes::replace(connection, id, scope)?;
    Ok(true)
}

/// Marks it as removed and frees its resources. Its histories stay.
pub(super) fn remove(
    connection: &Connection,
    id: &ResourceServerId,
    at: Timestamp,
) -> Result<bool, Fault> {
    let changed = connection
        .prepare_cached(
            "UPDATE resource_server SET removed_at = ?2 WHERE id = ?1 AND removed_at IS NULL",
        )?
        .execute(params![id.as_str(), at.as_micros()])?;
    if changed > 0 {
        secrets::remove(connection, id.as_str())?;
        registrations::remove(connection, id.as_str())?;
        caller_tokens::remove_all(connection, id.as_str())?;
        audience_scopes::remove(connection, id.as_str())?;
        connection
            .prepare_cached("DELETE FROM resource WHERE resource_server = ?1")?
            .execute([id.as_str()])?;
    }
    Ok(changed > 0)
}

/// Every revision, oldest first. The connection must be in a snapshot.
pub(super) fn history(
    connection: &Connection,
    id: &ResourceServerId,
) -> Result<RevisionHistory, Fault> {
    Ok(RevisionHistory {
        profiles: revisions::all(connection, id.as_str())?,
        policies: revisions::all(connection, id.as_str())?,
        access_tokens: revisions::all(connection, id.as_str())?,
    })
}

/// Whether some RS serves this resource.
pub(super) fn is_served(
    connection: &Connection,
    resource: &ResourceIdentifier,
) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM resource WHERE identifier = ?1 LIMIT 1";
    Ok(connection
        .prepare_cached(sql)?
        .exists([resource.as_str()])?)
}

/// The ids of those that serve this resource, in order.
pub(super) fn serving(
    connection: &Connection,
    resource: &ResourceIdentifier,
) -> Result<Vec<String>, Fault> {
    let sql = "SELECT resource_server FROM resource WHERE identifier = ?1 ORDER BY 1";
    all(connection, sql, [resource.as_str()], |row| row.take(text))
}

fn resources(connection: &Connection, id: &str) -> Result<BTreeSet<ResourceIdentifier>, Fault> {
    let sql = "SELECT identifier FROM resource WHERE resource_server = ?1";
    Ok(all(connection, sql, [id], |row| row.take(word))?
        .into_iter()
        .collect())
}

/// Gives up what the RS no longer serves and takes what it serves from now on.
/// What it keeps stays as it was given: only what is new to it can be taken by
/// another.
fn replace_resources(
    connection: &Connection,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    let id = resource_server.id.as_str();
    let before = resources(connection, id)?;
    let mut give_up = connection
        .prepare_cached("DELETE FROM resource WHERE identifier = ?1 AND resource_server = ?2")?;
    for resource in before.difference(&resource_server.resources) {
        give_up.execute([resource.as_str(), id])?;
    }
    let mut take = connection.prepare_cached(
        "INSERT INTO resource (identifier, resource_server, sharing) VALUES (?1, ?2, ?3)",
    )?;
    for resource in resource_server.resources.difference(&before) {
        if sharing == ResourceSharing::Exclusive && is_served(connection, resource)? {
            return Err(Fault::Conflict(Taken::Resource(
                resource.as_str().to_owned(),
            )));
        }
        take.execute(params![
            resource.as_str(),
            id,
            from_word("sharing", &sharing)?
        ])?;
    }
    Ok(())
}

pub(super) fn resource_server(
    connection: &Connection,
    row: &mut Columns<'_>,
) -> Result<ResourceServer, Fault> {
    let id: ResourceServerId = row.take(word)?;
    Ok(ResourceServer {
        details: row.take(json)?,
        credentials: Credentials {
            authentication: row.take(json)?,
            secrets: secrets::select(connection, id.as_str())?,
        },
        grant_types: row.take(json)?,
        standing: row
            .take_optional(text)?
            .map_or(Standing::Good, |reason| Standing::Suspended { reason }),
        registered_at: row.take(time)?,
        resources: resources(connection, id.as_str())?,
        profile: revisions::current(connection, id.as_str())?
            .ok_or(Damage::Missing("JWT profile"))?,
        policy: revisions::current(connection, id.as_str())?
            .ok_or(Damage::Missing("release policy"))?,
        access_tokens: revisions::current(connection, id.as_str())?
            .ok_or(Damage::Missing("access token profile"))?,
        id,
    })
}

fn columns(resource_server: &ResourceServer) -> Result<[Value; 6], Fault> {
    Ok([
        resource_server.id.as_str().to_owned().into(),
        from_json("set of public details", &resource_server.details)?,
        from_json(
            "client authentication",
            &resource_server.credentials.authentication,
        )?,
        from_json("set of grant types", &resource_server.grant_types)?,
        match &resource_server.standing {
            Standing::Good => Value::Null,
            Standing::Suspended { reason } => reason.clone().into(),
        },
        from_time(resource_server.registered_at),
    ])
}

//! Clients and resource servers under one name space of ids.

use std::sync::Arc;

use avouch_core::id::ResourceServerId;
use avouch_core::records::{Client, ResourceServer, ResourceSharing};
use avouch_core::storage::{
    CallerRecord, CallerStore, Changed, Page, RevisionHistory, StoreError, Taken,
};
use avouch_core::time::Timestamp;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use rusqlite::Connection;

use super::fault::{Fault, OrTaken};
use super::writer::Done;
use super::{SqliteStore, audience_scopes, clients, resource_servers};
use crate::cache::Stale;

impl CallerStore for SqliteStore {
    async fn find_caller(&self, id: &str) -> Result<Option<CallerRecord>, StoreError> {
        let cache = &self.caches.callers;
        if let Some(caller) = cache.get(id) {
            return Ok(Some(caller));
        }
        let ticket = cache.ticket();
        let found = self.readers.snapshot(|connection| select(connection, id))?;
        let Some((caller, octets)) = found else {
            return Ok(None);
        };
        cache.fill(ticket, id.into(), caller.clone(), octets);
        Ok(Some(caller))
    }

    async fn current_caller(&self, id: &str) -> Result<Option<CallerRecord>, StoreError> {
        let found = self.readers.snapshot(|connection| select(connection, id))?;
        Ok(found.map(|(caller, _)| caller))
    }

    async fn insert_client(&self, client: &Client) -> Result<(), StoreError> {
        let client = client.clone();
        self.write(move |connection| {
            insert_client(connection, &client)?;
            Ok(Done::fresh(()))
        })
        .await
    }

    async fn list_clients(&self, page: Page<'_>) -> Result<Vec<Arc<Client>>, StoreError> {
        Ok(self
            .readers
            .snapshot(|connection| clients::list(connection, page))?)
    }

    async fn insert_resource_server(
        &self,
        resource_server: &ResourceServer,
        sharing: ResourceSharing,
    ) -> Result<(), StoreError> {
        let resource_server = resource_server.clone();
        self.write(move |connection| {
            insert_resource_server(connection, &resource_server, sharing)?;
            Ok(Done::fresh(()))
        })
        .await
    }

    async fn change_caller(
        &self,
        from: &CallerRecord,
        to: &CallerRecord,
        sharing: ResourceSharing,
    ) -> Result<Changed, StoreError> {
        let (from, to) = (from.clone(), to.clone());
        self.write(move |connection| {
            let compared = compare(connection, &from)?;
            if compared != Changed::Done {
                return Ok(Done::fresh(compared));
            }
            update(connection, &from, &to, sharing)?;
            Ok(Done {
                value: Changed::Done,
                stale: Stale::Caller(from.id().into()),
            })
        })
        .await
    }

    async fn remove_caller(
        &self,
        from: &CallerRecord,
        at: Timestamp,
    ) -> Result<Changed, StoreError> {
        let from = from.clone();
        self.write(move |connection| {
            let compared = compare(connection, &from)?;
            if compared != Changed::Done {
                return Ok(Done::fresh(compared));
            }
            let stale = match &from {
                CallerRecord::Client(client) => {
                    clients::remove(connection, &client.id, at)?;
                    Stale::Client(from.id().into())
                }
                CallerRecord::ResourceServer(server) => {
                    resource_servers::remove(connection, &server.id, at)?;
                    Stale::Caller(from.id().into())
                }
            };
            Ok(Done {
                value: Changed::Done,
                stale,
            })
        })
        .await
    }

    async fn list_resource_servers(
        &self,
        page: Page<'_>,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        Ok(self
            .readers
            .snapshot(|connection| resource_servers::list(connection, page))?)
    }

    async fn resource_server_history(
        &self,
        id: &ResourceServerId,
    ) -> Result<RevisionHistory, StoreError> {
        Ok(self
            .readers
            .snapshot(|connection| resource_servers::history(connection, id))?)
    }

    async fn is_served(&self, resource: &ResourceIdentifier) -> Result<bool, StoreError> {
        Ok(self
            .readers
            .read(|connection| resource_servers::is_served(connection, resource))?)
    }

    async fn servers_of(
        &self,
        resource: &ResourceIdentifier,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        let ids = self
            .readers
            .read(|connection| resource_servers::serving(connection, resource))?;
        // One that gave the resource up since the line above does not serve it.
        self.still(&ids, |server| server.resources.contains(resource))
            .await
    }

    async fn servers_meant_by(
        &self,
        scope: &Scope,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        let ids = self
            .readers
            .read(|connection| audience_scopes::meant_by(connection, scope))?;
        self.still(&ids, |server| {
            let means = &server.access_tokens.value.for_scopes;
            means.iter().any(|value| scope.contains(value))
        })
        .await
    }
}

impl SqliteStore {
    /// The records of the RSs with these ids, from the cache where they are there; without those
    /// that were removed since their ids were read, or changed so that `holds` is not true of them.
    async fn still(
        &self,
        ids: &[String],
        holds: impl Fn(&ResourceServer) -> bool,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        let mut servers = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(CallerRecord::ResourceServer(server)) = self.find_caller(id).await?
                && holds(&server)
            {
                servers.push(server);
            }
        }
        Ok(servers)
    }
}

/// Whoever has this id, removed ones excepted, with the size of what was read.
/// The connection must be in a snapshot.
pub(super) fn select(
    connection: &Connection,
    id: &str,
) -> Result<Option<(CallerRecord, usize)>, Fault> {
    if let Some((client, octets)) = clients::select(connection, id)? {
        return Ok(Some((CallerRecord::Client(Arc::new(client)), octets)));
    }
    let found = resource_servers::select(connection, id)?;
    Ok(found.map(|(resource_server, octets)| {
        (
            CallerRecord::ResourceServer(Arc::new(resource_server)),
            octets,
        )
    }))
}

/// Whether the record of a caller is this one: `Done` if it is.
pub(super) fn compare(connection: &Connection, expected: &CallerRecord) -> Result<Changed, Fault> {
    Ok(match select(connection, expected.id())? {
        None => Changed::Gone,
        Some((kept, _)) if kept == *expected => Changed::Done,
        Some(_) => Changed::Meanwhile,
    })
}

/// Writes the caller that `from` was compared with. One of another id or kind
/// has no place there.
pub(super) fn update(
    connection: &Connection,
    from: &CallerRecord,
    to: &CallerRecord,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    let written = match (from, to) {
        (CallerRecord::Client(from), CallerRecord::Client(to)) if from.id == to.id => {
            clients::update(connection, to)?
        }
        (CallerRecord::ResourceServer(from), CallerRecord::ResourceServer(to))
            if from.id == to.id =>
        {
            resource_servers::update(connection, to, sharing)?
        }
        _ => false,
    };
    if written {
        Ok(())
    } else {
        Err(Fault::Conflict(Taken::CallerId))
    }
}

/// Keeps a new client under an id that was never given.
pub(super) fn insert_client(connection: &Connection, client: &Client) -> Result<(), Fault> {
    give_id(connection, client.id.as_str(), "client")?;
    clients::insert(connection, client)
}

/// Keeps a new RS under an id that was never given.
pub(super) fn insert_resource_server(
    connection: &Connection,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    give_id(connection, resource_server.id.as_str(), "resource_server")?;
    resource_servers::insert(connection, resource_server, sharing)
}

/// Enters an id into the name space that both kinds share. Nothing ever leaves it.
pub(super) fn give_id(connection: &Connection, id: &str, kind: &str) -> Result<(), Fault> {
    connection
        .prepare_cached("INSERT INTO caller (id, kind) VALUES (?1, ?2)")?
        .execute([id, kind])
        .or_taken(Taken::CallerId)?;
    Ok(())
}

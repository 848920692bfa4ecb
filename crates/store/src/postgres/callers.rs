//! Clients and resource servers under one name space of ids.

use std::sync::Arc;

use avouch_core::id::{ClientId, ResourceServerId};
use avouch_core::records::{Client, ResourceServer, ResourceSharing};
use avouch_core::storage::{CallerRecord, CallerStore, Page, RevisionHistory, StoreError, Taken};
use avouch_core::time::Timestamp;
use avouch_oauth::resource::ResourceIdentifier;
use avouch_oauth::scope::Scope;
use deadpool_postgres::{GenericClient, Transaction};

use super::fault::{Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{execute, first};
use super::{PostgresStore, changes, clients, resource_servers};
use crate::cache::Stale;

impl CallerStore for PostgresStore {
    async fn find_caller(&self, id: &str) -> Result<Option<CallerRecord>, StoreError> {
        if !can_be_kept(id) {
            return Ok(None);
        }
        if let Some(caller) = self.recall(|caches| caches.callers.get(id)) {
            return Ok(Some(caller));
        }
        let filling = self
            .hot
            .as_ref()
            .map(|hot| (hot, hot.caches.callers.ticket()));
        let found = asking!(self, Repeat::IfLost, |client| select_weighed(client, id))?;
        Ok(found.map(|(caller, octets)| {
            if let Some((hot, ticket)) = filling {
                let callers = &hot.caches.callers;
                callers.fill(ticket, id.into(), caller.clone(), octets);
            }
            caller
        }))
    }

    async fn insert_client(&self, client: &Client) -> Result<(), StoreError> {
        in_transaction!(self, Kind::Change, |transaction| insert_client(
            transaction,
            client
        ))
    }

    async fn update_client(&self, client: &Client) -> Result<bool, StoreError> {
        let stale = Stale::Caller(client.id.as_str().into());
        let updated = in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, client.id.as_str()).await?;
            let updated = clients::update(transaction, client).await?;
            tell_if(updated, transaction, &stale).await
        });
        self.forget(updated, &stale)
    }

    async fn remove_client(&self, id: &ClientId, at: Timestamp) -> Result<bool, StoreError> {
        let stale = Stale::Client(id.as_str().into());
        let removed = in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, id.as_str()).await?;
            let removed = clients::remove(transaction, id, at).await?;
            tell_if(removed, transaction, &stale).await
        });
        self.forget(removed, &stale)
    }

    async fn list_clients(&self, page: Page<'_>) -> Result<Vec<Arc<Client>>, StoreError> {
        asking!(self, Repeat::IfLost, |client| clients::list(client, page))
    }

    async fn insert_resource_server(
        &self,
        resource_server: &ResourceServer,
        sharing: ResourceSharing,
    ) -> Result<(), StoreError> {
        in_transaction!(self, Kind::Change, |transaction| insert_resource_server(
            transaction,
            resource_server,
            sharing
        ))
    }

    async fn update_resource_server(
        &self,
        resource_server: &ResourceServer,
        sharing: ResourceSharing,
    ) -> Result<bool, StoreError> {
        let stale = Stale::Caller(resource_server.id.as_str().into());
        let updated = in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, resource_server.id.as_str()).await?;
            let updated = resource_servers::update(transaction, resource_server, sharing).await?;
            tell_if(updated, transaction, &stale).await
        });
        self.forget(updated, &stale)
    }

    async fn remove_resource_server(
        &self,
        id: &ResourceServerId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let stale = Stale::Caller(id.as_str().into());
        let removed = in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, id.as_str()).await?;
            let removed = resource_servers::remove(transaction, id, at).await?;
            tell_if(removed, transaction, &stale).await
        });
        self.forget(removed, &stale)
    }

    async fn list_resource_servers(
        &self,
        page: Page<'_>,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        asking!(self, Repeat::IfLost, |client| resource_servers::list(
            client, page
        ))
    }

    async fn resource_server_history(
        &self,
        id: &ResourceServerId,
    ) -> Result<RevisionHistory, StoreError> {
        in_transaction!(self, Kind::Snapshot, |transaction| {
            resource_servers::history(transaction, id)
        })
    }

    async fn is_served(&self, resource: &ResourceIdentifier) -> Result<bool, StoreError> {
        asking!(self, Repeat::IfLost, |client| resource_servers::is_served(
            client, resource
        ))
    }

    async fn servers_of(
        &self,
        resource: &ResourceIdentifier,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        asking!(self, Repeat::IfLost, |client| resource_servers::serving(
            client, resource
        ))
    }

    async fn servers_meant_by(
        &self,
        scope: &Scope,
    ) -> Result<Vec<Arc<ResourceServer>>, StoreError> {
        asking!(self, Repeat::IfLost, |client| resource_servers::meant_by(
            client, scope
        ))
    }
}

/// Whether PostgreSQL could hold this text. What it cannot, is not there, and
/// must not be asked for: the error would look like a damaged store.
pub(super) fn can_be_kept(text: &str) -> bool {
    !text.contains('\0')
}

/// Whoever has this id, removed ones excepted. Of which kind an id is never
/// changes, so the two statements need not see one instant; both are on their
/// way before the first is answered.
pub(super) async fn select(
    client: &impl GenericClient,
    id: &str,
) -> Result<Option<CallerRecord>, Fault> {
    let found = select_weighed(client, id).await?;
    Ok(found.map(|(caller, _)| caller))
}

/// The same with the size of what was read.
async fn select_weighed(
    client: &impl GenericClient,
    id: &str,
) -> Result<Option<(CallerRecord, usize)>, Fault> {
    let (as_client, as_resource_server) = tokio::try_join!(
        clients::select(client, id),
        resource_servers::select(client, id)
    )?;
    let as_client =
        as_client.map(|(client, octets)| (CallerRecord::Client(Arc::new(client)), octets));
    Ok(as_client.or_else(|| {
        as_resource_server
            .map(|(server, octets)| (CallerRecord::ResourceServer(Arc::new(server)), octets))
    }))
}

/// Tells of a change, if one was made; passes on whether.
async fn tell_if(
    changed: bool,
    transaction: &Transaction<'_>,
    stale: &Stale,
) -> Result<bool, Fault> {
    if changed {
        changes::tell(transaction, stale).await?;
    }
    Ok(changed)
}

/// Keeps everybody else from changing this caller, or anything that goes with
/// it, to the end of the transaction. Nothing happens if there is none.
pub(super) async fn lock(transaction: &Transaction<'_>, id: &str) -> Result<(), Fault> {
    let sql = "SELECT id FROM caller WHERE id = $1 FOR UPDATE";
    first(transaction, sql, &[&id], |_| Ok(())).await?;
    Ok(())
}

/// Keeps a new client under an id that was never given.
pub(super) async fn insert_client(
    transaction: &Transaction<'_>,
    client: &Client,
) -> Result<(), Fault> {
    give_id(transaction, client.id.as_str(), "client").await?;
    clients::insert(transaction, client).await
}

/// Keeps a new RS under an id that was never given.
pub(super) async fn insert_resource_server(
    transaction: &Transaction<'_>,
    resource_server: &ResourceServer,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    give_id(transaction, resource_server.id.as_str(), "resource_server").await?;
    resource_servers::insert(transaction, resource_server, sharing).await
}

/// Enters an id into the name space that both kinds share. Nothing ever leaves it.
pub(super) async fn give_id(
    transaction: &Transaction<'_>,
    id: &str,
    kind: &str,
) -> Result<(), Fault> {
    let sql = "INSERT INTO caller (id, kind) VALUES ($1, $2)";
    execute(transaction, sql, &[&id, &kind])
        .await
        .or_taken(Taken::CallerId)?;
    Ok(())
}

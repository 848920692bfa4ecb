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
use super::{PostgresStore, clients, resource_servers};

impl CallerStore for PostgresStore {
    async fn find_caller(&self, id: &str) -> Result<Option<CallerRecord>, StoreError> {
        if !can_be_kept(id) {
            return Ok(None);
        }
        asking!(self, Repeat::IfLost, |client| select(client, id))
    }

    async fn insert_client(&self, client: &Client) -> Result<(), StoreError> {
        in_transaction!(self, Kind::Change, |transaction| insert_client(
            transaction,
            client
        ))
    }

    async fn update_client(&self, client: &Client) -> Result<bool, StoreError> {
        in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, client.id.as_str()).await?;
            clients::update(transaction, client).await
        })
    }

    async fn remove_client(&self, id: &ClientId, at: Timestamp) -> Result<bool, StoreError> {
        in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, id.as_str()).await?;
            clients::remove(transaction, id, at).await
        })
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
        in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, resource_server.id.as_str()).await?;
            resource_servers::update(transaction, resource_server, sharing).await
        })
    }

    async fn remove_resource_server(
        &self,
        id: &ResourceServerId,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        in_transaction!(self, Kind::Change, |transaction| async {
            lock(transaction, id.as_str()).await?;
            resource_servers::remove(transaction, id, at).await
        })
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
    let (as_client, as_resource_server) = tokio::try_join!(
        clients::select(client, id),
        resource_servers::select(client, id)
    )?;
    let as_client = as_client.map(|client| CallerRecord::Client(Arc::new(client)));
    Ok(as_client.or_else(|| {
        as_resource_server.map(|server| CallerRecord::ResourceServer(Arc::new(server)))
    }))
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

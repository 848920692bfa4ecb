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
use deadpool_postgres::Transaction;

use super::fault::{Fault, OrTaken};
use super::pool::{Kind, Repeat, asking, in_transaction};
use super::rows::{Conversation, execute, first};
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

    async fn current_caller(&self, id: &str) -> Result<Option<CallerRecord>, StoreError> {
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

    async fn change_caller(
        &self,
        from: &CallerRecord,
        to: &CallerRecord,
        sharing: ResourceSharing,
    ) -> Result<Changed, StoreError> {
        let stale = Stale::Caller(from.id().into());
        let changed = in_transaction!(self, Kind::Change, |transaction| async {
            let compared = compare(transaction, from).await?;
            if compared == Changed::Done {
                update(transaction, from, to, sharing).await?;
                changes::tell(transaction, &stale).await?;
            }
            Ok(compared)
        });
        self.forget(changed, &stale)
    }

    async fn remove_caller(
        &self,
        from: &CallerRecord,
        at: Timestamp,
    ) -> Result<Changed, StoreError> {
        let id = from.id().into();
        let stale = match from {
            CallerRecord::Client(_) => Stale::Client(id),
            CallerRecord::ResourceServer(_) => Stale::Caller(id),
        };
        let removed = in_transaction!(self, Kind::Change, |transaction| async {
            let compared = compare(transaction, from).await?;
            if compared == Changed::Done {
                match from {
                    CallerRecord::Client(client) => {
                        clients::remove(transaction, &client.id, at).await?;
                    }
                    CallerRecord::ResourceServer(server) => {
                        resource_servers::remove(transaction, &server.id, at).await?;
                    }
                }
                changes::tell(transaction, &stale).await?;
            }
            Ok(compared)
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
    client: &impl Conversation,
    id: &str,
) -> Result<Option<CallerRecord>, Fault> {
    let found = select_weighed(client, id).await?;
    Ok(found.map(|(caller, _)| caller))
}

/// The same with the size of what was read.
async fn select_weighed(
    client: &impl Conversation,
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

/// Keeps everybody else from changing this caller, or anything that goes with
/// it, to the end of the transaction. Nothing happens if there is none.
pub(super) async fn lock(transaction: &Transaction<'_>, id: &str) -> Result<(), Fault> {
    let sql = "SELECT id FROM caller WHERE id = $1 FOR UPDATE";
    first(transaction, sql, &[&id], |_| Ok(())).await?;
    Ok(())
}

/// Locks a caller and sees whether its record is this one: `Done` if it is, and
/// then it stays so to the end of the transaction.
pub(super) async fn compare(
    transaction: &Transaction<'_>,
    expected: &CallerRecord,
) -> Result<Changed, Fault> {
    lock(transaction, expected.id()).await?;
    Ok(match select(transaction, expected.id()).await? {
        None => Changed::Gone,
        Some(kept) if kept == *expected => Changed::Done,
        Some(_) => Changed::Meanwhile,
    })
}

/// Writes the caller that `from` was compared with. One of another id or kind
/// has no place there.
pub(super) async fn update(
    transaction: &Transaction<'_>,
    from: &CallerRecord,
    to: &CallerRecord,
    sharing: ResourceSharing,
) -> Result<(), Fault> {
    let written = match (from, to) {
        (CallerRecord::Client(from), CallerRecord::Client(to)) if from.id == to.id => {
            clients::update(transaction, to).await?
        }
        (CallerRecord::ResourceServer(from), CallerRecord::ResourceServer(to))
            if from.id == to.id =>
        {
            resource_servers::update(transaction, to, sharing).await?
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

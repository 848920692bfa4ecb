//! PostgreSQL: one database, as many servers as there are.
//!
//! ```text
//! url        where the database is, as an operator writes it
//! options    how to use it
//! connect    the way to a session: of several hosts the right one
//! session    what every connection is told, and what it must say of its server
//! timeline   which history of the data a server goes on with
//! open       the walk of opening
//! migrate    the layout, step by step, by one server at a time
//! schema     making and dropping a schema, for what is to leave nothing behind
//! pool       connections, lent for a time; what is tried again
//! hot, lease what is kept in memory, and for how long it is believed
//! changes    the change feed: how it is written and cleaned up
//! follower   the change feed: how it is read
//! rows       records to columns and back
//! tokens, callers (clients, resource_servers, audience_scopes, revisions, secrets), keys,
//! caller_tokens, initial_access_tokens, registrations, used_proofs
//!            the SQL behind each trait
//! moving     all records out of a database, or into one
//! fault      what goes wrong, as the contract's errors
//! ```
//!
//! **Nothing rests on what this process knows.** Other servers write to the
//! same rows at the same time. What must not come between two steps is kept
//! out by a single statement, a unique index, or a row that is locked first.
//! Transactions are `READ COMMITTED` and say so, so that each statement after a
//! lock sees what the one who held it before has done. Rows are locked in one
//! order: an initial access token, then a caller, then resources; owners of
//! proofs, then their proofs; a lane of the change feed last of all.
//!
//! **What was found lately is kept in memory, under a lease.** Every change of
//! what may be kept is told in the same transaction to a feed that all servers
//! follow: `changes` and `follower` say why a change that was acknowledged
//! anywhere is seen everywhere before the lease is over. A server that cannot
//! follow asks the database for everything. What it changes itself, it forgets
//! before it answers. Absence is never kept, nor what is looked up in order to
//! be changed.

mod audience_scopes;
mod caller_tokens;
mod callers;
mod changes;
mod clients;
mod connect;
mod fault;
mod follower;
mod hot;
mod initial_access_tokens;
mod keys;
mod lease;
mod migrate;
mod moving;
mod open;
mod options;
mod pool;
mod registrations;
mod resource_servers;
mod revisions;
mod rows;
mod schema;
mod secrets;
mod session;
mod timeline;
mod tokens;
mod url;
mod used_proofs;

use std::fmt;
use std::sync::Arc;

use avouch_core::storage::{Storage, StoreError};

use changes::Lanes;
use follower::Follows;
use hot::Hot;
use pool::{Connections, Repeat, asking};

pub use hot::Caching;
pub use open::PostgresError;
pub use options::{PostgresOptions, SchemaName, SchemaNameError};
pub use url::{DatabaseUrl, DatabaseUrlError};

/// An engine on a PostgreSQL database, which other servers may use as well.
pub struct PostgresStore {
    connections: Connections,
    lanes: Lanes,
    /// `None` where every look-up is to ask.
    hot: Option<Arc<Hot>>,
    follows: Option<Follows>,
    place: String,
    /// What servers call their connections.
    servers: String,
}

impl PostgresStore {
    /// Asks the database once what other servers have changed, where that is
    /// not done all the time ([`Caching::every`]). When this returns, no change
    /// that was acknowledged before it was called goes unseen here.
    pub async fn follow_changes(&self) -> Result<(), StoreError> {
        match &self.follows {
            Some(Follows::WhenAsked(follower)) => follower.lock().await.follow().await,
            Some(Follows::ByItself(_)) | None => Ok(()),
        }
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Storage for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        // A table, so that the schema is touched and not just the parser.
        let sql = "SELECT id FROM caller LIMIT 1";
        asking!(self, Repeat::IfLost, |client| rows::first(
            client,
            sql,
            &[],
            |_| Ok(())
        ))?;
        Ok(())
    }

    async fn trim_changes(&self) -> Result<u32, StoreError> {
        self.trim().await
    }
}

//! PostgreSQL: one database, as many servers as there are.
//!
//! ```text
//! url        where the database is, as an operator writes it
//! options    how to use it
//! session    what every connection is told, and what it must say of its server
//! open       the walk of opening
//! migrate    the layout, step by step, by one server at a time
//! schema     making and dropping a schema, for what is to leave nothing behind
//! pool       connections, lent for a time; what is tried again
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
//! proofs, then their proofs.
//!
//! Nothing is cached: every look-up asks.

mod audience_scopes;
mod caller_tokens;
mod callers;
mod clients;
mod fault;
mod initial_access_tokens;
mod keys;
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
mod tokens;
mod url;
mod used_proofs;

use std::fmt;

use avouch_core::storage::{Storage, StoreError};

use pool::{Connections, Repeat, asking};

pub use open::PostgresError;
pub use options::{PostgresOptions, SchemaName, SchemaNameError};
pub use url::{DatabaseUrl, DatabaseUrlError};

/// An engine on a PostgreSQL database, which other servers may use as well.
pub struct PostgresStore {
    connections: Connections,
    place: String,
    /// What servers call their connections.
    servers: String,
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
}

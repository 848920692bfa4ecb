//! Opening: whose database it is, that it keeps what it acknowledged, and that
//! its layout is the one this program knows.

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::Mutex;

use super::changes::Lanes;
use super::connect::Connector;
use super::follower::{Follower, Following, Follows};
use super::hot::{Caching, Hot};
use super::options::PostgresOptions;
use super::pool::Connections;
use super::{PostgresStore, fault, migrate, moving};
use crate::MoveSide;

/// Why a database is not used.
#[derive(Debug, Error)]
pub enum PostgresError {
    /// No connection, or a broken one.
    #[error("the {place}: {account}; {advice}")]
    Unreachable {
        /// Which.
        place: String,
        /// What happened.
        account: String,
        /// What to do.
        advice: &'static str,
    },
    /// The authorities for the database's certificate cannot be had.
    #[error("{}, named by sslrootcert in the URL of the database: {account}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        account: String,
    },
    /// Too old to be known here.
    #[error("the database server has version {0}: use PostgreSQL 15 or later")]
    TooOld(String),
    /// Not every text can be kept.
    #[error(
        "the database is encoded in {0}: make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding(String),
    /// A standby.
    #[error("the database takes no writes: name the primary, or several hosts of which one is it")]
    ReadOnly,
    /// A server that was replaced while this one worked on.
    #[error(
        "the database server goes on with timeline {found}, but timeline {newest} has been worked \
         on: it is a former primary, which lacks what came after it was replaced; stop it, and \
         make it a standby of the new one"
    )]
    FormerPrimary {
        /// Its timeline.
        found: u32,
        /// The one that was worked on.
        newest: u32,
    },
    /// A server that may be a former primary, for all that can be known.
    #[error(
        "the database server does not tell its timeline, and the one from before did: let the \
         database user call pg_control_system, pg_walfile_name and pg_current_wal_insert_lsn, as \
         everybody may who was not forbidden to"
    )]
    HidesTimeline,
    /// A server with another history altogether.
    #[error(
        "the database server belongs to another cluster (its system identifier is not the one from \
         before): correct the way to the database, or if the data was moved there, restart this \
         server"
    )]
    AnotherCluster,
    /// Acknowledged writes would not survive a crash.
    #[error("refused, because acknowledged writes could be lost: {setting} is {found}; {cure}")]
    NotDurable {
        /// The setting of PostgreSQL.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What to do.
        cure: &'static str,
    },
    /// There is no such schema, or not for this user.
    #[error(
        "the database has no schema {0} that the server's user may use: \
         CREATE SCHEMA {0} AUTHORIZATION …"
    )]
    NoSchema(String),
    /// The schema is in use, and not by us.
    #[error("the schema {0} holds tables of another application: give the server one of its own")]
    AnotherApplication(String),
    /// A later release has worked on it.
    #[error(
        "the database has layout {found}, this release knows layouts up to {known}: use a newer \
         release"
    )]
    Newer {
        /// The layout of the database.
        found: i64,
        /// The newest layout known here.
        known: i64,
    },
    /// Not all is in it yet.
    #[error(
        "records are being moved into the database, and not all of them are there: let avouch \
         migrate finish, with the same --from and --to"
    )]
    HalfMoved,
    /// The layout cannot be made.
    #[error("the tables cannot be made: {0}; see that the server's user owns the schema")]
    Layout(String),
}

impl PostgresError {
    /// What the client library says, with advice and without secrets.
    pub(super) fn unreachable(options: &PostgresOptions, error: &tokio_postgres::Error) -> Self {
        Self::Unreachable {
            place: options.url.place(),
            account: fault::account(error),
            advice: fault::advice(error).unwrap_or("look at the database server's log"),
        }
    }

    /// Nobody said anything in time.
    pub(super) fn silent(options: &PostgresOptions) -> Self {
        Self::Unreachable {
            place: options.url.place(),
            account: "no answer".into(),
            advice: "see that the database server runs and can be reached from here",
        }
    }
}

impl PostgresStore {
    /// Opens a database, making the tables if they are missing.
    ///
    /// Refused: a database that belongs to another application or a later
    /// release, or on which acknowledged writes could be lost.
    pub async fn open(options: &PostgresOptions) -> Result<Self, PostgresError> {
        if options.url.is_open_to_listeners() {
            tracing::warn!(
                "the connection to the database is not encrypted: whoever can listen on the way \
                 learns what is kept"
            );
        }
        let connector = Connector::new(options)?;
        connector.look_around().await;
        let mut session = connector.begin().await?;
        migrate::migrate(&mut session.client, options).await?;
        if options.moving != Some(MoveSide::Target) {
            moving::refuse_half_moved(&session.client, options).await?;
        }
        drop(session);
        let (hot, follows) = match &options.caching {
            None => (None, None),
            Some(caching) => {
                let (hot, follows) = remember(caching, options, &connector);
                (Some(hot), Some(follows))
            }
        };
        Ok(Self {
            connections: Connections::new(connector, options),
            lanes: Lanes::default(),
            hot,
            follows,
            place: options.url.place(),
            servers: options.servers(),
        })
    }
}

/// Empty caches, and what has them forget.
fn remember(
    caching: &Caching,
    options: &PostgresOptions,
    connector: &Arc<Connector>,
) -> (Arc<Hot>, Follows) {
    let hot = Arc::new(Hot::new(caching));
    let own = PostgresOptions {
        connections: 1,
        ..options.clone()
    };
    let connections = Connections::new(Arc::clone(connector), &own);
    let follower = Follower::new(Arc::clone(&hot), connections);
    let follows = match caching.every {
        Some(every) => Follows::ByItself(Following::start(follower, every)),
        None => Follows::WhenAsked(Box::new(Mutex::new(follower))),
    };
    (hot, follows)
}

//! Opening: whose database it is, that it keeps what it acknowledged, and that
//! its layout is the one this program knows.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use deadpool_postgres::{ClientWrapper, Manager, ManagerConfig, RecyclingMethod};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use thiserror::Error;
use tokio::sync::Mutex;
use tokio_postgres::NoTls;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::changes::Lanes;
use super::follower::{Follower, Following, Follows};
use super::hot::{Caching, Hot};
use super::options::PostgresOptions;
use super::pool::Connections;
use super::{PostgresStore, fault, migrate, moving, session};
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

    fn silent(options: &PostgresOptions) -> Self {
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
        let mut client = connect(options).await?;
        session::begin(&client, options).await?;
        migrate::migrate(&mut client, options).await?;
        if options.moving != Some(MoveSide::Target) {
            moving::refuse_half_moved(&client, options).await?;
        }
        drop(client);
        let (hot, follows) = match &options.caching {
            None => (None, None),
            Some(caching) => {
                let (hot, follows) = remember(caching, options)?;
                (Some(hot), Some(follows))
            }
        };
        Ok(Self {
            connections: Connections::new(manager(options)?, options),
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
) -> Result<(Arc<Hot>, Follows), PostgresError> {
    let hot = Arc::new(Hot::new(caching));
    let own = PostgresOptions {
        connections: 1,
        ..options.clone()
    };
    let follower = Follower::new(Arc::clone(&hot), Connections::new(manager(&own)?, &own));
    let follows = match caching.every {
        Some(every) => Follows::ByItself(Following::start(follower, every)),
        None => Follows::WhenAsked(Box::new(Mutex::new(follower))),
    };
    Ok((hot, follows))
}

/// One connection of its own, in time.
pub(super) async fn connect(options: &PostgresOptions) -> Result<ClientWrapper, PostgresError> {
    let config = options.config();
    let connected = match options.url.authorities() {
        None => in_time(options, config.connect(NoTls))
            .await
            .map(|(client, connection)| ClientWrapper::new(client, spawn(connection)))?,
        Some(path) => in_time(options, config.connect(tls(path)?))
            .await
            .map(|(client, connection)| ClientWrapper::new(client, spawn(connection)))?,
    };
    Ok(connected)
}

async fn in_time<T>(
    options: &PostgresOptions,
    connecting: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, PostgresError> {
    match tokio::time::timeout(options.call, connecting).await {
        Ok(connected) => connected.map_err(|error| PostgresError::unreachable(options, &error)),
        Err(_) => Err(PostgresError::silent(options)),
    }
}

/// Has the conversation go on until the client is dropped. What ends it before
/// is told to whoever uses the client.
fn spawn(
    connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let _ = connection.await;
    })
}

/// Makes connections as the URL says.
fn manager(options: &PostgresOptions) -> Result<Manager, PostgresError> {
    let config = options.config();
    let recycling = ManagerConfig {
        // Whether it is closed; a broken one shows itself at its next use.
        recycling_method: RecyclingMethod::Fast,
    };
    Ok(match options.url.authorities() {
        None => Manager::from_config(config, NoTls, recycling),
        Some(path) => Manager::from_config(config, tls(path)?, recycling),
    })
}

/// Checks certificate and name of the server, against these authorities alone.
fn tls(path: &Path) -> Result<MakeRustlsConnect, PostgresError> {
    let refused = |account: String| PostgresError::Authorities {
        path: path.to_owned(),
        account,
    };
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(path).map_err(|error| refused(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| refused(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(refused("there is no certificate in it".into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(io::Error::other(error).to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

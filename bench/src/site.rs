//! Where a server runs: its data folder, its configuration, and what is in its database before it
//! starts.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use avouch_core::client_secrets::ClientSecrets;
use avouch_core::keys::{Sealer, load_or_make_secret};
use avouch_core::opaque_token::TokenMint;
use avouch_core::storage::{Beginning, MoveTarget, ServerSecret};
use avouch_core::time::Timestamp;
use avouch_crypto::random::{SecureRandom, SystemRandom};
use avouch_crypto::seal::SealingKey;
use avouch_oauth::Issuer;
use avouch_resource_server::{Clock, SystemClock};
use avouch_store::{
    AnyStore, MoveSide, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore,
};
use tempfile::TempDir;

use crate::Failure;
use crate::certificates::Certificates;
use crate::connection::Line;
use crate::engine::Schema;
use crate::server::Server;

/// The data file within the data folder, as the server calls it.
const DATABASE_FILE: &str = "avouch.sqlite3";

/// A server's place, removed when dropped.
pub struct Site {
    folder: TempDir,
    sealing_key: [u8; 32],
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it asks for certificates, if it speaks TLS.
    pub mtls_address: Option<SocketAddr>,
    /// Where it tells whether it is ready, if it was asked to.
    pub health_address: Option<SocketAddr>,
    /// The database, if it is not a file.
    schema: Option<Schema>,
    /// What it calls itself.
    pub issuer: Issuer,
    config: PathBuf,
}

/// The database of a site, open for seeding: as the target of a move, which is the way to write
/// millions of records. No server starts on it before [`Seeding::finish`].
pub struct Seeding {
    /// The database.
    pub store: Arc<AnyStore>,
    /// Makes tokens that the server takes for its own.
    pub mint: TokenMint,
    /// Makes client secrets.
    pub secrets: ClientSecrets,
    /// When everything is registered and issued.
    pub now: Timestamp,
}

/// What a site's server is configured for beside what every one is.
#[derive(Default)]
pub struct Setup<'a> {
    /// Certificates for TLS; plain HTTP without.
    pub tls: Option<&'a Certificates>,
    /// The algorithms that statements are signed with.
    pub algorithms: &'a [&'a str],
    /// A schema in PostgreSQL; an SQLite file without.
    pub postgres: Option<&'a Schema>,
    /// What it keeps in memory of the tokens it found.
    pub memory: Memory,
    /// Whether it tells over TCP that it is ready.
    pub health: bool,
}

/// What a server keeps in memory of the tokens it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// As much as by default.
    #[default]
    Default,
    /// Nothing: every look-up asks.
    Nothing,
    /// This many octets, about.
    Octets(u64),
}

impl Memory {
    /// Its lines of the section `[database]`.
    fn config(self, postgres: bool) -> String {
        match self {
            Self::Default => String::new(),
            // The lease stands for all that is kept of PostgreSQL; of a file there is none.
            Self::Nothing if postgres => "cache_lease = 0\n".to_owned(),
            Self::Nothing => "cache_tokens = 0\n".to_owned(),
            Self::Octets(octets) => format!("cache_tokens = {octets}\n"),
        }
    }
}

impl Seeding {
    /// Takes away what keeps servers from starting on it.
    pub async fn finish(self) -> Result<(), Failure> {
        Ok(self.store.finish_move().await?)
    }
}

impl Site {
    /// Makes a place within `parent`, on whose disk the database will be.
    pub fn new(parent: &Path, setup: &Setup<'_>) -> Result<Self, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("bench-")
            .tempdir_in(parent)?;
        let mut sealing_key = [0; 32];
        SystemRandom.fill(&mut sealing_key)?;
        let address = free_address()?;
        let mtls_address = setup.tls.map(|_| free_address()).transpose()?;
        let health_address = setup.health.then(free_address).transpose()?;
        let scheme = if setup.tls.is_some() { "https" } else { "http" };
        let issuer = format!("{scheme}://{address}").parse()?;
        let config = folder.path().join("avouch.toml");
        let site = Self {
            folder,
            sealing_key,
            address,
            mtls_address,
            health_address,
            schema: setup.postgres.cloned(),
            issuer,
            config,
        };
        site.write_config(setup)?;
        Ok(site)
    }

    fn write_config(&self, setup: &Setup<'_>) -> Result<(), Failure> {
        let path = |name: &str| self.folder.path().join(name);
        let key = path("sealing.key");
        let digits = self
            .sealing_key
            .iter()
            .fold(String::new(), |mut text, octet| {
                // Writing to a string does not fail.
                let _ = write!(text, "{octet:02x}");
                text
            });
        write_private(&key, &digits)?;
        let mut text = format!(
            "issuer = \"{}\"\n\
             [listen]\naddress = \"{}\"\n\
             [data]\nfolder = \"{}\"\n\
             [sealing]\nkey_file = \"{}\"\n\
             # The load comes from a handful of callers.\n\
             [rates]\ncalls_per_second = 0\n\
             [limits]\nremembered_proofs = 10000000\n\
             [keys]\nalgorithms = {:?}\n",
            self.issuer,
            self.address,
            path("data").display(),
            key.display(),
            setup.algorithms,
        );
        let mut methods = vec![
            "client_secret_basic",
            "client_secret_post",
            "private_key_jwt",
            "client_secret_jwt",
        ];
        if let (Some(certificates), Some(mtls_address)) = (setup.tls, self.mtls_address) {
            let (chain, key, authority) = (path("tls.pem"), path("tls.key"), path("client-ca.pem"));
            write_private(&chain, &certificates.server.certificate_pem())?;
            write_private(&key, &certificates.server.key_pem())?;
            write_private(&authority, &certificates.client_authority_pem())?;
            write!(
                text,
                "[tls]\ncertificate_file = \"{}\"\nkey_file = \"{}\"\n\
                 [mtls]\nlisten = \"{mtls_address}\"\nca_file = \"{}\"\n",
                chain.display(),
                key.display(),
                authority.display(),
            )?;
            methods.extend(["tls_client_auth", "self_signed_tls_client_auth"]);
        }
        text.push_str("[database]\n");
        if let Some(schema) = &self.schema {
            let password = path("database.password");
            write_private(&password, &schema.password)?;
            text.push_str(&schema.config(&password));
        }
        text.push_str(&setup.memory.config(self.schema.is_some()));
        if let Some(address) = self.health_address {
            write!(text, "[metrics]\nlisten = \"{address}\"\n")?;
        }
        write!(text, "[client_authentication]\nmethods = {methods:?}\n")?;
        fs::write(&self.config, text)?;
        Ok(())
    }

    /// Opens the database that the server will find, which must be empty.
    pub async fn seed(&self) -> Result<Seeding, Failure> {
        let store = self.open().await?;
        if !matches!(store.begin_move(&[0; 32]).await?, Beginning::From(_)) {
            return Err("there is something in the database already".into());
        }
        let sealer = Sealer::new(SealingKey::new(&self.sealing_key), Vec::new());
        let secret = async |which| load_or_make_secret(which, &store, &sealer, &SystemRandom).await;
        let mint = TokenMint::new(&*secret(ServerSecret::TokenCheck).await?);
        let secrets = ClientSecrets::new(&*secret(ServerSecret::ClientSecrets).await?);
        Ok(Seeding {
            store: Arc::new(store),
            mint,
            secrets,
            now: Timestamp::from_numeric_date(SystemClock.now()),
        })
    }

    async fn open(&self) -> Result<AnyStore, Failure> {
        let moving = Some(MoveSide::Target);
        if let Some(schema) = &self.schema {
            let options = PostgresOptions {
                moving,
                ..schema.options()?
            };
            return Ok(PostgresStore::open(&options).await?.into());
        }
        let options = SqliteOptions {
            moving,
            ..SqliteOptions::default()
        };
        let store = SqliteStore::open(self.database(), &options)?;
        let data = self.folder.path().join("data");
        fs::set_permissions(&data, Permissions::from_mode(0o700))?;
        Ok(store.into())
    }

    /// Starts the server, the binary `program`.
    pub fn start(&self, program: &Path) -> Result<Server, Failure> {
        self.start_by(Command::new(program))
    }

    /// Starts the server by a command that takes the arguments of its binary.
    pub fn start_by(&self, mut command: Command) -> Result<Server, Failure> {
        let addresses: Vec<_> = std::iter::once(self.address)
            .chain(self.mtls_address)
            .chain(self.health_address)
            .collect();
        command
            .args(["serve", "--config"])
            .arg(&self.config)
            .env_remove("AVOUCH_CONFIG")
            .env_remove("AVOUCH_DATA");
        Server::start(&mut command, &addresses, &self.folder.path().join("log"))
    }

    /// How the server is reached without TLS.
    pub const fn line(&self) -> Line {
        Line {
            address: self.address,
            tls: None,
        }
    }

    /// The schema that it works on, if it is not a file.
    pub const fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// A place for a file, which goes with the site.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.folder.path().join("data").join(DATABASE_FILE)
    }
}

/// An address on loopback that is free now.
pub fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

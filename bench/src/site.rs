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
use avouch_core::storage::ServerSecret;
use avouch_core::time::Timestamp;
use avouch_crypto::random::{SecureRandom, SystemRandom};
use avouch_crypto::seal::SealingKey;
use avouch_oauth::Issuer;
use avouch_resource_server::{Clock, SystemClock};
use avouch_store::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::Failure;
use crate::certificates::Certificates;
use crate::connection::Line;
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
    /// What it calls itself.
    pub issuer: Issuer,
    config: PathBuf,
}

/// The database of a site, open for seeding. The server cannot start before it is dropped.
pub struct Seeding {
    /// The database.
    pub store: Arc<SqliteStore>,
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
        let scheme = if setup.tls.is_some() { "https" } else { "http" };
        let issuer = format!("{scheme}://{address}").parse()?;
        let config = folder.path().join("avouch.toml");
        let site = Self {
            folder,
            sealing_key,
            address,
            mtls_address,
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
        write!(text, "[client_authentication]\nmethods = {methods:?}\n")?;
        fs::write(&self.config, text)?;
        Ok(())
    }

    /// Opens the database that the server will find.
    pub async fn seed(&self) -> Result<Seeding, Failure> {
        let data = self.folder.path().join("data");
        let store = SqliteStore::open(self.database(), &SqliteOptions::default())?;
        fs::set_permissions(&data, Permissions::from_mode(0o700))?;
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

    /// Starts the server, the binary `program`.
    pub fn start(&self, program: &Path) -> Result<Server, Failure> {
        let addresses: Vec<_> = std::iter::once(self.address)
            .chain(self.mtls_address)
            .collect();
        let mut command = Command::new(program);
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

//! Finding the server that a command administers: by its data folder, which
//! holds the socket, or by the URL of its admin API.

use std::path::{Path, PathBuf};

use avouch_server::{ADMIN_SOCKET, DATABASE_FILE, config};
use clap::Args;

use super::remote_server::{ADMIN_URL, RemoteServer, set};
use crate::admin_client::AdminClient;
use crate::output::Failure;

const DATA: &str = "AVOUCH_DATA";
/// Names the configuration file for all commands.
pub(crate) const CONFIG: &str = "AVOUCH_CONFIG";

/// A server on this machine.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which server")]
pub(crate) struct LocalServer {
    /// Data folder of the running server [env: AVOUCH_DATA]
    #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
    data: Option<PathBuf>,

    /// Configuration file of the running server [env: AVOUCH_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Which server to administer.
#[derive(Debug, Args)]
pub(crate) struct RunningServer {
    #[command(flatten)]
    local: LocalServer,

    #[command(flatten)]
    remote: RemoteServer,
}

impl RunningServer {
    /// A client of the server, which was there a moment ago.
    pub(crate) async fn client(&self) -> Result<AdminClient, Failure> {
        if self.is_remote()? {
            return self.remote.client().await;
        }
        self.local.client().await
    }

    /// What stands on the command line counts before the environment, and there no variable counts
    /// before another.
    fn is_remote(&self) -> Result<bool, Failure> {
        if self.remote.is_meant() {
            return Ok(true);
        }
        if self.local.is_meant() || set(ADMIN_URL).is_none() {
            return Ok(false);
        }
        match [DATA, CONFIG].into_iter().find(|name| set(name).is_some()) {
            None => Ok(true),
            Some(other) => Err(Failure::new(format!(
                "{ADMIN_URL} names a server over TCP, and {other} one on this machine"
            ))
            .next(
                "unset one of them, or say which server with --admin-url URL, --data FOLDER or \
                 --config FILE",
            )),
        }
    }
}

impl LocalServer {
    /// Where its admin API listens.
    pub(crate) fn socket(&self) -> Result<PathBuf, Failure> {
        Ok(self.folder()?.join(ADMIN_SOCKET))
    }

    /// Its data file. A server whose data is in a database has none.
    pub(crate) fn data_file(&self, for_databases: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder()?;
        let named = self.config.clone();
        let file = named.or_else(|| {
            let set = set(CONFIG).filter(|_| self.data.is_none());
            set.map(PathBuf::from)
        });
        if let Some(file) = file
            && config::load(&file)?.database.url.is_some()
        {
            return Err(in_a_database(for_databases));
        }
        Ok(folder.join(DATABASE_FILE))
    }

    /// Whether the command line means a server on this machine.
    const fn is_meant(&self) -> bool {
        self.data.is_some() || self.config.is_some()
    }

    async fn client(&self) -> Result<AdminClient, Failure> {
        let client = AdminClient::new(&self.socket()?);
        client.reach().await.map_err(|error| {
            let next = if error.is_anothers() {
                "the socket belongs to another user: run this command as the user that the server \
                 runs as"
            } else {
                "is the server running, with this data folder and as this user? Start it with: \
                 avouch serve --config avouch.toml"
            };
            Failure::new(error).next(next)
        })?;
        Ok(client)
    }

    /// What stands on the command line counts before the environment.
    fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.data {
            return Ok(folder.clone());
        }
        if let Some(file) = &self.config {
            return folder_of(file);
        }
        match (set(DATA).map(PathBuf::from), set(CONFIG)) {
            (Some(folder), None) => return Ok(folder),
            (None, Some(file)) => return folder_of(Path::new(&file)),
            (Some(folder), Some(file)) => return agreed(folder, Path::new(&file)),
            (None, None) => {}
        }
        Err(
            Failure::new("it is not said which server to administer").next(format!(
                "name its data folder with --data FOLDER, or its configuration with --config FILE; \
                 one elsewhere with --admin-url URL; or set {DATA}, {CONFIG} or {ADMIN_URL} once \
                 for all commands"
            )),
        )
    }
}

/// What a command that works on a data file says of a server that has none.
pub(crate) fn in_a_database(next: &str) -> Failure {
    Failure::new("the data of this server is in a PostgreSQL database, not in a file").next(next)
}

/// Both are set, which is well where both mean the same server: whatever is administered must not
/// hang on which of them somebody forgot.
fn agreed(folder: PathBuf, config: &Path) -> Result<PathBuf, Failure> {
    let other = folder_of(config)?;
    if folder == other || is_same(&folder, &other) {
        return Ok(folder);
    }
    Err(Failure::new(format!(
        "{DATA} names the data folder {}, and {CONFIG} a file whose data folder is {}",
        folder.display(),
        other.display()
    ))
    .next(format!(
        "unset one of them, or say which server with --data FOLDER or --config FILE; after \
         avouch serve --dev, unset {CONFIG}"
    )))
}

fn is_same(one: &Path, other: &Path) -> bool {
    let canonical = |path: &Path| path.canonicalize().ok();
    canonical(one).is_some_and(|one| canonical(other) == Some(one))
}

fn folder_of(file: &Path) -> Result<PathBuf, Failure> {
    Ok(config::load(file)?.data.folder)
}

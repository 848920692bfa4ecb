//! Finding the server that a command administers: by its data folder, which
//! holds the socket.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use avouch_server::{ADMIN_SOCKET, config};
use clap::Args;

use crate::admin_client::AdminClient;
use crate::output::Failure;

const DATA: &str = "AVOUCH_DATA";
/// Names the configuration file for all commands.
pub(crate) const CONFIG: &str = "AVOUCH_CONFIG";

/// Which server to administer.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which server")]
pub(crate) struct RunningServer {
    /// Data folder of the running server [env: AVOUCH_DATA]
    #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
    data: Option<PathBuf>,

    /// Configuration file of the running server [env: AVOUCH_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl RunningServer {
    /// Where its admin API listens.
    pub(crate) fn socket(&self) -> Result<PathBuf, Failure> {
        Ok(self.folder()?.join(ADMIN_SOCKET))
    }

    /// A client of the server, which was there a moment ago.
    pub(crate) async fn client(&self) -> Result<AdminClient, Failure> {
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
             or set {DATA} or {CONFIG} once for all commands"
            )),
        )
    }
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

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn folder_of(file: &Path) -> Result<PathBuf, Failure> {
    Ok(config::load(file)?.data.folder)
}

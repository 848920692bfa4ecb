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
    /// A client of the server, which was there a moment ago.
    pub(crate) async fn client(&self) -> Result<AdminClient, Failure> {
        let folder = self.folder()?;
        let client = AdminClient::new(&folder.join(ADMIN_SOCKET));
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
        if let Some(folder) = set(DATA) {
            return Ok(folder.into());
        }
        if let Some(file) = set(CONFIG) {
            return folder_of(Path::new(&file));
        }
        Err(
            Failure::new("it is not said which server to administer").next(format!(
                "name its data folder with --data FOLDER, or its configuration with --config FILE; \
             or set {DATA} or {CONFIG} once for all commands"
            )),
        )
    }
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn folder_of(file: &Path) -> Result<PathBuf, Failure> {
    Ok(config::load(file)?.data.folder)
}

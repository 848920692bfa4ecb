//! `avouch config`: init, check, print, example, schema, credentials, socket. No server is needed.

mod init;

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_server::{SystemClock, config};
use clap::{Args, Subcommand};

use super::remote_server;
use super::running_server::LocalServer;
use crate::output::{self, Failure};

/// What can be done with configuration files.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  avouch config init my-avouch
  avouch config example > avouch.toml
  avouch config check avouch.toml               would a server start with it, here?
  avouch config check --elsewhere avouch.toml   is the file sound, for another machine?
  avouch config print avouch.toml
  avouch config credentials > ops.toml          to administer a server over TCP")]
pub(crate) enum Command {
    /// Make a folder with a configuration and a fresh sealing key
    Init(init::Init),
    /// Say everything that is wrong with a configuration file, and whether it would start here
    Check(Check),
    /// Print the configuration in effect, defaults filled in
    Print(File),
    /// Print a configuration file with every key and its documentation
    Example,
    /// Print the JSON Schema of the configuration file
    Schema,
    /// Print a file for --admin-credentials, which says who administers over TCP
    Credentials,
    /// Print where the admin API of a server listens, for curl --unix-socket
    Socket(LocalServer),
}

/// Which file.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// The configuration file
    #[arg(value_name = "FILE", env = "AVOUCH_CONFIG")]
    file: PathBuf,
}

/// Options of `avouch config check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 it is sound, and a server would start with it on this machine; 1 not so. With
--elsewhere, 0 says that it is sound.")]
pub(crate) struct Check {
    #[command(flatten)]
    file: File,

    /// It is for another machine: do not look for the keys and certificates it names
    #[arg(long)]
    elsewhere: bool,
}

/// Does it.
pub(crate) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(init) => init::run(init)?,
        Command::Check(check) => return check.run(),
        Command::Socket(server) => output::line(server.socket()?.display())?,
        Command::Print(File { file }) => {
            output::line(config::load(file)?.to_toml()?.trim_end())?;
        }
        Command::Credentials => output::line(remote_server::example().trim_end())?,
        Command::Example => output::line(config::example().trim_end())?,
        Command::Schema => output::line(serde_json::to_string_pretty(&config::schema())?)?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Check {
    fn run(&self) -> Result<ExitCode, Failure> {
        let file = &self.file.file;
        let config = config::load(file)?;
        output::line(format!("{}: sound", file.display()))?;
        if self.elsewhere {
            return Ok(ExitCode::SUCCESS);
        }
        let mut code = ExitCode::SUCCESS;
        let mut missing = |error: &dyn std::error::Error| {
            code = ExitCode::FAILURE;
            output::line(format!("on this machine it would not start yet: {error}"))
        };
        if let Err(error) = config.load_sealing_keys() {
            missing(&error)?;
        }
        if let Err(error) = avouch_server::check_certificates(&config, &SystemClock) {
            missing(&error)?;
        }
        Ok(code)
    }
}

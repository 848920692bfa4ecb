//! `avouch config`: init, check, print, example, schema. No server is needed.

mod init;

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_server::{SystemClock, config};
use clap::{Args, Subcommand};

use crate::output::{self, Failure};

/// What can be done with configuration files.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  avouch config init my-avouch
  avouch config example > avouch.toml
  avouch config check avouch.toml
  avouch config print avouch.toml")]
pub(crate) enum Command {
    /// Make a folder with a configuration and a fresh sealing key
    Init(init::Init),
    /// Say everything that is wrong with a configuration file
    Check(File),
    /// Print the configuration in effect, defaults filled in
    Print(File),
    /// Print a configuration file with every key and its documentation
    Example,
    /// Print the JSON Schema of the configuration file
    Schema,
}

/// Which file.
#[derive(Debug, Args)]
pub(crate) struct File {
    /// The configuration file
    #[arg(value_name = "FILE", env = "AVOUCH_CONFIG")]
    file: PathBuf,
}

/// Does it.
pub(crate) fn run(command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Init(init) => init::run(init)?,
        Command::Check(File { file }) => {
            let config = config::load(file)?;
            output::line(format!("{}: sound", file.display()))?;
            let missing = |error: &dyn std::error::Error| {
                output::line(format!("on this machine it would not start yet: {error}"))
            };
            if let Err(error) = config.sealing.load_keys() {
                missing(&error)?;
            }
            if let Err(error) = config.database.options() {
                missing(&error)?;
            }
            if let Err(error) = avouch_server::check_certificates(&config, &SystemClock) {
                missing(&error)?;
            }
        }
        Command::Print(File { file }) => {
            output::line(config::load(file)?.to_toml()?.trim_end())?;
        }
        Command::Example => output::line(config::example().trim_end())?,
        Command::Schema => output::line(serde_json::to_string_pretty(&config::schema())?)?,
    }
    Ok(ExitCode::SUCCESS)
}

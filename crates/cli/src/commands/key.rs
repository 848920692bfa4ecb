//! `avouch key`: list, rotate.

use std::process::ExitCode;

use avouch_core::records::KeyLife;
use avouch_jose::SignatureAlgorithm;
use avouch_server::admin::api::{KeyEntry, RotateKey};
use clap::{Args, Subcommand};

use super::human::{instant, table};
use super::running_server::RunningServer;
use super::words::{Purpose, signature_algorithm};
use crate::admin_client::AdminClientError;
use crate::output::{self, Failure};

/// What can be done with signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the keys and where they stand in their life
    List(List),
    /// Make a successor for the key that now signs with an algorithm
    Rotate(Rotate),
}

/// Options of `avouch key list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Options of `avouch key rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch key rotate RS256              published now, signs once every cache has seen it
  avouch key rotate RS256 --at-once    the old key may be known to others
  avouch key rotate RS256 --purpose access_tokens")]
pub(crate) struct Rotate {
    /// The algorithm
    #[arg(value_name = "ALG", value_parser = signature_algorithm())]
    algorithm: SignatureAlgorithm,

    /// What the key signs
    #[arg(long, value_enum, default_value = "statements")]
    purpose: Purpose,

    /// For a key that others may hold: use the new one now, and withdraw every older one of this
    /// algorithm and purpose now; what they signed can no longer be checked against the published keys
    #[arg(long)]
    at_once: bool,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Does it.
pub(crate) async fn run(command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::List(List { json, server }) => {
            let list = server.client().await?.keys().await?;
            if json {
                output::json(&list)?;
            } else {
                print(&list.keys)?;
            }
        }
        Command::Rotate(Rotate {
            algorithm,
            purpose,
            at_once,
            json,
            server,
        }) => {
            let order = RotateKey {
                purpose: purpose.into(),
                algorithm,
                at_once,
            };
            let made = server.client().await?.rotate_key(&order).await;
            let made = made.map_err(|error| said_as_an_option(error, at_once))?;
            if json {
                output::json(&made)?;
            } else {
                let (kid, from) = (&made.kid, instant(made.active_at));
                output::line(format!(
                    "made the {algorithm} key {kid}; it signs from {from}"
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The server knows of a second successor; what to do about it is an option here.
fn said_as_an_option(error: AdminClientError, at_once: bool) -> Failure {
    let conflict =
        matches!(&error, AdminClientError::Refused(answer) if answer.error == "conflict");
    let failure = Failure::new(error);
    if conflict && !at_once {
        return failure.next("if others may hold the key: the same command with --at-once");
    }
    failure
}

fn print(keys: &[KeyEntry]) -> Result<(), Failure> {
    let row = |key: &KeyEntry| {
        let (life, next) = match key.life {
            KeyLife::Next => ("next", format!("signs from {}", instant(key.active_at))),
            KeyLife::Active => ("active", until("signs", key.retiring_at)),
            KeyLife::Retiring => ("retiring", until("published", key.retired_at)),
            KeyLife::Retired => ("retired", String::new()),
        };
        [
            key.algorithm.name().to_owned(),
            key.purpose.name().replace('_', " "),
            life.to_owned(),
            key.kid.clone(),
            next,
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    Ok(table(["ALGORITHM", "PURPOSE", "LIFE", "KID", ""], &rows)?)
}

fn until(what: &str, end: Option<u64>) -> String {
    end.map_or_else(String::new, |end| format!("{what} until {}", instant(end)))
}

//! The commands, a file each.

mod apply;
mod authentication;
mod backup;
mod check;
mod client;
mod config;
mod consent;
mod demo;
mod explain;
mod fresh_secret;
pub(crate) mod human;
mod initial_access_token;
mod introspect;
mod key;
mod migrate;
mod registration_token;
mod remote_server;
mod renew_secret;
mod resource_server;
mod restore;
mod running_server;
mod serve;
mod token;
mod verify;
mod words;

use std::process::ExitCode;

use avouch_server::admin::api::{Approver, RegistrationEntry, SecretEntry};
use clap::Subcommand;

use crate::output::{self, Failure};

/// What avouch can be told to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show in a minute what avouch is for: one token, two providers, each told its part
    Demo(demo::Arguments),
    /// Run the server
    Serve(serve::Arguments),
    /// Ask what a token is worth, as a resource server would, and verify the answer
    Introspect(introspect::Arguments),
    /// Verify a statement that was kept, without asking anybody
    Verify(verify::Arguments),
    /// Say why a resource server is told what it is told of a token
    Explain(explain::Arguments),
    /// Issue, revoke and show access tokens
    #[command(subcommand)]
    Token(token::Command),
    /// Add, list, show and remove clients
    #[command(subcommand)]
    Client(client::Command),
    /// Add, list, show and remove resource servers
    #[command(subcommand)]
    ResourceServer(resource_server::Command),
    /// List and rotate signing keys
    #[command(subcommand)]
    Key(key::Command),
    /// Make clients and resource servers as a file describes
    Apply(apply::Arguments),
    /// Create, list and remove initial access tokens: the right to register
    #[command(subcommand)]
    InitialAccessToken(initial_access_token::Command),
    /// Copy the data of a server into one file, while it runs
    Backup(backup::Arguments),
    /// Put a backup in the place of a server's data, and say what that takes back
    Restore(restore::Arguments),
    /// Move everything from SQLite to PostgreSQL, or back
    Migrate(Box<migrate::Arguments>),
    /// Check a server's data, or a backup, from end to end
    Check(check::Arguments),
    /// Check, print and explain configuration files
    #[command(subcommand)]
    Config(config::Command),
}

impl Command {
    /// Runs the command to its end.
    pub(crate) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            // Holds the whole story: too large for the stack of every command.
            Self::Demo(arguments) => Box::pin(demo::run(arguments)).await,
            Self::Serve(arguments) => serve::run(arguments).await,
            Self::Introspect(arguments) => introspect::run(arguments).await,
            Self::Verify(arguments) => verify::run(&arguments),
            Self::Explain(arguments) => explain::run(arguments).await,
            Self::Token(command) => token::run(command).await,
            Self::Client(command) => client::run(command).await,
            Self::ResourceServer(command) => resource_server::run(command).await,
            Self::Key(command) => key::run(command).await,
            Self::Apply(arguments) => apply::run(arguments).await,
            Self::InitialAccessToken(command) => initial_access_token::run(command).await,
            Self::Backup(arguments) => backup::run(&arguments),
            Self::Restore(arguments) => restore::run(arguments).await,
            Self::Migrate(arguments) => Box::pin(migrate::run(*arguments)).await,
            Self::Check(arguments) => check::run(&arguments),
            Self::Config(command) => config::run(&command),
        }
    }
}

/// Says that something is gone.
fn removed(what: &str, id: &str, json: bool) -> Result<(), Failure> {
    if json {
        output::json(&serde_json::json!({ "removed": id }))
    } else {
        Ok(output::line(format!("removed: the {what} {id}"))?)
    }
}

/// When a caller was registered and who approved it, as comments of a
/// description.
fn registered_lines(at: u64, registration: Option<&RegistrationEntry>) -> Result<(), Failure> {
    let approver = registration.map(|registration| &registration.approved_by);
    let by = match approver {
        None | Some(Approver::Administrator) => "by an administrator".to_owned(),
        Some(Approver::InitialAccessToken(id)) => format!("with the initial access token {id}"),
        Some(Approver::SoftwareStatement(issuer)) => {
            format!("with a software statement of {issuer:?}")
        }
    };
    output::line(format!("# registered {} {by}", human::instant(at)))?;
    let Some(registration) = registration else {
        return Ok(());
    };
    let reach = human::access(&registration.resources);
    Ok(output::line(format!(
        "# manages its registration itself; the approval reaches these resources: {reach}"
    ))?)
}

/// How many secrets a caller has, and until when the older ones work.
fn secrets_line(secrets: &[SecretEntry]) -> Result<(), Failure> {
    let mut line = format!("# {} secret(s)", secrets.len());
    for end in secrets.iter().filter_map(|secret| secret.expires_at) {
        line.push_str(", one until ");
        line.push_str(&human::instant(end));
    }
    Ok(output::line(line)?)
}

//! `avouch verify`: check a statement that was kept, without asking anybody.

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_resource_server::{Expectations, Freshness, Issuer, JwkSet, verify_statement};
use clap::Args;

use super::words::Expected;
use crate::output::Failure;
use crate::{input, statement};

/// Options of `avouch verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  curl -s http://127.0.0.1:8080/jwks.json > keys.json
  avouch verify --jwks keys.json --issuer http://127.0.0.1:8080 --audience sign statement.jwt

A kept statement says what was true at its iat, and nothing about now.
Exit status: 0 it is genuine; 1 it is not, or cannot be checked.")]
pub(crate) struct Arguments {
    /// File with the statement, or - for standard input
    #[arg(value_name = "STATEMENT")]
    statement: PathBuf,

    /// File with the issuer's published keys: a JWK Set
    #[arg(long, value_name = "FILE")]
    jwks: PathBuf,

    /// The issuer it must come from
    #[arg(long, value_name = "URL")]
    issuer: Issuer,

    /// The client_id of the resource server it must be for
    #[arg(long, value_name = "ID")]
    audience: String,

    #[command(flatten)]
    expected: Expected,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Checks and shows the statement.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let jwt = input::secret(&arguments.statement)?;
    let keys =
        JwkSet::parse_published(input::read(&arguments.jwks)?.as_bytes()).map_err(|error| {
            Failure::new(format!("{}: {error}", arguments.jwks.display())).next(
                "--jwks takes the key set of the issuer: a JSON object with keys, as its jwks_uri \
             serves it",
            )
        })?;
    let mut expected = Expectations::new(arguments.issuer.clone(), arguments.audience.as_str())
        .form(arguments.expected.form());
    if let Some(typ) = &arguments.expected.typ {
        expected = expected.typ(typ.clone());
    }
    let verified = verify_statement(&jwt, &keys, &expected, Freshness::Archived)?;
    if arguments.json {
        statement::print(&jwt)?;
    } else {
        statement::show(&verified, &jwt)?;
    }
    Ok(ExitCode::SUCCESS)
}

//! `avouch introspect`: ask an authorization server about a token, as a
//! resource server would, and verify the answer.

mod advice;
mod credentials;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use avouch_resource_server::{DecryptionKey, Introspector, Issuer, StatementForm};
use clap::Args;

use self::advice::Advice;
use self::credentials::CredentialOptions;
use super::words::Expected;
use crate::output::Failure;
use crate::{input, statement};

/// The exit status for a token that is not active.
const NOT_ACTIVE: u8 = 3;

/// Options of `avouch introspect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch introspect --issuer http://127.0.0.1:8080 --client-id sign \\
    --secret-file sign.secret --token token.txt
  ... | avouch introspect ... --token - --json
  avouch introspect ... --key sign.private.jwk --token token.txt
  avouch introspect ... --own-token --dpop --token token.txt

Exit status: 0 the token is active; 3 it is not; 1 there is no answer to rely on.")]
pub(crate) struct Arguments {
    /// The authorization server's issuer identifier
    #[arg(long, value_name = "URL")]
    issuer: Issuer,

    /// PEM file with certificate authorities to trust besides those of the system
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Who asks: the client_id of the resource server
    #[arg(long, value_name = "ID")]
    client_id: String,

    #[command(flatten)]
    credentials: CredentialOptions,

    /// File with the token to ask about, or - for standard input
    #[arg(long, value_name = "FILE")]
    token: PathBuf,

    /// File with the resource server's own private key, a JWK with its alg, if its statements
    /// come encrypted; from then on one that is only signed is refused
    #[arg(long, value_name = "FILE")]
    decryption_key: Option<PathBuf>,

    /// Keep the signed statement in this new file, to be checked again with avouch verify
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,

    #[command(flatten)]
    expected: Expected,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Asks, verifies, and shows the statement.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let standard_input = Path::new("-");
    let sources = [
        arguments.credentials.file(),
        Some(&arguments.token),
        arguments.decryption_key.as_deref(),
    ];
    if sources
        .iter()
        .filter(|source| **source == Some(standard_input))
        .count()
        > 1
    {
        return Err(
            Failure::new("only one of secret, key and token can come from standard input")
                .next("keep the others in files"),
        );
    }
    if let Some(file) = arguments.save.as_deref().filter(|file| file.exists()) {
        return Err(
            Failure::new(format!("{}: it is there already", file.display()))
                .next("a statement is never written over; name a file that is not there yet"),
        );
    }
    let credentials = arguments.credentials.read()?;
    let token = input::secret(&arguments.token)?;
    let form = arguments.expected.form();
    let own_token = arguments.credentials.own_token();
    let mut builder =
        Introspector::builder(arguments.issuer, arguments.client_id, credentials).form(form);
    if let Some(typ) = arguments.expected.typ {
        builder = builder.typ(typ);
    }
    if let Some(file) = &arguments.decryption_key {
        let jwk = input::secret(file)?;
        let key = DecryptionKey::from_private_jwk(jwk.as_bytes())
            .map_err(|error| input::no_private_jwk(file, &jwk, &error))?;
        builder = builder.encrypted_to([key]);
    }
    if let Some(file) = &arguments.ca_file {
        builder = builder.extra_trust_anchors(input::read(file)?.as_bytes());
    }
    let advice = Advice {
        ca_file: arguments.ca_file,
        draft_08: form == StatementForm::Draft08,
        own_token,
    };
    let introspector = builder.discover().await;
    let introspector = introspector.map_err(|error| advice.on_discovery(error))?;
    let answer = introspector.introspect(&token).await;
    let answer = answer.map_err(|error| advice.on_question(error))?;
    if let Some(file) = &arguments.save {
        save(file, answer.jwt())?;
    }
    if arguments.json {
        statement::print(answer.jwt())?;
    } else {
        statement::show(answer.statement(), answer.jwt())?;
    }
    Ok(if answer.active().is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_ACTIVE)
    })
}

/// Statements speak of people: for the owner's eyes, and never written over.
fn save(file: &Path, jwt: &str) -> Result<(), Failure> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .and_then(|mut file| file.write_all(jwt.as_bytes()))
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

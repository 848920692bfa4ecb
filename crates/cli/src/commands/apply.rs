//! `avouch apply`: make clients and resource servers as a file describes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use avouch_core::apply::{Change, Current, Description, FieldChange, Target};
use avouch_server::admin::api::{FreshSecret, PartlyApplied, RecordName};
use clap::Args;

use super::consent::{Consent, nothing_changed};
use super::fresh_secret::{Place, SecretOption};
use super::running_server::RunningServer;
use crate::admin_client::AdminClientError;
use crate::input;
use crate::output::{self, Failure, Style};

/// A description that names every setting.
const EXAMPLE: &str = include_str!("apply/example.toml");

/// Options of `avouch apply`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example of a file:
  [[resource_server]]
  id = \"pay\"
  resources = [\"https://pay.example\"]
  profile = { signing_algorithm = \"ES256\", forms = \"jwt_only\" }
  policy = { claims = [\"iban\"], authorization_details_types = [\"payment\"] }

  [[client]]
  id = \"shop\"
  scope = \"pay sign\"
  resources = [\"https://pay.example\"]

Examples:
  avouch apply --example > parties.toml     every setting, explained
  avouch apply -f parties.toml --dry-run    show what would change, and change nothing
  avouch apply -f parties.toml              show, ask, then do it
  avouch apply -f parties.toml --yes        for scripts

A client or resource server that the file does not name stays as it is. One that it names becomes
what the file says of it: what is left out there returns to its default, but for a suspension,
which is lifted by suspended = false alone. The secrets of what is added are printed once, a line
each: the id, a blank, the secret.

A change that takes protection away, or lets a resource server learn more, is marked weaker. One
that takes encryption from a resource server is refused unless --allow-weaker is there.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub(crate) struct Arguments {
    /// The description, TOML or JSON; - for standard input
    #[arg(short, long, value_name = "FILE", required_unless_present = "example")]
    file: Option<PathBuf>,

    /// Print a description that names every setting, and do nothing
    #[arg(long, exclusive = true)]
    example: bool,

    #[command(flatten)]
    consent: Consent,

    /// Carry it out even if it takes encryption from a resource server
    #[arg(long)]
    allow_weaker: bool,

    /// Show what would change, and change nothing
    #[arg(long, conflicts_with_all = ["yes", "secret_file"])]
    dry_run: bool,

    #[command(flatten)]
    secret: SecretOption,

    /// Print the answer as JSON
    #[arg(long, conflicts_with = "secret_file")]
    json: bool,

    #[command(flatten)]
    server: RunningServer,
}

/// Plans, shows, asks, does it.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Some(file) = arguments.file.as_deref() else {
        output::line(EXAMPLE.trim_end())?;
        return Ok(ExitCode::SUCCESS);
    };
    let description = read(file)?;
    let server = arguments.server.client().await?;
    let planned = server.plan(&description).await?;
    if arguments.dry_run && arguments.json {
        output::json(&planned)?;
        return Ok(ExitCode::SUCCESS);
    }
    // With --json, standard output is for the answer alone.
    if !arguments.json {
        planned.changes.iter().try_for_each(show)?;
    }
    let nothing = planned
        .changes
        .iter()
        .all(|change| change.current == Current::Same);
    if arguments.dry_run || nothing && !arguments.json {
        if nothing {
            output::note("everything is as described")?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if !nothing && !arguments.consent.given_after(file)? {
        return nothing_changed();
    }
    let adds = planned
        .changes
        .iter()
        .any(|change| change.current == Current::Absent);
    let place = if adds {
        arguments.secret.prepare()?
    } else {
        Place::Output
    };
    match server.apply(&description, arguments.allow_weaker).await {
        Ok(applied) if arguments.json => output::json(&applied)?,
        Ok(applied) => {
            put(place, &applied.secrets)?;
            output::note("done")?;
        }
        Err(AdminClientError::Partly(partly)) => {
            if arguments.json {
                output::json(&*partly)?;
            } else {
                put(place, &partly.secrets)?;
            }
            return Err(Failure::new(account(&partly)).next(
                "what is written stays; mend the file and apply it again, for it changes only \
                 what differs",
            ));
        }
        Err(error) => {
            place.give_up();
            return Err(error.into());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// TOML, or JSON where it begins as such.
fn read(file: &Path) -> Result<Description, Failure> {
    let text = input::read(file)?;
    if text.trim_start().starts_with('{') {
        return avouch_jose::strict_json::object(text.as_bytes())
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
            .and_then(|members| Ok(serde_json::from_value(members.into())?));
    }
    toml::from_str(&text).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

fn show(change: &Change) -> io::Result<()> {
    let style = Style::of(&io::stdout());
    let name = format!("{} {}", kind(change.target), change.id);
    match change.current {
        Current::Same => output::line(style.faint(format!("= {name}"))),
        Current::Absent => {
            output::line(style.good(format!("+ {name}")))?;
            change
                .fields
                .iter()
                .try_for_each(|FieldChange { field, to, .. }| {
                    output::line(format!("    {field}: {to}"))
                })
        }
        Current::Differs => {
            output::line(style.strong(format!("~ {name}")))?;
            change.fields.iter().try_for_each(|change| {
                let FieldChange {
                    field, from, to, ..
                } = change;
                let mark = if change.weaker {
                    style.bad("    weaker: ")
                } else {
                    style.faint("    ")
                };
                output::line(format!("{mark}{field}: {from} -> {to}"))
            })
        }
    }
}

const fn kind(target: Target) -> &'static str {
    match target {
        Target::Client => "client",
        Target::ResourceServer => "resource server",
    }
}

fn put(place: Place, secrets: &[FreshSecret]) -> Result<(), Failure> {
    if secrets.is_empty() {
        place.give_up();
        return Ok(());
    }
    let line =
        |fresh: &FreshSecret| format!("{} {}", fresh.client_id, fresh.client_secret.expose());
    place.put(&secrets.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// What is written and what is not.
fn account(partly: &PartlyApplied) -> String {
    let name = |record: &RecordName| format!("{} {}", kind(record.target), record.id);
    let names = |records: &[RecordName]| match records {
        [] => "nothing".to_owned(),
        records => records.iter().map(name).collect::<Vec<_>>().join(", "),
    };
    let failed = if partly.failed_may_be_written {
        "not known"
    } else {
        "not written"
    };
    format!(
        "{}\n  written: {}\n  {failed}: {}\n  not tried: {}",
        partly.error.error_description,
        names(&partly.written),
        name(&partly.failed),
        names(&partly.not_written),
    )
}

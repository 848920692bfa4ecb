//! `avouch migrate`: everything from one store into another.

mod place;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use avouch_core::moving::{Compared, Digest, MoveError, MoveProgress, MoveStep, move_records};
use avouch_store::SchemaName;
use clap::Args;
use serde_json::json;

use self::place::{Access, Place};
use super::human::{count, table};
use crate::output::{self, Failure};
use crate::progress::Progress;

/// Options of `avouch migrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch migrate --from sqlite:/var/lib/avouch \\
      --to 'postgres://avouch@db.example/avouch?sslrootcert=ca.pem' \\
      --to-password-file database.password
  avouch migrate --from postgres://avouch@127.0.0.1/avouch --to sqlite:/var/lib/avouch

Stop every server of the source first, and start none before the end. The target must be empty; for
PostgreSQL user, database and schema must be there, the tables are made.

Everything moves: callers with their secrets, histories of profiles and policies, registrations,
grants, tokens, revocations, used proofs, and the sealed keys, which the same sealing key opens.
Nothing is changed in the source. At the end every record of both sides is read once more, counted
and hashed, and the two must be the same.

A move that was broken off, by whatever, goes on where it was with the same command. Until it is
through, no server starts on the target.")]
pub(crate) struct Arguments {
    /// Where everything is: sqlite:FILE, sqlite:FOLDER or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
    from: Place,

    /// Where it is to go
    #[arg(long, value_name = "PLACE", value_parser = Place::parse)]
    to: Place,

    /// File with the password of the database that it comes from
    #[arg(long, value_name = "FILE")]
    from_password_file: Option<PathBuf>,

    /// Schema that it comes from [default: public]
    #[arg(long, value_name = "NAME", value_parser = SchemaName::parse)]
    from_schema: Option<SchemaName>,

    /// File with the password of the database that it goes to
    #[arg(long, value_name = "FILE")]
    to_password_file: Option<PathBuf>,

    /// Schema that it goes to [default: public]
    #[arg(long, value_name = "NAME", value_parser = SchemaName::parse)]
    to_schema: Option<SchemaName>,

    /// Records in one transaction, and in memory
    #[arg(long, value_name = "NUMBER", default_value_t = 500,
          value_parser = clap::value_parser!(u32).range(1..=10_000))]
    page: u32,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Moves.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let from = Access {
        place: &arguments.from,
        password_file: arguments.from_password_file.as_deref(),
        schema: arguments.from_schema.as_ref(),
    };
    let to = Access {
        place: &arguments.to,
        password_file: arguments.to_password_file.as_deref(),
        schema: arguments.to_schema.as_ref(),
    };
    let source = from.open_source().await?;
    let target = to.open_target().await?;

    let stopped = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stopped);
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told.store(true, Ordering::Relaxed);
        }
    });
    let mut progress = Progress::new();
    let mut tell = |at: MoveProgress| {
        progress.so_many(&step(&at), at.done, at.of);
        if stopped.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let moved = move_records(&source, &target, arguments.page, &mut tell).await;
    drop(progress);
    let moved = moved.map_err(|error| refused(&error))?;
    // Closed before it is said that a server may open them.
    drop((source, target));
    if arguments.json {
        let records: Vec<_> = moved.compared.iter().map(as_json).collect();
        output::json(&json!({
            "resumed": moved.resumed_from.is_some(),
            "records": records,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(place) = moved.resumed_from {
        output::note(format!(
            "went on with the {} where it had been broken off",
            place.kind.name()
        ))?;
    }
    output::line("moved; both sides are the same:")?;
    let rows: Vec<_> = moved.compared.iter().map(row).collect();
    table(["RECORDS", "SOURCE", "TARGET", "SHA-256 OF BOTH"], &rows)?;
    output::line("")?;
    to.say_how_to_switch_over(&from)?;
    Ok(ExitCode::SUCCESS)
}

fn step(at: &MoveProgress) -> String {
    match at.step {
        MoveStep::Copying => format!("copying {}", at.kind.name()),
        MoveStep::ReadingSource => format!("comparing {}, source", at.kind.name()),
        MoveStep::ReadingTarget => format!("comparing {}, target", at.kind.name()),
    }
}

fn row(one: &Compared) -> [String; 4] {
    [
        one.kind.name().to_owned(),
        count(one.source.count),
        count(one.target.count),
        hex(&one.target),
    ]
}

fn as_json(one: &Compared) -> serde_json::Value {
    json!({
        "kind": one.kind.name(),
        "source": { "count": one.source.count, "sha256": hex(&one.source) },
        "target": { "count": one.target.count, "sha256": hex(&one.target) },
    })
}

fn hex(digest: &Digest) -> String {
    use std::fmt::Write;
    digest.sha256.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

fn refused(error: &MoveError) -> Failure {
    let next = match error {
        MoveError::TargetInUse => {
            "make an empty one: another file, or another schema (CREATE SCHEMA … AUTHORIZATION …)"
        }
        MoveError::OfAnother => {
            "finish that move with its own --from, or begin with an empty target"
        }
        MoveError::BrokenOff => return Failure::new(error),
        MoveError::Different(compared) => {
            let differ = compared.iter().filter(|one| one.source != one.target);
            for one in differ {
                let (source, target) = (one.source.count, one.target.count);
                let what = format!(
                    "{}: {source} in the source, {target} in the target",
                    one.kind.name()
                );
                // Said beside the failure, whose one sentence it is too long for.
                let _ = output::note(what);
            }
            "stop every server of the source and begin anew with an empty target"
        }
        MoveError::Source(_) | MoveError::Target(_) | MoveError::Unencodable(_) => {
            "once that is mended, the same command goes on where it was"
        }
    };
    Failure::new(error).next(next)
}

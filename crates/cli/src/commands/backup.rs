//! `avouch backup`: one file that holds all of a server's data as of one instant.

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_core::time::Clock;
use avouch_server::SystemClock;
use avouch_store::{BackupOrder, BackupProgress, Manifest, back_up};
use clap::Args;
use serde_json::json;

use super::human::{count, instant, octets};
use super::running_server::LocalServer;
use crate::output::{self, Failure};
use crate::progress::Progress;

/// What to do where there is no file.
const DATABASES: &str = "back it up with the database's own tools, pg_dump or an archive of its \
                         log; docs/storage.md says what to keep in mind";

/// Options of `avouch backup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch backup --config avouch.toml /backups/avouch-monday.backup
  avouch backup --data /var/lib/avouch /backups/avouch-monday.backup --json
  avouch check /backups/avouch-monday.backup                  is it still whole?
  avouch restore --config avouch.toml /backups/avouch-monday.backup

The server may run or not; it goes on working meanwhile. The backup appears under its name once it
is whole, checked and on disk. A file that is there already is never overwritten.

THE SEALING KEY IS NOT IN IT, and without that key the backup is of no use: nobody can sign with
the keys in it. Keep the key safe too, and apart from the backups.

The backup holds personal data: subjects, claims, what was agreed. It is made for its owner alone.")]
pub(crate) struct Arguments {
    /// The file to make
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: LocalServer,
}

/// Makes it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let data = arguments.server.data_file(DATABASES)?;
    let order = BackupOrder {
        data: &data,
        to: &arguments.file,
        now: SystemClock.now(),
        release: env!("CARGO_PKG_VERSION"),
    };
    let mut progress = Progress::new();
    let made = back_up(&order, &mut |step| match step {
        BackupProgress::Copied { octets, of } => progress.at("copying", octets, of),
        BackupProgress::Checking => progress.doing("checking the copy"),
    });
    drop(progress);
    let manifest = made?;
    let size = arguments.file.metadata()?.len();
    if arguments.json {
        output::json(&json!({
            "file": arguments.file,
            "octets": size,
            "manifest": as_json(&manifest),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format!(
        "backed up to {}: {}, as of {}",
        arguments.file.display(),
        octets(size),
        instant(manifest.made_at.numeric_date())
    ))?;
    output::line(format!("  {}", contents(&manifest)))?;
    output::note(format!(
        "without the sealing key it is of no use, and the key is not in it: keep {} apart from it",
        keys(&manifest)
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// A manifest as commands print it.
pub(super) fn as_json(manifest: &Manifest) -> serde_json::Value {
    json!({
        "made_at": manifest.made_at.numeric_date(),
        "release": manifest.release,
        "layout": manifest.layout,
        "rows": manifest.rows,
        "sealing_keys": manifest.sealing_keys,
        "sha256": manifest.sha256,
    })
}

/// What is in it, in a line.
pub(super) fn contents(manifest: &Manifest) -> String {
    let rows = |table: &str| count(manifest.rows.get(table).copied().unwrap_or(0));
    format!(
        "{} access tokens, {} clients, {} resource servers, {} signing keys",
        rows("access_token"),
        rows("client"),
        rows("resource_server"),
        rows("signing_key"),
    )
}

/// Which sealing keys go with it.
pub(super) fn keys(manifest: &Manifest) -> String {
    match manifest.sealing_keys.as_slice() {
        [] => "the sealing key".to_owned(),
        [one] => format!("the sealing key with the id {one}"),
        several => format!("the sealing keys with the ids {}", several.join(", ")),
    }
}

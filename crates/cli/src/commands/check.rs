//! `avouch check`: is the data sound?

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_store::{CheckedFile, check_file};
use clap::Args;
use serde_json::json;

use super::backup::as_json;
use super::human::{count, instant};
use super::running_server::LocalServer;
use crate::output::{self, Failure, Style};
use crate::progress::Progress;

/// What to do where there is no file.
const DATABASES: &str = "check it with the database's own tools: pg_amcheck looks at tables and \
                         indexes";

/// Options of `avouch check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch check --config avouch.toml               the data of a server, whether it runs or not
  avouch check /backups/avouch-monday.backup      a backup

Every page, index, constraint and reference is looked at, every record is read as a server would
read it, and of a backup that it is still what was put in. A start looks at the small tables only,
since it must not take long.

Exit status: 0 it is sound, 1 it is not.")]
pub(crate) struct Arguments {
    /// A backup or a data file [default: the data of the server]
    #[arg(value_name = "FILE", conflicts_with_all = ["data", "config"])]
    file: Option<PathBuf>,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    server: LocalServer,
}

/// Looks.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let file = match &arguments.file {
        Some(file) => file.clone(),
        None => arguments.server.data_file(DATABASES)?,
    };
    let mut progress = Progress::new();
    progress.doing("checking");
    let checked = check_file(&file);
    drop(progress);
    let checked = checked.map_err(|error| Failure::new(error.of_file(&file)))?;
    if arguments.json {
        output::json(&json!({
            "file": file,
            "sound": checked.damage.is_empty(),
            "damage": checked.damage,
            "layout": checked.layout,
            "rows": checked.rows,
            "sealing_keys": checked.sealing_keys,
            "backup": checked.backup.as_ref().map(as_json),
        }))?;
    } else {
        print(&file.display().to_string(), &checked)?;
    }
    Ok(if checked.damage.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn print(file: &str, checked: &CheckedFile) -> Result<(), Failure> {
    let style = Style::of(&std::io::stdout());
    if !checked.damage.is_empty() {
        output::line(format!("{file}: {}", style.bad("damaged")))?;
        for damage in &checked.damage {
            output::line(format!("  {damage}"))?;
        }
        output::note(
            "keep the file as it is; stop the server, if one works on it, and put the last good \
             backup in its place with avouch restore",
        )?;
        return Ok(());
    }
    let kind = checked.backup.as_ref().map_or_else(String::new, |backup| {
        format!(
            ", a backup of {} made by avouch {}",
            instant(backup.made_at.numeric_date()),
            backup.release
        )
    });
    output::line(format!("{file}: {}{kind}", style.good("sound")))?;
    for (table, rows) in checked.rows.iter().filter(|(_, rows)| **rows > 0) {
        output::line(format!(
            "  {:>14}  {}",
            count(*rows),
            table.replace('_', " ")
        ))?;
    }
    if !checked.sealing_keys.is_empty() {
        let keys = checked.sealing_keys.join(", ");
        output::line(format!(
            "  its keys are sealed under the sealing key {keys}"
        ))?;
    }
    Ok(())
}

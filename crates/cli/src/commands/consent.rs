//! Asking before something is done that cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use crate::output::{self, Failure};

/// Whether to ask.
#[derive(Debug, Args)]
pub(crate) struct Consent {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

impl Consent {
    /// Says what will happen and asks, unless told not to.
    pub(super) fn given(&self, what: &str) -> Result<bool, Failure> {
        if self.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() {
            return Err(nobody().next("add --yes to do it without asking"));
        }
        output::note(what)?;
        ask()
    }

    /// Asks after the changes of a description were shown, unless told not to. Whoever sends it on
    /// standard input cannot answer there.
    pub(super) fn given_after(&self, description: &Path) -> Result<bool, Failure> {
        if self.yes {
            return Ok(true);
        }
        if !io::stdin().is_terminal() || description == Path::new("-") {
            return Err(
                nobody().next("add --yes to do it without asking, or --dry-run to look only")
            );
        }
        ask()
    }
}

/// How a command ends whose question was answered with no.
pub(super) fn nothing_changed() -> Result<ExitCode, Failure> {
    output::note("nothing was changed")?;
    Ok(ExitCode::FAILURE)
}

fn nobody() -> Failure {
    Failure::new("nothing was changed: there is nobody to ask")
}

fn ask() -> Result<bool, Failure> {
    let mut asking = io::stderr().lock();
    write!(asking, "Do it? [y/N] ")?;
    asking.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(
        answer.trim().to_ascii_lowercase().as_str(),
        "y" | "yes"
    ))
}

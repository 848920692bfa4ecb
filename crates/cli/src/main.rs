//! The `avouch` command: parse, dispatch, exit.

#![allow(
    clippy::doc_markdown,
    reason = "the doc comments of options are what --help prints, where a backtick is noise"
)]

mod admin_client;
mod commands;
mod connection;
mod development;
mod input;
mod output;
mod private_file;
mod progress;
mod statement;

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::commands::Command;
use crate::output::Failure;

/// A request takes and gives back dozens of small pieces of memory, which the C library makes more
/// work of than some steps of the walk are. Without huge pages, so that an idle server is small.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// An OAuth 2.0 authorization server that answers token introspection with
/// signed statements (RFC 9701).
#[derive(Debug, Parser)]
#[command(name = "avouch", version, max_term_width = 100, after_help = WHICH_SERVER)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const WHICH_SERVER: &str = "\
Which server the commands administer:
  on this machine   --data FOLDER or --config FILE, or AVOUCH_DATA or AVOUCH_CONFIG; by its socket
  elsewhere         --admin-url URL --admin-credentials FILE, or AVOUCH_ADMIN_URL and
                    AVOUCH_ADMIN_CREDENTIALS; over TCP, where admin.listen is set there.
                    avouch config credentials prints such a file, explained";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(arguments.command.run())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        super::Arguments::command().debug_assert();
    }
}

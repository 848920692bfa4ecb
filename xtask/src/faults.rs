//! `cargo xtask faults`: builds the server and what breaks things under it, and runs them.

use std::process::Command;

use crate::steps::{Failure, shell};
use crate::{tools, tree};

/// Of a landing: always the same, so that what is red here is red there.
const SEED: &str = "1";

/// `cargo xtask faults [OPTIONS]`.
pub fn command(args: &[&str]) -> Result<(), Failure> {
    tools::bring_system_packages()?;
    // As the tests do, for they have built most of it already; what is checked is what is kept, not how fast.
    shell(
        Command::new("cargo")
            .args([
                "build", "--quiet", "--locked", "-p", "avouch", "-p", "faults",
            ])
            .current_dir(tree::root()),
    )?;
    let program = tree::root().join("target/debug/faults");
    shell(Command::new(program).args(args).current_dir(tree::root()))
}

/// Twenty kills per engine and each other fault once.
pub fn few() -> Result<(), Failure> {
    command(&["--kills", "20", "--seed", SEED])
}

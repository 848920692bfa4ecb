//! Running named steps in order, saying what happens and how long it took.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::say;

/// Why a chore stopped, in words for the person who ran it.
pub type Failure = String;

/// One named part of a chore.
pub struct Step {
    /// What `--only` takes.
    pub name: &'static str,
    /// What it makes sure of, for `--list`.
    pub about: &'static str,
    /// Does the work; its output goes straight to the terminal.
    pub run: fn() -> Result<(), Failure>,
}

/// Runs `steps` until one fails, then prints one line with every time.
///
/// `again` is the command that runs a single step, with the step's name left off.
pub fn run(steps: &[&Step], again: &str) -> Result<(), Failure> {
    let mut times: Vec<String> = Vec::new();
    let started = Instant::now();
    for (index, step) in steps.iter().enumerate() {
        say(&format!(
            "\n== {}/{} {}: {}",
            index + 1,
            steps.len(),
            step.name,
            step.about
        ));
        let clock = Instant::now();
        let outcome = (step.run)();
        let took = seconds(clock.elapsed());
        if let Err(why) = outcome {
            return Err(format!(
                "step `{}` failed after {took}: {why}\n  run it alone: {again} {}",
                step.name, step.name
            ));
        }
        say(&format!("== {} ok, {took}", step.name));
        times.push(format!("{} {took}", step.name));
    }
    say(&format!(
        "\nall green in {}: {}",
        seconds(started.elapsed()),
        times.join(", ")
    ));
    Ok(())
}

/// Runs one command to its end with nothing on standard input.
pub fn shell(command: &mut Command) -> Result<(), Failure> {
    let line = command_line(command);
    say(&format!("   $ {line}"));
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` ended with {status}")),
        Err(error) => Err(format!("`{line}` could not be started: {error}")),
    }
}

/// Whether the command runs and succeeds; what it prints is thrown away.
pub fn succeeds(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn command_line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

//! `cargo xtask <chore>`: parse, dispatch, exit.

use std::process::ExitCode;

use xtask::{bench, conformance, faults, fuzz, postgres, say, test};

const USAGE: &str = "\
The project's own chores.

  cargo xtask test              everything that decides whether a change may land
  cargo xtask test --list       its steps
  cargo xtask test --only STEP  one of them
  cargo xtask bench             the benchmarks, and how to run one
  cargo xtask faults            break what the server stands on; `faults help` says how
  cargo xtask fuzz              what can be fuzzed, and how
  cargo xtask postgres COMMAND  run a command with the PostgreSQL servers of the tests
  cargo xtask conformance       rewrite docs/conformance.md from the tests
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args.as_slice() {
        ["test", rest @ ..] => test::command(rest),
        ["bench", rest @ ..] => bench::command(rest),
        ["faults", rest @ ..] => faults::command(rest),
        ["fuzz", rest @ ..] => fuzz::command(rest),
        ["postgres", program, rest @ ..] => postgres::command(program, rest),
        ["conformance"] => conformance::command(),
        [] | ["help" | "--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        other => Err(format!("no such chore: `{}`\n\n{USAGE}", other.join(" "))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            say(&format!("xtask: {why}"));
            ExitCode::FAILURE
        }
    }
}

//! `cargo xtask test`: everything that decides whether a change may land.

use std::process::Command;

use crate::say;
use crate::steps::{self, Failure, Step, shell, succeeds};
use crate::{bench, faults, postgres, tools, tree};

/// In this order: what is cheap and often wrong comes first.
const STEPS: &[Step] = &[
    Step {
        name: "tools",
        about: "bring what is missing on this machine",
        run: tools::bring_all,
    },
    Step {
        name: "fmt",
        about: "the code is formatted",
        run: fmt,
    },
    Step {
        name: "lock",
        about: "the Cargo.lock of the fuzzer and of the models is up to date",
        run: lock,
    },
    Step {
        name: "clippy",
        about: "no lint speaks up",
        run: clippy,
    },
    Step {
        name: "tests",
        about: "unit, integration and house tests",
        run: tests,
    },
    Step {
        name: "models",
        about: "nobody waits for ever or is told another's, whoever runs when",
        run: models,
    },
    Step {
        name: "bench",
        about: "the benchmarks run; what comes out is not judged",
        run: bench::smoke,
    },
    Step {
        name: "faults",
        about: "nothing acknowledged is lost, whatever breaks",
        run: faults::few,
    },
    Step {
        name: "doctests",
        about: "the examples in the documentation",
        run: doctests,
    },
    Step {
        name: "docs",
        about: "the documentation builds without a broken link",
        run: docs,
    },
    Step {
        name: "deny",
        about: "licences, sources and bans of the dependencies",
        run: deny,
    },
];

/// `cargo xtask test [--list | --only STEP]`.
pub fn command(args: &[&str]) -> Result<(), Failure> {
    let chosen: Vec<&Step> = match args {
        [] => STEPS.iter().collect(),
        ["--list"] => {
            for step in STEPS {
                say(&format!("  {:<9} {}", step.name, step.about));
            }
            return Ok(());
        }
        ["--only", name] => match STEPS.iter().find(|step| step.name == *name) {
            Some(step) => vec![step],
            None => {
                return Err(format!(
                    "no step `{name}`; `cargo xtask test --list` shows them"
                ));
            }
        },
        other => {
            return Err(format!(
                "test: what is `{}`? See `cargo xtask`",
                other.join(" ")
            ));
        }
    };
    steps::run(&chosen, "cargo xtask test --only")
}

fn fmt() -> Result<(), Failure> {
    tools::bring_rust_components()?;
    shell(cargo().args(["fmt", "--all", "--check"]))?;
    shell(
        cargo()
            .args(["fmt", "--check", "--manifest-path"])
            .arg(MODELS),
    )
}

/// The manifest of what runs on shuttle's locks, a workspace of its own.
const MODELS: &str = "models/Cargo.toml";

/// So is what links libFuzzer, which no other step builds.
fn lock() -> Result<(), Failure> {
    for folder in ["fuzz", "models"] {
        let mut tree = cargo();
        tree.args(["tree", "--quiet", "--depth", "0", "--locked"])
            .arg("--manifest-path")
            .arg(format!("{folder}/Cargo.toml"));
        shell(&mut tree).map_err(|why| {
            format!(
                "{why}\n  write it anew: cp Cargo.lock {folder}/Cargo.lock && \
                 cargo tree --depth 0 --manifest-path {folder}/Cargo.toml"
            )
        })?;
    }
    Ok(())
}

fn clippy() -> Result<(), Failure> {
    tools::bring_rust_components()?;
    tools::bring_system_packages()?;
    shell(
        cargo()
            .args(["clippy", "--workspace", "--all-targets", "--locked"])
            .args(["--", "-D", "warnings"]),
    )?;
    shell(
        in_models("clippy")
            .arg("--all-targets")
            .args(["--", "-D", "warnings"]),
    )
}

fn tests() -> Result<(), Failure> {
    tools::bring_system_packages()?;
    let interop = tools::bring_interop_packages()?;
    // Stopped at the end of this step, however it ends.
    let database = postgres::Shared::start()?;
    let mut command = cargo();
    if succeeds("cargo-nextest", &["--version"]) {
        command.args(["nextest", "run"]);
    } else {
        command.args(["test", "--lib", "--bins", "--tests"]);
    }
    command
        .args(["--workspace", "--locked"])
        .env("AVOUCH_INTEROP_NODE", interop.node)
        .env("AVOUCH_INTEROP_PYTHON", interop.python);
    database.name_to(&mut command);
    shell(&mut command)
}

fn models() -> Result<(), Failure> {
    shell(&mut in_models("test"))
}

fn in_models(verb: &str) -> Command {
    let mut command = cargo();
    command
        .args([verb, "--locked", "--manifest-path", MODELS])
        .args(["--target-dir", "target/models"]);
    command
}

fn doctests() -> Result<(), Failure> {
    shell(cargo().args(["test", "--doc", "--workspace", "--locked"]))
}

fn docs() -> Result<(), Failure> {
    shell(
        cargo()
            .args(["doc", "--workspace", "--no-deps", "--locked"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn deny() -> Result<(), Failure> {
    // `advisories` is left out: it clones a database that not every place can reach.
    let deny = tools::bring_cargo_deny()?;
    let checks = ["bans", "licenses", "sources"];
    let check = |manifest: &str| {
        let mut command = Command::new(&deny);
        command
            .current_dir(tree::root())
            .args(["--manifest-path", manifest, "--config", "deny.toml"])
            .args(["--workspace", "--locked", "check"]);
        command
    };
    shell(check("Cargo.toml").args(checks))?;
    // What is said of the whole need not be in this part of it.
    let unmatched = [
        "license-not-encountered",
        "unmatched-skip",
        "unused-wrapper",
    ];
    let part = unmatched.iter().flat_map(|lint| ["--allow", lint]);
    shell(check(MODELS).args(part).args(checks))
}

fn cargo() -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(tree::root());
    command
}

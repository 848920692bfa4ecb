//! `cargo xtask bench`: builds the server as operators do, and the load generator, and runs them. Some benchmarks start
//! PostgreSQL, which is brought first.

use std::process::Command;

use crate::steps::{Failure, shell};
use crate::{tools, tree};

/// `cargo xtask bench [BENCHMARK [OPTIONS]]`.
pub fn command(args: &[&str]) -> Result<(), Failure> {
    if let ["steps", options @ ..] = args {
        return steps(options);
    }
    tools::bring_system_packages()?;
    if args.first() == Some(&"peers") {
        tools::bring_peer()?;
    }
    if args.first() == Some(&"instructions") {
        tools::bring_valgrind()?;
    }
    build(&["--release"])?;
    if let ["profile", rest @ ..] = args {
        tools::bring_perf()?;
        let server = build_for_perf()?;
        let args = [&["profile", "--server", &server], rest].concat();
        return run("release", &args);
    }
    run("release", args)
}

/// Each benchmark for a moment, with what the tests have built already: that they run, not what
/// comes out.
pub fn smoke() -> Result<(), Failure> {
    tools::bring_system_packages()?;
    build(&[])?;
    run("debug", &["--smoke"])?;
    shell(
        Command::new("cargo")
            .args(["test", "--quiet", "--locked", "--workspace"])
            .args(["--bench", "walk"])
            .current_dir(tree::root()),
    )
}

/// Each step of the walk alone, with criterion's options.
fn steps(options: &[&str]) -> Result<(), Failure> {
    shell(
        Command::new("cargo")
            .args(["bench", "--locked", "-p", "bench", "--bench", "walk", "--"])
            .args(options)
            .current_dir(tree::root()),
    )
}

fn build(profile: &[&str]) -> Result<(), Failure> {
    shell(
        Command::new("cargo")
            .args([
                "build", "--quiet", "--locked", "-p", "avouch", "-p", "bench",
            ])
            .args(profile)
            .current_dir(tree::root()),
    )
}

/// The server as operators have it, but for the frame pointers by which `perf` finds who called
/// whom, in Rust and in C. In a folder of its own, so that the one of every other benchmark stays.
fn build_for_perf() -> Result<String, Failure> {
    const FOLDER: &str = "target/profiled";
    let with = |variable: &str, flag: &str| {
        let flags = std::env::var(variable).unwrap_or_default();
        format!("{flags} {flag}").trim_start().to_owned()
    };
    shell(
        Command::new("cargo")
            .args(["build", "--quiet", "--locked", "--release", "-p", "avouch"])
            .args(["--target-dir", FOLDER])
            .env(
                "RUSTFLAGS",
                with("RUSTFLAGS", "-C force-frame-pointers=yes"),
            )
            .env("CFLAGS", with("CFLAGS", "-fno-omit-frame-pointer"))
            // Functions keep their names.
            .env("CARGO_PROFILE_RELEASE_STRIP", "debuginfo")
            .current_dir(tree::root()),
    )?;
    Ok(format!("{FOLDER}/release/avouch"))
}

fn run(profile: &str, args: &[&str]) -> Result<(), Failure> {
    let program = tree::root().join("target").join(profile).join("bench");
    shell(Command::new(program).args(args).current_dir(tree::root()))
}

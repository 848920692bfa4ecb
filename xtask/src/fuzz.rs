//! `cargo xtask fuzz`: looks for octets that break what the targets assert.
//!
//! The targets are functions of `fuzz/targets`, and the inputs that are kept, `fuzz/corpus`, are replayed in every
//! `cargo test`. What this adds is libFuzzer, which a stable compiler can drive: code coverage is a pass of LLVM's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say;
use crate::steps::{Failure, shell};
use crate::{tools, tree};

const USAGE: &str = "\
One target at a time:

  cargo xtask fuzz TARGET                runs it for a minute
  cargo xtask fuzz TARGET --seconds N    for so long
";

const SECONDS: u32 = 60;

/// What counts as code reached, and what comparisons were made on the way: libFuzzer reads both.
const COVERAGE: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// `cargo xtask fuzz [TARGET [--seconds N]]`.
pub fn command(args: &[&str]) -> Result<(), Failure> {
    match args {
        [] => list(),
        [target] => Fuzzer::of(target)?.run(SECONDS),
        [target, "--seconds", seconds] => {
            let number = seconds.parse().ok().filter(|number| *number > 0);
            let number =
                number.ok_or_else(|| format!("fuzz: `{seconds}` is no number of seconds"))?;
            Fuzzer::of(target)?.run(number)
        }
        other => Err(format!("fuzz: what is `{}`?\n\n{USAGE}", other.join(" "))),
    }
}

fn list() -> Result<(), Failure> {
    for target in targets()? {
        say(&format!("  {target}"));
    }
    say(&format!("\n{USAGE}"));
    Ok(())
}

fn targets() -> Result<Vec<String>, Failure> {
    let folder = tree::root().join("fuzz/fuzz_targets");
    let files = tree::files(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let stems = files.iter().filter_map(|file| file.file_stem());
    Ok(stems
        .map(|stem| stem.to_string_lossy().into_owned())
        .collect())
}

/// One target and its folders.
struct Fuzzer {
    target: String,
    /// Inputs that are in the repository.
    kept: PathBuf,
    /// Inputs that are not, each of which reached something new.
    found: PathBuf,
    /// Inputs that broke a property.
    broken: PathBuf,
}

impl Fuzzer {
    fn of(target: &str) -> Result<Self, Failure> {
        if !targets()?.iter().any(|known| known == target) {
            return Err(format!(
                "no target `{target}`; `cargo xtask fuzz` lists them"
            ));
        }
        let root = tree::root();
        Ok(Self {
            target: target.to_owned(),
            kept: root.join("fuzz/corpus").join(target),
            found: root.join("target/fuzz/found").join(target),
            broken: root.join("target/fuzz/broken").join(target),
        })
    }

    /// Runs until the time is over or a property is broken, and says how many inputs were tried.
    fn run(&self, seconds: u32) -> Result<(), Failure> {
        for folder in [&self.found, &self.broken] {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        tools::bring_cxx_compiler()?;
        shell(&mut self.cargo("build"))?;
        let mut command = self.cargo("run");
        command
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            .args(["-timeout=10", "-print_final_stats=1"])
            .arg(option("dict", &tree::root().join("fuzz/dictionary")))
            // The end of a file name, so the slash counts.
            .arg(option("artifact_prefix", &self.broken.join("")))
            .args([&self.found, &self.kept]);
        shell(&mut command).map_err(|why| {
            format!(
                "{why}\n  what broke is in {}; mend the parser and move it to {}",
                self.broken.display(),
                self.kept.display()
            )
        })
    }

    fn cargo(&self, verb: &str) -> Command {
        let root = tree::root();
        let mut command = Command::new("cargo");
        command
            .args([verb, "--quiet", "--release", "--bin", &self.target])
            .arg("--manifest-path")
            .arg(root.join("fuzz/Cargo.toml"))
            .arg("--target-dir")
            .arg(root.join("target/fuzz"))
            // With a target named, build scripts are spared the flags.
            .args(["--target", "host-tuple"])
            .env("RUSTFLAGS", COVERAGE);
        command
    }
}

fn option(name: &str, path: &Path) -> String {
    format!("-{name}={}", path.display())
}

//! What the chores need beside Rust and a C compiler, and how to get it.
//!
//! System packages come through apt, where this runs as root on a Debian-like
//! system; anywhere else the one command to run is printed. Everything else
//! lands below `target/` and goes with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::say;
use crate::steps::{Failure, shell, succeeds};
use crate::tree;

/// A package of the system, found by a command that fails without it.
struct SystemPackage {
    name: &'static str,
    probe: &'static [&'static str],
    why: &'static str,
}

const SYSTEM_PACKAGES: &[SystemPackage] = &[
    SystemPackage {
        name: "pkg-config",
        probe: &["pkg-config", "--version"],
        why: "finds OpenSSL for josekit, the oracle of the JOSE tests",
    },
    SystemPackage {
        name: "libssl-dev",
        probe: &["pkg-config", "--exists", "openssl"],
        why: "josekit links it; the product does not",
    },
    SystemPackage {
        name: "curl",
        probe: &["curl", "--version"],
        why: "the commands that `avouch serve --dev` prints are run as printed",
    },
    SystemPackage {
        name: "openssl",
        probe: &["openssl", "version"],
        why: "the commands in docs/mutual-tls.md are run as printed",
    },
    SystemPackage {
        name: "python3-venv",
        probe: &["python3", "-c", "import venv, ensurepip"],
        why: "Authlib, joserfc and jwcrypto work with our server from their own environment",
    },
    SystemPackage {
        name: "nodejs",
        probe: &["node", "--version"],
        why: "npm's jose, oauth4webapi and openid-client work with our server",
    },
    SystemPackage {
        name: "npm",
        probe: &["npm", "--version"],
        why: "installs them from the lock file",
    },
    SystemPackage {
        name: "postgresql",
        // Debian keeps it off the path.
        probe: &[
            "sh",
            "-c",
            "ls /usr/lib/postgresql/*/bin/initdb || pg_config --bindir",
        ],
        why: "the contract of storage is tested on a server of its own",
    },
];

/// For `cargo xtask fuzz` alone.
const CXX_COMPILER: &[SystemPackage] = &[SystemPackage {
    name: "g++",
    probe: &["c++", "--version"],
    why: "libFuzzer is C++",
}];

/// For `cargo xtask bench instructions` alone.
const VALGRIND: &[SystemPackage] = &[SystemPackage {
    name: "valgrind",
    probe: &["valgrind", "--version"],
    why: "its callgrind counts instructions",
}];

/// For `cargo xtask bench profile` alone.
const PERF: &[SystemPackage] = &[SystemPackage {
    name: "linux-perf",
    probe: &["perf", "--version"],
    why: "looks at the server while it works; on Ubuntu it is in linux-tools-generic",
}];

/// Pinned, so that a new release cannot turn a green tree red.
const CARGO_DENY: &str = "0.20.2";

/// Where the foreign libraries of the interoperability tests are.
pub struct Interop {
    /// A folder with `node_modules`.
    pub node: PathBuf,
    /// A Python environment: the interpreter is `bin/python`.
    pub python: PathBuf,
}

/// Brings everything any step of `cargo xtask test` needs.
pub fn bring_all() -> Result<(), Failure> {
    bring_rust_components()?;
    bring_system_packages()?;
    bring_interop_packages()?;
    bring_cargo_deny()?;
    if !succeeds("cargo-nextest", &["--version"]) {
        say("   cargo-nextest is not here: tests run with `cargo test`, a little slower");
    }
    Ok(())
}

/// rustfmt and clippy: rustup's minimal profile leaves them out.
pub fn bring_rust_components() -> Result<(), Failure> {
    if succeeds("cargo", &["fmt", "--version"]) && succeeds("cargo", &["clippy", "--version"]) {
        return Ok(());
    }
    shell(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"]))
}

/// What the tests want of the system.
pub fn bring_system_packages() -> Result<(), Failure> {
    bring(SYSTEM_PACKAGES)
}

/// What libFuzzer is compiled with.
pub fn bring_cxx_compiler() -> Result<(), Failure> {
    bring(CXX_COMPILER)
}

/// What counts instructions.
pub fn bring_valgrind() -> Result<(), Failure> {
    bring(VALGRIND)
}

/// What looks at a process while it works.
pub fn bring_perf() -> Result<(), Failure> {
    bring(PERF)
}

/// Installs the missing ones, or says how to.
fn bring(packages: &[SystemPackage]) -> Result<(), Failure> {
    let missing: Vec<&SystemPackage> = packages
        .iter()
        .filter(|package| !succeeds(package.probe[0], &package.probe[1..]))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        say(&format!("   missing: {:<13} {}", package.name, package.why));
    }
    let names: Vec<&str> = missing.iter().map(|package| package.name).collect();
    if !(is_root() && succeeds("apt-get", &["--version"])) {
        return Err(format!(
            "system packages are missing; on Debian or Ubuntu run\n    \
             sudo apt-get install --no-install-recommends {}",
            names.join(" ")
        ));
    }
    shell(Command::new("apt-get").args(["update", "-qq"]))?;
    shell(
        Command::new("apt-get")
            .args(["install", "-qq", "--yes", "--no-install-recommends"])
            .args(&names)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    match missing
        .iter()
        .find(|package| !succeeds(package.probe[0], &package.probe[1..]))
    {
        None => Ok(()),
        Some(package) => Err(format!(
            "{} was installed, yet `{}` still fails",
            package.name,
            package.probe.join(" ")
        )),
    }
}

/// The path of a cargo-deny, built below `target/tools` where there is none.
///
/// From source: the packaged binaries elsewhere are years old and for one
/// processor. Built without optimisation, for it runs a second and compiles for
/// minutes; without its default features, for only `advisories` needs them.
pub fn bring_cargo_deny() -> Result<PathBuf, Failure> {
    if succeeds("cargo-deny", &["--version"]) {
        return Ok(PathBuf::from("cargo-deny"));
    }
    let tools = tree::root().join("target/tools");
    let binary = tools.join("bin/cargo-deny");
    if has_version(&binary, CARGO_DENY) {
        return Ok(binary);
    }
    say("   cargo-deny is built from source, once: about a minute on two cores");
    shell(
        Command::new("cargo")
            .args([
                "install",
                "cargo-deny",
                "--version",
                CARGO_DENY,
                "--locked",
                "--force",
                "--quiet",
            ])
            .args(["--no-default-features", "--root"])
            .arg(&tools)
            .arg("--target-dir")
            .arg(tools.join("build"))
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    )?;
    remove(&tools.join("build"))?;
    Ok(binary)
}

/// Installs the foreign libraries that `tests/interop/` pins.
pub fn bring_interop_packages() -> Result<Interop, Failure> {
    let root = tree::root();
    let source = root.join("tests/interop");
    let target = root.join("target/interop");
    let interop = Interop {
        node: target.join("node"),
        python: target.join("python"),
    };

    npm_ci(&source.join("node"), &interop.node)?;

    let requirements = source.join("python/requirements.txt");
    unless_current(&interop.python, &requirements, || {
        shell(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&interop.python),
        )?;
        shell(
            Command::new(interop.python.join("bin/python"))
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .args(["--no-input", "--only-binary=:all:", "--require-hashes"])
                .arg("--requirement")
                .arg(&requirements),
        )
    })?;
    Ok(interop)
}

/// Installs the server that `bench peers` measures avouch against, as `bench/peers/` pins it.
pub fn bring_peer() -> Result<(), Failure> {
    let source = tree::root().join("bench/peers/oidc-provider");
    let target = tree::root().join("target/peers/oidc-provider");
    npm_ci(&source, &target)?;
    // Beside what it imports, and always the newest.
    let copied = fs::copy(source.join("server.js"), target.join("server.js"));
    copied.map_err(|error| format!("server.js: {error}"))?;
    Ok(())
}

/// Installs in `target` what the lock file in `source` pins, unless it is there.
fn npm_ci(source: &Path, target: &Path) -> Result<(), Failure> {
    unless_current(target, &source.join("package-lock.json"), || {
        fs::create_dir_all(target).map_err(|error| error.to_string())?;
        for file in ["package.json", "package-lock.json"] {
            let from = source.join(file);
            fs::copy(&from, target.join(file))
                .map_err(|error| format!("{}: {error}", from.display()))?;
        }
        let quiet = [
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ];
        shell(
            Command::new("npm")
                .arg("ci")
                .args(quiet)
                .current_dir(target),
        )
    })
}

/// Runs `install` unless `folder` was filled from exactly this `lock`.
///
/// The copy of the lock is written last, so that a broken-off install is redone.
fn unless_current(
    folder: &Path,
    lock: &Path,
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let wanted = fs::read(lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let stamp = folder.join(".installed");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install()?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))
}

fn remove(folder: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("{}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn has_version(binary: &Path, version: &str) -> bool {
    let output = Command::new(binary).arg("--version").output();
    output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version))
}

/// Whether this runs with all rights.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

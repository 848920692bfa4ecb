//! The floors of the house: no crate stands on one beside or above it, and each
//! outside library stays behind its wall.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// From the ground up. Crates on one line stand beside each other.
const FLOORS: &[&[&str]] = &[
    &["avouch-crypto"],
    &["avouch-jose"],
    &["avouch-oauth"],
    &["avouch-fetch", "avouch-evidence"],
    &["avouch-core", "avouch-resource-server"],
    &["avouch-store"],
    &["avouch-server"],
    &["faults"],
    &["avouch", "bench", "fuzz-targets"],
];

/// The other end of the wire: of ours only the binary and the benchmarks, which play
/// both ends, may stand on it, so that neither end can lean on the other's checks.
const OTHER_END: (&str, &[&str]) = ("avouch-resource-server", &["avouch", "bench"]);

/// Outside libraries that one crate alone may name.
const WALLS: &[(&str, &str)] = &[
    ("aws-lc-rs", "avouch-crypto"),
    ("rustls-native-certs", "avouch-fetch"),
    ("rusqlite", "avouch-store"),
    ("deadpool", "avouch-store"),
    ("deadpool-postgres", "avouch-store"),
    ("tokio-postgres", "avouch-store"),
    ("tokio-postgres-rustls", "avouch-store"),
];

/// Crates that decide or speak, and do no I/O: what others can reproduce from the same bytes.
const WITHOUT_IO: &[&str] = &[
    "avouch-crypto",
    "avouch-jose",
    "avouch-oauth",
    "avouch-evidence",
    "avouch-core",
];

/// What does I/O, or drives it.
const IO: &[&str] = &["avouch-fetch", "hyper", "hyper-util", "tokio"];

/// Dependencies of what is not the product that break the order, each with its reason: development dependencies, and
/// those of the fault injector.
const EXCUSED: &[(&str, &str, &str)] = &[
    (
        "avouch-server",
        "rusqlite",
        "its tests break the database under a running server",
    ),
    (
        INJECTOR,
        "rusqlite",
        "it looks for itself whether the tables agree",
    ),
];

/// Runs the server from outside, and is no part of it.
const INJECTOR: &str = "faults";

struct Dependency {
    of: String,
    on: String,
    development: bool,
}

#[test]
fn every_crate_has_its_floor() {
    for name in metadata_packages()
        .iter()
        .map(|package| text(package, "name"))
    {
        assert!(
            name == "xtask" || floor(&name).is_some(),
            "{name} is on no floor: add it to FLOORS"
        );
    }
}

#[test]
fn no_crate_stands_on_one_beside_or_above_it() {
    for Dependency { of, on, .. } in dependencies()
        .iter()
        .filter(|dependency| !excused(dependency))
    {
        if let (Some(upper), Some(lower)) = (floor(of), floor(on)) {
            assert!(
                lower < upper,
                "{of} must not depend on {on}: it is beside or above"
            );
        }
        assert!(
            on != OTHER_END.0 || OTHER_END.1.contains(&of.as_str()),
            "{of} must not depend on {on}: the other end of the wire"
        );
        assert!(
            of != "xtask" || floor(on).is_none(),
            "xtask must not depend on {on}: chores build without us"
        );
    }
}

#[test]
fn each_library_stays_behind_its_wall() {
    for Dependency { of, on, .. } in dependencies()
        .iter()
        .filter(|dependency| !excused(dependency))
    {
        if let Some((_, owner)) = WALLS.iter().find(|(library, _)| library == on) {
            assert_eq!(of, owner, "only {owner} may name {on}");
        }
    }
}

#[test]
fn what_does_no_io_has_nothing_to_do_it_with() {
    for Dependency { of, on, .. } in dependencies()
        .iter()
        .filter(|dependency| !dependency.development)
    {
        assert!(
            !(WITHOUT_IO.contains(&of.as_str()) && IO.contains(&on.as_str())),
            "{of} must not depend on {on}: it does no I/O"
        );
    }
}

#[test]
fn every_excuse_is_needed() {
    for (of, on, reason) in EXCUSED {
        let used = dependencies()
            .iter()
            .any(|d| d.of == *of && d.on == *on && is_outside_the_product(d));
        assert!(
            used && !reason.is_empty(),
            "the excuse for {of} on {on} is stale"
        );
    }
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

fn excused(dependency: &Dependency) -> bool {
    is_outside_the_product(dependency)
        && EXCUSED
            .iter()
            .any(|(of, on, _)| dependency.of == *of && dependency.on == *on)
}

fn is_outside_the_product(dependency: &Dependency) -> bool {
    dependency.development || dependency.of == INJECTOR
}

fn dependencies() -> Vec<Dependency> {
    let mut found = Vec::new();
    for package in metadata_packages() {
        for dependency in package["dependencies"].as_array().unwrap() {
            found.push(Dependency {
                of: text(&package, "name"),
                on: text(dependency, "name"),
                development: dependency["kind"] == "dev",
            });
        }
    }
    assert!(
        found.iter().any(|d| d.on == "aws-lc-rs"),
        "the manifests were not understood"
    );
    found
}

/// The workspace's own packages, as cargo reads their manifests.
fn metadata_packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .arg("--manifest-path")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

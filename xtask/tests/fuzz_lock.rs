//! What the fuzzer runs is what the server is built of.
#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]

use std::collections::BTreeSet;
use std::fs;

use toml::Table;
use xtask::tree;

/// Name and version of every package in a `Cargo.lock`.
fn locked(path: &str) -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(tree::root().join(path)).unwrap();
    let lock: Table = text.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let text = |package: &toml::Value, member: &str| package[member].as_str().unwrap().to_owned();
    packages
        .iter()
        .map(|package| (text(package, "name"), text(package, "version")))
        .collect()
}

/// That the lock holds all there is to lock is what the step `lock` of `cargo xtask test` looks at.
#[test]
fn the_fuzzer_is_built_of_the_versions_that_the_server_is_built_of() {
    let ours = locked("Cargo.lock");
    let names: BTreeSet<_> = ours.iter().map(|(name, _)| name).collect();
    let theirs = locked("fuzz/Cargo.lock");
    let shared = theirs.iter().filter(|(name, _)| names.contains(name));
    let others: Vec<_> = shared.filter(|package| !ours.contains(package)).collect();
    assert!(
        others.is_empty(),
        "other versions in fuzz/Cargo.lock than in Cargo.lock: {others:?}\nwrite it anew: \
         cp Cargo.lock fuzz/Cargo.lock && cargo tree --depth 0 --manifest-path fuzz/Cargo.toml"
    );
    assert!(names.iter().any(|name| *name == "fuzz-targets"));
}

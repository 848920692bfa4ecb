//! What the fuzzer runs and what the models schedule is what the server is built of.
#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]

use std::collections::BTreeSet;
use std::fs;

use toml::Table;
use xtask::tree;

/// Name and version of a package.
type Package = (String, String);

/// The packages in a `Cargo.lock`.
fn locked(path: &str) -> BTreeSet<Package> {
    let text = fs::read_to_string(tree::root().join(path)).unwrap();
    let lock: Table = text.parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    let text = |package: &toml::Value, member: &str| package[member].as_str().unwrap().to_owned();
    packages
        .iter()
        .map(|package| (text(package, "name"), text(package, "version")))
        .collect()
}

/// Fails if one of these, from the lock of a folder, has a name that ours has, and no version that ours has.
///
/// That a lock holds all there is to lock is what the step `lock` of `cargo xtask test` looks at.
fn assert_of_our_versions(folder: &str, theirs: &BTreeSet<Package>) {
    let ours = locked("Cargo.lock");
    let names: BTreeSet<_> = ours.iter().map(|(name, _)| name).collect();
    let shared = theirs.iter().filter(|(name, _)| names.contains(name));
    let others: Vec<_> = shared.filter(|package| !ours.contains(package)).collect();
    assert!(
        others.is_empty(),
        "other versions in {folder}/Cargo.lock than in Cargo.lock: {others:?}\nwrite it anew: \
         cp Cargo.lock {folder}/Cargo.lock && cargo tree --depth 0 --manifest-path {folder}/Cargo.toml"
    );
}

#[test]
fn the_fuzzer_is_built_of_the_versions_that_the_server_is_built_of() {
    let theirs = locked("fuzz/Cargo.lock");
    assert_of_our_versions("fuzz", &theirs);
    assert!(theirs.iter().any(|(name, _)| name == "fuzz-targets"));
}

/// Of shuttle's own dependencies the server knows nothing.
#[test]
fn the_models_schedule_the_versions_that_the_server_is_built_of() {
    let scheduled = [
        "bytes",
        "equivalent",
        "foldhash",
        "hashbrown",
        "quick_cache",
    ];
    let mut theirs = locked("models/Cargo.lock");
    theirs.retain(|(name, _)| scheduled.contains(&name.as_str()));
    assert_of_our_versions("models", &theirs);
    assert_eq!(theirs.len(), scheduled.len(), "{theirs:?}");
}

//! ARCHITECTURE.md is short, and everything it names is there.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]

use std::fs;

use xtask::tree;

const MAX_LINES: usize = 150;

#[test]
fn the_map_fits_one_sitting() {
    let lines = map().lines().count();
    assert!(lines < MAX_LINES, "ARCHITECTURE.md has {lines} lines");
}

#[test]
fn every_file_on_the_map_exists() {
    let files = files();
    let folders: Vec<&str> = files
        .iter()
        .filter_map(|file| file.rsplit_once('/'))
        .map(|(dir, _)| dir)
        .collect();
    let is_there = |path: &str| {
        let ends_with = |whole: &str| whole == path || whole.ends_with(&format!("/{path}"));
        files.iter().any(|file| ends_with(file))
            || folders
                .iter()
                .any(|folder| ends_with(folder) || folder.starts_with(&format!("{path}/")))
    };
    let map = map();
    let named: Vec<&str> = words(&map).filter(|word| looks_like_path(word)).collect();
    assert!(named.len() > 5, "the map was not understood");
    for path in named {
        assert!(
            is_there(path.trim_end_matches('/')),
            "ARCHITECTURE.md names {path}, which does not exist"
        );
    }
}

#[test]
fn every_crate_is_on_the_map_and_no_other() {
    let packages: Vec<String> = files()
        .iter()
        .filter(|file| file.starts_with("crates/") && file.ends_with("/Cargo.toml"))
        .map(|manifest| fs::read_to_string(tree::root().join(manifest)).unwrap())
        .map(|manifest| package_name(&manifest).to_owned())
        .collect();
    let map = map();
    for package in &packages {
        assert!(
            words(&map).any(|word| word == package),
            "{package} is not on the map"
        );
    }
    for word in words(&map).filter(|word| word.starts_with("avouch-")) {
        assert!(
            packages.iter().any(|package| package == word),
            "the map names {word}, which is no crate"
        );
    }
}

fn map() -> String {
    fs::read_to_string(tree::root().join("ARCHITECTURE.md")).unwrap()
}

/// Every file of the project, from the root, with forward slashes.
fn files() -> Vec<String> {
    let root = tree::root();
    let files = tree::files(&root).unwrap();
    files
        .iter()
        .map(|file| {
            file.strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/")
        })
        .collect()
}

/// What stands between spaces and punctuation.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || "-_./*".contains(c)))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| !word.is_empty())
}

/// A source or document file, or a folder of ours. Paths with `*` stand for many.
fn looks_like_path(word: &str) -> bool {
    const ENDINGS: &[&str] = &[
        ".rs", ".md", ".toml", ".sql", ".json", ".yaml", ".yml", ".c", ".mjs", ".py",
    ];
    const FOLDERS: &[&str] = &[
        "bench/", "crates/", "faults/", "xtask/", "docs/", "tests/", "fuzz/", "models/", ".ci/",
    ];
    let is_file = ENDINGS
        .iter()
        .any(|ending| word.len() > ending.len() && word.ends_with(ending));
    let is_folder = FOLDERS.iter().any(|folder| word.starts_with(folder));
    (is_file || is_folder) && !word.contains('*') && !word.starts_with('/')
}

fn package_name(manifest: &str) -> &str {
    let line = manifest
        .lines()
        .find(|line| line.starts_with("name = "))
        .unwrap();
    line.trim_start_matches("name = ").trim_matches('"')
}

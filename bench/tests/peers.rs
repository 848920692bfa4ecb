//! The recipes of peers: pinned, naming no registry, and in a form that is read. That they run,
//! `cargo xtask bench peers` shows: it installs them, which a test does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn recipe(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers/oidc-provider")
        .join(file)
}

fn json(file: &str) -> Result<Value, bench::Failure> {
    Ok(serde_json::from_slice(&fs::read(recipe(file))?)?)
}

#[test]
fn oidc_provider_is_pinned_and_the_lock_agrees() {
    let wanted = json("package.json").unwrap()["dependencies"]["oidc-provider"].clone();
    let parts: Vec<_> = wanted.as_str().unwrap().split('.').collect();
    assert!(parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok()));
    let lock = json("package-lock.json").unwrap();
    let locked = &lock["packages"]["node_modules/oidc-provider"];
    assert_eq!(locked["version"], wanted);
    for (name, package) in lock["packages"].as_object().unwrap() {
        assert!(package.get("resolved").is_none(), "{name} names a registry");
        let is_root = name.is_empty();
        assert!(is_root || package.get("integrity").is_some(), "{name}");
    }
}

#[test]
fn the_script_parses_where_there_is_node() {
    let checked = Command::new("node")
        .arg("--check")
        .arg(recipe("server.js"))
        .output();
    // Without Node there is nobody to ask.
    if let Ok(output) = checked {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}

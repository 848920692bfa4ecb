//! The libraries that are preloaded into a server, compiled once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use xtask::tree;

/// Keeps what was synced apart from what was only written.
pub(crate) fn unsynced() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| compile("unsynced"))
}

/// Tells a time that is so many seconds off.
pub(crate) fn clock() -> &'static Path {
    static COMPILED: OnceLock<PathBuf> = OnceLock::new();
    COMPILED.get_or_init(|| compile("clock"))
}

fn compile(name: &str) -> PathBuf {
    let root = tree::root();
    let folder = root.join("target/faults");
    fs::create_dir_all(&folder).unwrap();
    let target = folder.join(format!("{name}.so"));
    // Put in its place at once, for another process may be about to load it.
    let made = folder.join(format!("{name}-{}.so", std::process::id()));
    let mut command = Command::new("cc");
    command
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .arg(&made)
        .arg(root.join("faults/shims").join(format!("{name}.c")))
        .args(["-ldl", "-lpthread"]);
    assert!(command.status().unwrap().success(), "{name}.c");
    fs::rename(&made, &target).unwrap();
    target
}

//! The real server in the hands of clients we did not write (`tests/interop/`).

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::{Announced, DevServer};

/// Runs a script to its end; what it saw hold is in its output.
fn walked_by(server: &Announced, program: &Path, script: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/interop")
        .join(script);
    let output = Command::new(program)
        .arg(&script)
        .env("AVOUCH_ISSUER", &server.issuer)
        .env("AVOUCH_INITIAL_ACCESS_TOKEN", &server.initial_access_token)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
    said
}

fn node() -> Option<PathBuf> {
    env::var_os("AVOUCH_INTEROP_NODE").map(|_| PathBuf::from("node"))
}

fn python() -> Option<PathBuf> {
    env::var_os("AVOUCH_INTEROP_PYTHON").map(|folder| Path::new(&folder).join("bin/python"))
}

/// Has the script walk, and looks for its last word. Where the language has no
/// packages here, the test says so.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what they left out"
)]
fn walk(program: Option<PathBuf>, script: &str) {
    let Some(program) = program else {
        eprintln!("the packages for {script} are not installed: skipped");
        return;
    };
    let (_server, announced) = DevServer::announced();
    let said = walked_by(&announced, &program, script);
    let last = said.lines().last().unwrap_or_default();
    assert!(last.starts_with("held: revocation"), "{said}");
}

#[test]
fn oauth4webapi_and_jose_walk_from_registration_to_revocation() {
    walk(node(), "node/oauth4webapi.mjs");
}

#[test]
fn openid_client_walks_from_registration_to_revocation() {
    walk(node(), "node/openid-client.mjs");
}

#[test]
fn authlib_joserfc_and_jwcrypto_walk_from_registration_to_revocation() {
    walk(python(), "python/walk.py");
}

//! The real server in the hands of clients we did not write (`tests/interop/`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use avouch_jose::SignatureAlgorithm;
use serde_json::Value;

/// A development server that goes when the test does.
struct DevServer {
    process: Child,
    issuer: String,
    initial_access_token: String,
}

impl DevServer {
    /// Starts one and waits until every key it is to have is published.
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_avouch"))
            .args(["serve", "--dev", "--json", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| announced[name].as_str().unwrap().to_owned();
        let server = Self {
            process,
            issuer: text("issuer"),
            initial_access_token: text("initial_access_token"),
        };
        while !server.has_every_key() {
            thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// Keys that take long are made after the start, and advertised when they are published.
    fn has_every_key(&self) -> bool {
        let address = self.issuer.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let path = "/.well-known/oauth-authorization-server";
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
        let mut metadata = String::new();
        stream.read_to_string(&mut metadata).unwrap();
        SignatureAlgorithm::ALL
            .iter()
            .all(|algorithm| metadata.contains(&format!("\"{algorithm}\"")))
    }

    /// Runs a script to its end; what it saw hold is in its output.
    fn walked_by(&self, program: &Path, script: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../tests/interop")
            .join(script);
        let output = Command::new(program)
            .arg(&script)
            .env("AVOUCH_ISSUER", &self.issuer)
            .env("AVOUCH_INITIAL_ACCESS_TOKEN", &self.initial_access_token)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}\n{complaint}");
        said
    }
}

impl Drop for DevServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn node() -> Option<PathBuf> {
    env::var_os("AVOUCH_INTEROP_NODE").map(|_| PathBuf::from("node"))
}

fn python() -> Option<PathBuf> {
    env::var_os("AVOUCH_INTEROP_PYTHON").map(|folder| Path::new(&folder).join("bin/python"))
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what they left out"
)]
/// Has the script walk, and looks for its last word. Where the language has no
/// packages here, the test says so.
fn walk(program: Option<PathBuf>, script: &str) {
    let Some(program) = program else {
        eprintln!("the packages for {script} are not installed: skipped");
        return;
    };
    let said = DevServer::start().walked_by(&program, script);
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

//! A resource server that asks with an access token of its own, on the command line.

use std::fs;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::encrypted::register;
use crate::server::{Announced, DevServer};

/// Registers a resource server with these grants, asks as it, and returns its id and the answer.
fn ask(server: &Announced, resource: &str, grants: &[&str], options: &[&str]) -> (Value, Output) {
    let registered = register(
        server,
        &json!({
            "resource": resource,
            "grant_types": grants,
            "introspection_signed_response_alg": "ES256",
        }),
    );
    let id = registered["client_id"].as_str().unwrap();
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("secret", registered["client_secret"].as_str().unwrap());
    write("token", "unknown");
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["introspect", "--issuer", &server.issuer, "--client-id", id])
        .args(["--secret-file", "secret", "--token", "token", "--json"])
        .args(options)
        .current_dir(folder.path())
        .output()
        .unwrap();
    (registered["client_id"].clone(), output)
}

#[test]
fn introspect_asks_with_a_token_of_the_resource_server_bound_or_not() {
    let (server, announced) = DevServer::announced(&[]);
    for (number, options) in [&["--own-token"][..], &["--own-token", "--dpop"]]
        .iter()
        .enumerate()
    {
        let resource = format!("https://own-{number}.example");
        let (id, output) = ask(&announced, &resource, &["client_credentials"], options);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{options:?}: {said}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["claims"]["aud"], id);
        assert_eq!(
            said["claims"]["token_introspection"],
            json!({"active": false})
        );
    }
    // Each came for a token, and did not ask with its secret.
    let metrics = metrics(&announced);
    assert!(
        metrics.contains("\navouch_tokens_issued_total 2\n"),
        "{metrics}"
    );
    server.stop();
}

#[test]
fn one_that_may_not_is_told_what_it_lacks() {
    let (server, announced) = DevServer::announced(&[]);
    let (_, output) = ask(&announced, "https://not.example", &[], &["--own-token"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("client_credentials"), "{said}");
    let (_, output) = ask(&announced, "https://dpop.example", &[], &["--dpop"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("--own-token"), "{said}");
    server.stop();
}

/// What the admin socket tells.
fn metrics(server: &Announced) -> String {
    let output = Command::new("curl")
        .args(["-qsS", "--unix-socket"])
        .arg(format!("{}/admin.sock", server.data_dir))
        .arg("http://admin/metrics")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

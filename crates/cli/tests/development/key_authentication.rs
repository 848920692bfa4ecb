//! A resource server that signs its questions, on the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use avouch_jose::base64url;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::encrypted::register;
use crate::server::{Announced, DevServer};

/// The key of RFC 8037 appendix A.
fn private_key() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "Ed25519", "kid": "mine",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    })
}

fn without(key: &Value, member: &str) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove(member);
    key
}

/// A folder with the key and a token that nobody knows, and the name of who holds the key.
fn registered(server: &Announced) -> (TempDir, String) {
    let metadata = json!({
        "resource": "https://signing.example",
        "introspection_signed_response_alg": "ES256",
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [without(&private_key(), "d")]},
    });
    let registered = register(server, &metadata);
    assert_eq!(registered.get("client_secret"), None, "{registered}");
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("token", "unknown");
    write("secret", &base64url::encode([7; 32]));
    write("key.jwk", &private_key().to_string());
    write("bare.jwk", &without(&private_key(), "alg").to_string());
    let id = registered["client_id"].as_str().unwrap().to_owned();
    (folder, id)
}

fn introspect(server: &Announced, id: &str, folder: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["introspect", "--issuer", &server.issuer, "--client-id", id])
        .args(["--token", "token"])
        .args(options)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn complaint(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(output.stdout.is_empty());
    said
}

#[test]
fn introspect_signs_with_the_key_of_the_resource_server() {
    let (_server, announced) = DevServer::announced(&[]);
    let (folder, id) = registered(&announced);
    for options in [
        &["--key", "key.jwk", "--json"][..],
        &["--key", "key.jwk", "--method", "private_key_jwt", "--json"],
        &[
            "--key",
            "bare.jwk",
            "--authentication-alg",
            "Ed25519",
            "--json",
        ],
    ] {
        let output = introspect(&announced, &id, folder.path(), options);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{options:?}: {said}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["claims"]["aud"], json!(id));
        assert_eq!(
            said["claims"]["token_introspection"],
            json!({"active": false})
        );
    }
}

#[test]
fn another_key_is_refused_and_the_methods_do_not_mix() {
    let (_server, announced) = DevServer::announced(&[]);
    let (folder, id) = registered(&announced);
    let mut other = private_key();
    other["kid"] = "other".into();
    fs::write(folder.path().join("other.jwk"), other.to_string()).unwrap();
    for (options, part) in [
        (&["--key", "other.jwk"][..], "invalid_client"),
        (&["--key", "bare.jwk"], "--authentication-alg"),
        (&["--key", "token"], "private JWK"),
        (
            &["--key", "key.jwk", "--authentication-alg", "ES256"],
            "another algorithm",
        ),
        (
            &["--key", "key.jwk", "--method", "client_secret_basic"],
            "--key goes with",
        ),
        (
            &["--secret-file", "secret", "--method", "private_key_jwt"],
            "needs --key",
        ),
        (
            &["--secret-file", "secret", "--authentication-alg", "HS256"],
            "is for private_key_jwt",
        ),
        (
            &["--secret-file", "secret", "--method", "client_secret_jwt"],
            "invalid_client",
        ),
        (&["--key", "-", "--decryption-key", "-"], "standard input"),
    ] {
        let options = [options, &["--json"]].concat();
        let said = complaint(&introspect(&announced, &id, folder.path(), &options), 1);
        assert!(said.contains(part), "{options:?}: {said}");
        let secret = private_key()["d"].as_str().unwrap().to_owned();
        assert!(!said.contains(&secret), "{said}");
    }
    let none = introspect(&announced, &id, folder.path(), &[]);
    assert!(complaint(&none, 2).contains("--secret-file"));
}

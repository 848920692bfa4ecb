//! A resource server whose statements come encrypted, on the command line.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::server::{Announced, DevServer};

/// The recipient's key of RFC 7518 appendix C.
fn private_key() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "alg": "ECDH-ES", "use": "enc", "kid": "mine",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"
    })
}

fn public_key() -> Value {
    let mut key = private_key();
    key.as_object_mut().unwrap().remove("d");
    key
}

/// Registers with curl, as the server's announcement teaches.
pub(crate) fn register(server: &Announced, metadata: &Value) -> Value {
    let output = Command::new("curl")
        .args(["-s", "-H", "Content-Type: application/json", "-H"])
        .arg(format!(
            "Authorization: Bearer {}",
            server.initial_access_token
        ))
        .args(["-d", &metadata.to_string()])
        .arg(format!("{}/register", server.issuer))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn introspect(server: &Announced, id: &str, folder: &Path, further: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["introspect", "--issuer", &server.issuer, "--client-id", id])
        .args(["--secret-file", "secret", "--token", "token"])
        .args(further)
        .current_dir(folder)
        .output()
        .unwrap()
}

#[test]
fn introspect_decrypts_with_the_key_of_the_resource_server_and_keeps_what_is_signed() {
    let (_server, announced) = DevServer::announced(&[]);
    let registered = register(
        &announced,
        &json!({
            "resource": "https://sealed.example",
            "introspection_signed_response_alg": "ES256",
            "introspection_encrypted_response_alg": "ECDH-ES",
            "jwks": {"keys": [public_key()]},
        }),
    );
    let id = registered["client_id"].as_str().unwrap();
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("secret", registered["client_secret"].as_str().unwrap());
    write("token", "unknown");
    write("key.json", &private_key().to_string());

    let opened = introspect(
        &announced,
        id,
        folder.path(),
        &[
            "--decryption-key",
            "key.json",
            "--save",
            "kept.jwt",
            "--json",
        ],
    );
    let complaint = String::from_utf8_lossy(&opened.stderr);
    assert_eq!(opened.status.code(), Some(3), "{complaint}");
    let said: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(
        said["claims"]["token_introspection"],
        json!({"active": false})
    );
    let kept = fs::read_to_string(folder.path().join("kept.jwt")).unwrap();
    assert_eq!(kept.split('.').count(), 3);

    let closed = introspect(&announced, id, folder.path(), &[]);
    assert_eq!(closed.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&closed.stderr);
    assert!(
        complaint.contains("no key to decrypt it with") && complaint.contains("--decryption-key"),
        "{complaint}"
    );
}

#[test]
fn once_there_is_a_key_what_is_only_signed_is_refused() {
    let (_server, announced) = DevServer::announced(&[]);
    let registered = register(&announced, &json!({"resource": "https://open.example"}));
    let id = registered["client_id"].as_str().unwrap();
    let folder = TempDir::new().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("secret", registered["client_secret"].as_str().unwrap());
    write("token", "unknown");
    write("key.json", &private_key().to_string());
    let options = ["--decryption-key", "key.json"];
    let refused = introspect(&announced, id, folder.path(), &options);
    assert_eq!(refused.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&refused.stderr);
    assert!(complaint.contains("not encrypted"), "{complaint}");
}

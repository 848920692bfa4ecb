//! ML-DSA (RFC 9964), for a server that was told to keep keys for it: from the configuration to a
//! statement that was kept.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use avouch_server::config::AlgorithmName;
use serde_json::Value;

use crate::stage::{Done, Stage};

const NAMES: [&str; 3] = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

fn stage() -> Stage {
    Stage::set_with(|config| {
        config.keys.algorithms = vec![
            AlgorithmName::ES256,
            AlgorithmName::MlDsa44,
            AlgorithmName::MlDsa65,
            AlgorithmName::MlDsa87,
        ];
    })
}

/// A resource server's statement about a token of no worth, verified by the library of resource
/// servers and kept in a file.
fn kept_statement(it: &Stage, name: &str) -> PathBuf {
    let id = name.to_lowercase();
    let add = ["resource-server", "add", &id, "--signing-alg", name];
    let resource = format!("https://{id}.example");
    let secret = it
        .run(&[&add[..], &["--resource", &resource]].concat())
        .well();
    let secret = it.write("secret", &secret);
    let token = it.write("token", "unknown");
    let issuer = format!("http://{}", it.address());
    let kept = it.path(&format!("{id}.jwt"));
    let ask = ["introspect", "--issuer", &issuer, "--client-id", &id];
    let with = ["--secret-file", &secret, "--token", &token];
    let save = ["--save", kept.to_str().unwrap()];
    let done = it.run(&[&ask[..], &with, &save].concat());
    assert_eq!(done.code, 3, "it is not active: {done:?}");
    kept
}

fn verified(it: &Stage, statement: &Path, audience: &str) -> Done {
    let keys = it.keys_in_a_file();
    let issuer = format!("http://{}", it.address());
    let verify = ["verify", "--jwks", &keys, "--issuer", &issuer];
    let what = ["--audience", audience, statement.to_str().unwrap()];
    it.run(&[&verify[..], &what].concat())
}

#[test]
fn statements_are_asked_for_kept_and_verified() {
    let it = stage();
    for name in NAMES {
        it.wait_for_key(name);
        let kept = kept_statement(&it, name);
        let audience = name.to_lowercase();
        let said = verified(&it, &kept, &audience).well();
        assert!(said.contains("verified"), "{said}");

        let text = fs::read_to_string(&kept).unwrap();
        let (signed, signature) = text.trim().rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        fs::write(&kept, format!("{signed}.{other}{}", &signature[1..])).unwrap();
        verified(&it, &kept, &audience).badly();
    }
}

#[test]
fn their_keys_are_listed_and_rotated() {
    let it = stage();
    it.wait_for_key("ML-DSA-65");
    let made = it.run(&["key", "rotate", "ML-DSA-65"]).well();
    assert!(made.starts_with("made the ML-DSA-65 key "), "{made}");
    let listed = it.run(&["key", "list"]).well();
    let lines = listed.lines().filter(|line| line.contains("ML-DSA-65"));
    assert_eq!(lines.count(), 2, "{listed}");
    let error = Stage::set().run(&["key", "rotate", "ML-DSA-65"]).badly();
    assert!(error.contains("keys.algorithms"), "{error}");
}

#[test]
fn statements_verify_with_jwcrypto() {
    let Some(environment) = env::var_os("AVOUCH_INTEROP_PYTHON") else {
        eprintln!("AVOUCH_INTEROP_PYTHON is not set: skipped");
        return;
    };
    let it = stage();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/python/ml_dsa.py");
    let verify = |statement: &Path, keys: &str, name: &str| {
        Command::new(PathBuf::from(&environment).join("bin/python"))
            .arg(&script)
            .args([statement.to_str().unwrap(), keys, name])
            .output()
            .unwrap()
    };
    for name in NAMES {
        it.wait_for_key(name);
        let kept = kept_statement(&it, name);
        let keys = it.keys_in_a_file();
        let output = verify(&kept, &keys, name);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        let claims: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(claims["aud"], name.to_lowercase());

        let text = fs::read_to_string(&kept).unwrap();
        let (signed, signature) = text.trim().rsplit_once('.').unwrap();
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        fs::write(&kept, format!("{signed}.{other}{}", &signature[1..])).unwrap();
        assert!(!verify(&kept, &keys, name).status.success());
    }
}

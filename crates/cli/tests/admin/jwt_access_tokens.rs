//! JWT access tokens: set up and issued by commands, verified by foreign hands.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::stage::Stage;

const PAY: &str = "https://pay.example";

/// `pay` has JWTs with an IBAN inside; the token of Erika's there, in a file.
fn token_in_a_file(it: &Stage) -> String {
    let signed = ["--signing-alg", "ES256"];
    let add = ["resource-server", "add", "pay", "--resource", PAY];
    let reads = ["--access-token-format", "jwt", "--release-claim", "iban"];
    let embeds = ["--embed-claim", "iban"];
    it.run(&[&add[..], &signed, &reads, &embeds].concat())
        .well();
    let add = ["client", "add", "shop", "--scope", "pay", "--resource", PAY];
    it.run(&add).well();
    let claims = it.write("claims.json", r#"{"iban": "DE02", "name": "Erika"}"#);
    let issue = ["token", "issue", "--client", "shop", "--subject", "erika"];
    let with = ["--claims", &claims, "--legal-basis", "contract 4711"];
    let token = it.run(&[&issue[..], &with].concat()).well();
    assert!(token.starts_with("eyJ"), "{token}");
    it.write("token.jwt", &token)
}

/// Has a program verify a token; it prints the claims.
fn verified_by(program: &Path, script: &str) {
    let it = Stage::set();
    let (token, keys) = (token_in_a_file(&it), it.keys_in_a_file());
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/interop")
        .join(script);
    let verify = |token: &str, audience: &str| -> Output {
        Command::new(program)
            .arg(&script)
            .args([token, &keys, &format!("http://{}", it.address()), audience])
            .output()
            .unwrap()
    };
    let output = verify(&token, PAY);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let claims: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(claims["client_id"], "shop");
    assert_eq!(claims["scope"], "pay");
    assert_eq!(claims["iban"], "DE02");
    assert_eq!(claims.get("name"), None);

    assert!(!verify(&token, "https://sign.example").status.success());
    let text = fs::read_to_string(&token).unwrap();
    let (head, signature) = text.trim().rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let changed = format!("{head}.{other}{}", &signature[1..]);
    let changed = it.write("changed.jwt", &changed);
    assert!(!verify(&changed, PAY).status.success());
}

#[test]
fn what_is_set_up_shows_and_can_be_applied_again() {
    let it = Stage::set();
    token_in_a_file(&it);
    let shown = it.run(&["resource-server", "show", "pay"]).well();
    let table = "[resource_server.access_tokens]\nformat = \"jwt\"\nclaims = [\"iban\"]";
    assert!(shown.contains(table), "{shown}");
    assert!(shown.contains("access tokens revision 1"), "{shown}");
    let file = it.write("pay.toml", &shown);
    let same = it.run(&["apply", "-f", &file]);
    assert!(same.err.contains("everything is as described"), "{same:?}");
    let add = ["resource-server", "add", "sign", "--resource", "urn:sign"];
    let error = it
        .run(&[&add[..], &["--embed-claim", "iban"]].concat())
        .badly();
    assert!(error.contains("does not release"), "{error}");
}

#[test]
fn an_access_token_verifies_with_npm_jose() {
    if env::var_os("AVOUCH_INTEROP_NODE").is_none() {
        eprintln!("AVOUCH_INTEROP_NODE is not set: skipped");
        return;
    }
    verified_by(Path::new("node"), "node/access-token.mjs");
}

#[test]
fn an_access_token_verifies_with_joserfc() {
    let Some(environment) = env::var_os("AVOUCH_INTEROP_PYTHON") else {
        eprintln!("AVOUCH_INTEROP_PYTHON is not set: skipped");
        return;
    };
    let python = PathBuf::from(environment).join("bin/python");
    verified_by(&python, "python/access_token.py");
}

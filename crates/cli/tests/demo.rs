//! The demo, run as a person runs it, and its statements in foreign hands.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What the demo keeps, with what it said on the way.
struct Kept {
    folder: tempfile::TempDir,
    story: String,
}

impl Kept {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("kept").join(name)
    }

    /// The issuer, as the statement names it: the port is another every time.
    fn issuer(&self) -> String {
        claims_of(&fs::read_to_string(self.path("sign.jwt")).unwrap())["iss"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

fn demo() -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["demo", "--keep"])
        .arg(folder.path().join("kept"))
        .output()
        .unwrap();
    let story = succeeded(&output);
    Kept { folder, story }
}

fn succeeded(output: &Output) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn claims_of(jwt: &str) -> Value {
    let claims = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&avouch_jose::base64url::decode(claims).unwrap()).unwrap()
}

/// Has a program verify both statements; it prints the claims.
fn verified_by(kept: &Kept, program: &Path, script: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/interop")
        .join(script);
    let issuer = kept.issuer();
    let verify = |statement: &str, audience: &str| {
        Command::new(program)
            .arg(&script)
            .args([kept.path(statement), kept.path("keys.json")])
            .args([issuer.as_str(), audience])
            .output()
            .unwrap()
    };
    for id in ["sign", "pay"] {
        let statement = format!("{id}.jwt");
        let claims: Value = serde_json::from_str(&succeeded(&verify(&statement, id))).unwrap();
        assert_eq!(claims["token_introspection"]["active"], true);
        assert_eq!(claims["aud"], id);
    }
    assert!(
        !verify("sign.jwt", "pay").status.success(),
        "the wrong audience is refused there too"
    );
}

#[test]
fn the_story_is_told_to_its_end() {
    let kept = demo();
    for part in [
        "sign asks what the token is worth to it",
        "pay asks about the same token",
        "bound to a key of the shop's",
        "the request is the shop's",
        "parcel asks too",
        "sign has seen the token, and tries to pay with it",
        "as Bearer: 401 invalid_token, the access token is bound to a key",
        "the shop had sent: 401 invalid_dpop_proof, htu of the DPoP proof must be https://pay.example/payments",
        "of its own: 401 invalid_token, the access token is bound to another key",
        "it came encrypted to sign's own key",
        "asked for plain JSON: the request was refused",
        "the statement is for pay, not for sign",
        "revoked",
        "avouch serve --dev",
    ] {
        assert!(
            kept.story.contains(part),
            "{part} is missing from:\n{}",
            kept.story
        );
    }
    assert!(!kept.story.contains('\u{1b}'), "no colour into a pipe");
}

/// A story without what is another every time it is told: keys, names made of chance, instants and the port. Where the
/// data is, is one line of it.
fn retold(story: &str) -> Vec<String> {
    let is_of_chance = |word: &str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        // 16 octets or more in base64url; seconds since 1970; a port.
        word.len() >= 22 && !word.contains('.') || word.len() == digits && digits >= 5
    };
    let of_a_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let without = |line: &str| {
        let words = line.split_inclusive(|c| !of_a_word(c)).map(|part| {
            let word = part.trim_end_matches(|c| !of_a_word(c));
            let after = &part[word.len()..];
            let kept = if is_of_chance(word) { "…" } else { word };
            format!("{kept}{after}")
        });
        words.collect::<String>()
    };
    let lines = story.lines();
    let lines = lines.filter(|line| !line.contains("its data is in PostgreSQL"));
    lines.map(without).collect()
}

/// `AVOUCH_TEST_POSTGRES` is the URL of a database where schemas may be made,
/// `AVOUCH_TEST_POSTGRES_PASSWORD` the password, if one is asked for.
#[test]
fn the_same_story_is_told_on_postgresql() {
    let Ok(url) = env::var("AVOUCH_TEST_POSTGRES") else {
        eprintln!("AVOUCH_TEST_POSTGRES is not set: skipped");
        return;
    };
    let mut demo = Command::new(env!("CARGO_BIN_EXE_avouch"));
    demo.args(["demo", "--store", &url]);
    let folder = tempfile::tempdir().unwrap();
    if let Ok(password) = env::var("AVOUCH_TEST_POSTGRES_PASSWORD") {
        let file = folder.path().join("password");
        fs::write(&file, &password).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        demo.arg("--store-password-file").arg(file);
    }
    let story = succeeded(&demo.output().unwrap());
    assert!(story.contains("its data is in PostgreSQL"), "{story}");
    let mut embedded = Command::new(env!("CARGO_BIN_EXE_avouch"));
    let embedded = succeeded(&embedded.arg("demo").output().unwrap());
    let (told, embedded) = (retold(&story), retold(&embedded));
    assert!(embedded.len() > 100, "{embedded:?}");
    for (told, embedded) in told.iter().zip(&embedded) {
        assert_eq!(told, embedded);
    }
    assert_eq!(told.len(), embedded.len(), "{story}");

    // A password on the command line is refused and not said again.
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["demo", "--store", "postgres://avouch:hush@127.0.0.1/avouch"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("password") && !said.contains("hush"),
        "{said}"
    );
}

#[test]
fn a_folder_that_is_there_is_refused_before_the_story_begins() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["demo", "--keep"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("there already") && said.contains("not there yet"),
        "{said}"
    );
}

#[test]
fn each_statement_holds_one_part_alone() {
    let kept = demo();
    let part = |name: &str| {
        claims_of(&fs::read_to_string(kept.path(name)).unwrap())["token_introspection"].clone()
    };
    let (sign, pay) = (part("sign.jwt"), part("pay.jwt"));
    assert_eq!(sign["birthdate"], "1964-08-12");
    assert_eq!(sign["scope"], "contract:sign");
    assert_eq!(sign["aud"], "https://sign.example");
    assert_eq!(sign.get("authorization_details"), None);
    assert_eq!(
        pay["authorization_details"][0]["instructedAmount"]["amount"],
        "123.50"
    );
    assert_eq!(pay["scope"], "payment:initiate");
    assert_eq!(pay["aud"], "https://pay.example");
    assert_eq!(pay.get("birthdate"), None);
    assert_ne!(sign["sub"], pay["sub"]);
}

#[test]
fn the_statements_verify_offline_with_the_command_the_demo_prints() {
    let kept = demo();
    let command = kept
        .story
        .lines()
        .find(|line| line.contains("avouch verify"))
        .unwrap();
    let arguments = command
        .trim()
        .strip_prefix("avouch ")
        .unwrap()
        .split_whitespace();
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(succeeded(&output).contains("verified"));
}

#[test]
fn the_statements_verify_with_npm_jose() {
    if env::var_os("AVOUCH_INTEROP_NODE").is_none() {
        eprintln!("AVOUCH_INTEROP_NODE is not set: skipped");
        return;
    }
    verified_by(&demo(), Path::new("node"), "node/verify.mjs");
}

#[test]
fn the_statements_verify_with_joserfc() {
    let Some(environment) = env::var_os("AVOUCH_INTEROP_PYTHON") else {
        eprintln!("AVOUCH_INTEROP_PYTHON is not set: skipped");
        return;
    };
    let python = Path::new(&environment).join("bin/python");
    verified_by(&demo(), &python, "python/verify.py");
}

//! `avouch serve --dev`, used the way it says it can be used.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use avouch_jose::base64url;
use serde_json::Value;

use crate::server::DevServer;

#[test]
fn the_printed_commands_work_as_printed_and_end_in_a_signed_statement() {
    printed_commands_work(&[]);
}

#[test]
fn they_work_over_tls_too() {
    printed_commands_work(&["--tls"]);
}

fn printed_commands_work(options: &[&str]) {
    let mut server = DevServer::start(options);
    let script = server.commands();
    assert_eq!(
        script.matches("curl ").count(),
        4,
        "one of them has another inside"
    );
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder.path())
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env_remove("AVOUCH_CONFIG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let (statement, checked) = printed.split_once('\n').unwrap();
    assert!(checked.contains("states: active"), "{checked}");
    let listed = checked.lines().last().unwrap();
    assert!(listed.ends_with("https://api.example"), "{checked}");
    let parts: Vec<_> = statement.trim().split('.').collect();
    let [header, claims, _] = parts[..] else {
        panic!("no statement: {statement}")
    };
    let decode =
        |part| -> Value { serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap() };
    assert_eq!(decode(header)["typ"], "token-introspection+jwt");
    assert_eq!(decode(header)["alg"], "ES256");
    assert_eq!(decode(claims)["token_introspection"]["active"], true);
    assert_eq!(
        decode(claims)["token_introspection"]["aud"],
        "https://api.example"
    );
    server.stop();
}

#[test]
fn one_that_was_killed_is_tidied_up_after_by_the_next() {
    let (killed, first) = DevServer::announced(&[]);
    killed.kill();
    assert!(fs::exists(&first.data_dir).unwrap());
    let (living, second) = DevServer::announced(&[]);
    assert!(!fs::exists(&first.data_dir).unwrap());
    let (third, _) = DevServer::announced(&[]);
    assert!(fs::exists(&second.data_dir).unwrap());
    third.stop();
    living.stop();
}

#[test]
fn for_scripts_the_first_line_is_one_json_object() {
    let mut server = DevServer::start(&["--json"]);
    let announcement: Value = serde_json::from_str(&server.line()).unwrap();
    let names: Vec<_> = announcement.as_object().unwrap().keys().collect();
    assert_eq!(names, ["issuer", "initial_access_token", "data_dir"]);
    assert!(
        announcement["issuer"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );

    let folder = PathBuf::from(announcement["data_dir"].as_str().unwrap());
    assert!(fs::exists(folder.join("avouch.sqlite3")).unwrap());
    server.stop();
    assert!(
        !fs::exists(&folder).unwrap(),
        "a development server leaves nothing behind"
    );
}

#[test]
fn row_8414_2_01_over_tls_the_issuer_is_the_https_url_that_the_metadata_is_found_under() {
    let mut server = DevServer::start(&["--json", "--tls"]);
    let announcement: Value = serde_json::from_str(&server.line()).unwrap();
    let names: Vec<_> = announcement.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        ["issuer", "initial_access_token", "data_dir", "ca_file"]
    );
    let issuer = announcement["issuer"].as_str().unwrap();
    assert!(issuer.starts_with("https://127.0.0.1:"));

    // The resource server's end of it, with a secret that is nobody's: the answer is the server's.
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "nobody").unwrap();
    let ask = |further: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
            .args(["introspect", "--issuer", issuer, "--client-id", "nobody"])
            .arg("--secret-file")
            .arg(&secret)
            .arg("--token")
            .arg(&secret)
            .args(further)
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    // Only the authority that is named will do. The metadata is found, and is that of the issuer,
    // before anybody is asked.
    let authority = announcement["ca_file"].as_str().unwrap();
    let refused = ask(&["--ca-file", authority]);
    assert!(refused.contains("invalid_client"), "{refused}");
    let distrusted = ask(&[]);
    assert!(distrusted.contains("certificate"), "{distrusted}");
    server.stop();
}

#[test]
fn development_is_for_loopback_alone() {
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["serve", "--dev", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("others can reach it")
    );
}

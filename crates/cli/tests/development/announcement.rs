//! `avouch serve --dev`, used the way it says it can be used.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use avouch_jose::base64url;
use serde_json::Value;

use crate::server::DevServer;

#[test]
fn the_printed_commands_work_as_printed_and_end_in_a_signed_statement() {
    printed_commands_work(&[], 1);
}

#[test]
fn row_8705_2_01_they_work_over_tls_too_and_with_a_certificate() {
    printed_commands_work(&["--tls"], 2);
}

fn printed_commands_work(options: &[&str], statements: usize) {
    let mut server = DevServer::start(options);
    let script = server.commands();
    assert_eq!(
        script.matches("curl ").count(),
        2 + 2 * statements,
        "one of them has another inside, and there are two for the certificate"
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
    assert!(printed.contains("states: active"), "{printed}");
    assert!(printed.contains("https://api.example"), "{printed}");
    let is_statement = |line: &&str| line.starts_with("ey") && line.split('.').count() == 3;
    let found: Vec<_> = printed.lines().filter(is_statement).collect();
    assert_eq!(found.len(), statements, "{printed}");
    for statement in found {
        let parts: Vec<_> = statement.trim().split('.').collect();
        let [header, claims, _] = parts[..] else {
            panic!("no statement: {statement}")
        };
        let decode =
            |part| -> Value { serde_json::from_slice(&base64url::decode(part).unwrap()).unwrap() };
        assert_eq!(decode(header)["typ"], "token-introspection+jwt");
        assert_eq!(decode(header)["alg"], "ES256");
        let answer = &decode(claims)["token_introspection"];
        assert_eq!(answer["active"], true);
        assert_eq!(answer["aud"], "https://api.example");
    }
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
        [
            "issuer",
            "initial_access_token",
            "data_dir",
            "ca_file",
            "mtls_url",
            "client_certificate",
            "client_key",
            "client_subject"
        ]
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

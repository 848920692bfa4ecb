//! What `avouch introspect` says to do where there is no answer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use crate::encrypted::register;
use crate::for_keeps::{Server, configure, free_address};
use crate::server::DevServer;

/// A folder with a secret and a token that mean nothing.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["secret", "token"] {
        fs::write(folder.path().join(name), "nobody").unwrap();
    }
    folder
}

/// What is said of a question to this issuer.
fn complaint(issuer: &str, id: &str, folder: &Path, options: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["introspect", "--issuer", issuer, "--client-id", id])
        .args(["--token", "token"])
        .args(options)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(output.stdout.is_empty());
    said
}

const SECRET: [&str; 2] = ["--secret-file", "secret"];

#[test]
fn the_wrong_scheme_authority_file_and_issuer_are_told() {
    let (plain, of_plain) = DevServer::announced(&[]);
    let (tls, of_tls) = DevServer::announced(&["--tls"]);
    let folder = folder();
    let path = folder.path();
    let ask = |issuer: &str, options: &[&str]| {
        complaint(issuer, "nobody", path, &[&SECRET, options].concat())
    };

    let said = ask(&of_plain.issuer.replace("http:", "https:"), &[]);
    assert!(said.contains("does not speak TLS"), "{said}");
    assert!(said.contains("--issuer http://"), "{said}");
    let said = ask(&of_tls.issuer.replace("https:", "http:"), &[]);
    assert!(said.contains("does not answer in HTTP"), "{said}");
    assert!(said.contains("--issuer https://"), "{said}");

    let said = ask(&of_tls.issuer, &[]);
    assert!(said.contains("name the file") && said.contains("--ca-file FILE"));
    let (other, of_other) = DevServer::announced(&["--tls"]);
    let said = ask(
        &of_tls.issuer,
        &["--ca-file", of_other.ca_file.as_deref().unwrap()],
    );
    assert!(said.contains("has not issued this certificate"), "{said}");
    let said = ask(&of_tls.issuer, &["--ca-file", "secret"]);
    assert!(said.contains("secret: no certificates in PEM"), "{said}");

    let localhost = of_plain.issuer.replace("127.0.0.1", "localhost");
    let said = ask(&localhost, &[]);
    assert!(
        said.contains(&of_plain.issuer) && said.contains(&localhost),
        "{said}"
    );
    for server in [plain, tls, other] {
        server.stop();
    }
}

#[test]
fn a_form_that_is_off_and_a_set_in_the_place_of_a_key_are_told() {
    let (server, announced) = DevServer::announced(&[]);
    let registered = register(&announced, &json!({"resource": "https://rs.example"}));
    let id = registered["client_id"].as_str().unwrap();
    let folder = folder();
    let path = folder.path();
    let write = |name: &str, text: &str| fs::write(path.join(name), text).unwrap();
    write("secret", registered["client_secret"].as_str().unwrap());
    write("keys.json", r#"{"keys": [{"kty": "EC"}]}"#);
    let ask = |options: &[&str]| complaint(&announced.issuer, id, path, options);

    let said = ask(&[&SECRET[..], &["--draft-08"]].concat());
    assert!(
        said.contains("draft -08 is off for this resource server"),
        "{said}"
    );
    for options in [
        &["--key", "keys.json"][..],
        &["--secret-file", "secret", "--decryption-key", "keys.json"],
    ] {
        let said = ask(options);
        assert!(said.contains("keys.json: this is a JWK Set"), "{said}");
        assert!(said.contains("one JWK is wanted, not a set"), "{said}");
    }
    server.stop();
}

/// The usual certificate to try things with has the CA flag set.
#[test]
fn the_commands_that_are_told_make_a_certificate_that_will_do() {
    let found = Command::new("openssl").arg("version").output();
    if !found.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3")) {
        println!("skipped: there is no OpenSSL 3 here");
        return;
    }
    let folder = folder();
    let path = folder.path();
    let shell = |commands: &str| {
        let output = Command::new("sh")
            .args(["-e", "-c", commands])
            .current_dir(path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        fs::set_permissions(path.join("tls.key"), fs::Permissions::from_mode(0o600)).unwrap();
    };
    let serve = || Server::start(&configure(path, free_address()));
    let ask = |issuer: &str, authority: &str| {
        let options = [&SECRET[..], &["--ca-file", authority]].concat();
        complaint(issuer, "nobody", path, &options)
    };

    shell(
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.pem -days 30 \
         -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1",
    );
    let (issuer, server) = serve();
    let said = ask(&issuer, "tls.pem");
    assert!(said.contains("its CA flag is set"), "{said}");
    drop(server);

    let commands: Vec<_> = said
        .lines()
        .skip_while(|line| !line.starts_with("  openssl"))
        .take_while(|line| !line.contains("the server gets"))
        .collect();
    let commands = commands.join("\n");
    assert_eq!(commands.matches("openssl req").count(), 2, "{said}");
    shell(&commands);
    let (issuer, server) = serve();
    let said = ask(&issuer, "ca.pem");
    assert!(said.contains("invalid_client"), "{said}");
    drop(server);
}

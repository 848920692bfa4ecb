//! The examples in docs/admin-api.md work as printed.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::stage::Stage;

const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

/// The server's own certificate and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"])
        .args(["ec_paramgen_curve:P-256", "-days", "30", "-subj", "/CN=as"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    (certificate, key)
}

#[test]
fn every_example_in_the_manual_works_as_printed() {
    for tool in ["curl", "openssl"] {
        let found = Command::new(tool).arg("version").output();
        if found.is_err() {
            println!("skipped: there is no {tool} here");
            return;
        }
    }
    let data = |it: &Stage| ("AVOUCH_DATA", it.path("data"));
    examples_work(data);
    let config = |it: &Stage| ("AVOUCH_CONFIG", it.path("avouch.toml"));
    examples_work(config);
}

/// With the server found by this variable.
fn examples_work(found_by: impl Fn(&Stage) -> (&'static str, PathBuf)) {
    let files = TempDir::new().unwrap();
    let (certificate, key) = certificate(files.path());
    let it = Stage::set_with(|config| {
        let issuer = config.issuer.as_str().replace("http:", "https:");
        config.issuer = issuer.try_into().unwrap();
        config.tls.certificate_file = Some(certificate.clone());
        config.tls.key_file = Some(key);
        config.mtls.listen = Some(ANY_PORT);
        config.admin.listen = Some(ANY_PORT);
    });
    let url = |address: Option<SocketAddr>| format!("https://{}", address.unwrap());
    let (mtls, admin) = (it.server().mtls_address(), it.server().admin_address());
    let manual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/admin-api.md");
    let manual = fs::read_to_string(manual).unwrap();
    let examples: Vec<_> = manual
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [variable, examples @ ..] = &examples[..] else {
        panic!("no examples")
    };
    assert!(variable.starts_with("SOCKET="));
    assert_eq!(examples.len(), 11);
    // What an operator sees as an answer is a failure here.
    it.write(".curlrc", "fail-with-body\nsilent\nshow-error\n");
    let binaries = Path::new(env!("CARGO_BIN_EXE_avouch")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let (name, value) = found_by(&it);
    for example in examples {
        let output = Command::new("sh")
            .args(["-e", "-c", &format!("{variable}{example}")])
            .current_dir(it.path(""))
            .env("CURL_HOME", it.path(""))
            .env_remove("AVOUCH_DATA")
            .env_remove("AVOUCH_CONFIG")
            .env(name, &value)
            .env("AVOUCH_CA", &certificate)
            .env("AVOUCH_MTLS", url(mtls))
            .env("AVOUCH_ADMIN", url(admin))
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{example}\n{output:?}");
        if example.contains("Authorization: Bearer") {
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.contains("\"ops\""), "{text}");
        }
    }
    let token = fs::read_to_string(it.path("token.json")).unwrap();
    let shown = {
        let token: serde_json::Value = serde_json::from_str(&token).unwrap();
        let token = token["access_token"].as_str().unwrap().to_owned();
        it.run_with(&["token", "show", "--token", "-"], &token)
            .well()
    };
    assert!(shown.starts_with("inactive: subject revoked"), "{shown}");
}

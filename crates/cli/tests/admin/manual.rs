//! The examples in docs/admin-api.md work as printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::remote_stage::Elsewhere;
use crate::stage::Stage;

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
    let world = Elsewhere::set();
    let it = &world.it;
    let mtls = format!("https://{}", it.server().mtls_address().unwrap());
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
    assert_eq!(examples.len(), 15);
    // What an operator sees as an answer is a failure here.
    it.write(".curlrc", "fail-with-body\nsilent\nshow-error\n");
    let binaries = Path::new(env!("CARGO_BIN_EXE_avouch")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let (name, value) = found_by(it);
    let mut told = 0;
    for example in examples {
        let output = Command::new("sh")
            .args(["-e", "-c", &format!("{variable}{example}")])
            .current_dir(it.path(""))
            .env("CURL_HOME", it.path(""))
            .env_remove("AVOUCH_DATA")
            .env_remove("AVOUCH_CONFIG")
            .env_remove("AVOUCH_ADMIN_URL")
            .env(name, &value)
            .env("AVOUCH_ISSUER", &world.issuer)
            .env("AVOUCH_CA", world.file("ca.pem"))
            .env("AVOUCH_MTLS", &mtls)
            .env("AVOUCH_ADMIN", &world.admin)
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{example}\n{output:?}");
        for (command, answer) in [
            ("Authorization: Bearer", "\"ops\""),
            ("export AVOUCH_ADMIN_URL", "desk"),
            ("avouch explain", "active for pay"),
            ("avouch client list --admin-url", "ops"),
        ] {
            if example.contains(command) {
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(text.contains(answer), "{answer} in {text}");
                told += 1;
            }
        }
    }
    assert_eq!(told, 4);
    let token = fs::read_to_string(it.path("token.json")).unwrap();
    let shown = {
        let token: serde_json::Value = serde_json::from_str(&token).unwrap();
        let token = token["access_token"].as_str().unwrap().to_owned();
        it.run_with(&["token", "show", "--token", "-"], &token)
            .well()
    };
    assert!(shown.starts_with("inactive: subject revoked"), "{shown}");
}

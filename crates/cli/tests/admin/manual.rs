//! The examples in docs/admin-api.md work as printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::Stage;

#[test]
fn every_example_in_the_manual_works_as_printed() {
    let found = Command::new("curl").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no curl here");
        return;
    }
    let data = |it: &Stage| ("AVOUCH_DATA", it.path("data"));
    examples_work(data);
    let config = |it: &Stage| ("AVOUCH_CONFIG", it.path("avouch.toml"));
    examples_work(config);
}

/// With the server found by this variable.
fn examples_work(found_by: impl Fn(&Stage) -> (&'static str, PathBuf)) {
    let it = Stage::set();
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
    assert_eq!(examples.len(), 7);
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
            .env("PATH", &path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{example}\n{output:?}");
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

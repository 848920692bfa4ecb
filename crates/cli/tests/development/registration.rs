//! The commands in docs/registration.md work as printed.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::server::DevServer;

#[test]
fn every_command_in_the_page_on_registration_works_as_printed() {
    let found = Command::new("curl").arg("--version").output();
    if !found.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no curl here");
        return;
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/registration.md");
    let page = fs::read_to_string(page).unwrap();
    let commands: Vec<_> = page
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    // The first sets the two variables that are set here.
    let [variables, commands @ ..] = &commands[..] else {
        panic!("no commands")
    };
    assert!(variables.starts_with("ISSUER=") && variables.contains("\nINITIAL=avi_"));
    assert_eq!(commands.len(), 8);

    let (server, announced) = DevServer::announced(&[]);
    let folder = tempfile::tempdir().unwrap();
    // What a reader sees as an answer is a failure here.
    fs::write(folder.path().join(".curlrc"), "fail-with-body\n").unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", &commands.join("\nprintf '\\n-- \\n'\n")])
        .current_dir(folder.path())
        .env("CURL_HOME", folder.path())
        .env("ISSUER", &announced.issuer)
        .env("INITIAL", &announced.initial_access_token)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<_> = printed.split("-- \n").map(str::trim).collect();
    let [
        registered,
        statement,
        read,
        updated,
        renewed,
        removed,
        sealed,
        signer,
    ] = printed[..]
    else {
        panic!("{printed:?}")
    };
    assert_eq!([registered, updated, removed, sealed, signer], [""; 5]);
    assert_eq!(statement.split('.').count(), 3, "{statement}");
    let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    assert_eq!(json(read)["client_name"], "Pay");
    assert_eq!(json(read).get("client_secret"), None);
    assert_eq!(json(renewed)["client_id"], json(read)["client_id"]);
    let file = fs::read_to_string(folder.path().join("updated.json")).unwrap();
    assert_eq!(json(&file)["client_name"], "Pay and more");
    let answer = |name: &str| json(&fs::read_to_string(folder.path().join(name)).unwrap());
    let sealed = answer("sealed.json");
    assert_eq!(sealed["introspection_encrypted_response_alg"], "ECDH-ES");
    let signer = answer("signer.json");
    assert_eq!(signer["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(signer.get("client_secret"), None);
    server.stop();
}

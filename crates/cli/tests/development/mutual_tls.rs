//! The commands in docs/mutual-tls.md work as printed, on ports that are free.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use avouch_jose::base64url;
use serde_json::Value;

/// Ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Waits until its admin socket is there, the last thing it makes, for as long as it runs.
    fn listens(&mut self, folder: &Path) {
        while !fs::exists(folder.join("data/admin.sock")).unwrap() {
            let ended = self.0.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended early: {ended:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn claims(statement: &str) -> Value {
    let parts: Vec<_> = statement.split('.').collect();
    let [_, claims, _] = parts[..] else {
        panic!("no statement: {statement}")
    };
    serde_json::from_slice(&base64url::decode(claims).unwrap()).unwrap()
}

#[test]
fn row_8705_2_01_every_command_in_the_page_on_mutual_tls_works_as_printed() {
    for (tool, question) in [("curl", "--version"), ("openssl", "version")] {
        let found = Command::new(tool).arg(question).output();
        if !found.is_ok_and(|output| output.status.success()) {
            println!("skipped: there is no {tool} here");
            return;
        }
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/mutual-tls.md");
    let page = fs::read_to_string(page).unwrap();
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [public, mutual] = free.map(|listener| listener.local_addr().unwrap());
    let page = page
        .replace("127.0.0.1:8443", &public.to_string())
        .replace("127.0.0.1:8444", &mutual.to_string());
    let commands: Vec<_> = page
        .split("```sh\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    let [
        certificates,
        configuration,
        serve,
        callers,
        asking,
        verifying,
        own,
    ] = commands[..]
    else {
        panic!("{} commands", commands.len())
    };

    let folder = tempfile::tempdir().unwrap();
    // What a reader sees as an answer is a failure here.
    fs::write(folder.path().join(".curlrc"), "fail-with-body\n").unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_avouch")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let shell = |script: &str| {
        let mut command = Command::new("sh");
        command
            .args(["-e", "-c", script])
            .current_dir(folder.path())
            .env("CURL_HOME", folder.path())
            .env("PATH", &path);
        command
    };
    let prepared = shell(&[certificates, configuration].concat()).output();
    let prepared = prepared.unwrap();
    assert!(prepared.status.success(), "{prepared:?}");
    let mut server = Server(
        shell(&format!("exec {serve}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    server.listens(folder.path());

    // In the shell of the first commands, whose functions and variables are there still.
    let kept = "new_key=\"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes\"\n";
    assert!(certificates.starts_with(kept));
    let between = "\nprintf '\\n-- \\n'\n";
    let script = [callers, asking, verifying, own].join(between);
    let script = format!("{kept}{script}");
    let output = shell(&script).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed: Vec<_> = printed.split("-- \n").map(str::trim).collect();
    let [added, by_authority, verified, by_itself] = printed[..] else {
        panic!("{printed:?}")
    };
    assert_eq!(added, "", "nobody has a secret");
    assert!(verified.contains("\"active\": true"), "{verified}");
    for (statement, caller) in [(by_authority, "pay"), (by_itself, "sign")] {
        let claims = claims(statement.lines().last().unwrap());
        assert_eq!(claims["aud"], caller);
        assert_eq!(claims["token_introspection"]["active"], true);
        assert_eq!(claims["token_introspection"]["client_id"], "shop");
    }
}

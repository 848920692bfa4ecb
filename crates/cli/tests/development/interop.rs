//! The real server in the hands of parties we did not write (`tests/interop/`).

mod expected;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::server::DevServer;

/// Where the scripts are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop")
}

/// What runs a script, unless the packages of its language are not installed.
fn program(script: &str) -> Option<PathBuf> {
    if Path::new(script).extension()? == "mjs" {
        env::var_os("AVOUCH_INTEROP_NODE").map(|_| PathBuf::from("node"))
    } else {
        env::var_os("AVOUCH_INTEROP_PYTHON").map(|folder| Path::new(&folder).join("bin/python"))
    }
}

/// Runs a script against a server of its own. What it says held is what is `expected` and as
/// many `others`, so that a script that leaves something out, or checks nothing, fails. Where the
/// packages are not installed, the test says so.
fn holds(script: &str, expected: &BTreeSet<String>, others: usize) {
    holds_at(&[], script, expected, others);
}

/// The same over TLS. The libraries trust the authority that the server announces as an operator
/// would have them do it: by an environment variable.
fn holds_over_tls(script: &str, expected: &BTreeSet<String>, others: usize) {
    holds_at(&["--tls"], script, expected, others);
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what they left out"
)]
fn holds_at(options: &[&str], script: &str, expected: &BTreeSet<String>, others: usize) {
    let Some(program) = program(script) else {
        eprintln!("the packages for {script} are not installed: skipped");
        return;
    };
    let (_server, announced) = DevServer::announced(options);
    let mut command = Command::new(program);
    if let Some(authority) = &announced.ca_file {
        command
            .env("NODE_EXTRA_CA_CERTS", authority)
            .env("REQUESTS_CA_BUNDLE", authority);
    }
    let output = command
        .arg(folder().join(script))
        .env("AVOUCH_ISSUER", &announced.issuer)
        .env(
            "AVOUCH_INITIAL_ACCESS_TOKEN",
            &announced.initial_access_token,
        )
        .env("AVOUCH", env!("CARGO_BIN_EXE_avouch"))
        .env("AVOUCH_DATA", &announced.data_dir)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");

    let lines = || said.lines().filter_map(|line| line.strip_prefix("held: "));
    let held: BTreeSet<String> = lines().map(str::to_owned).collect();
    assert_eq!(lines().count(), held.len(), "said twice in\n{said}");
    let missing: Vec<_> = expected.difference(&held).collect();
    assert!(missing.is_empty(), "{script} left out {missing:?}");
    assert_eq!(held.len(), expected.len() + others, "{script}: {said}");
}

#[test]
fn jose_reads_every_statement() {
    holds("node/jose.mjs", &expected::statements("jose"), 10);
}

#[test]
fn oauth4webapi_walks_from_registration_to_revocation() {
    let statements = expected::statements("oauth4webapi");
    holds("node/oauth4webapi.mjs", &statements, 9);
}

#[test]
fn openid_client_walks_from_registration_to_revocation() {
    let statements = expected::statements("openid-client");
    holds("node/openid-client.mjs", &statements, 6);
}

#[test]
fn keys_that_jose_publishes_are_encrypted_to() {
    let algorithms = expected::published_keys("jose");
    holds("node/published-keys.mjs", &algorithms, 6);
}

#[test]
fn oauth4webapi_is_refused_as_the_table_says() {
    holds("node/refusals.mjs", &expected::refusals("refusals.json"), 0);
}

#[test]
fn statements_of_jose_are_read_by_our_commands() {
    holds("node/issuer.mjs", &expected::statements("jose"), 12);
}

#[test]
fn oauth4webapi_authenticates_with_assertions() {
    let expected = assertions_and_refusals("oauth4webapi");
    holds("node/oauth4webapi-assertions.mjs", &expected, 6);
}

#[test]
fn openid_client_authenticates_with_assertions() {
    let algorithms = expected::assertions("openid-client");
    holds("node/openid-client-assertions.mjs", &algorithms, 1);
}

#[test]
fn oauth4webapi_authenticates_with_published_keys() {
    holds("node/published-signing-keys.mjs", &BTreeSet::new(), 5);
}

#[test]
fn oauth4webapi_manages_registrations() {
    holds("node/management.mjs", &BTreeSet::new(), 11);
}

#[test]
fn oauth4webapi_walks_over_tls() {
    let statements = expected::statements("oauth4webapi");
    holds_over_tls("node/oauth4webapi.mjs", &statements, 9);
}

#[test]
fn node_trusts_the_announced_authority_alone() {
    holds_over_tls("node/tls.mjs", &BTreeSet::new(), 3);
}

#[test]
fn joserfc_reads_every_statement() {
    let statements = expected::statements("joserfc");
    holds("python/joserfc_statements.py", &statements, 8);
}

#[test]
fn jwcrypto_reads_every_statement() {
    let statements = expected::statements("jwcrypto");
    holds("python/jwcrypto_statements.py", &statements, 8);
}

#[test]
fn statements_of_jwcrypto_are_verified_by_our_command() {
    let signatures = expected::signatures("jwcrypto");
    holds("python/jwcrypto_issuer.py", &signatures, 0);
}

#[test]
fn keys_that_jwcrypto_publishes_are_encrypted_to() {
    let algorithms = expected::published_keys("jwcrypto");
    holds("python/published_keys.py", &algorithms, 1);
}

#[test]
fn authlib_walks_from_grant_to_revocation() {
    holds("python/authlib_client.py", &BTreeSet::new(), 8);
}

#[test]
fn authlib_is_refused_as_the_table_says() {
    holds(
        "python/refusals.py",
        &expected::refusals("refusals.json"),
        0,
    );
}

#[test]
fn authlib_authenticates_with_assertions() {
    let expected = assertions_and_refusals("Authlib");
    holds("python/authlib_assertions.py", &expected, 9);
}

#[test]
fn jwcrypto_authenticates_with_assertions() {
    let algorithms = expected::assertions("jwcrypto");
    holds("python/jwcrypto_assertions.py", &algorithms, 0);
}

#[test]
fn authlib_authenticates_with_published_keys() {
    holds("python/published_signing_keys.py", &BTreeSet::new(), 3);
}

#[test]
fn authlib_manages_a_registration() {
    holds("python/management.py", &BTreeSet::new(), 7);
}

#[test]
fn authlib_walks_over_tls() {
    holds_over_tls("python/authlib_client.py", &BTreeSet::new(), 8);
}

#[test]
fn requests_trusts_the_announced_authority_alone() {
    holds_over_tls("python/tls.py", &BTreeSet::new(), 3);
}

/// Every algorithm of assertions, and every row of what is refused of them.
fn assertions_and_refusals(library: &str) -> BTreeSet<String> {
    let mut expected = expected::assertions(library);
    expected.append(&mut expected::refusals("refused-assertions.json"));
    expected
}

//! The real server in the hands of parties we did not write (`tests/interop/`).

mod expected;

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::configured::ConfiguredServer;
use crate::server::{Announced, DevServer};

/// The server chooses what proofs contain (RFC 9449 section 8).
const NONCES: &str = "[dpop]\nrequire_nonce = true\n";

/// Where the scripts are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop")
}

/// What runs a script, unless the packages of its language are not installed.
fn program(script: &str) -> Option<PathBuf> {
    match Path::new(script).extension()?.to_str()? {
        "mjs" => env::var_os("AVOUCH_INTEROP_NODE").map(|_| PathBuf::from("node")),
        // With curl and OpenSSL, which are everywhere the packages are.
        "sh" => env::var_os("AVOUCH_INTEROP_NODE").map(|_| PathBuf::from("sh")),
        _ => {
            env::var_os("AVOUCH_INTEROP_PYTHON").map(|folder| Path::new(&folder).join("bin/python"))
        }
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

fn holds_at(options: &[&str], script: &str, expected: &BTreeSet<String>, others: usize) {
    if let Some(program) = installed(script) {
        let (_server, announced) = DevServer::announced(options);
        runs(Command::new(program), &announced, script, expected, others);
    }
}

/// The same against a server for keeps, over TLS, whose configuration ends with these sections, and
/// with an authority that the server trusts in what it says of clients.
fn holds_configured(further: &str, script: &str, expected: &BTreeSet<String>, others: usize) {
    if let Some(program) = installed(script) {
        let (server, announced) = ConfiguredServer::announced(further);
        let mut command = Command::new(program);
        command.env("AVOUCH_CLIENT_AUTHORITY", server.client_authority());
        runs(command, &announced, script, expected, others);
    }
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests is told what they left out"
)]
fn installed(script: &str) -> Option<PathBuf> {
    let program = program(script);
    if program.is_none() {
        eprintln!("the packages for {script} are not installed: skipped");
    }
    program
}

/// Runs the script with what is announced in its environment, and compares what it says held.
fn runs(
    mut command: Command,
    announced: &Announced,
    script: &str,
    expected: &BTreeSet<String>,
    others: usize,
) {
    if let Some(authority) = &announced.ca_file {
        command
            .env("NODE_EXTRA_CA_CERTS", authority)
            .env("REQUESTS_CA_BUNDLE", authority);
    }
    if let Some(client) = &announced.client {
        command
            .env("AVOUCH_MTLS_URL", &client.mtls_url)
            .env("AVOUCH_CLIENT_CERTIFICATE", &client.certificate)
            .env("AVOUCH_CLIENT_KEY", &client.key)
            .env("AVOUCH_CLIENT_SUBJECT", &client.subject);
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
fn oauth4webapi_binds_tokens_with_dpop() {
    let proofs = expected::proofs("oauth4webapi");
    holds("node/oauth4webapi-dpop.mjs", &proofs, 16);
}

#[test]
fn oauth4webapi_brings_the_nonces_that_are_demanded() {
    let mut expected = expected::proofs("oauth4webapi");
    for endpoint in ["token", "introspection"] {
        expected.insert(format!("a nonce is demanded at {endpoint}"));
    }
    holds_configured(NONCES, "node/oauth4webapi-dpop.mjs", &expected, 16);
}

#[test]
fn openid_client_binds_tokens_with_dpop() {
    let proofs = expected::proofs("openid-client");
    holds_configured(NONCES, "node/openid-client-dpop.mjs", &proofs, 2);
}

#[test]
fn oauth4webapi_proves_itself_with_certificates() {
    holds_configured("", "node/oauth4webapi-mtls.mjs", &BTreeSet::new(), 33);
}

#[test]
fn openid_client_proves_itself_with_certificates() {
    holds_configured("", "node/openid-client-mtls.mjs", &BTreeSet::new(), 24);
}

#[test]
fn jwcrypto_binds_tokens_with_dpop() {
    let proofs = expected::proofs("jwcrypto");
    holds_configured(NONCES, "python/jwcrypto_dpop.py", &proofs, 0);
}

#[test]
fn authlib_proves_itself_with_certificates() {
    holds_configured("", "python/authlib_mtls.py", &BTreeSet::new(), 24);
}

#[test]
fn curl_proves_itself_with_certificates() {
    holds_over_tls("curl/mtls.sh", &BTreeSet::new(), 7);
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

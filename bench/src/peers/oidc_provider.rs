//! npm's oidc-provider, set up and started: `bench/peers/oidc-provider/server.js`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;

use avouch_core::secret::PlainSecret;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{DecryptionKey, JwkSet};
use avouch_oauth::Issuer;
use serde_json::{Value, json};

use crate::connection::Line;
use crate::introspection::rows::Kind;
use crate::options::Options;
use crate::parties::{RESOURCE, basic};
use crate::sample::Verifier;
use crate::server::Server;
use crate::site::free_address;
use crate::tokens::{SCOPE, Tokens, claims, subject_of};
use crate::{Failure, say};

use super::{ALGORITHMS, Caller, Side};

/// Registers the resource servers, puts the tokens into its store, and waits until it serves.
pub(super) async fn start(options: &Options, kinds: &[Kind]) -> Result<Side, Failure> {
    let folder = tempfile::Builder::new()
        .prefix("bench-peer-")
        .tempdir_in(&options.folder)?;
    let address = free_address()?;
    let mut clients = Vec::new();
    let mut registered = Vec::new();
    for kind in kinds {
        let secret = PlainSecret::generate(&SystemRandom)?;
        let (metadata, key) = metadata(*kind, &secret)?;
        clients.push(metadata);
        registered.push((*kind, basic(&kind.id(), &secret), key));
    }
    let (setup, tokens) = (
        folder.path().join("setup.json"),
        folder.path().join("tokens"),
    );
    let text = json!({
        "host": address.ip(),
        "port": address.port(),
        "clients": clients,
        "resource": RESOURCE,
        "scope": SCOPE,
        "claims": claims(),
        "tokens": options.tokens,
        "tokensFile": tokens,
    });
    fs::write(&setup, text.to_string())?;
    say(&format!("seeding oidc-provider at {address}"));
    let mut command = Command::new("node");
    command
        // Room for all tokens, and a nursery in which an answer's garbage dies before it is moved.
        .args(["--max-old-space-size=8192", "--max-semi-space-size=64"])
        .arg(installed(options).join("server.js"))
        .arg(&setup)
        .env("NODE_ENV", "production");
    let server = Server::start(&mut command, &[address], &folder.path().join("log"))?;
    let tokens = Tokens::of_lines(&fs::read_to_string(&tokens)?)?;
    let line = Line { address, tls: None };
    let issuer: Issuer = format!("http://{address}").parse()?;
    let verifier = Verifier::fetch(&line, &issuer, &ALGORITHMS).await?;
    let callers = registered.into_iter();
    let callers = callers.map(|(kind, shown, key)| Caller::new(kind, shown, key, &verifier));
    Ok(Side {
        server,
        line,
        callers: callers.collect(),
        tokens: Rc::new(tokens),
        verifier,
        // It does not tell the `jti` of a token that is no JWT.
        is_about: |active, token| active.sub.as_deref() == Some(subject_of(token).as_str()),
        _place: Box::new(folder),
    })
}

/// What was installed.
pub(super) fn version(options: &Options) -> Result<String, Failure> {
    let package = installed(options).join("node_modules/oidc-provider/package.json");
    let package: Value = serde_json::from_slice(&fs::read(package)?)?;
    let version = package.get("version").and_then(Value::as_str);
    let node = Command::new("node").arg("--version").output()?;
    let node = String::from_utf8_lossy(&node.stdout).trim().to_owned();
    let version = version.ok_or("oidc-provider does not say its version")?;
    Ok(format!("oidc-provider {version} on Node {node}"))
}

/// Where `cargo xtask bench peers` installs it: in `target/peers`, beside the folder of programs.
fn installed(options: &Options) -> PathBuf {
    options.folder.join("../peers/oidc-provider")
}

/// A resource server in the words of client registration (RFC 7591, RFC 9701 section 6), and the
/// key that opens its answers.
fn metadata(kind: Kind, secret: &PlainSecret) -> Result<(Value, Option<DecryptionKey>), Failure> {
    let mut metadata = json!({
        "client_id": kind.id(),
        "client_secret": secret.expose(),
        "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uris": [],
        "grant_types": [],
        "response_types": [],
    });
    if let Some(algorithm) = kind.signed() {
        metadata["introspection_signed_response_alg"] = algorithm.name().into();
    }
    let key = match kind.encrypted() {
        None => None,
        Some(algorithm) => {
            let key = DecryptionKey::generate(algorithm, &SystemRandom)?;
            let set = JwkSet {
                keys: vec![key.public_jwk().clone()],
            };
            metadata["introspection_encrypted_response_alg"] = algorithm.name().into();
            metadata["introspection_encrypted_response_enc"] = "A256GCM".into();
            metadata["jwks"] = serde_json::from_str(&set.to_json())?;
            Some(key)
        }
    };
    Ok((metadata, key))
}

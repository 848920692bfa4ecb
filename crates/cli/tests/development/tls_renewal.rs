//! A server for keeps that speaks TLS, told by SIGHUP that its certificate was renewed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::for_keeps::{Server, configure, free_address};

/// Puts a certificate of a fresh authority into the folder, and the authority beside it.
fn renew(folder: &Path, authority: &str) {
    let mut parameters = CertificateParams::new([]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, &*issuer).unwrap();
    fs::write(folder.join(authority), issuer.pem()).unwrap();
    fs::write(folder.join("tls.pem"), certificate.pem()).unwrap();
    let file = folder.join("tls.key");
    fs::write(&file, key.serialize_pem()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// Whether who trusts this authority gets through to the server, which then knows nobody.
fn reaches(issuer: &str, folder: &Path, authority: &str) -> bool {
    let secret = folder.join("secret");
    fs::write(&secret, "nobody").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["introspect", "--issuer", issuer, "--client-id", "nobody"])
        .arg("--secret-file")
        .arg(&secret)
        .arg("--token")
        .arg(&secret)
        .arg("--ca-file")
        .arg(folder.join(authority))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("invalid_client") || said.contains("certificate"),
        "{said}"
    );
    said.contains("invalid_client")
}

#[test]
fn a_hangup_makes_it_look_at_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    renew(path, "first.pem");
    let address = free_address();
    let file = configure(path, address);
    let checked = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["config", "check"])
        .arg(&file)
        .output()
        .unwrap();
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked, format!("{}: sound\n", file.display()));

    let (issuer, server) = Server::start(&file);
    assert_eq!(issuer, format!("https://{address}"));

    assert!(reaches(&issuer, path, "first.pem"));
    renew(path, "second.pem");
    assert!(
        !reaches(&issuer, path, "second.pem"),
        "nobody has looked yet"
    );
    let id = server.id();
    assert!(
        Command::new("kill")
            .args(["-HUP", &id])
            .status()
            .unwrap()
            .success()
    );
    // The signal has no answer: it is asked until it shows, before the minute in which it would
    // show by itself.
    assert!((0..100).any(|_| reaches(&issuer, path, "second.pem")));
    assert!(!reaches(&issuer, path, "first.pem"));
}

//! A server for keeps that speaks TLS, told by SIGHUP that its certificate was renewed.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::Value;

/// Ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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
    // Its own address is the issuer, so it has to be known before.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    drop(free);
    let issuer = format!("https://{address}");
    let at = path.display();
    let key = path.join("sealing.key");
    fs::write(&key, "5".repeat(32) + &"a".repeat(32)).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let config = format!(
        "issuer = \"{issuer}\"\n[listen]\naddress = \"{address}\"\n\
         [tls]\ncertificate_file = \"{at}/tls.pem\"\nkey_file = \"{at}/tls.key\"\n\
         [data]\nfolder = \"{at}/data\"\n[sealing]\nkey_file = \"{at}/sealing.key\"\n\
         [keys]\nalgorithms = [\"ES256\"]\n"
    );
    let file = path.join("avouch.toml");
    fs::write(&file, config).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["config", "check"])
        .arg(&file)
        .output()
        .unwrap();
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked, format!("{}: sound\n", file.display()));

    let mut server = Server(
        Command::new(env!("CARGO_BIN_EXE_avouch"))
            .args(["serve", "--json", "--config"])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    let output = server.0.stdout.as_mut().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    let announced: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(announced["issuer"], issuer);

    assert!(reaches(&issuer, path, "first.pem"));
    renew(path, "second.pem");
    assert!(
        !reaches(&issuer, path, "second.pem"),
        "nobody has looked yet"
    );
    let id = server.0.id().to_string();
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

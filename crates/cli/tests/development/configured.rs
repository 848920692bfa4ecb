//! A server for keeps, configured for one story, that asks clients for certificates of an authority
//! whose key is at hand.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Command;

use avouch_crypto::random::{SystemRandom, octets};
use avouch_jose::base64url;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Announced, DevServer};

/// The server, and the folder of all that it reads and writes.
pub(crate) struct ConfiguredServer {
    _server: DevServer,
    folder: TempDir,
}

impl ConfiguredServer {
    /// One whose configuration ends with these sections, and what parties need to know of it.
    pub(crate) fn announced(further: &str) -> (Self, Announced) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        write_certificates(path);
        let sealing: [u8; 32] = octets(&SystemRandom).unwrap();
        private(&path.join("sealing.key"), &base64url::encode(sealing));
        let file = path.join("avouch.toml");
        fs::write(&file, format!("{}\n{further}", configuration(path))).unwrap();

        let mut command = Command::new(env!("CARGO_BIN_EXE_avouch"));
        command.args(["serve", "--json", "--config"]).arg(&file);
        let mut server = DevServer::run(&mut command);
        let said: Value = serde_json::from_str(&server.line()).unwrap();
        let announced = Announced {
            issuer: said["issuer"].as_str().unwrap().to_owned(),
            initial_access_token: initial_access_token(&file),
            data_dir: said["data_dir"].as_str().unwrap().to_owned(),
            ca_file: Some(path.join("ca.pem").to_str().unwrap().to_owned()),
            client: None,
        };
        announced.wait_for_every_key();
        let configured = Self {
            _server: server,
            folder,
        };
        (configured, announced)
    }

    /// The folder with the authority that speaks for clients: `client-ca.pem`, `client-ca.key`.
    pub(crate) fn client_authority(&self) -> &Path {
        self.folder.path()
    }
}

fn configuration(folder: &Path) -> String {
    let free = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let [public, mutual] = free.map(|listener| listener.local_addr().unwrap());
    let folder = folder.display();
    format!(
        r#"issuer = "https://{public}"

[listen]
address = "{public}"

[tls]
certificate_file = "{folder}/tls.pem"
key_file = "{folder}/tls.key"

[mtls]
listen = "{mutual}"
ca_file = "{folder}/client-ca.pem"

[client_authentication]
methods = ["client_secret_basic", "tls_client_auth", "self_signed_tls_client_auth"]

[data]
folder = "{folder}/data"

[sealing]
key_file = "{folder}/sealing.key"
"#
    )
}

/// Whoever has it may register anybody for anything.
fn initial_access_token(configuration: &Path) -> String {
    let wanted = ["--kinds", "both", "--any-resource", "--shared"];
    let output = Command::new(env!("CARGO_BIN_EXE_avouch"))
        .args(["initial-access-token", "create", "--json", "--config"])
        .arg(configuration)
        .args(wanted)
        .args(["--uses", "unlimited"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    made["initial_access_token"].as_str().unwrap().to_owned()
}

/// The server's own, and for its clients an authority with its key.
fn write_certificates(folder: &Path) {
    let write = |name: &str, certificate: &Certificate, key: &KeyPair| {
        fs::write(folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        private(&folder.join(format!("{name}.key")), &key.serialize_pem());
    };
    let ours = authority("for the server");
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    parameters.use_authority_key_identifier_extension = true;
    write("tls", &parameters.signed_by(&key, &*ours).unwrap(), &key);
    fs::write(folder.join("ca.pem"), ours.pem()).unwrap();
    let clients = authority("for clients");
    write("client-ca", clients.as_ref(), clients.key());
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new([]).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let subject = &mut parameters.distinguished_name;
    subject.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn private(file: &Path, text: &str) {
    let mut options = OpenOptions::new();
    let mut file = options.create_new(true).write(true).mode(0o600).open(file);
    file.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
}

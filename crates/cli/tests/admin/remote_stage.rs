//! A server whose admin API is reached over TCP and TLS, and the binary that comes to it from
//! elsewhere.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use avouch_server::config::{Config, MethodName};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};

use crate::stage::{Done, Stage, avouch};

const ANY_PORT: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

pub(crate) struct Elsewhere {
    pub(crate) it: Stage,
    pub(crate) admin: String,
    pub(crate) issuer: String,
    files: tempfile::TempDir,
}

impl Elsewhere {
    pub(crate) fn set() -> Self {
        Self::set_with(|_| {})
    }

    /// With an authority `ca.pem`, and a client's certificate `ops.pem` by another one.
    pub(crate) fn set_with(change: impl FnOnce(&mut Config)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let at = |name: &str| files.path().join(name);
        let authority = authority("server authority", &at("ca.pem"));
        issue(&authority, "as", &at("tls"));
        let clients = self::authority("client authority", &at("client-ca.pem"));
        issue(&clients, "ops", &at("ops"));
        issue(&clients, "mallory", &at("mallory"));
        let it = Stage::set_with(|config| {
            let issuer = config.issuer.as_str().replace("http:", "https:");
            config.issuer = issuer.try_into().unwrap();
            config.tls.certificate_file = Some(at("tls.pem"));
            config.tls.key_file = Some(at("tls.key"));
            config.mtls.listen = Some(ANY_PORT);
            config.mtls.ca_file = Some(at("client-ca.pem"));
            config.admin.listen = Some(ANY_PORT);
            config.client_authentication.methods = MethodName::ALL.to_vec();
            change(config);
        });
        Self {
            admin: format!("https://{}", it.server().admin_address().unwrap()),
            issuer: it.server().issuer().as_str().to_owned(),
            it,
            files,
        }
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Writes a file for its owner alone.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.file(name);
        write_private(&path, text);
        path
    }

    /// A client that administers, with a secret, made at the socket.
    pub(crate) fn choose(&self, id: &str, scope: &str) {
        let secret = self.file(&format!("{id}.secret"));
        self.add(id, scope, &["--secret-file", secret.to_str().unwrap()]);
        self.credentials(id, &format!("secret_file = \"{id}.secret\""));
    }

    /// The same with other options.
    pub(crate) fn add(&self, id: &str, scope: &str, options: &[&str]) {
        let add = ["client", "add", id, "--grant-type", "client_credentials"];
        let what = ["--scope", scope, "--resource", &self.admin];
        self.it.run(&[&add[..], &what, options].concat()).well();
    }

    /// `ID.toml`, which says who administers.
    pub(crate) fn credentials(&self, id: &str, how: &str) -> PathBuf {
        let issuer = &self.issuer;
        let text = format!("issuer = \"{issuer}\"\nclient_id = \"{id}\"\n{how}\n");
        self.write(&format!("{id}.toml"), &text)
    }

    /// Runs a command as this client, over TCP.
    pub(crate) fn run(&self, id: &str, arguments: &[&str]) -> Done {
        self.run_with(id, arguments, "")
    }

    pub(crate) fn run_with(&self, id: &str, arguments: &[&str], input: &str) -> Done {
        let (file, authority) = (self.file(&format!("{id}.toml")), self.file("ca.pem"));
        let environment = [
            ("AVOUCH_ADMIN_URL", Path::new(&self.admin)),
            ("AVOUCH_ADMIN_CREDENTIALS", &file),
            ("AVOUCH_CA_FILE", &authority),
        ];
        avouch(arguments, &environment, input)
    }
}

pub(crate) fn write_private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

fn authority(name: &str, file: &Path) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let made = CertifiedIssuer::self_signed(parameters, key).unwrap();
    fs::write(file, made.pem()).unwrap();
    made
}

/// Writes `NAME.pem` and `NAME.key`.
fn issue(authority: &CertifiedIssuer<'static, KeyPair>, name: &str, file: &Path) {
    let mut parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let key = KeyPair::generate().unwrap();
    let made = parameters.signed_by(&key, &**authority).unwrap();
    fs::write(file.with_extension("pem"), made.pem()).unwrap();
    write_private(&file.with_extension("key"), &key.serialize_pem());
}

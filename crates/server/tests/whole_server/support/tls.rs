//! Certificates, and a client that speaks TLS.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair,
    PKCS_RSA_SHA256, RsaKeySize,
};
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedCipherSuite, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Answer, Asked, ClientCertificate};

/// A certificate authority.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut parameters = CertificateParams::new([]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(parameters, key).unwrap())
    }

    /// Signs a certificate of this key.
    pub(super) fn sign(&self, parameters: &CertificateParams, key: &KeyPair) -> Certificate {
        parameters.signed_by(key, &*self.0).unwrap()
    }
}

/// The two files of `[tls]`, in a folder of their own.
pub(crate) struct TlsFiles(TempDir);

impl TlsFiles {
    /// A certificate for this machine, with an ECDSA key.
    pub(crate) fn new(authority: &Authority) -> Self {
        let files = Self(TempDir::new().unwrap());
        files.renew(authority);
        files
    }

    /// The same with an RSA key.
    pub(crate) fn with_rsa(authority: &Authority) -> Self {
        let files = Self(TempDir::new().unwrap());
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
        files.write(authority, &key.unwrap());
        files
    }

    /// Another certificate with another key.
    pub(crate) fn renew(&self, authority: &Authority) {
        self.write(authority, &KeyPair::generate().unwrap());
    }

    fn write(&self, authority: &Authority, key: &KeyPair) {
        let parameters = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let certificate = parameters.signed_by(key, &*authority.0).unwrap();
        self.write_certificate(&certificate.pem());
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(true).write(true).mode(0o600);
        let mut file = options.open(self.0.path().join("tls.key")).unwrap();
        file.write_all(key.serialize_pem().as_bytes()).unwrap();
    }

    /// Puts this text where the certificate is.
    pub(crate) fn write_certificate(&self, text: &str) {
        fs::write(self.0.path().join("tls.pem"), text).unwrap();
    }

    /// The authorities whose word about callers is taken, and the section that asks for certificates
    /// and names them.
    pub(crate) fn mtls_section(&self, authority: &Authority) -> String {
        self.write_client_authority(authority);
        let folder = self.0.path().display();
        format!("[mtls]\nlisten = \"127.0.0.1:0\"\nca_file = \"{folder}/clients.pem\"\n")
    }

    /// Puts this authority where that for callers is.
    pub(crate) fn write_client_authority(&self, authority: &Authority) {
        fs::write(self.0.path().join("clients.pem"), authority.0.pem()).unwrap();
    }

    /// The section that names them.
    pub(crate) fn section(&self) -> String {
        let folder = self.0.path().display();
        format!("[tls]\ncertificate_file = \"{folder}/tls.pem\"\nkey_file = \"{folder}/tls.key\"\n")
    }
}

/// A client that trusts one authority.
#[derive(Clone)]
pub(crate) struct TlsClient {
    provider: CryptoProvider,
    versions: Vec<&'static SupportedProtocolVersion>,
    roots: RootCertStore,
    protocols: Vec<Vec<u8>>,
    own: Option<(CertificateDer<'static>, Vec<u8>)>,
}

impl TlsClient {
    pub(crate) fn trusting(authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        Self {
            provider: default_provider(),
            versions: rustls::ALL_VERSIONS.to_vec(),
            roots,
            protocols: Vec::new(),
            own: None,
        }
    }

    /// Speaks this version only.
    pub(crate) fn only(mut self, version: &'static SupportedProtocolVersion) -> Self {
        self.versions = vec![version];
        self
    }

    /// Offers this cipher suite only.
    pub(crate) fn suite(mut self, suite: SupportedCipherSuite) -> Self {
        self.provider.cipher_suites = vec![suite];
        self
    }

    /// Offers this protocol above TLS.
    pub(crate) fn protocol(mut self, name: &str) -> Self {
        self.protocols.push(name.into());
        self
    }

    /// Shows this certificate where one is asked for.
    pub(crate) fn showing(mut self, own: &ClientCertificate) -> Self {
        self.own = Some((own.der().clone(), own.key_der()));
        self
    }

    pub(crate) async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let config = ClientConfig::builder_with_provider(Arc::new(self.provider.clone()))
            .with_protocol_versions(&self.versions)
            .unwrap()
            .with_root_certificates(self.roots.clone());
        let mut config = match self.own.clone() {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => config
                .with_client_auth_cert(vec![certificate], PrivatePkcs8KeyDer::from(key).into())
                .unwrap(),
        };
        config.alpn_protocols.clone_from(&self.protocols);
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::from(address.ip());
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await
    }

    /// Sends a request on a connection of its own.
    pub(crate) async fn send(&self, asked: &Asked) -> Answer {
        let mut stream = self.connect(asked.address()).await.unwrap();
        stream.write_all(&asked.bytes()).await.unwrap();
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        Answer::read(&received)
    }

    /// The certificate that the server shows.
    pub(crate) async fn sees(&self, address: SocketAddr) -> CertificateDer<'static> {
        let stream = self.connect(address).await.unwrap();
        let shown = stream.get_ref().1.peer_certificates().unwrap();
        shown[0].clone()
    }
}

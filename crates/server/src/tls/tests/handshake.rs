//! Handshakes over an acceptor alone: its time, and what it takes for a client certificate.

use std::io;
use std::sync::{Arc, Mutex};

use avouch_core::time::Timestamp;
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio_rustls::TlsConnector;

use super::super::fixtures::{Authority, Pair};
use super::super::{Acceptor, Certificates, Question};
use crate::config::{MtlsConfig, TlsConfig};

const NOW: Timestamp = Timestamp::from_secs(1_795_305_600);

struct Stage {
    acceptor: Acceptor,
    failures: Arc<Mutex<Vec<&'static str>>>,
    authority: Authority,
    _folder: TempDir,
}

impl Stage {
    fn new(question: Question) -> Self {
        let folder = TempDir::new().unwrap();
        let authority = Authority::new();
        let files = authority.issue_for_us().write(folder.path());
        let tls = TlsConfig {
            certificate_file: Some(files.certificate),
            key_file: Some(files.key),
        };
        let certificates = Certificates::load(&tls, &MtlsConfig::default(), NOW).unwrap();
        let failures = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&failures);
        let failed = move |reason| told.lock().unwrap().push(reason);
        Self {
            acceptor: Acceptor::new(Arc::new(certificates), question, failed),
            failures,
            authority,
            _folder: folder,
        }
    }

    fn failures(&self) -> Vec<&'static str> {
        self.failures.lock().unwrap().clone()
    }

    /// The thumbprint of the certificate that the server gets to see, after one octet came over
    /// the connection; none if the handshake fails.
    async fn sees(&self, shown: impl ResolvesClientCert + 'static) -> Option<Option<String>> {
        let (near, far) = duplex(1 << 16);
        let mut roots = RootCertStore::empty();
        roots.add(self.authority.der()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::new(shown));
        let client = tokio::spawn(converse(far, config));
        let secured = self.acceptor.accept(near).await;
        let seen = match secured {
            Some(mut secured) => {
                secured.stream.write_all(b"!").await.unwrap();
                secured.stream.flush().await.unwrap();
                let certificate = secured.certificate;
                Some(certificate.map(|certificate| certificate.thumbprint().to_string()))
            }
            None => None,
        };
        let heard = client.await.unwrap();
        assert_eq!(heard.is_ok(), seen.is_some(), "{heard:?}");
        seen
    }
}

async fn converse(far: DuplexStream, config: ClientConfig) -> io::Result<u8> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, far).await?.read_u8().await
}

/// Shows a certificate with whatever key, or none.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl Shows {
    fn with_key(certificate: &Pair, key: &Pair) -> Self {
        let provider = default_provider();
        let key = provider.key_provider.load_private_key(key.key_der());
        let chain = vec![certificate.certificate.clone()];
        Self(Some(Arc::new(CertifiedKey::new(chain, key.unwrap()))))
    }
}

impl ResolvesClientCert for Shows {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

fn thumbprint(pair: &Pair) -> String {
    avouch_core::certificate::PresentedCertificate::new(pair.certificate.to_vec(), Vec::new())
        .unwrap()
        .thumbprint()
        .to_string()
}

#[tokio::test]
async fn any_certificate_is_taken_with_its_key_and_none_need_be_shown() {
    let stage = Stage::new(Question::ClientCertificate);
    let own = Pair::self_signed("client.example");
    let issued = Authority::new().issue_for_us();
    for pair in [own, issued] {
        let seen = stage.sees(Shows::with_key(&pair, &pair)).await;
        assert_eq!(seen, Some(Some(thumbprint(&pair))));
    }
    assert_eq!(stage.sees(Shows(None)).await, Some(None));
    assert_eq!(stage.failures(), [""; 0]);
}

#[tokio::test]
async fn who_does_not_hold_the_key_does_not_get_in() {
    let stage = Stage::new(Question::ClientCertificate);
    let (stolen, own) = (
        Pair::self_signed("a.example"),
        Pair::self_signed("b.example"),
    );
    assert_eq!(stage.sees(Shows::with_key(&stolen, &own)).await, None);
    assert_eq!(stage.failures(), ["client_certificate"]);
}

#[tokio::test]
async fn who_is_not_asked_shows_nothing() {
    let stage = Stage::new(Question::None);
    let own = Pair::self_signed("client.example");
    assert_eq!(stage.sees(Shows::with_key(&own, &own)).await, Some(None));
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_takes_too_long_is_given_up() {
    let stage = Stage::new(Question::None);
    let (near, _silent) = duplex(64);
    assert!(stage.acceptor.accept(near).await.is_none());
    let (near, mut slow) = duplex(64);
    let drip = tokio::spawn(async move {
        // The head of a record that says it is long, and then an octet a second.
        slow.write_all(&[22, 3, 1, 64, 0]).await.unwrap();
        while slow.write_all(&[1]).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    });
    assert!(stage.acceptor.accept(near).await.is_none());
    drip.await.unwrap();
    assert_eq!(stage.failures()[0], "timeout");
    assert_eq!(stage.failures().len(), 2);
}

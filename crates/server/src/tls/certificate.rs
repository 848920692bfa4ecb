//! The server's certificate and its key, from two PEM files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use avouch_core::certificate::Validity;
use avouch_core::time::Timestamp;
use avouch_crypto::hash::sha256;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};

use super::protocol::{self, Question};
use super::watched::{Digest, Source};
use crate::private_file::{self, NotUsable};

/// More than any chain takes, in bytes.
const LONGEST_CERTIFICATE: u64 = 1 << 20;
/// More than any key takes, in bytes.
const LONGEST_KEY: u16 = u16::MAX;

/// Where certificate and key are.
#[derive(Debug)]
pub(crate) struct CertificateFiles {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// A certificate that can be shown.
pub(crate) struct ServerCertificate {
    /// For listeners that ask for no certificate.
    plain: Arc<ServerConfig>,
    /// For the one that does.
    asking: Arc<ServerConfig>,
    /// Until when it is valid.
    pub(super) not_after: Timestamp,
}

/// Why there is no certificate to show. Nothing here repeats what is in a key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {path}, named by `tls.{name}`: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The key in the configuration.
        name: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The key file is a folder, a socket or the like.
    #[error("{path}, named by `tls.key_file`, is not a regular file", path = .path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner have access to the key.
    #[error(
        "the private key {path} is open to others than its owner (mode {mode:04o}); \
         run: chmod 600 '{path}'", path = .path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// No certificate in the file.
    #[error(
        "{path}, named by `tls.certificate_file`, is not PEM with a certificate in it: it begins \
         with -----BEGIN CERTIFICATE-----", path = .path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// What stands there as a certificate is none.
    #[error("a certificate in {path}, named by `tls.certificate_file`, cannot be read", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// No key in the file.
    #[error(
        "{path}, named by `tls.key_file`, is not PEM with a private key in it: it begins with \
         -----BEGIN PRIVATE KEY----- and is not encrypted", path = .path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// A key of an unknown kind or size.
    #[error(
        "the private key in {path} cannot be used for TLS; take an ECDSA key on P-256 or P-384, or \
         an RSA key of 2048 bits or more", path = .path.display()
    )]
    UnusableKey {
        /// The file.
        path: PathBuf,
    },
    /// They do not go together.
    #[error(
        "the private key in {key} is not the one of the first certificate in {certificate}; the \
         server's own certificate stands first, before those of its authorities",
        key = .key.display(), certificate = .certificate.display()
    )]
    NotItsKey {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// Not valid any more, or not yet.
    #[error(
        "the certificate in {path} is {}; `openssl x509 -noout -dates -in '{path}'` tells \
         from when to when it is valid",
        if *.expired { "expired: renew it" } else { "not valid yet: check the clock" },
        path = .path.display()
    )]
    NotCurrent {
        /// The file.
        path: PathBuf,
        /// Whether its time is over, not to come.
        expired: bool,
    },
    /// TLS cannot be set up with it.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

impl ServerCertificate {
    /// What handshakes are answered with.
    pub(super) fn config(&self, question: Question) -> Arc<ServerConfig> {
        Arc::clone(match question {
            Question::None => &self.plain,
            Question::ClientCertificate => &self.asking,
        })
    }
}

impl Source for CertificateFiles {
    type Made = ServerCertificate;
    type Error = CertificateError;

    const WHAT: &'static str = "certificate";

    fn read(&self, now: Timestamp) -> Result<(Digest, ServerCertificate), CertificateError> {
        let pem = self.certificate_pem()?;
        let key_pem = self.key_pem()?;
        let mut both = sha256(&pem).to_vec();
        both.extend(sha256(&key_pem));
        let digest = sha256(&both);

        let chain = self.chain(&pem)?;
        let own = chain
            .first()
            .ok_or_else(|| CertificateError::NoCertificate {
                path: self.certificate.clone(),
            })?;
        let validity = Validity::of_der(own).map_err(|_| self.malformed())?;
        if !validity.includes(now) {
            return Err(CertificateError::NotCurrent {
                path: self.certificate.clone(),
                expired: now > validity.not_after,
            });
        }
        let certified = self.certified(chain, &key_pem)?;
        let config = |question| {
            let config = protocol::server_config(certified.clone(), question)?;
            Ok::<_, CertificateError>(Arc::new(config))
        };
        let made = ServerCertificate {
            plain: config(Question::None)?,
            asking: config(Question::ClientCertificate)?,
            not_after: validity.not_after,
        };
        Ok((digest, made))
    }
}

impl CertificateFiles {
    fn certificate_pem(&self) -> Result<Vec<u8>, CertificateError> {
        read_at_most(&self.certificate, LONGEST_CERTIFICATE).map_err(|source| {
            CertificateError::Unreadable {
                path: self.certificate.clone(),
                name: "certificate_file",
                source,
            }
        })
    }

    fn key_pem(&self) -> Result<zeroize::Zeroizing<Vec<u8>>, CertificateError> {
        private_file::read(&self.key, LONGEST_KEY).map_err(|reason| {
            let path = self.key.clone();
            match reason {
                NotUsable::Unreadable(source) => CertificateError::Unreadable {
                    path,
                    name: "key_file",
                    source,
                },
                NotUsable::NotAFile => CertificateError::NotAFile { path },
                NotUsable::OpenToOthers(mode) => CertificateError::OpenToOthers { path, mode },
            }
        })
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        chain.map_err(|_| CertificateError::NoCertificate {
            path: self.certificate.clone(),
        })
    }

    fn certified(
        &self,
        chain: Vec<CertificateDer<'static>>,
        key_pem: &[u8],
    ) -> Result<CertifiedKey, CertificateError> {
        let path = || self.key.clone();
        let key = PrivateKeyDer::from_pem_slice(key_pem)
            .map_err(|_| CertificateError::NoKey { path: path() })?;
        let key = protocol::provider()
            .key_provider
            .load_private_key(key)
            .map_err(|_| CertificateError::UnusableKey { path: path() })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {
                Ok(certified)
            }
            Err(rustls::Error::InconsistentKeys(_)) => Err(CertificateError::NotItsKey {
                certificate: self.certificate.clone(),
                key: path(),
            }),
            Err(_) => Err(self.malformed()),
        }
    }

    fn malformed(&self) -> CertificateError {
        CertificateError::Malformed {
            path: self.certificate.clone(),
        }
    }
}

/// Reads a file that may be seen by everybody.
pub(super) fn read_at_most(path: &Path, longest: u64) -> io::Result<Vec<u8>> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::new();
    File::open(path)?.take(longest).read_to_end(&mut content)?;
    Ok(content)
}

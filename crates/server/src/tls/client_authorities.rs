//! The authorities whose word about callers is taken, from a PEM file.

use std::io;
use std::path::PathBuf;

use avouch_core::certificate::{AuthoritiesError, CertificateAuthorities};
use avouch_core::time::Timestamp;
use avouch_crypto::hash::sha256;

use super::certificate::read_at_most;
use super::watched::{Digest, Source};

/// More than the authorities of an operating system take, in bytes.
const LONGEST: u64 = 4 << 20;

/// Where they are.
#[derive(Debug)]
pub(crate) struct ClientAuthoritiesFile(pub(super) PathBuf);

/// Why they cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ClientAuthoritiesError {
    /// The file cannot be read.
    #[error("cannot read {path}, named by `mtls.ca_file`: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path}, named by `mtls.ca_file`: {source}", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: AuthoritiesError,
    },
}

impl Source for ClientAuthoritiesFile {
    type Made = CertificateAuthorities;
    type Error = ClientAuthoritiesError;

    const WHAT: &'static str = "client_authorities";

    fn read(
        &self,
        _: Timestamp,
    ) -> Result<(Digest, CertificateAuthorities), ClientAuthoritiesError> {
        let path = || self.0.clone();
        let pem = read_at_most(&self.0, LONGEST).map_err(|source| {
            ClientAuthoritiesError::Unreadable {
                path: path(),
                source,
            }
        })?;
        let authorities = CertificateAuthorities::from_pem(&pem).map_err(|source| {
            ClientAuthoritiesError::Content {
                path: path(),
                source,
            }
        })?;
        Ok((sha256(&pem), authorities))
    }
}

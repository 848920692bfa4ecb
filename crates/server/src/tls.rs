//! TLS: what is spoken, the certificate that is shown and its renewal, the handshake.

mod certificate;
mod client_authorities;
mod handshake;
mod possession;
mod protocol;
mod renewal;
mod watched;

pub use certificate::CertificateError;
pub use client_authorities::ClientAuthoritiesError;

pub(crate) use handshake::{Acceptor, HANDSHAKE_FAILURES};
pub(crate) use protocol::Question;
pub use renewal::check_certificates;

pub(crate) use renewal::{Certificates, renew};

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

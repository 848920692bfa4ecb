//! The certificate that a proxy forwards (RFC 9440).

use std::sync::Arc;

use avouch_core::certificate::{PresentedCertificate, PresentedCertificateError};
use avouch_oauth::forwarded_certificate::{ForwardedCertificate, ForwardedCertificateError};
use http::HeaderValue;

/// What is wrong with the headers, or with what is in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ForwardedError {
    #[error(transparent)]
    Headers(#[from] ForwardedCertificateError),
    #[error("the certificate in Client-Cert cannot be used: {0}")]
    Certificate(#[from] PresentedCertificateError),
}

/// The certificate, if one is forwarded.
pub(super) fn read(
    own: &[HeaderValue],
    chain: &[HeaderValue],
) -> Result<Option<Arc<PresentedCertificate>>, ForwardedError> {
    let (own, chain) = (
        own.iter().map(HeaderValue::as_bytes),
        chain.iter().map(HeaderValue::as_bytes),
    );
    let Some(forwarded) = ForwardedCertificate::parse(own, chain)? else {
        return Ok(None);
    };
    let presented = PresentedCertificate::new(forwarded.own, forwarded.chain)?;
    Ok(Some(Arc::new(presented)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forwarded_is_a_certificate() {
        let value = |text| vec![HeaderValue::from_static(text)];
        let malformed = ForwardedError::Certificate(PresentedCertificateError::Malformed);
        assert_eq!(read(&value(":AA==:"), &[]).err(), Some(malformed));
        let broken = ForwardedError::Headers(ForwardedCertificateError::NotBytes);
        assert_eq!(read(&value("AA=="), &[]).err(), Some(broken));
        assert!(read(&[], &[]).is_ok_and(|found| found.is_none()));
    }
}

//! `Client-Cert` and `Client-Cert-Chain` (RFC 9440): certificates as byte sequences of structured
//! fields (RFC 9651 section 3.3.5).

use std::sync::Arc;

use avouch_core::certificate::{PresentedCertificate, PresentedCertificateError};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderValue;

/// RFC 9651 section 4.2.7: padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What is wrong with the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ForwardedError {
    #[error("there is more than one Client-Cert header")]
    Several,
    #[error("there is a Client-Cert-Chain header without Client-Cert")]
    ChainAlone,
    #[error("Client-Cert and Client-Cert-Chain hold base64 between colons, as RFC 9440 says")]
    NotBytes,
    #[error("the certificate in Client-Cert cannot be used: {0}")]
    Certificate(#[from] PresentedCertificateError),
}

/// The certificate, if one is forwarded.
pub(super) fn read(
    own: &[HeaderValue],
    chain: &[HeaderValue],
) -> Result<Option<Arc<PresentedCertificate>>, ForwardedError> {
    let own = match own {
        [] if chain.is_empty() => return Ok(None),
        [] => return Err(ForwardedError::ChainAlone),
        [own] => bytes(own.as_bytes())?,
        _ => return Err(ForwardedError::Several),
    };
    // Several lines of a list are one list. A list may be empty, its entries may not.
    let entries = chain
        .iter()
        .filter(|line| !line.as_bytes().trim_ascii().is_empty())
        .flat_map(|line| line.as_bytes().split(|octet| *octet == b','));
    let further = entries.map(bytes).collect::<Result<_, _>>()?;
    Ok(Some(Arc::new(PresentedCertificate::new(own, further)?)))
}

/// One byte sequence without parameters.
fn bytes(text: &[u8]) -> Result<Vec<u8>, ForwardedError> {
    let inside = text
        .trim_ascii()
        .strip_prefix(b":")
        .and_then(|rest| rest.strip_suffix(b":"))
        .ok_or(ForwardedError::NotBytes)?;
    BASE64.decode(inside).map_err(|_| ForwardedError::NotBytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_lines(own: &[&str], chain: &[&str]) -> Result<bool, ForwardedError> {
        let lines = |texts: &[&str]| -> Vec<_> {
            let texts = texts.iter();
            texts
                .map(|text| HeaderValue::from_str(text).unwrap())
                .collect()
        };
        read(&lines(own), &lines(chain)).map(|found| found.is_some())
    }

    #[test]
    fn what_is_not_as_the_rfc_says_is_refused() {
        assert_eq!(read_lines(&[], &[]), Ok(false));
        assert_eq!(
            read_lines(&[], &[":AA==:"]),
            Err(ForwardedError::ChainAlone)
        );
        assert_eq!(
            read_lines(&[":AA==:", ":AA==:"], &[]),
            Err(ForwardedError::Several)
        );
        for broken in [
            "",
            "AA==",
            ":AA==",
            ":",
            ":A:",
            ":A_A=:",
            ":AA==:;a=1",
            "(null)",
        ] {
            assert_eq!(
                read_lines(&[broken], &[]),
                Err(ForwardedError::NotBytes),
                "{broken}"
            );
        }
        let malformed = ForwardedError::Certificate(PresentedCertificateError::Malformed);
        assert_eq!(read_lines(&[":AA==:"], &[]), Err(malformed));
        assert_eq!(
            read_lines(&[":AA:"], &[" ", ":AA==:, :AA==:"]),
            Err(malformed)
        );
        assert_eq!(
            read_lines(&[":AA:"], &[":AA==:,"]),
            Err(ForwardedError::NotBytes)
        );
    }

    proptest! {
        #[test]
        fn no_header_panics(own in "[ -~]{0,40}", chain in "[ -~]{0,40}") {
            let _ = read_lines(&[&own], &[&chain]);
        }
    }
}

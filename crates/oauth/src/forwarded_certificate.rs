//! `Client-Cert` and `Client-Cert-Chain` (RFC 9440): the certificate of a caller whose TLS ends at a
//! proxy, as byte sequences of structured fields (RFC 9651, section 3.3.5).
//!
//! Only what is inside is read here. Whether the sender is a proxy that may say such things, and
//! what a certificate is worth, is for others to judge.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// RFC 9651, section 4.2.7: padding may be missing.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The octets between the colons; nobody looked yet whether they are certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedCertificate {
    /// `Client-Cert`: the caller's own.
    pub own: Vec<u8>,
    /// `Client-Cert-Chain`: those that lead to an authority, in the order of the header.
    pub chain: Vec<Vec<u8>>,
}

/// What is wrong with the headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardedCertificateError {
    /// Whose certificate counts would be anybody's guess.
    #[error("there is more than one Client-Cert header")]
    Several,
    /// A chain from nowhere.
    #[error("there is a Client-Cert-Chain header without Client-Cert")]
    ChainAlone,
    /// Not what RFC 9440, section 2 asks for.
    #[error("Client-Cert and Client-Cert-Chain hold base64 between colons, as RFC 9440 says")]
    NotBytes,
}

impl ForwardedCertificate {
    /// Reads the values of all `Client-Cert` and all `Client-Cert-Chain` headers; `None` where there
    /// are none.
    pub fn parse<'a>(
        own: impl IntoIterator<Item = &'a [u8]>,
        chain: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Self>, ForwardedCertificateError> {
        let (mut own, mut chain) = (own.into_iter(), chain.into_iter().peekable());
        let own = match (own.next(), own.next()) {
            (None, _) if chain.peek().is_none() => return Ok(None),
            (None, _) => return Err(ForwardedCertificateError::ChainAlone),
            (Some(own), None) => bytes(own)?,
            (Some(_), Some(_)) => return Err(ForwardedCertificateError::Several),
        };
        // Several lines of a list are one list. A list may be empty, its entries may not.
        let entries = chain
            .filter(|line| !line.trim_ascii().is_empty())
            .flat_map(|line| line.split(|&octet| octet == b','));
        let chain = entries.map(bytes).collect::<Result<_, _>>()?;
        Ok(Some(Self { own, chain }))
    }
}

/// One byte sequence without parameters.
fn bytes(text: &[u8]) -> Result<Vec<u8>, ForwardedCertificateError> {
    let inside = text
        .trim_ascii()
        .strip_prefix(b":")
        .and_then(|rest| rest.strip_suffix(b":"))
        .ok_or(ForwardedCertificateError::NotBytes)?;
    BASE64
        .decode(inside)
        .map_err(|_| ForwardedCertificateError::NotBytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(
        own: &[&str],
        chain: &[&str],
    ) -> Result<Option<ForwardedCertificate>, ForwardedCertificateError> {
        let lines = |texts: &[&str]| -> Vec<_> {
            texts.iter().map(|text| text.as_bytes().to_vec()).collect()
        };
        let (own, chain) = (lines(own), lines(chain));
        ForwardedCertificate::parse(
            own.iter().map(Vec::as_slice),
            chain.iter().map(Vec::as_slice),
        )
    }

    #[test]
    fn what_is_between_the_colons_is_read() {
        let found = |own: &[u8], chain: &[&[u8]]| {
            Ok(Some(ForwardedCertificate {
                own: own.to_vec(),
                chain: chain.iter().map(|one| one.to_vec()).collect(),
            }))
        };
        assert_eq!(read(&[], &[]), Ok(None));
        assert_eq!(read(&[":AQ==:"], &[]), found(&[1], &[]));
        assert_eq!(
            read(&[" :AQ: "], &[" ", ":Ag==:, :Aw==:"]),
            found(&[1], &[&[2], &[3]])
        );
        assert_eq!(
            read(&[":AQ==:"], &[":Ag==:", ":Aw==:"]),
            found(&[1], &[&[2], &[3]])
        );
        assert_eq!(read(&["::"], &[]), found(&[], &[]));
    }

    #[test]
    fn what_is_not_as_the_rfc_says_is_refused() {
        use ForwardedCertificateError::{ChainAlone, NotBytes, Several};
        assert_eq!(read(&[], &[":AA==:"]), Err(ChainAlone));
        assert_eq!(read(&[":AA==:", ":AA==:"], &[]), Err(Several));
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
            assert_eq!(read(&[broken], &[]), Err(NotBytes), "{broken}");
        }
        assert_eq!(read(&[":AA:"], &[":AA==:,"]), Err(NotBytes));
    }

    proptest! {
        #[test]
        fn no_header_panics(own in "[ -~]{0,40}", chain in "[ -~]{0,40}") {
            let _ = read(&[&own], &[&chain]);
        }
    }
}

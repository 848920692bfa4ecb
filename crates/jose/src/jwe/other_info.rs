//! What an agreed key is for and between whom (RFC 7518 section 4.6.2).

use super::{ContentEncryption, KeyManagementAlgorithm, key_management::KeyManagement};

/// A key to be agreed on: its length, and all that goes into it beside the secret.
pub(super) struct AgreedKey {
    pub(super) octets: usize,
    pub(super) other_info: Vec<u8>,
}

impl AgreedKey {
    /// `None` for algorithms without an agreement.
    pub(super) fn new(
        algorithm: KeyManagementAlgorithm,
        encryption: ContentEncryption,
        apu: &[u8],
        apv: &[u8],
    ) -> Option<Self> {
        // The AlgorithmID is the name of what the agreed key is used with.
        let (id, octets) = match algorithm.management() {
            KeyManagement::Oaep(_) => return None,
            KeyManagement::Agreement => (encryption.name(), encryption.cipher().key_len()),
            KeyManagement::AgreementAndWrap(wrap) => (algorithm.name(), wrap.key_len()),
        };
        let bits = u32::try_from(octets).ok()?.checked_mul(8)?;
        let mut other_info = Vec::with_capacity(16 + id.len() + apu.len() + apv.len());
        for part in [id.as_bytes(), apu, apv] {
            other_info.extend_from_slice(&u32::try_from(part.len()).ok()?.to_be_bytes());
            other_info.extend_from_slice(part);
        }
        other_info.extend_from_slice(&bits.to_be_bytes());
        Some(Self { octets, other_info })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_info_of_rfc_7518_appendix_c() {
        let agreed = AgreedKey::new(
            KeyManagementAlgorithm::EcdhEs,
            ContentEncryption::A128Gcm,
            b"Alice",
            b"Bob",
        );
        let agreed = agreed.unwrap();
        assert_eq!(
            agreed.other_info,
            b"\0\0\0\x07A128GCM\0\0\0\x05Alice\0\0\0\x03Bob\0\0\0\x80"
        );
        assert_eq!(agreed.octets, 16);
    }

    #[test]
    fn a_wrapping_key_is_named_and_sized_by_alg() {
        for encryption in ContentEncryption::ALL {
            let agreed =
                AgreedKey::new(KeyManagementAlgorithm::EcdhEsA256Kw, encryption, b"", b"").unwrap();
            assert_eq!(
                agreed.other_info,
                b"\0\0\0\x0eECDH-ES+A256KW\0\0\0\0\0\0\0\0\0\0\x01\0"
            );
            assert_eq!(agreed.octets, 32);
        }
    }
}

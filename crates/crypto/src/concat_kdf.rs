//! The concatenation key derivation function with SHA-256 (NIST SP 800-56A, today SP 800-56C section 4, option 1).

use aws_lc_rs::kdf::{SskdfDigestAlgorithm, SskdfDigestAlgorithmId, get_sskdf_digest_algorithm};

/// The library derived nothing: the secret or the key to be derived is empty, or one of the inputs is beyond 2^30
/// octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no key could be derived")]
pub struct DerivationFailed;

/// Fills `key` with what follows from `secret` for the purpose and parties that `other_info` tells.
pub fn derive(secret: &[u8], other_info: &[u8], key: &mut [u8]) -> Result<(), DerivationFailed> {
    const SHA256: Option<&SskdfDigestAlgorithm> =
        get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256);
    let algorithm = SHA256.ok_or(DerivationFailed)?;
    aws_lc_rs::kdf::sskdf_digest(algorithm, secret, other_info, key).map_err(|_| DerivationFailed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash;

    /// RFC 7518 appendix C: the shared secret Z, and what Alice and Bob make of it.
    #[test]
    fn the_key_of_rfc_7518_appendix_c() {
        let secret = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49,
            110, 163, 218, 128, 106, 72, 246, 218, 167, 121, 140, 254, 144, 196,
        ];
        let other_info = b"\0\0\0\x07A128GCM\0\0\0\x05Alice\0\0\0\x03Bob\0\0\0\x80";
        let mut key = [0; 16];
        derive(&secret, other_info, &mut key).unwrap();
        assert_eq!(
            key,
            [
                86, 170, 141, 234, 248, 35, 109, 32, 92, 34, 40, 205, 113, 167, 16, 26
            ]
        );
    }

    #[test]
    fn a_long_key_takes_several_rounds_and_their_counters() {
        let mut key = [0; 64];
        derive(b"secret", b"info", &mut key).unwrap();
        let round = |counter: u8| hash::sha256(&[&[0, 0, 0, counter], &b"secretinfo"[..]].concat());
        assert_eq!(key[..32], round(1));
        assert_eq!(key[32..], round(2));
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(derive(b"", b"info", &mut [0; 16]), Err(DerivationFailed));
        assert_eq!(derive(b"secret", b"", &mut []), Err(DerivationFailed));
    }
}

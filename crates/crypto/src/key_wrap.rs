//! AES key wrap (RFC 3394, NIST SP 800-38F) with keys of 128 and 256 bits. aws-lc-rs offers no third size.

use aws_lc_rs::key_wrap::{AES_128, AES_256, AesBlockCipher, AesKek, KeyWrap as _};
use zeroize::Zeroizing;

/// How much longer a wrapped key is.
pub const OVERHEAD: usize = 8;

/// The size of the key that wraps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyWrap {
    /// AES-128.
    Aes128,
    /// AES-256.
    Aes256,
}

/// Nothing was wrapped: the wrapping key has another size, or the key to be wrapped is no multiple of 8 octets, 16 or
/// more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not be wrapped")]
pub struct WrapFailed;

/// Nothing was unwrapped. There is one reason on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the wrapped key does not open")]
pub struct UnwrapFailed;

impl KeyWrap {
    /// How many octets the wrapping key has.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes256 => 32,
        }
    }

    /// Wraps `key` under `wrapping_key`. The outcome is 8 octets longer and always the same.
    pub fn wrap(self, wrapping_key: &[u8], key: &[u8]) -> Result<Vec<u8>, WrapFailed> {
        let kek = AesKek::new(self.cipher(), wrapping_key).map_err(|_| WrapFailed)?;
        let mut wrapped = vec![0; key.len() + OVERHEAD];
        kek.wrap(key, &mut wrapped).map_err(|_| WrapFailed)?;
        Ok(wrapped)
    }

    /// Opens what [`wrap`](Self::wrap) made under the same key, and nothing else.
    pub fn unwrap(
        self,
        wrapping_key: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, UnwrapFailed> {
        let kek = AesKek::new(self.cipher(), wrapping_key).map_err(|_| UnwrapFailed)?;
        let length = wrapped.len().checked_sub(OVERHEAD).ok_or(UnwrapFailed)?;
        let mut key = Zeroizing::new(vec![0; length]);
        kek.unwrap(wrapped, &mut key).map_err(|_| UnwrapFailed)?;
        Ok(key)
    }

    fn cipher(self) -> &'static AesBlockCipher {
        match self {
            Self::Aes128 => &AES_128,
            Self::Aes256 => &AES_256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key data of RFC 3394 section 4.
    const KEY: [u8; 16] = [
        0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee,
        0xff,
    ];

    fn counting(length: u8) -> Vec<u8> {
        (0..length).collect()
    }

    #[test]
    fn rfc_3394_section_4_1_and_4_3() {
        assert_eq!(
            KeyWrap::Aes128.wrap(&counting(16), &KEY).unwrap(),
            [
                0x1f, 0xa6, 0x8b, 0x0a, 0x81, 0x12, 0xb4, 0x47, 0xae, 0xf3, 0x4b, 0xd8, 0xfb, 0x5a,
                0x7b, 0x82, 0x9d, 0x3e, 0x86, 0x23, 0x71, 0xd2, 0xcf, 0xe5
            ]
        );
        assert_eq!(
            KeyWrap::Aes256.wrap(&counting(32), &KEY).unwrap(),
            [
                0x64, 0xe8, 0xc3, 0xf9, 0xce, 0x0f, 0x5b, 0xa2, 0x63, 0xe9, 0x77, 0x79, 0x05, 0x81,
                0x8a, 0x2a, 0x93, 0xc8, 0x19, 0x1e, 0x7d, 0x6e, 0x8a, 0xe7
            ]
        );
    }

    #[test]
    fn what_was_wrapped_opens_and_every_change_is_noticed() {
        for wrap in [KeyWrap::Aes128, KeyWrap::Aes256] {
            let wrapping_key = vec![7; wrap.key_len()];
            let wrapped = wrap.wrap(&wrapping_key, &KEY).unwrap();
            assert_eq!(
                wrap.unwrap(&wrapping_key, &wrapped).unwrap().as_slice(),
                KEY
            );
            for bit in 0..wrapped.len() * 8 {
                let mut forged = wrapped.clone();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(wrap.unwrap(&wrapping_key, &forged), Err(UnwrapFailed));
            }
            for length in 0..wrapped.len() {
                assert_eq!(
                    wrap.unwrap(&wrapping_key, &wrapped[..length]),
                    Err(UnwrapFailed)
                );
            }
        }
    }

    #[test]
    fn keys_of_other_sizes_are_refused() {
        assert_eq!(KeyWrap::Aes128.wrap(&[7; 32], &KEY), Err(WrapFailed));
        assert_eq!(KeyWrap::Aes256.wrap(&[7; 16], &KEY), Err(WrapFailed));
        assert_eq!(KeyWrap::Aes128.wrap(&[7; 16], &KEY[..15]), Err(WrapFailed));
        assert_eq!(
            KeyWrap::Aes128.unwrap(&[7; 32], &[0; 24]),
            Err(UnwrapFailed)
        );
    }
}

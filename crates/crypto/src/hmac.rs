//! HMAC (RFC 2104, FIPS 198-1): an [`HmacKey`] for checks that only this server makes and reads, a [`SharedHmacKey`]
//! for a secret that another party knows too.

mod shared;

use std::fmt;

use aws_lc_rs::hmac;

use crate::constant_time;

pub use shared::{HmacHash, SecretTooShort, SharedHmacKey};

/// A key for HMAC-SHA256. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

/// The tag does not belong to the data under this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the authentication tag does not match")]
pub struct TagInvalid;

impl HmacKey {
    /// A key of 32 octets, the length of the hash (RFC 2104 section 3).
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The full tag of `data`.
    pub fn compute(&self, data: &[u8]) -> [u8; 32] {
        let mut tag = [0; 32];
        tag.copy_from_slice(hmac::sign(&self.0, data).as_ref());
        tag
    }

    /// The leftmost `N` octets of the tag (RFC 2104 section 5), 8 to 32 of them.
    pub fn compute_truncated<const N: usize>(&self, data: &[u8]) -> [u8; N] {
        const { assert!(N >= 8 && N <= 32, "a truncated tag has 8 to 32 octets") };
        let full = self.compute(data);
        let mut tag = [0; N];
        for (to, from) in tag.iter_mut().zip(full) {
            *to = from;
        }
        tag
    }

    /// Whether `tag` is the full tag of `data`, in time that does not depend on where they differ.
    pub fn verify(&self, data: &[u8], tag: &[u8]) -> Result<(), TagInvalid> {
        hmac::verify(&self.0, data, tag).map_err(|_| TagInvalid)
    }

    /// Whether `tag` is the truncated tag of `data`, in time that does not depend on where they differ.
    pub fn verify_truncated<const N: usize>(
        &self,
        data: &[u8],
        tag: &[u8; N],
    ) -> Result<(), TagInvalid> {
        let expected: [u8; N] = self.compute_truncated(data);
        if constant_time::eq(&expected, tag) {
            Ok(())
        } else {
            Err(TagInvalid)
        }
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [0x0b; 32];

    #[test]
    fn a_tag_verifies_and_every_flipped_bit_is_noticed() {
        let key = HmacKey::new(&KEY);
        let tag = key.compute(b"data");
        assert_eq!(key.verify(b"data", &tag), Ok(()));
        assert_eq!(key.verify(b"Data", &tag), Err(TagInvalid));
        for bit in 0..256 {
            let mut forged = tag;
            forged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.verify(b"data", &forged), Err(TagInvalid));
        }
    }

    #[test]
    fn a_truncated_tag_is_the_left_part_and_never_passes_for_a_full_one() {
        let key = HmacKey::new(&KEY);
        let tag: [u8; 16] = key.compute_truncated(b"data");
        assert_eq!(tag, key.compute(b"data")[..16]);
        assert_eq!(key.verify_truncated(b"data", &tag), Ok(()));
        assert_eq!(key.verify(b"data", &tag), Err(TagInvalid));
        let mut forged = tag;
        forged[15] ^= 1;
        assert_eq!(key.verify_truncated(b"data", &forged), Err(TagInvalid));
    }

    /// RFC 4231 has no case with a 32-octet key, so the answer comes from a key padded as RFC 2104 pads it:
    /// test case 1 there uses 20 octets of 0x0b, which equals 20 octets followed by 12 zero octets.
    #[test]
    fn rfc_4231_test_case_1() {
        let mut padded = [0; 32];
        padded[..20].fill(0x0b);
        let tag = HmacKey::new(&padded).compute(b"Hi There");
        assert_eq!(tag[..8], [0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53]);
    }

    #[test]
    fn debug_shows_nothing_of_the_key() {
        assert_eq!(format!("{:?}", HmacKey::new(&KEY)), "HmacKey(..)");
    }
}

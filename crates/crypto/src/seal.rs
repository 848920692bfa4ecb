//! Sealing of small secrets at rest: AES-256-GCM (NIST SP 800-38D) with a random nonce.
//!
//! A sealed value is `key id (8) || nonce (12) || ciphertext || tag (16)`. Random nonces of 96 bits bound one key to
//! 2^32 sealings (SP 800-38D section 8.3); signing keys are counted in hundreds.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{
    hash,
    random::{self, RandomError, SecureRandom},
};

const KEY_ID_LEN: usize = 8;
const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// Sets the digest of a sealing key apart from every other SHA-256 of the same octets.
const KEY_ID_LABEL: &[u8] = b"avouch sealing key id v1";

/// Names a sealing key without telling anything of it. `Display` is lower-case hex.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SealingKeyId([u8; KEY_ID_LEN]);

/// A key that seals and opens. `Debug` shows its id alone.
pub struct SealingKey {
    id: SealingKeyId,
    key: LessSafeKey,
}

/// Why a value could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No fresh nonce could be had.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The cipher refused, as it does for more than about 64 GiB.
    #[error("the value could not be encrypted")]
    Cipher,
}

/// Why a sealed value could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Too short to be anything that was sealed.
    #[error("the sealed value is too short")]
    TooShort,
    /// Sealed under a key other than this one.
    #[error("the value was sealed under key {sealed_under}, not under {this}")]
    OtherKey {
        /// The key the value names.
        sealed_under: SealingKeyId,
        /// The key it was tried with.
        this: SealingKeyId,
    },
    /// The value or what it is bound to was changed since.
    #[error("the sealed value was changed, or belongs to something else")]
    Forged,
}

impl SealingKey {
    /// A sealing key of 32 random octets. The caller wipes its own copy.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "AES-256-GCM takes every key of 32 octets, and the type says 32"
    )]
    pub fn new(key: &[u8; 32]) -> Self {
        let mut labelled = Zeroizing::new([0; KEY_ID_LABEL.len() + 32]);
        let (label, rest) = labelled.split_at_mut(KEY_ID_LABEL.len());
        label.copy_from_slice(KEY_ID_LABEL);
        rest.copy_from_slice(key);
        let mut id = [0; KEY_ID_LEN];
        id.iter_mut()
            .zip(hash::sha256(labelled.as_slice()))
            .for_each(|(to, from)| *to = from);

        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 octets");
        Self {
            id: SealingKeyId(id),
            key: LessSafeKey::new(key),
        }
    }

    /// The first 8 octets of SHA-256 over a label and the key.
    pub fn key_id(&self) -> SealingKeyId {
        self.id
    }

    /// Seals `plaintext`, bound to `aad`: it opens only beside the same `aad`, so that a sealed value cannot be moved
    /// from one record to another.
    pub fn seal(
        &self,
        aad: &[u8],
        plaintext: &[u8],
        rng: &dyn SecureRandom,
    ) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE_LEN] = random::octets(rng)?;
        let mut in_out = Zeroizing::new(plaintext.to_vec());
        let tag = self
            .key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(aad),
                in_out.as_mut_slice(),
            )
            .map_err(|_| SealError::Cipher)?;
        Ok([
            self.id.0.as_slice(),
            &nonce,
            in_out.as_slice(),
            tag.as_ref(),
        ]
        .concat())
    }

    /// Opens what [`seal`](Self::seal) made under this key and the same `aad`.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let sealed_under = sealed_under(sealed).ok_or(OpenError::TooShort)?;
        if sealed_under != self.id {
            return Err(OpenError::OtherKey {
                sealed_under,
                this: self.id,
            });
        }
        let rest = sealed.get(KEY_ID_LEN..).ok_or(OpenError::TooShort)?;
        let (nonce, ciphertext_and_tag) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(OpenError::TooShort)?;
        let mut in_out = Zeroizing::new(ciphertext_and_tag.to_vec());
        let length = self
            .key
            .open_in_place(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(aad),
                in_out.as_mut_slice(),
            )
            .map_err(|_| OpenError::Forged)?
            .len();
        in_out.truncate(length);
        Ok(in_out)
    }
}

/// The key a sealed value names; `None` if it is too short to be one. The name is not authenticated by this.
pub fn sealed_under(sealed: &[u8]) -> Option<SealingKeyId> {
    if sealed.len() < KEY_ID_LEN + NONCE_LEN + TAG_LEN {
        return None;
    }
    sealed.first_chunk().copied().map(SealingKeyId)
}

impl SealingKeyId {
    /// The octets of the id.
    pub fn as_bytes(&self) -> &[u8; KEY_ID_LEN] {
        &self.0
    }
}

impl fmt::Display for SealingKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for SealingKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKeyId({self})")
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealingKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn sealed() -> (SealingKey, Vec<u8>) {
        let key = SealingKey::new(&[7; 32]);
        let sealed = key.seal(b"key 1", b"a private key", &SystemRandom).unwrap();
        (key, sealed)
    }

    #[test]
    fn what_was_sealed_opens_beside_the_same_aad_alone() {
        let (key, sealed) = sealed();
        assert_eq!(
            key.open(b"key 1", &sealed).unwrap().as_slice(),
            b"a private key"
        );
        assert_eq!(key.open(b"key 2", &sealed).unwrap_err(), OpenError::Forged);
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time() {
        assert_ne!(sealed().1, sealed().1);
    }

    #[test]
    fn another_key_is_named_as_such() {
        let (key, sealed) = sealed();
        let other = SealingKey::new(&[8; 32]);
        assert_eq!(
            other.open(b"key 1", &sealed).unwrap_err(),
            OpenError::OtherKey {
                sealed_under: key.key_id(),
                this: other.key_id()
            }
        );
        assert_eq!(sealed_under(&sealed), Some(key.key_id()));
    }

    #[test]
    fn every_flipped_bit_and_every_missing_octet_is_noticed() {
        let (key, sealed) = sealed();
        for bit in 0..sealed.len() * 8 {
            let mut forged = sealed.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"key 1", &forged).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(
                key.open(b"key 1", &sealed[..length]).is_err(),
                "length {length}"
            );
        }
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let key = SealingKey::new(&[7; 32]);
        assert_eq!(
            format!("{key:?}"),
            format!("SealingKey {{ id: SealingKeyId({}), .. }}", key.key_id())
        );
    }
}

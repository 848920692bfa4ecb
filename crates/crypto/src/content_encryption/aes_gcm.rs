//! AES-GCM (NIST SP 800-38D) with vectors of 96 and tags of 128 bits.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey,
};

pub(super) const IV_LEN: usize = 12;
pub(super) const TAG_LEN: usize = 16;

#[derive(Clone, Copy)]
pub(super) enum AesGcm {
    Aes128,
    Aes192,
    Aes256,
}

impl AesGcm {
    pub(super) const fn key_len(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Turns the message into the ciphertext and gives the tag.
    pub(super) fn encrypt(
        self,
        key: &[u8],
        iv: &[u8],
        aad: &[u8],
        in_out: &mut [u8],
    ) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
        let tag = self
            .key(key)?
            .seal_in_place_separate_tag(nonce, Aad::from(aad), in_out);
        Some(tag.ok()?.as_ref().to_vec())
    }

    /// Turns the ciphertext into the message and gives its length.
    pub(super) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8],
    ) -> Option<usize> {
        // A shorter tag would be easier to forge, and the library does not insist.
        if tag.len() != TAG_LEN {
            return None;
        }
        let nonce = Nonce::try_assume_unique_for_key(iv).ok()?;
        let message = self
            .key(key)?
            .open_in_place_separate_tag(nonce, Aad::from(aad), tag, in_out);
        Some(message.ok()?.len())
    }

    fn key(self, key: &[u8]) -> Option<LessSafeKey> {
        let algorithm: &'static Algorithm = match self {
            Self::Aes128 => &AES_128_GCM,
            Self::Aes192 => &AES_192_GCM,
            Self::Aes256 => &AES_256_GCM,
        };
        Some(LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?))
    }
}

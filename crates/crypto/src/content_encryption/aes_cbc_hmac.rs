//! AES-CBC with PKCS #7 padding, then HMAC over everything (RFC 7518 section 5.2): encrypt, then authenticate.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptionContext, EncryptionContext,
        PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    hmac,
    iv::FixedLength,
};

use crate::constant_time;

pub(super) const IV_LEN: usize = 16;
const BLOCK_LEN: usize = 16;

#[derive(Clone, Copy)]
pub(super) enum AesCbcHmac {
    Aes128Sha256,
    Aes192Sha384,
    Aes256Sha512,
}

/// The length of a message with its padding: there is always some.
pub(super) const fn padded_len(message_len: usize) -> usize {
    (message_len / BLOCK_LEN)
        .saturating_add(1)
        .saturating_mul(BLOCK_LEN)
}

impl AesCbcHmac {
    /// As long as half of the key, and half of the hash.
    pub(super) const fn tag_len(self) -> usize {
        match self {
            Self::Aes128Sha256 => 16,
            Self::Aes192Sha384 => 24,
            Self::Aes256Sha512 => 32,
        }
    }

    /// First the key of the HMAC, then that of the cipher, equally long.
    pub(super) const fn key_len(self) -> usize {
        2 * self.tag_len()
    }

    /// Turns the message into the ciphertext and gives the tag.
    pub(super) fn encrypt(
        self,
        key: &[u8],
        iv: &[u8],
        aad: &[u8],
        in_out: &mut Vec<u8>,
    ) -> Option<Vec<u8>> {
        let (mac_key, cipher_key) = key.split_at_checked(self.tag_len())?;
        let context = EncryptionContext::Iv128(FixedLength::try_from(iv).ok()?);
        let cipher = UnboundCipherKey::new(self.cipher(), cipher_key).ok()?;
        PaddedBlockEncryptingKey::cbc_pkcs7(cipher)
            .ok()?
            .less_safe_encrypt(in_out, context)
            .ok()?;
        let mut tag = self.mac(mac_key, aad, iv, in_out)?.as_ref().to_vec();
        tag.truncate(self.tag_len());
        Some(tag)
    }

    /// Turns the ciphertext into the message and gives its length. The padding is looked at only once the tag has
    /// shown that it is the sender's (RFC 7518 section 5.2.2.2).
    pub(super) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        aad: &[u8],
        in_out: &mut [u8],
        tag: &[u8],
    ) -> Option<usize> {
        let (mac_key, cipher_key) = key.split_at_checked(self.tag_len())?;
        let expected = self.mac(mac_key, aad, iv, in_out)?;
        if !constant_time::eq(expected.as_ref().get(..self.tag_len())?, tag) {
            return None;
        }
        let context = DecryptionContext::Iv128(FixedLength::try_from(iv).ok()?);
        let cipher = UnboundCipherKey::new(self.cipher(), cipher_key).ok()?;
        let message = PaddedBlockDecryptingKey::cbc_pkcs7(cipher)
            .ok()?
            .decrypt(in_out, context)
            .ok()?;
        Some(message.len())
    }

    /// The full HMAC of the additional data, the vector, the ciphertext, and the number of bits of the first.
    fn mac(self, key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<hmac::Tag> {
        let algorithm = match self {
            Self::Aes128Sha256 => hmac::HMAC_SHA256,
            Self::Aes192Sha384 => hmac::HMAC_SHA384,
            Self::Aes256Sha512 => hmac::HMAC_SHA512,
        };
        let aad_bits = u64::try_from(aad.len()).ok()?.checked_mul(8)?;
        let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
        context.update(aad);
        context.update(iv);
        context.update(ciphertext);
        context.update(&aad_bits.to_be_bytes());
        Some(context.sign())
    }

    fn cipher(self) -> &'static Algorithm {
        match self {
            Self::Aes128Sha256 => &AES_128,
            Self::Aes192Sha384 => &AES_192,
            Self::Aes256Sha512 => &AES_256,
        }
    }
}

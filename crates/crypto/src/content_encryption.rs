//! Authenticated encryption of messages: a fresh key for each, and a fresh initialization vector drawn here, so that
//! none can be used twice by mistake.

mod aes_cbc_hmac;
mod aes_gcm;

use std::fmt;

use zeroize::Zeroizing;

use crate::random::{RandomError, SecureRandom};
use aes_cbc_hmac::AesCbcHmac;
use aes_gcm::AesGcm;

/// A cipher with everything fixed that could be chosen wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContentCipher {
    /// AES-128-CBC, then HMAC-SHA-256 cut to 128 bits.
    Aes128CbcHmacSha256,
    /// AES-192-CBC, then HMAC-SHA-384 cut to 192 bits.
    Aes192CbcHmacSha384,
    /// AES-256-CBC, then HMAC-SHA-512 cut to 256 bits.
    Aes256CbcHmacSha512,
    /// AES-128-GCM.
    Aes128Gcm,
    /// AES-192-GCM.
    Aes192Gcm,
    /// AES-256-GCM.
    Aes256Gcm,
}

/// The key of one message. `Debug` shows the cipher alone.
pub struct ContentKey {
    cipher: ContentCipher,
    octets: Zeroizing<Vec<u8>>,
}

/// An encrypted message in its three parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedContent {
    /// The initialization vector.
    pub iv: Vec<u8>,
    /// What was the message.
    pub ciphertext: Vec<u8>,
    /// The proof that nothing was changed, the additional data included.
    pub tag: Vec<u8>,
}

/// The octets are not as many as the cipher's keys have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a content encryption key of the wrong length")]
pub struct WrongKeyLength;

/// Why nothing was encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// No fresh initialization vector could be had.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The cipher refused, as it does for more than about 64 GiB.
    #[error("the message could not be encrypted")]
    Cipher,
}

/// The message does not decrypt. There is one reason on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message does not decrypt")]
pub struct DecryptionFailed;

enum Composition {
    CbcHmac(AesCbcHmac),
    Gcm(AesGcm),
}

impl ContentCipher {
    /// How many octets a key has.
    pub const fn key_len(self) -> usize {
        match self.composition() {
            Composition::CbcHmac(cipher) => cipher.key_len(),
            Composition::Gcm(cipher) => cipher.key_len(),
        }
    }

    /// How many octets the initialization vector has.
    pub const fn iv_len(self) -> usize {
        match self.composition() {
            Composition::CbcHmac(_) => aes_cbc_hmac::IV_LEN,
            Composition::Gcm(_) => aes_gcm::IV_LEN,
        }
    }

    /// How many octets the tag has.
    pub const fn tag_len(self) -> usize {
        match self.composition() {
            Composition::CbcHmac(cipher) => cipher.tag_len(),
            Composition::Gcm(_) => aes_gcm::TAG_LEN,
        }
    }

    /// How many octets a message of this many has when encrypted, without vector and tag.
    pub const fn ciphertext_len(self, message_len: usize) -> usize {
        match self.composition() {
            Composition::CbcHmac(_) => aes_cbc_hmac::padded_len(message_len),
            Composition::Gcm(_) => message_len,
        }
    }

    const fn composition(self) -> Composition {
        match self {
            Self::Aes128CbcHmacSha256 => Composition::CbcHmac(AesCbcHmac::Aes128Sha256),
            Self::Aes192CbcHmacSha384 => Composition::CbcHmac(AesCbcHmac::Aes192Sha384),
            Self::Aes256CbcHmacSha512 => Composition::CbcHmac(AesCbcHmac::Aes256Sha512),
            Self::Aes128Gcm => Composition::Gcm(AesGcm::Aes128),
            Self::Aes192Gcm => Composition::Gcm(AesGcm::Aes192),
            Self::Aes256Gcm => Composition::Gcm(AesGcm::Aes256),
        }
    }
}

impl ContentKey {
    /// A fresh key.
    pub fn generate(cipher: ContentCipher, rng: &dyn SecureRandom) -> Result<Self, RandomError> {
        let mut octets = Zeroizing::new(vec![0; cipher.key_len()]);
        rng.fill(&mut octets)?;
        Ok(Self { cipher, octets })
    }

    /// A key that was sent or agreed on.
    pub fn from_octets(
        cipher: ContentCipher,
        octets: Zeroizing<Vec<u8>>,
    ) -> Result<Self, WrongKeyLength> {
        if octets.len() == cipher.key_len() {
            Ok(Self { cipher, octets })
        } else {
            Err(WrongKeyLength)
        }
    }

    /// The octets, to be encrypted for whom the message is.
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// Encrypts `message` and binds it to `aad`.
    pub fn encrypt(
        &self,
        aad: &[u8],
        message: &[u8],
        rng: &dyn SecureRandom,
    ) -> Result<EncryptedContent, EncryptionError> {
        let mut iv = vec![0; self.cipher.iv_len()];
        rng.fill(&mut iv)?;
        // Room for the padding, so that the message is not copied to grow; wiped should anything fail on the way.
        let mut in_out = Zeroizing::new(Vec::with_capacity(
            self.cipher.ciphertext_len(message.len()),
        ));
        in_out.extend_from_slice(message);
        let tag = match self.cipher.composition() {
            Composition::CbcHmac(cipher) => cipher.encrypt(&self.octets, &iv, aad, &mut in_out),
            Composition::Gcm(cipher) => cipher.encrypt(&self.octets, &iv, aad, &mut in_out),
        };
        let tag = tag.ok_or(EncryptionError::Cipher)?;
        let ciphertext = std::mem::take(&mut *in_out);
        Ok(EncryptedContent {
            iv,
            ciphertext,
            tag,
        })
    }

    /// Decrypts what was encrypted under this key beside the same `aad`.
    ///
    /// Nothing of the message is given out, nor its padding looked at, before the tag is known to be right; and the
    /// tag is compared in constant time.
    pub fn decrypt(
        &self,
        aad: &[u8],
        content: EncryptedContent,
    ) -> Result<Zeroizing<Vec<u8>>, DecryptionFailed> {
        let mut in_out = Zeroizing::new(content.ciphertext);
        let (iv, tag) = (content.iv.as_slice(), content.tag.as_slice());
        let length = match self.cipher.composition() {
            Composition::CbcHmac(cipher) => cipher.decrypt(&self.octets, iv, aad, &mut in_out, tag),
            Composition::Gcm(cipher) => cipher.decrypt(&self.octets, iv, aad, &mut in_out, tag),
        };
        in_out.truncate(length.ok_or(DecryptionFailed)?);
        Ok(in_out)
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKey")
            .field("cipher", &self.cipher)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

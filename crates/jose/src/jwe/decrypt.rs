//! Decrypting.

use std::fmt;

use avouch_crypto::{
    content_encryption::{ContentCipher, ContentKey},
    random::SystemRandom,
};
use zeroize::Zeroizing;

use super::{
    ContentEncryption, DecryptionKey, JweHeader, KeyManagementAlgorithm, UndecryptedJwe,
    decryption_key::PrivateHalf, key_management::KeyManagement, other_info::AgreedKey,
};

/// A JWE that was decrypted. [`UndecryptedJwe::decrypt`] alone makes one.
///
/// Its header and content are as some sender put them together. Anyone who has the public key may have been that
/// sender.
pub struct DecryptedJwe {
    header: JweHeader,
    content: Zeroizing<Vec<u8>>,
}

/// Why a JWE was not decrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// The header names another algorithm than the key's.
    #[error("the token is encrypted with {header}, the key decrypts {key}")]
    AlgorithmMismatch {
        /// What the header names.
        header: KeyManagementAlgorithm,
        /// What the key decrypts.
        key: KeyManagementAlgorithm,
    },
    /// The header names a content encryption that the reader does not allow.
    #[error("the content is encrypted with {0}, which is not allowed here")]
    EncryptionNotAllowed(ContentEncryption),
    /// The `epk` is on another curve than the key.
    #[error("the `epk` is on another curve than the key")]
    OtherCurve,
    /// Decryption failed. Whether for the key, the padding or the tag cannot be told, neither from this nor from the
    /// time it took (RFC 7516 section 11.5).
    #[error("the token does not decrypt")]
    Failed,
}

impl UndecryptedJwe<'_> {
    /// Decrypts with a key and content encryptions of the reader's choice.
    ///
    /// Where the content encryption key does not open, a random one takes its place, so that every failure is found
    /// at the tag of the content. It is drawn for every message, from the generator of the library: nobody ever sees
    /// anything that depends on it.
    pub fn decrypt(
        self,
        key: &DecryptionKey,
        allowed: &[ContentEncryption],
    ) -> Result<DecryptedJwe, DecryptError> {
        let (header, key_algorithm) = (self.header.algorithm(), key.algorithm());
        if header != key_algorithm {
            return Err(DecryptError::AlgorithmMismatch {
                header,
                key: key_algorithm,
            });
        }
        let encryption = self.header.encryption();
        if !allowed.contains(&encryption) {
            return Err(DecryptError::EncryptionNotAllowed(encryption));
        }
        if let (PrivateHalf::Agreement(key), Some(half)) = (&key.key, &self.senders_half)
            && key.curve() != half.epk.curve()
        {
            return Err(DecryptError::OtherCurve);
        }
        let cipher = encryption.cipher();
        let substitute =
            ContentKey::generate(cipher, &SystemRandom).map_err(|_| DecryptError::Failed)?;
        let content_key = self.content_key(key, cipher).unwrap_or(substitute);
        let content = content_key
            .decrypt(self.aad.as_bytes(), self.content)
            .map_err(|_| DecryptError::Failed)?;
        Ok(DecryptedJwe {
            header: self.header,
            content,
        })
    }

    fn content_key(&self, key: &DecryptionKey, cipher: ContentCipher) -> Option<ContentKey> {
        let octets = match &key.key {
            PrivateHalf::Rsa(key) => key.decrypt(&self.encrypted_key).ok()?,
            PrivateHalf::Agreement(private) => {
                let half = self.senders_half.as_ref()?;
                let AgreedKey { octets, other_info } = AgreedKey::new(
                    key.algorithm(),
                    self.header.encryption(),
                    &half.apu,
                    &half.apv,
                )?;
                let agreed = private.agree(&half.epk, &other_info, octets).ok()?;
                match key.algorithm().management() {
                    KeyManagement::AgreementAndWrap(wrap) => {
                        wrap.unwrap(&agreed, &self.encrypted_key).ok()?
                    }
                    KeyManagement::Agreement | KeyManagement::Oaep(_) => agreed,
                }
            }
        };
        ContentKey::from_octets(cipher, octets).ok()
    }
}

impl DecryptedJwe {
    /// The header.
    pub fn header(&self) -> &JweHeader {
        &self.header
    }

    /// The content.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    /// The content, kept on without the header.
    pub fn into_content(self) -> Zeroizing<Vec<u8>> {
        self.content
    }

    pub(crate) fn into_parts(self) -> (JweHeader, Zeroizing<Vec<u8>>) {
        (self.header, self.content)
    }
}

impl fmt::Debug for DecryptedJwe {
    /// The content stays out: it was encrypted for a reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptedJwe")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

//! Making a JWE.

use std::fmt;

use avouch_crypto::{
    content_encryption::{self, EncryptedContent},
    hash,
    random::{RandomError, SecureRandom},
};

use super::{
    ContentEncryption, EncryptionKey, KeyManagementAlgorithm, ProtectedHeader,
    encryption_key::RecipientKey, establish::Established, other_info::AgreedKey,
    prepared_header::PreparedHeader,
};
use crate::base64url;

/// Encrypts to one recipient, one way. Holds everything that is the same for every message: the parsed key, the
/// encoded header, what goes into an agreed key. Make it once and keep it.
pub struct Encrypter {
    key: EncryptionKey,
    encryption: ContentEncryption,
    header: PreparedHeader,
    agreed_key: Option<AgreedKey>,
    identity: [u8; 32],
}

/// Why nothing was encrypted. No content leads here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// The random source failed.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// The content encryption key could not be encrypted to the recipient, or agreed on with it.
    #[error("no key could be given to the recipient")]
    Key,
    /// The content could not be encrypted.
    #[error("the content could not be encrypted")]
    Content,
}

impl Encrypter {
    /// Prepares what can be prepared.
    pub fn new(key: EncryptionKey, header: &ProtectedHeader) -> Self {
        let curve = match &key.key {
            RecipientKey::Rsa(_) => None,
            RecipientKey::Agreement(key) => Some(key.curve()),
        };
        let json = header.to_json(key.algorithm(), key.kid());
        // The thumbprint has one length, so that no two pairs run into the same octets.
        let identity = hash::sha256(&[&key.thumbprint()[..], json.as_bytes()].concat());
        Self {
            identity,
            encryption: header.encryption(),
            header: PreparedHeader::new(&json, curve),
            agreed_key: AgreedKey::new(key.algorithm(), header.encryption(), b"", b""),
            key,
        }
    }

    /// How the recipient comes by the content encryption key.
    pub fn algorithm(&self) -> KeyManagementAlgorithm {
        self.key.algorithm()
    }

    /// How the content is encrypted.
    pub fn encryption(&self) -> ContentEncryption {
        self.encryption
    }

    /// The `kid` of the recipient's key, as it stands in the header.
    pub fn kid(&self) -> Option<&str> {
        self.key.kid()
    }

    /// Tells it from every other that encrypts to another key, in another way, or under another
    /// header: a SHA-256 over all of that.
    pub fn identity(&self) -> &[u8; 32] {
        &self.identity
    }

    /// Encrypts `content` under a key, an initialization vector and, for an agreement, an `epk` of its own.
    pub fn encrypt(&self, content: &[u8], rng: &dyn SecureRandom) -> Result<String, EncryptError> {
        let Established {
            content_key,
            encrypted_key,
            epk,
        } = self
            .key
            .establish(self.encryption, self.agreed_key.as_ref(), rng)?;
        let mut token = String::with_capacity(self.room(content.len()));
        self.header.append_to(epk.as_ref(), &mut token);
        // The additional data is the encoded header, which is all there is of the token at this point.
        let EncryptedContent {
            iv,
            ciphertext,
            tag,
        } = content_key.encrypt(token.as_bytes(), content, rng)?;
        for part in [&encrypted_key, &iv, &ciphertext, &tag] {
            token.push('.');
            base64url::encode_to(part, &mut token);
        }
        Ok(token)
    }

    /// How long the token becomes, or a little more.
    fn room(&self, content_len: usize) -> usize {
        let cipher = self.encryption.cipher();
        let parts = [
            self.key.encrypted_key_len(self.encryption),
            cipher.iv_len(),
            cipher.ciphertext_len(content_len),
            cipher.tag_len(),
        ];
        let encoded = parts.map(|octets| 1 + base64url::encoded_len(octets));
        self.header.room() + encoded.iter().sum::<usize>()
    }
}

impl From<content_encryption::EncryptionError> for EncryptError {
    fn from(error: content_encryption::EncryptionError) -> Self {
        match error {
            content_encryption::EncryptionError::Random(error) => Self::Random(error),
            content_encryption::EncryptionError::Cipher => Self::Content,
        }
    }
}

impl fmt::Debug for Encrypter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encrypter")
            .field("key", &self.key)
            .field("enc", &self.encryption.name())
            .finish_non_exhaustive()
    }
}

//! Steps 1 to 8 of RFC 7516 section 5.1: a fresh content encryption key, and what the reader needs to come by it.

use avouch_crypto::{PublicKeyParts, content_encryption::ContentKey, random::SecureRandom};

use super::{
    ContentEncryption, EncryptError, EncryptionKey, encryption_key::RecipientKey,
    key_management::KeyManagement, other_info::AgreedKey,
};

pub(super) struct Established {
    pub(super) content_key: ContentKey,
    /// Empty where the content key itself was agreed on.
    pub(super) encrypted_key: Vec<u8>,
    pub(super) epk: Option<PublicKeyParts>,
}

impl EncryptionKey {
    pub(super) fn establish(
        &self,
        encryption: ContentEncryption,
        agreed_key: Option<&AgreedKey>,
        rng: &dyn SecureRandom,
    ) -> Result<Established, EncryptError> {
        let cipher = encryption.cipher();
        match (&self.key, agreed_key) {
            (RecipientKey::Rsa(key), _) => {
                let content_key = ContentKey::generate(cipher, rng)?;
                let encrypted_key = key
                    .encrypt(content_key.as_bytes())
                    .map_err(|_| EncryptError::Key)?;
                Ok(Established {
                    content_key,
                    encrypted_key,
                    epk: None,
                })
            }
            (RecipientKey::Agreement(key), Some(AgreedKey { octets, other_info })) => {
                let (epk, agreed) = key
                    .agree_ephemeral(other_info, *octets, rng)
                    .map_err(|_| EncryptError::Key)?;
                let (content_key, encrypted_key) = match self.algorithm().management() {
                    KeyManagement::AgreementAndWrap(wrap) => {
                        let content_key = ContentKey::generate(cipher, rng)?;
                        let wrapped = wrap
                            .wrap(&agreed, content_key.as_bytes())
                            .map_err(|_| EncryptError::Key)?;
                        (content_key, wrapped)
                    }
                    KeyManagement::Agreement | KeyManagement::Oaep(_) => {
                        let content_key = ContentKey::from_octets(cipher, agreed)
                            .map_err(|_| EncryptError::Key)?;
                        (content_key, Vec::new())
                    }
                };
                Ok(Established {
                    content_key,
                    encrypted_key,
                    epk: Some(epk),
                })
            }
            (RecipientKey::Agreement(_), None) => Err(EncryptError::Key),
        }
    }

    /// How long the encrypted key is.
    pub(super) fn encrypted_key_len(&self, encryption: ContentEncryption) -> usize {
        match (&self.key, self.algorithm().management()) {
            (RecipientKey::Rsa(key), _) => key.ciphertext_len(),
            (RecipientKey::Agreement(_), KeyManagement::AgreementAndWrap(_)) => {
                encryption.cipher().key_len() + avouch_crypto::key_wrap::OVERHEAD
            }
            (RecipientKey::Agreement(_), _) => 0,
        }
    }
}

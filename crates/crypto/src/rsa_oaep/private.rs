//! The half that decrypts.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey},
};
use zeroize::Zeroizing;

use super::OaepHash;
use crate::{
    private_key::{
        KeyGenerationError, PrivateKey, PrivateKeyParts, PrivateKeyRejected, RsaKeySize,
    },
    public_key::PublicKeyParts,
    signature_scheme::SignatureScheme,
};

/// RSA keys that decrypt are read and checked by the code that reads those that sign. Which scheme that code is told
/// changes nothing about the key.
const ANY_RSA_SCHEME: SignatureScheme = SignatureScheme::RsaPssSha256;

/// An RSA private key that decrypts. `Debug` shows the hash alone.
pub struct OaepPrivateKey {
    hash: OaepHash,
    key: OaepPrivateDecryptingKey,
    exportable: PrivateDecryptingKey,
    public_parts: PublicKeyParts,
}

/// Nothing was decrypted.
///
/// There is one reason on purpose, and the library takes as long for one as for another: whoever learns how a padding
/// was wrong can decrypt without the key (Manger's attack).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ciphertext does not decrypt")]
pub struct DecryptionFailed;

impl OaepPrivateKey {
    /// A fresh key with the exponent 65537, from the library's own generator.
    pub fn generate(hash: OaepHash, size: RsaKeySize) -> Result<Self, KeyGenerationError> {
        let key = PrivateKey::generate_rsa(ANY_RSA_SCHEME, size)?;
        Self::new(hash, &key).map_err(|_| KeyGenerationError::Failed)
    }

    /// Parses an unencrypted PKCS#8 document (RFC 5958).
    pub fn from_pkcs8(hash: OaepHash, pkcs8: &[u8]) -> Result<Self, PrivateKeyRejected> {
        Self::new(hash, &PrivateKey::from_pkcs8(ANY_RSA_SCHEME, pkcs8)?)
    }

    /// Joins the two halves of a key; they must belong together.
    pub fn from_parts(
        hash: OaepHash,
        public: &PublicKeyParts,
        private: &PrivateKeyParts<'_>,
    ) -> Result<Self, PrivateKeyRejected> {
        Self::new(
            hash,
            &PrivateKey::from_parts(ANY_RSA_SCHEME, public, private)?,
        )
    }

    fn new(hash: OaepHash, key: &PrivateKey) -> Result<Self, PrivateKeyRejected> {
        let decrypting = PrivateDecryptingKey::from_pkcs8(&key.to_pkcs8()?)
            .map_err(|_| PrivateKeyRejected::Malformed)?;
        Ok(Self {
            hash,
            key: OaepPrivateDecryptingKey::new(decrypting.clone())
                .map_err(|_| PrivateKeyRejected::Malformed)?,
            exportable: decrypting,
            public_parts: key.public_parts().clone(),
        })
    }

    /// The public half.
    pub fn public_parts(&self) -> &PublicKeyParts {
        &self.public_parts
    }

    /// The key as an unencrypted PKCS#8 document, for sealing.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, PrivateKeyRejected> {
        let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&self.exportable)
            .map_err(|_| PrivateKeyRejected::NotEncodable)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// Decrypts what was encrypted to the public half with the same hash.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptionFailed> {
        let mut message = Zeroizing::new(vec![0; self.key.min_output_size()]);
        let length = self
            .key
            .decrypt(self.hash.algorithm(), ciphertext, &mut message, None)
            .map_err(|_| DecryptionFailed)?
            .len();
        message.truncate(length);
        Ok(message)
    }
}

impl fmt::Debug for OaepPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OaepPrivateKey")
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

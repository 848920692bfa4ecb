//! `enc` (RFC 7518 section 5.1).

use avouch_crypto::content_encryption::ContentCipher;

use crate::registered_name::registered_names;

/// How the content of a JWE is encrypted and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContentEncryption {
    /// `A128CBC-HS256`: AES-128-CBC with HMAC-SHA-256.
    A128CbcHs256,
    /// `A192CBC-HS384`: AES-192-CBC with HMAC-SHA-384.
    A192CbcHs384,
    /// `A256CBC-HS512`: AES-256-CBC with HMAC-SHA-512.
    A256CbcHs512,
    /// `A128GCM`: AES-128-GCM.
    A128Gcm,
    /// `A192GCM`: AES-192-GCM.
    A192Gcm,
    /// `A256GCM`: AES-256-GCM.
    A256Gcm,
}

/// The name is not one of a [`ContentEncryption`]. The name itself is not kept: it may come from a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a supported content encryption algorithm")]
pub struct UnknownContentEncryption;

impl ContentEncryption {
    /// Every algorithm, in the order of their declaration.
    pub const ALL: [Self; 6] = [
        Self::A128CbcHs256,
        Self::A192CbcHs384,
        Self::A256CbcHs512,
        Self::A128Gcm,
        Self::A192Gcm,
        Self::A256Gcm,
    ];

    /// The name in the registry, as it stands in `enc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A192CbcHs384 => "A192CBC-HS384",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A192Gcm => "A192GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    pub(super) const fn cipher(self) -> ContentCipher {
        match self {
            Self::A128CbcHs256 => ContentCipher::Aes128CbcHmacSha256,
            Self::A192CbcHs384 => ContentCipher::Aes192CbcHmacSha384,
            Self::A256CbcHs512 => ContentCipher::Aes256CbcHmacSha512,
            Self::A128Gcm => ContentCipher::Aes128Gcm,
            Self::A192Gcm => ContentCipher::Aes192Gcm,
            Self::A256Gcm => ContentCipher::Aes256Gcm,
        }
    }
}

registered_names!(ContentEncryption, UnknownContentEncryption);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_has_case() {
        for encryption in ContentEncryption::ALL {
            assert_eq!(encryption.name().parse(), Ok(encryption));
            let json = serde_json::to_string(&encryption).unwrap();
            assert_eq!(json, format!("\"{encryption}\""));
            assert_eq!(
                serde_json::from_str::<ContentEncryption>(&json).unwrap(),
                encryption
            );
            assert_eq!(
                encryption
                    .name()
                    .to_lowercase()
                    .parse::<ContentEncryption>(),
                Err(UnknownContentEncryption)
            );
        }
        for name in ["", "A128CBC", "A256CBC-HS256", "C20P", "A128GCM "] {
            assert!(name.parse::<ContentEncryption>().is_err(), "{name:?}");
        }
    }
}

//! RSAES-OAEP (RFC 8017 section 7.1) with an empty label, and with one hash for the message and for the mask.
//!
//! The seed of each encryption comes from the library's own generator: aws-lc-rs takes no other.

mod private;
mod public;

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm,
};

pub use private::{DecryptionFailed, OaepPrivateKey};
pub use public::{EncryptionFailed, OaepPublicKey};

/// The hash of both the label and the mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OaepHash {
    /// SHA-1, for readers that know nothing else. OAEP does not need its collision resistance.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl OaepHash {
    fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Self::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Self::Sha512 => &OAEP_SHA512_MGF1SHA512,
        }
    }
}

#[cfg(test)]
mod tests;

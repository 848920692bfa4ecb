//! What a signature is made with: the algorithm, its hash and its encoding, in one word.

/// A signature algorithm with everything fixed that could be chosen wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2).
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets (RFC 8017 section 8.1).
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 octets.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512, MGF1 with SHA-512 and a salt of 64 octets.
    RsaPssSha512,
    /// ECDSA on P-256 with SHA-256; the signature is r || s, 64 octets.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384; the signature is r || s, 96 octets.
    EcdsaP384Sha384,
    /// ECDSA on P-521 with SHA-512; the signature is r || s, 132 octets.
    EcdsaP521Sha512,
    /// Ed25519 (RFC 8032 section 5.1); the signature is 64 octets.
    Ed25519,
    /// ML-DSA-44 (FIPS 204) with the empty context; the signature is 2420 octets.
    MlDsa44,
    /// ML-DSA-65 with the empty context; the signature is 3309 octets.
    MlDsa65,
    /// ML-DSA-87 with the empty context; the signature is 4627 octets.
    MlDsa87,
}

/// The kind of key a scheme needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// An RSA key of 2048 to 8192 bits.
    Rsa,
    /// A point on a NIST prime curve whose coordinates have this many octets.
    Ec {
        /// 32, 48 or 66.
        coordinate_len: usize,
    },
    /// A point on Edwards25519, encoded in 32 octets.
    Ed25519,
    /// An ML-DSA key that is encoded in this many octets.
    MlDsa {
        /// 1312, 1952 or 2592.
        public_len: usize,
    },
}

impl SignatureScheme {
    /// The kind of key this scheme needs.
    pub fn key_kind(self) -> KeyKind {
        match self {
            Self::RsaPkcs1Sha256
            | Self::RsaPkcs1Sha384
            | Self::RsaPkcs1Sha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => KeyKind::Rsa,
            Self::EcdsaP256Sha256 => KeyKind::Ec { coordinate_len: 32 },
            Self::EcdsaP384Sha384 => KeyKind::Ec { coordinate_len: 48 },
            Self::EcdsaP521Sha512 => KeyKind::Ec { coordinate_len: 66 },
            Self::Ed25519 => KeyKind::Ed25519,
            Self::MlDsa44 => KeyKind::MlDsa { public_len: 1312 },
            Self::MlDsa65 => KeyKind::MlDsa { public_len: 1952 },
            Self::MlDsa87 => KeyKind::MlDsa { public_len: 2592 },
        }
    }
}

//! Diffie-Hellman on the NIST prime curves (NIST SP 800-56A section 5.7.1.2) and on Curve25519 (RFC 7748 section 6.1),
//! always followed by the [concatenation KDF](crate::concat_kdf): the raw secret never leaves this module.

mod private;
mod public;

use aws_lc_rs::agreement::{Algorithm, ECDH_P256, ECDH_P384, ECDH_P521, X25519};

pub use private::{AgreementFailed, AgreementPrivateKey};
pub use public::{AgreementPublicKey, EphemeralAgreementError};

/// Where the two parties meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgreementCurve {
    /// P-256 (FIPS 186-4 section D.1.2.3).
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
    /// Curve25519.
    X25519,
}

impl AgreementCurve {
    /// Every curve, in the order of their declaration.
    pub const ALL: [Self; 4] = [Self::P256, Self::P384, Self::P521, Self::X25519];

    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::P256 => &ECDH_P256,
            Self::P384 => &ECDH_P384,
            Self::P521 => &ECDH_P521,
            Self::X25519 => &X25519,
        }
    }

    /// The octets of a coordinate, and of a private key.
    const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 | Self::X25519 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

#[cfg(test)]
mod tests;

//! The HMAC algorithms of JOSE.

use avouch_crypto::hmac::HmacHash;

use crate::registered_name::registered_names;

/// A JWS algorithm with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MacAlgorithm {
    /// `HS256`: HMAC with SHA-256.
    Hs256,
    /// `HS384`: HMAC with SHA-384.
    Hs384,
    /// `HS512`: HMAC with SHA-512.
    Hs512,
}

/// The name is not one of a [`MacAlgorithm`]. The name itself is not kept: it may come from a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a supported HMAC algorithm")]
pub struct UnknownMacAlgorithm;

impl MacAlgorithm {
    /// Every algorithm, in the order of their declaration.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The name in the registry, as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    pub(super) const fn hash(self) -> HmacHash {
        match self {
            Self::Hs256 => HmacHash::Sha256,
            Self::Hs384 => HmacHash::Sha384,
            Self::Hs512 => HmacHash::Sha512,
        }
    }
}

registered_names!(MacAlgorithm, UnknownMacAlgorithm);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SignatureAlgorithm;

    #[test]
    fn every_name_reads_back_and_names_no_signature() {
        for algorithm in MacAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            assert!(algorithm.name().parse::<SignatureAlgorithm>().is_err());
        }
        for signature in SignatureAlgorithm::ALL {
            assert!(signature.name().parse::<MacAlgorithm>().is_err());
        }
    }

    #[test]
    fn row_7515_a_5_01_none_is_no_mac_and_names_have_case() {
        for name in [
            "none", "None", "", "hs256", "Hs256", " HS256", "HS256 ", "HS1",
        ] {
            assert_eq!(name.parse::<MacAlgorithm>(), Err(UnknownMacAlgorithm));
        }
    }
}

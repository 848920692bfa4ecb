//! Names of signature algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1,
//! RFC 9864 section 2.2, RFC 9964 section 3).

use avouch_jose::SignatureAlgorithm;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A signature algorithm that a statement or access token can be signed with,
/// by its JOSE name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
#[expect(
    missing_docs,
    reason = "the names are those of the JOSE registry and say it all"
)]
pub enum AlgorithmName {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    ES512,
    Ed25519,
    EdDSA,
    #[serde(rename = "ML-DSA-44")]
    MlDsa44,
    #[serde(rename = "ML-DSA-65")]
    MlDsa65,
    #[serde(rename = "ML-DSA-87")]
    MlDsa87,
}

impl AlgorithmName {
    /// Every name, in the order of the documentation.
    pub const ALL: [Self; 14] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::Ed25519,
        Self::EdDSA,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// Those for which a server keeps keys if its file names none: all but
    /// ML-DSA. A published key of a type that is new to a reader should be
    /// passed over (RFC 7517 section 5), but many readers refuse the whole set
    /// for it, and with it the statements of every other key.
    pub const USUAL: [Self; 11] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::Ed25519,
        Self::EdDSA,
    ];

    /// The algorithm of this name.
    pub const fn algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::RS256 => SignatureAlgorithm::Rs256,
            Self::RS384 => SignatureAlgorithm::Rs384,
            Self::RS512 => SignatureAlgorithm::Rs512,
            Self::PS256 => SignatureAlgorithm::Ps256,
            Self::PS384 => SignatureAlgorithm::Ps384,
            Self::PS512 => SignatureAlgorithm::Ps512,
            Self::ES256 => SignatureAlgorithm::Es256,
            Self::ES384 => SignatureAlgorithm::Es384,
            Self::ES512 => SignatureAlgorithm::Es512,
            Self::Ed25519 => SignatureAlgorithm::Ed25519,
            Self::EdDSA => SignatureAlgorithm::EdDsa,
            Self::MlDsa44 => SignatureAlgorithm::MlDsa44,
            Self::MlDsa65 => SignatureAlgorithm::MlDsa65,
            Self::MlDsa87 => SignatureAlgorithm::MlDsa87,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_in_a_file_is_the_name_in_a_header() {
        for name in AlgorithmName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.algorithm().name());
        }
        assert_eq!(
            AlgorithmName::ALL.map(AlgorithmName::algorithm),
            SignatureAlgorithm::ALL
        );
    }
}

//! Picking a key to encrypt to.

use super::JwkSet;
use crate::{Jwk, KeyManagementAlgorithm};

impl JwkSet {
    /// The key of a recipient's set to encrypt to with `algorithm`.
    ///
    /// Any key that fits will do, for the recipient has offered them all: first one that is marked for encryption
    /// and for this algorithm, then one that is marked for one of the two, then one that says nothing; among equals
    /// the first in the owner's order.
    pub fn select_for_encryption(&self, algorithm: KeyManagementAlgorithm) -> Option<&Jwk> {
        let marks = |key: &Jwk| u8::from(key.key_use().is_some()) + u8::from(key.alg().is_some());
        let mut best: Option<&Jwk> = None;
        for key in self.keys.iter().filter(|key| key.encrypts(algorithm)) {
            if best.is_none_or(|best| marks(best) < marks(key)) {
                best = Some(key);
            }
        }
        best
    }
}

impl Jwk {
    /// Whether this key may be encrypted to with `algorithm`, by all that its owner says of it.
    pub fn encrypts(&self, algorithm: KeyManagementAlgorithm) -> bool {
        algorithm.fits(self.material())
            && self.may_encrypt()
            && self.alg().is_none_or(|alg| alg == algorithm.name())
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;

    use super::*;
    use crate::{DecryptionKey, SignatureAlgorithm, SigningKey};

    fn key(kid: &str, algorithm: KeyManagementAlgorithm) -> Jwk {
        let key = DecryptionKey::generate(algorithm, &SystemRandom).unwrap();
        key.with_kid(kid).public_jwk().clone()
    }

    #[test]
    fn the_key_with_the_most_marks_is_picked_and_a_foreign_one_never() {
        let mut bare = key("bare", KeyManagementAlgorithm::EcdhEs);
        (bare.key_use, bare.alg) = (None, None);
        let mut half = key("half", KeyManagementAlgorithm::EcdhEs);
        half.alg = None;
        let full = key("full", KeyManagementAlgorithm::EcdhEs);
        let wrapping = key("wrapping", KeyManagementAlgorithm::EcdhEsA128Kw);
        let signing = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
        let mut signing = signing.public_jwk().clone();
        signing.alg = None;

        let picked = |keys: &[&Jwk]| {
            let keys = keys.iter().map(|key| (*key).clone()).collect();
            let set = JwkSet { keys };
            let picked = set.select_for_encryption(KeyManagementAlgorithm::EcdhEs);
            picked.map(|key| key.kid().unwrap().to_owned())
        };
        assert_eq!(picked(&[]), None);
        assert_eq!(picked(&[&signing, &wrapping]), None);
        assert_eq!(picked(&[&signing, &bare]).unwrap(), "bare");
        assert_eq!(picked(&[&bare, &half, &wrapping]).unwrap(), "half");
        assert_eq!(picked(&[&bare, &half, &full]).unwrap(), "full");
        let twin = full.clone().with_kid("twin");
        assert_eq!(picked(&[&full, &twin]).unwrap(), "full");
    }
}

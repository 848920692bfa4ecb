//! Randomness, passed in by whoever needs to reproduce a run.

use std::fmt;

use aws_lc_rs::rand;

/// A source of octets that nobody can predict.
///
/// Implementations other than [`SystemRandom`] are for tests alone. aws-lc-rs takes no foreign source for RSA and EC
/// keys, passing ones of an agreement among them, nor for the nonces of ECDSA and ML-DSA, the salts of RSA-PSS and the
/// seeds of RSA-OAEP: these come from the library's own generator always.
pub trait SecureRandom: Send + Sync {
    /// Fills all of `octets`, or fails; a failure leaves nothing usable in it.
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError>;
}

/// The random source failed. Nothing that needs randomness may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the random source failed")]
pub struct RandomError;

/// `N` fresh octets.
pub fn octets<const N: usize>(rng: &dyn SecureRandom) -> Result<[u8; N], RandomError> {
    let mut octets = [0; N];
    rng.fill(&mut octets)?;
    Ok(octets)
}

/// The generator of the cryptographic library, seeded by the operating system.
#[derive(Clone, Copy, Default)]
pub struct SystemRandom;

impl SecureRandom for SystemRandom {
    fn fill(&self, octets: &mut [u8]) -> Result<(), RandomError> {
        rand::fill(octets).map_err(|_| RandomError)
    }
}

impl fmt::Debug for SystemRandom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SystemRandom")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl SecureRandom for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), RandomError> {
            Err(RandomError)
        }
    }

    #[test]
    fn two_draws_differ() {
        let (a, b): ([u8; 32], [u8; 32]) = (
            octets(&SystemRandom).unwrap(),
            octets(&SystemRandom).unwrap(),
        );
        assert_ne!(a, b);
    }

    #[test]
    fn a_failing_source_yields_nothing() {
        assert_eq!(octets::<32>(&Broken), Err(RandomError));
    }
}

//! Secrets at rest: sealed under a key that is not in the database.

use avouch_crypto::random::SecureRandom;
use avouch_crypto::seal::{SealError, SealingKey, sealed_under};
use thiserror::Error;
use zeroize::Zeroizing;

/// Seals under the current key and opens what it or a former one sealed.
#[derive(Debug)]
pub struct Sealer {
    current: SealingKey,
    previous: Vec<SealingKey>,
}

/// Why a sealed secret stays closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UnsealError {
    /// It was sealed under a key that was not given.
    #[error(
        "sealed under a key this server was not given; \
         name the former sealing key in `sealing.previous_key_files`"
    )]
    UnknownKey,
    /// It was changed, or moved here from another record.
    #[error("the sealed secret was changed or belongs to another record")]
    Damaged,
}

impl Sealer {
    /// Seals under `current`; opens what `previous` sealed too.
    pub const fn new(current: SealingKey, previous: Vec<SealingKey>) -> Self {
        Self { current, previous }
    }

    /// Seals a secret for the record named by `label`.
    pub fn seal(
        &self,
        label: &str,
        secret: &[u8],
        random: &dyn SecureRandom,
    ) -> Result<Vec<u8>, SealError> {
        self.current.seal(label.as_bytes(), secret, random)
    }

    /// Opens the secret of the record named by `label`.
    pub fn open(&self, label: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, UnsealError> {
        let wanted = sealed_under(sealed).ok_or(UnsealError::Damaged)?;
        let key = std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.key_id() == wanted)
            .ok_or(UnsealError::UnknownKey)?;
        key.open(label.as_bytes(), sealed)
            .map_err(|_| UnsealError::Damaged)
    }

    /// Whether this was sealed under a former key and should be sealed anew.
    pub fn is_outdated(&self, sealed: &[u8]) -> bool {
        sealed_under(sealed) != Some(self.current.key_id())
    }
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;

    use super::*;

    #[test]
    fn a_former_key_still_opens_and_is_told_as_outdated() {
        let before = Sealer::new(SealingKey::new(&[1; 32]), vec![]);
        let sealed = before.seal("record", b"secret", &SystemRandom).unwrap();
        assert!(!before.is_outdated(&sealed));

        let after = Sealer::new(SealingKey::new(&[2; 32]), vec![SealingKey::new(&[1; 32])]);
        assert!(after.is_outdated(&sealed));
        assert_eq!(after.open("record", &sealed).unwrap().as_slice(), b"secret");

        let without = Sealer::new(SealingKey::new(&[2; 32]), vec![]);
        assert_eq!(
            without.open("record", &sealed),
            Err(UnsealError::UnknownKey)
        );
    }

    #[test]
    fn a_blob_moved_to_another_record_stays_closed() {
        let sealer = Sealer::new(SealingKey::new(&[1; 32]), vec![]);
        let sealed = sealer.seal("one", b"secret", &SystemRandom).unwrap();
        assert_eq!(sealer.open("two", &sealed), Err(UnsealError::Damaged));
        assert_eq!(sealer.open("one", b""), Err(UnsealError::Damaged));
    }
}

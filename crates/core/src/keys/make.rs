//! Making signing keys, opening stored ones, and planning their succession.

use std::time::Duration;

use avouch_crypto::random::SecureRandom;
use avouch_crypto::seal::SealError;
use avouch_jose::{KeyError, SignatureAlgorithm, SigningKey};
use thiserror::Error;

use super::{Sealer, UnsealError};
use crate::records::{KeyLife, KeyPurpose, KeySchedule, SigningKeyRecord};
use crate::time::Timestamp;

/// A fresh key, in both forms.
#[derive(Debug)]
pub struct MadeKey {
    /// As it is stored.
    pub record: SigningKeyRecord,
    /// As it signs.
    pub key: SigningKey,
}

/// Why there is no fresh key.
#[derive(Debug, Error)]
pub enum MakeKeyError {
    /// Key generation failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Sealing failed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Makes a key. RSA takes up to a second of one core: not for an async worker.
pub fn make_signing_key(
    algorithm: SignatureAlgorithm,
    purpose: KeyPurpose,
    schedule: KeySchedule,
    sealer: &Sealer,
    random: &dyn SecureRandom,
) -> Result<MadeKey, MakeKeyError> {
    let key = SigningKey::generate(algorithm, random)?;
    let sealed_private = sealer.seal(&label(key.kid()), &key.to_pkcs8()?, random)?;
    let record = SigningKeyRecord {
        public: key.public_jwk().clone(),
        algorithm,
        purpose,
        sealed_private,
        schedule,
    };
    Ok(MadeKey { record, key })
}

/// Why a stored key cannot be used.
#[derive(Debug, Error)]
pub enum OpenKeyError {
    /// It cannot be unsealed.
    #[error("signing key {kid}: {reason}")]
    Sealed {
        /// Which.
        kid: String,
        /// Why.
        reason: UnsealError,
    },
    /// What was unsealed is no such key.
    #[error("signing key {kid}: {reason}")]
    Key {
        /// Which.
        kid: String,
        /// Why.
        reason: KeyError,
    },
}

/// Opens a stored key for signing.
pub fn open_signing_key(
    record: &SigningKeyRecord,
    sealer: &Sealer,
) -> Result<SigningKey, OpenKeyError> {
    let kid = record.kid();
    let private = sealer
        .open(&label(kid), &record.sealed_private)
        .map_err(|reason| OpenKeyError::Sealed {
            kid: kid.to_owned(),
            reason,
        })?;
    SigningKey::from_pkcs8(record.algorithm, &private).map_err(|reason| OpenKeyError::Key {
        kid: kid.to_owned(),
        reason,
    })
}

/// Seals a stored key anew, under the sealer's current key.
pub fn reseal_signing_key(
    record: &SigningKeyRecord,
    sealer: &Sealer,
    random: &dyn SecureRandom,
) -> Result<Vec<u8>, ResealError> {
    let label = label(record.kid());
    let private = sealer.open(&label, &record.sealed_private)?;
    Ok(sealer.seal(&label, &private, random)?)
}

/// Why something was not sealed anew.
#[derive(Debug, Error)]
pub enum ResealError {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] UnsealError),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

fn label(kid: &str) -> String {
    format!("signing key {kid}")
}

/// How long a key is published before it signs, and after it last signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Between publication and first use: longer than any verifier caches the set.
    pub before_use: Duration,
    /// Between last use and removal: as long as answers are checked online.
    pub after_use: Duration,
}

/// The schedule of a key that succeeds the ones now there, and the changed
/// schedules of those: there is always exactly one that signs.
///
/// A key that had not begun to sign when its successor was made retires unused.
/// One that signs no longer is kept no longer than the overlap asks from now on:
/// an overlap of zero withdraws all elders at once, as a stolen key demands.
pub fn plan_rotation(
    existing: &[SigningKeyRecord],
    algorithm: SignatureAlgorithm,
    purpose: KeyPurpose,
    overlap: Overlap,
    now: Timestamp,
) -> (KeySchedule, Vec<(String, KeySchedule)>) {
    let relevant = || {
        existing
            .iter()
            .filter(move |key| key.algorithm == algorithm && key.purpose == purpose)
    };
    let someone_signs = relevant().any(|key| key.schedule.life(now) == KeyLife::Active);
    let active_at = if someone_signs {
        now.after(overlap.before_use)
    } else {
        now
    };
    let rescheduled = relevant()
        .filter_map(|key| {
            let KeySchedule {
                retiring_at,
                retired_at,
                ..
            } = key.schedule;
            let (retiring_at, latest) = match key.schedule.life(now) {
                KeyLife::Active => (active_at, None),
                KeyLife::Next => (now, None),
                KeyLife::Retiring => (retiring_at.unwrap_or(now), retired_at),
                KeyLife::Retired => return None,
            };
            let end = retiring_at.max(now).after(overlap.after_use);
            let schedule = KeySchedule {
                retiring_at: Some(retiring_at),
                retired_at: Some(latest.map_or(end, |latest| latest.min(end))),
                ..key.schedule
            };
            (schedule != key.schedule).then(|| (key.kid().to_owned(), schedule))
        })
        .collect();
    (
        KeySchedule {
            created_at: now,
            active_at,
            retiring_at: None,
            retired_at: None,
        },
        rescheduled,
    )
}

#[cfg(test)]
mod tests {
    use avouch_crypto::random::SystemRandom;
    use avouch_crypto::seal::SealingKey;

    use super::*;
    use crate::keys::KeyRing;

    const OVERLAP: Overlap = Overlap {
        before_use: Duration::from_secs(10),
        after_use: Duration::from_secs(100),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn sealer() -> Sealer {
        Sealer::new(SealingKey::new(&[1; 32]), vec![])
    }

    fn made(schedule: KeySchedule) -> SigningKeyRecord {
        let algorithm = SignatureAlgorithm::Es256;
        make_signing_key(
            algorithm,
            KeyPurpose::Statements,
            schedule,
            &sealer(),
            &SystemRandom,
        )
        .unwrap()
        .record
    }

    fn rotate(keys: &mut Vec<SigningKeyRecord>, now: Timestamp) -> String {
        rotate_with(keys, OVERLAP, now)
    }

    fn rotate_with(keys: &mut Vec<SigningKeyRecord>, overlap: Overlap, now: Timestamp) -> String {
        let (schedule, changed) = plan_rotation(
            keys,
            SignatureAlgorithm::Es256,
            KeyPurpose::Statements,
            overlap,
            now,
        );
        for (kid, schedule) in changed {
            keys.iter_mut()
                .find(|key| key.kid() == kid)
                .unwrap()
                .schedule = schedule;
        }
        keys.push(made(schedule));
        keys.last().unwrap().kid().to_owned()
    }

    fn signs(keys: &[SigningKeyRecord], now: i64) -> Option<String> {
        KeyRing::new(keys)
            .active(KeyPurpose::Statements, SignatureAlgorithm::Es256, at(now))
            .map(|key| key.kid().to_owned())
    }

    fn published(keys: &[SigningKeyRecord], now: i64) -> Vec<String> {
        let set = KeyRing::new(keys).published(at(now)).unwrap();
        set.keys
            .iter()
            .map(|key| key.kid().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn row_7517_5_01_a_new_key_is_published_before_use_and_the_old_one_kept_after() {
        let mut keys = vec![made(KeySchedule::at_once(at(0)))];
        let old = keys[0].kid().to_owned();
        let new = rotate(&mut keys, at(50));

        assert_eq!(published(&keys, 50), [old.clone(), new.clone()]);
        assert_eq!(
            signs(&keys, 59),
            Some(old.clone()),
            "the new key is known but not used yet"
        );
        assert_eq!(signs(&keys, 60), Some(new.clone()));
        assert_eq!(
            published(&keys, 159),
            [old, new.clone()],
            "what the old key signed verifies"
        );
        assert_eq!(published(&keys, 160), [new]);
    }

    #[test]
    fn an_overlap_of_zero_withdraws_every_elder_at_once() {
        let mut keys = vec![made(KeySchedule::at_once(at(0)))];
        rotate(&mut keys, at(50));
        rotate(&mut keys, at(70));
        let none = Overlap {
            before_use: Duration::ZERO,
            after_use: Duration::ZERO,
        };
        let last = rotate_with(&mut keys, none, at(75));
        assert_eq!(signs(&keys, 75), Some(last.clone()));
        assert_eq!(published(&keys, 75), [last]);
    }

    #[test]
    fn a_key_that_never_signed_gives_way_to_its_successor() {
        let mut keys = vec![made(KeySchedule::at_once(at(0)))];
        let old = keys[0].kid().to_owned();
        let hasty = rotate(&mut keys, at(50));
        let last = rotate(&mut keys, at(55));
        for now in 55..200 {
            let signing = signs(&keys, now);
            assert!(signing.is_some(), "somebody signs at {now}");
            assert_ne!(signing, Some(hasty.clone()));
            assert_eq!(signing == Some(old.clone()), now < 65, "at {now}");
        }
        assert_eq!(signs(&keys, 65), Some(last));
    }

    #[test]
    fn with_no_key_at_all_the_new_one_signs_at_once() {
        let mut keys = vec![];
        let only = rotate(&mut keys, at(5));
        assert_eq!(signs(&keys, 5), Some(only));
    }

    #[test]
    fn row_8725_3_11_01_a_key_signs_for_its_own_purpose_alone() {
        let both = [KeyPurpose::Statements, KeyPurpose::AccessTokens];
        for (purpose, other) in [(both[0], both[1]), (both[1], both[0])] {
            let algorithm = SignatureAlgorithm::Es256;
            let schedule = KeySchedule::at_once(at(0));
            let made = make_signing_key(algorithm, purpose, schedule, &sealer(), &SystemRandom);
            let ring = KeyRing::new([&made.unwrap().record]);
            assert!(ring.active(other, algorithm, at(1)).is_none());
            let key = ring.active(purpose, algorithm, at(1)).unwrap();
            let header = avouch_jose::base64url::decode(key.header().as_str()).unwrap();
            let header = String::from_utf8(header).unwrap();
            assert!(header.contains(&format!("\"typ\":\"{}\"", purpose.typ())));
        }
    }

    #[test]
    fn a_stored_key_opens_again_and_is_the_same() {
        let record = made(KeySchedule::at_once(at(0)));
        let key = open_signing_key(&record, &sealer()).unwrap();
        assert_eq!(key.kid(), record.kid());

        let mut swapped = made(KeySchedule::at_once(at(0)));
        swapped.sealed_private = record.sealed_private;
        assert!(matches!(
            open_signing_key(&swapped, &sealer()),
            Err(OpenKeyError::Sealed {
                reason: UnsealError::Damaged,
                ..
            })
        ));
    }
}

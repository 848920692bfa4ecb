//! Nonces of a server that keeps none of them (RFC 9449, section 8).

use avouch_crypto::hmac::HmacKey;
use avouch_jose::base64url;
use std::num::NonZeroU64;

/// Keeps these nonces apart from whatever else is made with the same kind of key.
const PURPOSE: &[u8] = b"avouch DPoP nonce 1\0";

/// Makes nonces out of a secret and the time, one for each slice of time. The nonce of this slice
/// and that of the one before are accepted, so each lives for one slice at least and two at most.
///
/// Servers that answer for each other share the secret and the length of a slice, and need share
/// nothing else. `Debug` shows nothing of the secret.
#[derive(Debug, Clone)]
pub struct NonceKey {
    key: HmacKey,
    slice: NonZeroU64,
}

impl NonceKey {
    /// Takes a secret that is used for nothing else, and the length of a slice in seconds.
    pub fn new(secret: &[u8; 32], slice: NonZeroU64) -> Self {
        Self {
            key: HmacKey::new(secret),
            slice,
        }
    }

    /// The nonce to send in `DPoP-Nonce`; `now` is in seconds.
    pub fn current(&self, now: u64) -> String {
        self.nonce(now / self.slice)
    }

    /// The nonces to take, the current one first; `now` is in seconds.
    pub fn accepted(&self, now: u64) -> [String; 2] {
        let slice = now / self.slice;
        [self.nonce(slice), self.nonce(slice.saturating_sub(1))]
    }

    fn nonce(&self, slice: u64) -> String {
        let tag: [u8; 16] = self
            .key
            .compute_truncated(&[PURPOSE, &slice.to_be_bytes()].concat());
        base64url::encode(tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SLICE: NonZeroU64 = NonZeroU64::new(60).unwrap();
    const START: u64 = 1_800_000_000; // the first second of a slice

    fn key(secret: u8) -> NonceKey {
        NonceKey::new(&[secret; 32], SLICE)
    }

    #[test]
    fn row_9449_8_01_a_nonce_lives_through_the_next_slice_and_no_longer() {
        let (key, nonce) = (key(1), key(1).current(START));
        let accepted = |now| key.accepted(now).contains(&nonce);
        assert_eq!(key.current(START + 59), nonce);
        assert_ne!(key.current(START + 60), nonce);
        assert!(accepted(START) && accepted(START + 119));
        assert!(!accepted(START + 120) && !accepted(START - 1));
    }

    #[test]
    fn row_9449_8_01_nobody_else_makes_a_nonce() {
        let nonce = key(1).current(START);
        assert!(!key(2).accepted(START).contains(&nonce));
        let other_slices = NonceKey::new(&[1; 32], NonZeroU64::new(61).unwrap());
        assert!(!other_slices.accepted(START).contains(&nonce));
        assert_eq!(nonce.len(), 22);
        assert!(!format!("{:?}", key(1)).contains("1, 1"));
    }

    proptest! {
        #[test]
        fn what_is_sent_now_is_taken_now(now in any::<u64>(), slice in 1..=u64::MAX) {
            let key = NonceKey::new(&[7; 32], NonZeroU64::new(slice).unwrap());
            prop_assert_eq!(&key.accepted(now)[0], &key.current(now));
        }
    }
}

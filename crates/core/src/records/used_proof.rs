//! A proof that was used and must not be used again.

use std::fmt;

use avouch_crypto::hash;
use avouch_oauth::confirmation::Sha256Thumbprint;

use crate::time::Timestamp;

/// One use of a proof that is good for one use: what a replay is told by.
///
/// Holds hashes alone, so that its size does not depend on what a caller sent,
/// and nothing that was sent is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UsedProof {
    /// Names the proof: the SHA-256 of its kind, of whom its `jti` is unique
    /// to, and of the `jti`. No two kinds share a name.
    pub key: [u8; 32],
    /// Whose quota it counts against: the SHA-256 of the caller's `client_id`.
    pub owner: [u8; 32],
    /// The first instant at which nobody accepts the proof any more. Whoever
    /// checks proofs with a leeway for clocks that differ counts it in here.
    pub expires_at: Timestamp,
}

/// The kinds, as they go into the name. Only ever added to.
const CLIENT_ASSERTION: u8 = 1;
const DPOP_PROOF: u8 = 2;

impl UsedProof {
    /// A client assertion (RFC 7523 section 3). Its `jti` is unique to the
    /// caller that made it.
    pub fn client_assertion(caller: &str, jti: &str, expires_at: Timestamp) -> Self {
        Self::of(CLIENT_ASSERTION, caller.as_bytes(), jti, caller, expires_at)
    }

    /// A `DPoP` proof (RFC 9449 section 4.2) that `caller` sent. Its `jti` is
    /// unique to the key that signed it, whoever sends it.
    pub fn dpop(caller: &str, key: &Sha256Thumbprint, jti: &str, expires_at: Timestamp) -> Self {
        Self::of(DPOP_PROOF, key.as_bytes(), jti, caller, expires_at)
    }

    fn of(kind: u8, maker: &[u8], jti: &str, caller: &str, expires_at: Timestamp) -> Self {
        // The maker's length goes before it, or "ab" with "c" would be "a" with "bc".
        let length = (maker.len() as u64).to_be_bytes();
        let name = [&[kind], length.as_slice(), maker, jti.as_bytes()].concat();
        Self {
            key: hash::sha256(&name),
            owner: hash::sha256(caller.as_bytes()),
            expires_at,
        }
    }
}

impl fmt::Debug for UsedProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UsedProof")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const END: Timestamp = Timestamp::from_secs(1_000);

    #[test]
    fn what_differs_in_kind_maker_or_jti_has_another_name() {
        let key = |octet| Sha256Thumbprint::from_bytes([octet; 32]);
        let as_text = "a".repeat(32);
        let proofs = [
            UsedProof::client_assertion("ab", "c", END),
            UsedProof::client_assertion("a", "bc", END),
            UsedProof::client_assertion("abc", "", END),
            UsedProof::client_assertion("a", "c", END),
            UsedProof::dpop("ab", &key(b'a'), "c", END),
            UsedProof::dpop("ab", &key(b'b'), "c", END),
            UsedProof::client_assertion(&as_text, "c", END),
        ];
        let names: HashSet<_> = proofs.iter().map(|proof| proof.key).collect();
        assert_eq!(names.len(), proofs.len());
    }

    #[test]
    fn a_proof_is_the_same_whoever_sends_it_and_counts_for_the_sender() {
        let key = Sha256Thumbprint::from_bytes([7; 32]);
        let one = UsedProof::dpop("one", &key, "c", END);
        let two = UsedProof::dpop("two", &key, "c", END);
        assert_eq!(one.key, two.key);
        assert_ne!(one.owner, two.owner);
        assert_eq!(
            one.owner,
            UsedProof::client_assertion("one", "d", END).owner
        );
    }
}

//! Subjects that mean something to one RS only (RFC 7662 section 5).

use std::fmt;

use avouch_crypto::hmac::HmacKey;
use avouch_jose::base64url;

use crate::id::{ResourceServerId, SubjectId};

/// Derives the `sub` an RS sees: stable, keyed, not to be reversed, and
/// unrelated to what any other RS sees.
pub struct PairwiseSubjects(HmacKey);

impl PairwiseSubjects {
    /// Derives under this key. Another key gives every RS new subjects.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(HmacKey::new(key))
    }

    /// The subject as this RS sees it: 43 characters of base64url.
    pub fn derive(&self, subject: &SubjectId, resource_server: &ResourceServerId) -> String {
        // NUL is in neither identifier, so the pair is told apart.
        let message = [
            resource_server.as_str().as_bytes(),
            b"\0",
            subject.as_str().as_bytes(),
        ];
        base64url::encode(self.0.compute(&message.concat()))
    }
}

impl fmt::Debug for PairwiseSubjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseSubjects(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_7662_5_01_subjects_are_stable_per_resource_server_and_differ_between_them() {
        let pairwise = PairwiseSubjects::new(&[1; 32]);
        let erika = SubjectId::new("erika").unwrap();
        let (sign, pay) = (
            ResourceServerId::new("sign").unwrap(),
            ResourceServerId::new("pay").unwrap(),
        );
        assert_eq!(
            pairwise.derive(&erika, &sign),
            pairwise.derive(&erika, &sign)
        );
        assert_ne!(
            pairwise.derive(&erika, &sign),
            pairwise.derive(&erika, &pay)
        );
        assert_ne!(
            pairwise.derive(&erika, &sign),
            PairwiseSubjects::new(&[2; 32]).derive(&erika, &sign)
        );
    }
}

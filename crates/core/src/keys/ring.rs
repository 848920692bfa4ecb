//! The keys as one snapshot: which are published, which sign, with everything
//! prepared that does not change from one answer to the next.

use avouch_jose::jwk::PublicationError;
use avouch_jose::{EncodedHeader, Jwk, JwkSet, ProtectedHeader, SignatureAlgorithm};

use crate::records::{KeyLife, KeyPurpose, KeySchedule, SigningKeyRecord};
use crate::time::Timestamp;

/// One key of the ring.
#[derive(Clone, Debug)]
pub struct RingKey {
    public: Jwk,
    algorithm: SignatureAlgorithm,
    purpose: KeyPurpose,
    schedule: KeySchedule,
    kid: String,
    header: EncodedHeader,
}

impl RingKey {
    /// Prepares a key.
    pub fn new(record: &SigningKeyRecord) -> Self {
        let kid = record.kid().to_owned();
        let header = header(record.algorithm, record.purpose.typ(), &kid);
        Self {
            public: record.public.clone(),
            algorithm: record.algorithm,
            purpose: record.purpose,
            schedule: record.schedule,
            kid,
            header,
        }
    }

    /// The key's `kid`.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The protected header of what it signs, with the `typ` of its purpose.
    pub const fn header(&self) -> &EncodedHeader {
        &self.header
    }

    /// The protected header of a JWT of another `typ`; not prepared.
    pub fn header_of(&self, typ: &str) -> EncodedHeader {
        header(self.algorithm, typ, &self.kid)
    }

    /// The public half.
    pub const fn public(&self) -> &Jwk {
        &self.public
    }

    /// The one algorithm it signs with.
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// When its life changes.
    pub const fn schedule(&self) -> &KeySchedule {
        &self.schedule
    }
}

fn header(algorithm: SignatureAlgorithm, typ: &str, kid: &str) -> EncodedHeader {
    ProtectedHeader::new(algorithm).typ(typ).kid(kid).encode()
}

/// All keys of the server. Changed by putting a new ring in its place.
#[derive(Clone, Debug, Default)]
pub struct KeyRing(Vec<RingKey>);

impl KeyRing {
    /// A ring of these keys.
    pub fn new<'a>(records: impl IntoIterator<Item = &'a SigningKeyRecord>) -> Self {
        Self(records.into_iter().map(RingKey::new).collect())
    }

    /// Every key, in no particular order.
    pub fn keys(&self) -> &[RingKey] {
        &self.0
    }

    /// The key that signs for this purpose with this algorithm at this
    /// instant: of several active ones, the one that became active last.
    pub fn active(
        &self,
        purpose: KeyPurpose,
        algorithm: SignatureAlgorithm,
        now: Timestamp,
    ) -> Option<&RingKey> {
        self.0
            .iter()
            .filter(|key| key.purpose == purpose && key.algorithm == algorithm)
            .filter(|key| key.schedule.life(now) == KeyLife::Active)
            .max_by_key(|key| key.schedule.active_at)
    }

    /// The algorithms that an answer can be had in at this instant, in the
    /// order of [`SignatureAlgorithm::ALL`].
    pub fn algorithms(&self, purpose: KeyPurpose, now: Timestamp) -> Vec<SignatureAlgorithm> {
        SignatureAlgorithm::ALL
            .iter()
            .copied()
            .filter(|algorithm| self.active(purpose, *algorithm, now).is_some())
            .collect()
    }

    /// The published set (RFC 7517 section 5): every key but the retired ones.
    pub fn published(&self, now: Timestamp) -> Result<JwkSet, PublicationError> {
        let keys = self
            .0
            .iter()
            .filter(|key| key.schedule.life(now) != KeyLife::Retired);
        JwkSet::for_publication(keys.map(|key| key.public.clone()).collect())
    }
}

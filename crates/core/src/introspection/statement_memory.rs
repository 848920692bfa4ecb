//! Statements said a moment ago, to be said again.
//!
//! **What must hold.** A remembered statement is, to the last octet, one that
//! making it afresh could give now.
//!
//! **How.** A statement is a function of the octets that are signed (the key
//! is named in them) and of how, and to which key, the signed octets are
//! encrypted. Those are what a statement is remembered under, so nothing has
//! to be thrown out: a revocation, another policy, profile or signing key, or
//! the next second (`iat`, RFC 9701 section 5) changes the octets, and what is
//! remembered under the old ones is not asked for again.
//!
//! Everything before runs for each request: the caller is authenticated, the
//! token found and judged, the answer composed. An RS whose statements are to
//! be unique has them named (`jti`), and none of those is remembered.
//!
//! Of several that want the same statement at one time, one makes it and the
//! others wait for it. If it fails or is dropped, the next one makes it.
//!
//! **What of that is ours.** No lock, no waiting and no throwing out: one call
//! of `quick_cache`. What we rely on is shown for this file as it stands, on
//! locks that `shuttle` schedules (`models/`), in a memory so small that it
//! forgets while somebody is making something: all schedules of one who asks
//! while another makes, fails or gives up, and many of a crowd. Nobody is told
//! what was made for another key; one makes it at a time; whoever fails, or is
//! dropped while making or waiting, leaves the next one its turn; the bound
//! holds. Atomics count as `SeqCst` there. The tests here show a case of each on
//! the system's locks. A single flight of our own would be as long as this
//! file, and would still need a cache beside it.

use avouch_crypto::hash;
use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

/// Remembers statements, up to a bound.
pub struct StatementMemory(Option<Cache<StatementKey, Bytes, ByWeight>>);

/// What a statement is a function of. SHA-256 stands for the octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct StatementKey {
    signed: [u8; 32],
    sealed: Option<[u8; 32]>,
}

#[derive(Clone)]
struct ByWeight;

impl Weighter<StatementKey, Bytes> for ByWeight {
    fn weight(&self, _: &StatementKey, statement: &Bytes) -> u64 {
        u64::try_from(statement.len()).map_or(u64::MAX, |octets| octets.saturating_add(OVERHEAD))
    }
}

/// What an entry costs beside its statement.
pub(super) const OVERHEAD: u64 = 160;

/// How long statements commonly are, for the size of the table.
const USUAL: u64 = 1024;

/// A statement, and whether it was remembered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) statement: Bytes,
    pub(super) remembered: bool,
}

impl StatementMemory {
    /// Remembers as many statements as go into so many octets; none if there
    /// are none.
    pub fn new(octets: u64) -> Self {
        let entries = usize::try_from(octets / (OVERHEAD + USUAL)).unwrap_or(usize::MAX);
        Self((octets > 0).then(|| Cache::with_weighter(entries, octets, ByWeight)))
    }

    /// The statement of this key, made now if it is not remembered.
    pub(super) async fn say<E>(
        &self,
        key: StatementKey,
        make: impl Future<Output = Result<String, E>>,
    ) -> Result<Said, E> {
        let Some(statements) = &self.0 else {
            return Ok(Said::new(make.await?.into()));
        };
        match statements.get_value_or_guard_async(&key).await {
            Ok(statement) => Ok(Said {
                statement,
                remembered: true,
            }),
            Err(place) => {
                let statement = Bytes::from(make.await?);
                // Too large to be remembered, or forgotten already: it is said all the same.
                let _ = place.insert(statement.clone());
                Ok(Said::new(statement))
            }
        }
    }
}

impl StatementKey {
    /// The key of what is signed over `signing_input`, and then encrypted by
    /// what has this identity.
    pub(super) fn of(signing_input: &str, encrypter: Option<&[u8; 32]>) -> Self {
        Self {
            signed: hash::sha256(signing_input.as_bytes()),
            sealed: encrypter.copied(),
        }
    }
}

impl Said {
    pub(super) fn new(statement: Bytes) -> Self {
        Self {
            statement,
            remembered: false,
        }
    }
}

#[cfg(test)]
mod tests;

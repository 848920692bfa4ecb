//! Answers remembered for a short while (RFC 7662, sections 2.2 and 4).

use crate::introspected::Introspected;
use avouch_crypto::hash;
use quick_cache::sync::Cache;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};

/// How long answers may be remembered, and how many.
///
/// What is remembered is not asked for again, so a revocation is noticed that much later. Choose
/// the time by how long a revoked token may still be honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerCaching {
    /// In seconds, from the moment the statement was made; never beyond `exp` of the token.
    pub seconds: NonZeroU32,
    /// How many answers are held; the ones used least go first.
    pub capacity: NonZeroUsize,
}

/// Active answers, by the hash of the token. Tokens themselves are not held.
pub(crate) struct AnswerCache {
    seconds: u64,
    answers: Cache<[u8; 32], Remembered>,
}

#[derive(Clone)]
struct Remembered {
    /// When it was received, in seconds.
    since: u64,
    /// From when on it is good no longer.
    until: u64,
    answer: Introspected,
}

impl AnswerCache {
    pub(crate) fn new(caching: AnswerCaching) -> Self {
        Self {
            seconds: caching.seconds.get().into(),
            answers: Cache::new(caching.capacity.get()),
        }
    }

    /// The answer about a token, if it is still good at `now`.
    pub(crate) fn find(&self, token: &str, now: u64) -> Option<Introspected> {
        let key = hash::sha256(token.as_bytes());
        let found = self.answers.get(&key)?;
        // A clock that was set back says nothing of how old the answer is.
        if (found.since..found.until).contains(&now) {
            return Some(found.answer);
        }
        self.answers.remove(&key);
        None
    }

    /// Remembers an answer received at `now`, if it may be: a No is asked for every time, for
    /// it may be about a token that is only now being issued.
    pub(crate) fn remember(&self, token: &str, now: u64, answer: &Introspected) {
        let Some(active) = answer.active() else {
            return;
        };
        let longest = answer.statement().iat().saturating_add(self.seconds);
        let until = active.exp.map_or(longest, |exp| exp.min(longest));
        if now < until {
            let remembered = Remembered {
                since: now,
                until,
                answer: answer.clone(),
            };
            let key = hash::sha256(token.as_bytes());
            self.answers.insert(key, remembered);
        }
    }
}

impl fmt::Debug for AnswerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerCache")
            .field("seconds", &self.seconds)
            .field("held", &self.answers.len())
            .finish_non_exhaustive()
    }
}

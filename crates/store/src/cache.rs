//! What was found lately, kept so that a revocation is never missed.
//!
//! **What must hold.** Once a write that changes a record has returned, no
//! look-up on this node that starts later is answered from before it. (What
//! other nodes write, [`crate::postgres`] has the caches forget by its change
//! feed.)
//!
//! **How.** Each cache has a *generation*. A reader notes it, then reads the
//! database, then puts what it read into the cache only if the generation is
//! still the same ([`HotCache::fill`]). Whoever writes commits, then moves the
//! generation on and throws out what changed ([`Caches::forget`]), and only
//! then answers whoever asked for the write. Comparing-and-inserting holds the
//! lock shared, moving-and-throwing-out holds it alone, so each insertion falls
//! wholly before or wholly after a forgetting:
//!
//! - before: the forgetting throws it out;
//! - after: the generation noted is the old one and nothing is inserted,
//!   unless it was noted after the forgetting, hence after the commit, and
//!   then the database has shown the new state.
//!
//! Absence is never put in.

mod hot_cache;
mod stale;

use std::sync::Arc;

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::FoundToken;
use avouch_core::storage::{CallerRecord, KeysRevision};

use hot_cache::{Cost, HotCache};
pub(crate) use stale::Stale;
use stale::Tokens;

/// What the caches of a store may hold, in octets, roughly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheSizes {
    /// Of tokens, each with the grant it hangs on.
    pub tokens: u64,
    /// Of clients and resource servers.
    pub callers: u64,
}

impl Default for CacheSizes {
    fn default() -> Self {
        Self {
            tokens: 64 << 20,
            callers: 16 << 20,
        }
    }
}

/// The caches of a store.
pub(crate) struct Caches {
    pub(crate) tokens: HotCache<TokenHash, Arc<FoundToken>>,
    pub(crate) callers: HotCache<Box<str>, CallerRecord>,
    pub(crate) keys: HotCache<(), KeysRevision>,
}

/// For one entry, which is small.
const KEYS: u64 = 1 << 20;

/// A token is kept in the words it was read in; `cargo xtask bench footprint` shows what it takes.
const OF_TOKENS: Cost = Cost {
    entry: 1024,
    text: 1,
};

/// A caller is taken apart into what is looked at for each request.
const OF_CALLERS: Cost = Cost {
    entry: 1024,
    text: 3,
};

impl Caches {
    pub(crate) fn new(sizes: CacheSizes) -> Self {
        Self {
            tokens: HotCache::new(sizes.tokens, OF_TOKENS),
            callers: HotCache::new(sizes.callers, OF_CALLERS),
            keys: HotCache::new(KEYS, OF_CALLERS),
        }
    }

    /// Throws out what writes may have changed. Called after their commit and
    /// before any of them is answered; also if the commit failed, since the
    /// database may have it all the same.
    pub(crate) fn forget<'a>(&self, stale: impl IntoIterator<Item = &'a Stale>) {
        let mut tokens = Tokens::default();
        let mut callers = Vec::new();
        let (mut all_callers, mut keys) = (false, false);
        for stale in stale {
            tokens.add(stale);
            match stale {
                Stale::Caller(id) | Stale::Client(id) => callers.push(&**id),
                Stale::Keys => keys = true,
                Stale::Everything => (all_callers, keys) = (true, true),
                _ => {}
            }
        }
        if keys {
            self.keys.forget().all();
        }
        if !tokens.is_empty() {
            let forgetting = self.tokens.forget();
            for hash in tokens.hashes() {
                forgetting.one(hash);
            }
            if tokens.are_all() {
                forgetting.all();
            } else if tokens.hang_on_something() {
                forgetting.all_but(|found| !tokens.contain(found));
            }
        }
        if all_callers {
            self.callers.forget().all();
        } else if !callers.is_empty() {
            let forgetting = self.callers.forget();
            for id in callers {
                forgetting.one(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use avouch_core::records::{CallerState, Epochs, UnderlyingGrant};

    use super::*;
    use crate::fixtures::{client, grant, hash, token};

    const ALL: [(&str, &str, &str); 4] = [
        ("a", "shop", "erika"),
        ("b", "shop", "max"),
        ("c", "bank", "erika"),
        ("d", "bank", "max"),
    ];

    fn filled() -> Caches {
        let caches = Caches::new(CacheSizes::default());
        for (name, client, subject) in ALL {
            let grant = grant(name, client, subject);
            let found = FoundToken {
                token: token(name, &grant, 1_600),
                grant: UnderlyingGrant::from(&grant),
                client: CallerState::Registered,
                issued_in: Epochs::default(),
                current: Epochs::default(),
                all_revoked_until: None,
            };
            let tokens = &caches.tokens;
            tokens.fill(tokens.ticket(), hash(name), Arc::new(found), 100);
        }
        for id in ["shop", "bank"] {
            let record = CallerRecord::Client(Arc::new(client(id)));
            let callers = &caches.callers;
            callers.fill(callers.ticket(), id.into(), record, 100);
        }
        caches
            .keys
            .fill(caches.keys.ticket(), (), KeysRevision::new(3), 0);
        caches
    }

    /// The names of what is kept.
    fn left(caches: &Caches) -> String {
        let tokens = ALL.iter().map(|(name, ..)| *name);
        let tokens = tokens.filter(|name| caches.tokens.get(&hash(name)).is_some());
        let callers = ["shop", "bank"].into_iter();
        let callers = callers.filter(|id| caches.callers.get(*id).is_some());
        let keys = caches.keys.get(&()).map(|_| "keys");
        let left: Vec<_> = tokens.chain(callers).chain(keys).collect();
        left.join(" ")
    }

    #[test]
    fn what_changed_is_forgotten_and_nothing_else() {
        for (stale, kept) in [
            (vec![Stale::Nothing], "a b c d shop bank keys"),
            (
                vec![Stale::Tokens(vec![hash("a"), hash("d")])],
                "b c shop bank keys",
            ),
            (
                vec![Stale::TokensOfGrant("g-b".into())],
                "a c d shop bank keys",
            ),
            (
                vec![Stale::TokensOfClient("shop".into())],
                "c d shop bank keys",
            ),
            (
                vec![Stale::TokensOfSubject("max".into())],
                "a c shop bank keys",
            ),
            (vec![Stale::Caller("shop".into())], "a b c d bank keys"),
            (vec![Stale::Client("bank".into())], "a b shop keys"),
            (vec![Stale::Keys], "a b c d shop bank"),
            (vec![Stale::Everything], ""),
            (
                vec![
                    Stale::TokensOfGrant("g-a".into()),
                    Stale::Nothing,
                    Stale::Tokens(vec![hash("b")]),
                    Stale::TokensOfGrant("g-c".into()),
                    Stale::Caller("bank".into()),
                ],
                "d shop keys",
            ),
        ] {
            let caches = filled();
            caches.forget(&stale);
            assert_eq!(left(&caches), kept, "{stale:?}");
        }
    }
}

//! What a write leaves out of date.

use std::collections::HashSet;

use avouch_core::opaque_token::TokenHash;
use avouch_core::records::FoundToken;

/// What a write leaves out of date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stale {
    /// Nothing that a cache holds: absence is not cached.
    Nothing,
    /// These tokens.
    Tokens(Vec<TokenHash>),
    /// The tokens of this grant.
    TokensOfGrant(Box<str>),
    /// The tokens of this client.
    TokensOfClient(Box<str>),
    /// The tokens of this subject.
    TokensOfSubject(Box<str>),
    /// This caller.
    Caller(Box<str>),
    /// This client, and its tokens with it.
    Client(Box<str>),
    /// Which signing keys there are.
    Keys,
    /// Anything.
    Everything,
}

/// The tokens that some writes left out of date.
#[derive(Default)]
pub(super) struct Tokens<'a> {
    hashes: Vec<&'a [TokenHash]>,
    grants: HashSet<&'a str>,
    clients: HashSet<&'a str>,
    subjects: HashSet<&'a str>,
    all: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn add(&mut self, stale: &'a Stale) {
        match stale {
            Stale::Nothing | Stale::Caller(_) | Stale::Keys => {}
            Stale::Tokens(hashes) => self.hashes.push(hashes),
            Stale::TokensOfGrant(id) => drop(self.grants.insert(id)),
            Stale::TokensOfClient(id) | Stale::Client(id) => drop(self.clients.insert(id)),
            Stale::TokensOfSubject(id) => drop(self.subjects.insert(id)),
            Stale::Everything => self.all = true,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty() && !self.hang_on_something() && !self.all
    }

    pub(super) fn are_all(&self) -> bool {
        self.all
    }

    /// Those known by name.
    pub(super) fn hashes(&self) -> impl Iterator<Item = &'a TokenHash> {
        self.hashes.iter().copied().flatten()
    }

    /// Whether there are some that are known only by what they hang on.
    pub(super) fn hang_on_something(&self) -> bool {
        !(self.grants.is_empty() && self.clients.is_empty() && self.subjects.is_empty())
    }

    /// Whether this is one of those that are known by what they hang on.
    pub(super) fn contain(&self, found: &FoundToken) -> bool {
        let subject = found.grant.subject.as_ref();
        self.grants.contains(found.token.grant.as_str())
            || self.clients.contains(found.token.client.as_str())
            || subject.is_some_and(|subject| self.subjects.contains(subject.as_str()))
    }
}

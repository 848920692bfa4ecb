//! What was acknowledged, and whether it is still so.

use std::collections::BTreeMap;

use crate::site::Running;

/// The last acknowledged state of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Issued, and no revocation was tried.
    Issued,
    /// A revocation was sent and not answered: either way is right.
    Unknown,
    /// Revoked.
    Revoked,
}

/// One acknowledged operation, or a revocation without an answer.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) token: String,
    pub(crate) state: State,
}

/// Every token with its last acknowledged state.
#[derive(Debug, Default)]
pub(crate) struct History {
    tokens: BTreeMap<String, State>,
    operations: usize,
}

impl History {
    pub(crate) fn extend(&mut self, entries: Vec<Entry>) {
        for Entry { token, state } in entries {
            self.operations += usize::from(state != State::Unknown);
            self.tokens.insert(token, state);
        }
    }

    /// How many operations were acknowledged.
    pub(crate) fn operations(&self) -> usize {
        self.operations
    }

    /// What the server knows otherwise than it was acknowledged.
    pub(crate) fn lost(&self, server: &Running) -> Vec<String> {
        self.tokens
            .iter()
            .filter_map(|(token, state)| {
                let active = server.is_active(token);
                match (state, active) {
                    (State::Unknown, Some(_))
                    | (State::Issued, Some(true))
                    | (State::Revoked, Some(false)) => None,
                    _ => Some(format!("acknowledged {state:?}, now active: {active:?}")),
                }
            })
            .collect()
    }
}

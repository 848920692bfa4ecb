//! Append-only revisions: what was in force at any instant can be shown later.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A value with its place in its own history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision<T> {
    /// 1 for the first, then without gaps.
    pub number: u32,
    /// From when on it is in force, until the next.
    pub since: Timestamp,
    /// What is in force.
    pub value: T,
}

impl<T> Revision<T> {
    /// The first of its line.
    pub const fn first(value: T, since: Timestamp) -> Self {
        Self {
            number: 1,
            since,
            value,
        }
    }

    /// The one that follows this.
    #[must_use]
    pub fn next(&self, value: T, since: Timestamp) -> Self {
        Self {
            number: self.number.saturating_add(1),
            since,
            value,
        }
    }
}

impl<T: Clone + PartialEq> Revision<T> {
    /// The revision that holds this value: this one if it does already.
    #[must_use]
    pub fn follow(&self, value: T, since: Timestamp) -> Self {
        if self.value == value {
            self.clone()
        } else {
            self.next(value, since)
        }
    }
}

//! Something made from files that may change while the server runs.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use avouch_core::time::Timestamp;
use tracing::{info, warn};

/// A hash of all that was read.
pub(super) type Digest = [u8; 32];

/// Files, and what is made of them.
pub(super) trait Source: Send + Sync + 'static {
    /// What is made.
    type Made: Send + Sync + 'static;
    /// Why nothing is made.
    type Error: Error;

    /// What log and metrics call it.
    const WHAT: &'static str;

    /// Reads the files as they are now.
    fn read(&self, now: Timestamp) -> Result<(Digest, Self::Made), Self::Error>;
}

/// What was made last, replaced as a whole.
pub(super) struct Watched<S: Source> {
    source: S,
    current: ArcSwap<(Digest, Arc<S::Made>)>,
    /// What was wrong when it was last looked at, so that it is said once.
    trouble: Mutex<Option<String>>,
}

/// What a look at the files came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// They are as they were, or as wrong as they were.
    AsBefore,
    /// They have changed, and what was made of them is in use.
    Taken,
    /// They are newly wrong; what was made before stays in use.
    Refused,
}

impl<S: Source> Watched<S> {
    /// The first reading, which must succeed.
    pub(super) fn load(source: S, now: Timestamp) -> Result<Self, S::Error> {
        let (digest, made) = source.read(now)?;
        Ok(Self {
            source,
            current: ArcSwap::from_pointee((digest, Arc::new(made))),
            trouble: Mutex::new(None),
        })
    }

    /// Calls `with` on what is in use.
    pub(super) fn with<T>(&self, with: impl FnOnce(&S::Made) -> T) -> T {
        with(&self.current.load().1)
    }

    /// What is in use, to be held on to.
    pub(super) fn held(&self) -> Arc<S::Made> {
        Arc::clone(&self.current.load().1)
    }

    /// Reads again and takes what is new and sound. Blocks on the file system.
    pub(super) fn look(&self, now: Timestamp) -> Look {
        // Held throughout: one look at a time. It is sound after a panic.
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        match self.source.read(now) {
            Ok((digest, made)) => {
                *trouble = None;
                if digest == self.current.load().0 {
                    return Look::AsBefore;
                }
                self.current.store(Arc::new((digest, Arc::new(made))));
                info!(what = S::WHAT, "read anew; new connections get it");
                Look::Taken
            }
            Err(error) => {
                let message = error.to_string();
                if trouble.as_ref() == Some(&message) {
                    return Look::AsBefore;
                }
                warn!(
                    what = S::WHAT,
                    error = message,
                    "what is in the files cannot be used; what was read before stays in use"
                );
                *trouble = Some(message);
                Look::Refused
            }
        }
    }
}

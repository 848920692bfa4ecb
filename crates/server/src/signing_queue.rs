//! Costly signatures take turns, so that nothing cheap waits behind all of them.
//!
//! An RSA signature keeps a core busy for some 250 µs, all else of an answer for some 50. Signatures
//! are made on the worker that runs the request: on a thread of its own each would only compete
//! with the workers for the same cores, and the system's slices of time are longer than it is. But
//! then of fifty that are asked for at one time each holds up whoever is ready behind it.
//!
//! **What must hold.**
//!
//! - Whatever needs no costly signature waits for the few that have their turn, never for those that
//!   wait.
//! - Turns are had in the order in which they were asked for. However much is cheap, each comes.
//! - No more than a stated number wait, and whoever gives up waiting makes room.
//!
//! **How.** There are a few turns for each worker of the runtime. A turn that is free is taken at once,
//! and ends only when the runtime has been round: what was ready has run, then what came in
//! meanwhile. The runtime looks for that after so many tasks even if it never runs out of them.
//!
//! **Why [a few](A_ROUND) for each worker.** To go round costs some 20 µs: the system is asked what came
//! in, and the log lines of one answer are a write of their own. After each signature that would be
//! seven in a hundred of what RSA can do; after four it is lost among them, and what is cheap waits
//! for a millisecond at most. A worker kept free of signatures would wait for less, and take from a
//! server that has nothing else to do one core of those that sign: of two, half.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use avouch_core::keys::{Signer, SignerError, SoftwareSigner};
use avouch_jose::SignatureAlgorithm;
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::task::yield_now;

/// Whether a signature takes longer than all else of an answer: RSA five times as long, ES512 three
/// times. ES384 and ML-DSA-44 take not twice as long, but ML-DSA tries until a signature is short
/// enough, and one in ten takes it four times as long.
const fn is_costly(algorithm: SignatureAlgorithm) -> bool {
    use SignatureAlgorithm::{
        Ed25519, EdDsa, Es256, Es384, Es512, MlDsa44, MlDsa65, MlDsa87, Ps256, Ps384, Ps512, Rs256,
        Rs384, Rs512,
    };
    match algorithm {
        Es256 | Ed25519 | EdDsa => false,
        Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512 | Es384 | Es512 | MlDsa44 | MlDsa65
        | MlDsa87 => true,
    }
}

/// Signatures that each worker makes before the runtime goes round.
const A_ROUND: usize = 4;

/// Signs with keys in memory: at once where that is cheap, otherwise in its turn.
#[derive(Debug)]
pub(crate) struct QueuedSigner {
    keys: SoftwareSigner,
    queue: SigningQueue,
}

impl QueuedSigner {
    /// Signs with these keys, and in this queue what is costly.
    pub(crate) fn new(keys: SoftwareSigner, queue: SigningQueue) -> Self {
        Self { keys, queue }
    }
}

impl Signer for QueuedSigner {
    async fn sign(&self, kid: &str, signing_input: &[u8]) -> Result<Vec<u8>, SignerError> {
        let key = self.keys.key(kid)?;
        let signed = if is_costly(key.algorithm()) {
            let turn = self.queue.turn().await;
            turn.ok_or(SignerError::Busy)?
                .make(|| key.sign(signing_input))
        } else {
            key.sign(signing_input)
        };
        Ok(signed?)
    }
}

/// Where turns are waited for.
#[derive(Clone, Debug)]
pub(crate) struct SigningQueue(Arc<Places>);

#[derive(Debug)]
struct Places {
    /// First come, first served.
    turns: Arc<Semaphore>,
    /// One for each that may wait.
    to_wait: Semaphore,
    most_waiting: usize,
    /// Shows how many wait.
    waiting: Gauge,
}

/// The right to make one signature, handed on when it is dropped.
#[derive(Debug)]
struct Turn {
    _held: OwnedSemaphorePermit,
    places: Arc<Places>,
}

/// One that waits, until it is dropped.
struct Waiting<'p> {
    _place: SemaphorePermit<'p>,
    shown: &'p Gauge,
}

impl SigningQueue {
    /// For a runtime with so many workers; as many wait as this.
    pub(crate) fn new(workers: usize, most_waiting: usize, waiting: Gauge) -> Self {
        Self::with_turns(workers * A_ROUND, most_waiting, waiting)
    }

    fn with_turns(turns: usize, most_waiting: usize, waiting: Gauge) -> Self {
        Self(Arc::new(Places {
            turns: Arc::new(Semaphore::new(turns)),
            to_wait: Semaphore::new(most_waiting),
            most_waiting,
            waiting,
        }))
    }

    /// The next turn, waited for if need be; `None` if as many wait as may.
    async fn turn(&self) -> Option<Turn> {
        let places = &self.0;
        let held = if let Ok(free) = Arc::clone(&places.turns).try_acquire_owned() {
            free
        } else {
            let _waiting = places.wait()?;
            // It fails if it is closed, which it never is.
            Arc::clone(&places.turns).acquire_owned().await.ok()?
        };
        let places = Arc::clone(places);
        Some(Turn {
            _held: held,
            places,
        })
    }
}

impl Places {
    fn wait(&self) -> Option<Waiting<'_>> {
        let place = self.to_wait.try_acquire().ok()?;
        self.waiting.inc();
        Some(Waiting {
            _place: place,
            shown: &self.waiting,
        })
    }

    fn somebody_waits(&self) -> bool {
        self.to_wait.available_permits() < self.most_waiting
    }
}

impl Turn {
    /// Makes the signature. The turn is handed on when the runtime has been round.
    fn make<T>(self, signature: impl FnOnce() -> T) -> T {
        let signature = signature();
        // Polled once, this has the turn woken then. No task is made for it: that would wake other
        // workers, and cost more than all else here.
        let turn = Waker::from(Arc::new(self));
        let round = pin!(yield_now());
        let _ = round.poll(&mut Context::from_waker(&turn));
        signature
    }
}

impl Wake for Turn {
    /// What came in is woken now, but who is woken last may run first.
    fn wake(self: Arc<Self>) {
        if self.places.somebody_waits() {
            tokio::spawn(async move {
                after_all_that_is_ready().await;
                drop(self);
            });
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shown.dec();
    }
}

/// Goes to the end of the worker's queue.
async fn after_all_that_is_ready() {
    let mut been_there = false;
    poll_fn(|context| {
        if been_there {
            return Poll::Ready(());
        }
        been_there = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests;

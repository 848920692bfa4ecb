//! The one writer, with group commit.
//!
//! A dedicated thread owns the only connection that writes. It takes all the
//! writes that wait (up to [`MAX_BATCH`]), runs each in a savepoint of its own
//! inside one transaction, and commits once: one sync of the disk for all of
//! them. While the disk works, the next batch gathers.
//!
//! - A write that fails is rolled back to its savepoint and gets its own error;
//!   its neighbours do not notice.
//! - A commit that fails fails every write of the batch.
//! - Caches are told after the commit and before any write is answered.
//! - A caller that goes away does not take its write back.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::checkpoint::Checkpoints;
use super::fault::{Fault, Stopped};
use super::presence::Presence;
use crate::cache::{Caches, Stale};

/// Most writes in one commit: bounds how long the first waits for the last.
const MAX_BATCH: usize = 256;

/// What a write did.
pub(super) struct Done<T> {
    pub(super) value: T,
    /// What the caches must forget before the write is answered.
    pub(super) stale: Stale,
}

impl<T> Done<T> {
    /// A write that leaves no cached record out of date.
    pub(super) const fn fresh(value: T) -> Self {
        Self {
            value,
            stale: Stale::Nothing,
        }
    }
}

/// The way to the writing thread. Dropping it finishes the writes that wait.
pub(super) struct Writer {
    /// `None` only while dropping.
    queue: Option<SyncSender<Box<dyn Queued>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. `waiting` is how many writes may wait.
    pub(super) fn start(
        connection: Connection,
        checkpoints: Checkpoints,
        caches: Arc<Caches>,
        presence: Presence,
        waiting: usize,
    ) -> io::Result<Self> {
        let (queue, writes) = sync_channel(waiting);
        let thread = std::thread::Builder::new()
            .name("avouch-writer".into())
            .spawn(move || run(&connection, checkpoints, &caches, &presence, &writes))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Has a piece of work done by the writer and waits until it is on disk.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, Fault>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<Done<T>, Fault> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let write = Write {
            work: Some(work),
            outcome: None,
            stale: Stale::Nothing,
            reply,
        };
        let queue = self.queue.as_ref().ok_or(Stopped::WriterGone)?;
        queue
            .try_send(Box::new(write))
            .map_err(|refused| match refused {
                TrySendError::Full(_) => Stopped::QueueFull,
                TrySendError::Disconnected(_) => Stopped::WriterGone,
            })?;
        // An error here: the thread died with the write in its hands.
        answer.await.map_err(|_| Stopped::WriterGone)?
    }

    /// Whether the thread still takes writes.
    pub(super) fn is_running(&self) -> bool {
        self.thread
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer had died before the store was closed");
        }
    }
}

/// A write in the queue, whatever its result.
trait Queued: Send {
    /// Does the work inside the savepoint. Whether it is to be kept.
    fn run(&mut self, connection: &Connection) -> Keep;
    /// What the caches must forget.
    fn stale(&self) -> &Stale;
    /// Answers the caller, after the commit. `lost` if it did not succeed.
    fn answer(self: Box<Self>, lost: Option<&Stopped>);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Yes,
    No,
}

struct Write<T, W> {
    work: Option<W>,
    outcome: Option<Result<T, Fault>>,
    stale: Stale,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T, W> Queued for Write<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<Done<T>, Fault> + Send,
{
    fn run(&mut self, connection: &Connection) -> Keep {
        let Some(work) = self.work.take() else {
            return Keep::No;
        };
        // What the panicking work touched is rolled back with its savepoint,
        // so no one sees it half done.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(connection)))
            .unwrap_or_else(|_| Err(Stopped::Panicked.into()));
        let (outcome, keep) = match outcome {
            Ok(Done { value, stale }) => {
                self.stale = stale;
                (Ok(value), Keep::Yes)
            }
            Err(fault) => (Err(fault), Keep::No),
        };
        self.outcome = Some(outcome);
        keep
    }

    fn stale(&self) -> &Stale {
        &self.stale
    }

    fn answer(self: Box<Self>, lost: Option<&Stopped>) {
        let answer = match (self.outcome, lost) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(lost)) => Err(lost.clone().into()),
            (Some(done), None) => done,
            (None, None) => Err(Stopped::WriterGone.into()),
        };
        // A caller that no longer waits is no error.
        let _ = self.reply.send(answer);
    }
}

fn run(
    connection: &Connection,
    mut checkpoints: Checkpoints,
    caches: &Caches,
    presence: &Presence,
    writes: &Receiver<Box<dyn Queued>>,
) {
    // Ends when every sender is gone and nothing waits any more.
    while let Ok(first) = writes.recv() {
        let mut batch = vec![first];
        batch.extend(writes.try_iter().take(MAX_BATCH - 1));
        settle(connection, caches, presence, batch);
        // Between two batches: those who wrote have their answer.
        checkpoints.after_a_batch(connection);
    }
    // The last connection but the readers', so that nothing is in the way of the end.
    drop(checkpoints);
    // Leaves one file behind, with everything in it, if no one else is reading.
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::warn!(%error, "the write-ahead log stays; the next start takes it up");
    }
}

fn settle(
    connection: &Connection,
    caches: &Caches,
    presence: &Presence,
    mut batch: Vec<Box<dyn Queued>>,
) {
    let lost = in_one_transaction(connection, &mut batch)
        .err()
        .map(|error| {
            if !connection.is_autocommit() {
                // If this fails too, the next BEGIN says so.
                let _ = connection.execute_batch("ROLLBACK");
            }
            tracing::error!(%error, writes = batch.len(), "a commit failed");
            Stopped::Commit(match super::fault::advice(&error) {
                Some(advice) => format!("{error}; {advice}"),
                None => error.to_string(),
            })
        })
        .or_else(|| (!presence.is_there()).then_some(Stopped::FileGone));
    caches.forget(batch.iter().map(|write| write.stale()));
    for write in batch {
        write.answer(lost.as_ref());
    }
}

fn in_one_transaction(
    connection: &Connection,
    batch: &mut [Box<dyn Queued>],
) -> Result<(), rusqlite::Error> {
    let step = |sql| connection.prepare_cached(sql)?.execute(()).map(drop);
    step("BEGIN IMMEDIATE")?;
    for write in batch {
        step("SAVEPOINT one_write")?;
        let keep = write.run(connection);
        // On some errors (a full disk, a failing one) SQLite ends the whole
        // transaction by itself; what came before in the batch is lost then.
        if connection.is_autocommit() {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
                Some("the transaction was given up".into()),
            ));
        }
        if keep == Keep::No {
            step("ROLLBACK TO one_write")?;
        }
        step("RELEASE one_write")?;
    }
    step("COMMIT")
}

#[cfg(test)]
mod tests;

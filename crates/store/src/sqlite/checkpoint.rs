//! Folding the log into the file, off the path of the writes.
//!
//! A thread of its own copies what was committed from the log into the data
//! file while the writer goes on appending to the log. Such a *passive*
//! checkpoint takes no lock that a writer or a reader waits for. Once all is
//! copied, the next write begins the log anew, from its start.
//!
//! Writes that never pause append more while the thread copies, so that it
//! never has all, and the log would grow without end. When the log has become
//! too long and a pass has just left little of it, the writer itself copies
//! that little, between two batches, and has the log begin anew. Whoever waits
//! for the next batch then waits for a few pages and one sync more, about as
//! long as a commit takes, and that once for a whole log.
//!
//! Should the thread not come to run at all, or the disk be too slow for it, the
//! writer does the whole of it when the log is [`LAST_RESORT`] times too long:
//! then writes are to wait.
//!
//! A reader that stays where it is (a look by hand, a backup) keeps what is
//! behind it from being copied. The log then grows until the reader leaves;
//! nothing waits for it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

/// As many new pages in the log are worth a pass: 4 MiB of SQLite's usual pages.
const WORTH_A_PASS: usize = 1_000;

/// Passes one after the other, each to have what came in during the last.
const PASSES: u32 = 4;

/// So many times too long, and the writer copies it all.
const LAST_RESORT: usize = 4;

/// How long the writer waits for readers to leave the log; they stay for microseconds.
const PATIENCE: Duration = Duration::from_millis(20);

/// The log as the writer sees it.
pub(super) struct Log {
    /// Pages in it after the last commit.
    pages: Arc<AtomicUsize>,
    /// Pages that are too many.
    longest: usize,
    /// The connection's own patience.
    busy_timeout: Duration,
}

impl Log {
    /// Follows the commits of a connection.
    pub(super) fn follow(writing: &mut Connection, longest: u64) -> rusqlite::Result<Self> {
        let number = |sql| writing.query_row(sql, (), |row| row.get::<_, i64>(0));
        let page = u64::try_from(number("PRAGMA page_size")?).unwrap_or(0);
        let busy = u64::try_from(number("PRAGMA busy_timeout")?).unwrap_or(0);
        let pages = Arc::new(AtomicUsize::new(0));
        let told = Arc::clone(&pages);
        writing.wal_hook(Some(move |_: &mut _, pages| {
            told.store(usize::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            pages,
            longest: usize::try_from(longest / page.max(1))
                .unwrap_or(usize::MAX)
                .max(1),
            busy_timeout: Duration::from_millis(busy),
        })
    }
}

/// What the writer has to do with checkpoints. Dropping it ends the thread.
pub(super) struct Checkpoints {
    log: Log,
    /// How long the log was when it was last looked at,
    seen: usize,
    /// when the thread was last woken,
    woken_at: usize,
    /// and when the writer last tried in vain.
    tried_at: usize,
    thread: Thread,
}

/// How far a pass came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pass {
    log: usize,
    copied: usize,
}

impl Pass {
    fn left(self) -> usize {
        self.log.saturating_sub(self.copied)
    }
}

impl Checkpoints {
    /// Starts the thread; `copying` is its connection, to the file whose log is followed.
    pub(super) fn start(log: Log, copying: Connection) -> io::Result<Self> {
        Self::with(log, move || passive(&copying))
    }

    fn with(log: Log, pass: impl FnMut() -> Option<Pass> + Send + 'static) -> io::Result<Self> {
        let thread = Thread::start(log.longest, pass)?;
        Ok(Self {
            log,
            seen: 0,
            woken_at: 0,
            tried_at: 0,
            thread,
        })
    }

    /// Called by the writer after each batch.
    pub(super) fn after_a_batch(&mut self, connection: &Connection) {
        let (pages, longest) = (self.log.pages.load(Ordering::Relaxed), self.log.longest);
        if pages < self.seen {
            // It has begun anew.
            (self.woken_at, self.tried_at) = (0, 0);
        }
        self.seen = pages;
        let is_far_too_long = pages >= longest.saturating_mul(LAST_RESORT)
            && pages.saturating_sub(self.tried_at) >= longest;
        if is_far_too_long {
            let passes = Arc::clone(&self.thread.passes);
            let _at_rest = passes.lock().unwrap_or_else(PoisonError::into_inner);
            self.begin_anew(connection);
        } else if self.thread.caught_up.swap(false, Ordering::Acquire) && pages >= longest {
            let passes = Arc::clone(&self.thread.passes);
            // Busy again: it will say anew that it has caught up.
            if let Ok(_at_rest) = passes.try_lock() {
                self.begin_anew(connection);
            }
        } else if pages.saturating_sub(self.woken_at) >= WORTH_A_PASS.min(longest) {
            self.woken_at = pages;
            self.thread.wake();
        }
    }

    /// Copies the rest, with the thread at rest, and has the log begin anew.
    fn begin_anew(&mut self, connection: &Connection) {
        let restart = || -> rusqlite::Result<bool> {
            connection.busy_timeout(PATIENCE)?;
            let busy = connection.query_row("PRAGMA wal_checkpoint(RESTART)", (), |row| {
                row.get::<_, bool>(0)
            });
            connection.busy_timeout(self.log.busy_timeout)?;
            busy
        };
        match restart() {
            Ok(false) => {}
            // A reader stays.
            Ok(true) => (self.woken_at, self.tried_at) = (self.seen, self.seen),
            Err(error) => told(&error),
        }
    }
}

/// The thread that copies.
struct Thread {
    /// `None` only while dropping.
    wake: Option<SyncSender<()>>,
    /// Set when the log is too long and almost all of it is copied, and the thread is at rest.
    caught_up: Arc<AtomicBool>,
    /// Locked while it copies.
    passes: Arc<Mutex<()>>,
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    /// `pass` copies once; `None` if it could not.
    fn start(
        longest: usize,
        pass: impl FnMut() -> Option<Pass> + Send + 'static,
    ) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let caught_up = Arc::new(AtomicBool::new(false));
        let passes = Arc::new(Mutex::new(()));
        let (flag, copying) = (Arc::clone(&caught_up), Arc::clone(&passes));
        let handle = std::thread::Builder::new()
            .name("avouch-checkpoint".into())
            .spawn(move || run(pass, &woken, &flag, &copying, longest))?;
        Ok(Self {
            wake: Some(wake),
            caught_up,
            passes,
            handle: Some(handle),
        })
    }

    /// Asks for a pass; one that is asked for already does for both.
    fn wake(&self) {
        if let Some(wake) = &self.wake {
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(handle) = self.handle.take()
            && handle.join().is_err()
        {
            tracing::error!("the thread that folds the log into the data file had died");
        }
    }
}

fn run(
    mut pass: impl FnMut() -> Option<Pass>,
    woken: &Receiver<()>,
    caught_up: &AtomicBool,
    passes: &Mutex<()>,
    longest: usize,
) {
    let mut warned = false;
    while woken.recv().is_ok() {
        // Little enough for the writer: what a fraction of a whole log is.
        let little = longest / 4;
        let mut last = None;
        for _ in 0..PASSES {
            let _copying = passes.lock().unwrap_or_else(PoisonError::into_inner);
            last = pass();
            if last.is_none_or(|pass| pass.log < longest || pass.left() <= little) {
                break;
            }
        }
        let Some(last) = last.filter(|pass| pass.log >= longest) else {
            warned = false;
            continue;
        };
        if last.left() <= little {
            // What was asked for meanwhile is done.
            while woken.try_recv().is_ok() {}
            caught_up.store(true, Ordering::Release);
        } else if !warned && last.log >= longest.saturating_mul(2) {
            warned = true;
            tracing::warn!(
                pages = last.log,
                "the write-ahead log grows, for it cannot be folded into the data file: another \
                 process reads there and does not leave (a backup, or a transaction left open \
                 by hand), or the disk is slower than the writes"
            );
        }
    }
}

fn passive(connection: &Connection) -> Option<Pass> {
    let pass = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |row| {
        let number = |at| {
            row.get::<_, i64>(at)
                .map(|n| usize::try_from(n).unwrap_or(0))
        };
        Ok(Pass {
            log: number(1)?,
            copied: number(2)?,
        })
    });
    pass.map_err(|error| told(&error)).ok()
}

/// Nothing is lost by it: what is in the log is safe there.
fn told(error: &rusqlite::Error) {
    tracing::warn!(%error, "the write-ahead log could not be folded into the data file");
}

#[cfg(test)]
mod tests;

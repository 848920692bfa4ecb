//! The connections that only read.
//!
//! Reads run where they are asked for: a look-up takes microseconds, less than
//! handing it to another thread would.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::{Connection, Transaction};

use super::fault::Fault;

/// A few connections, each used by one thread at a time.
pub(super) struct Readers {
    connections: Box<[Mutex<Connection>]>,
}

impl Readers {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self {
            connections: connections.into_iter().map(Mutex::new).collect(),
        }
    }

    /// Runs one statement's worth of reading: true of one instant only if it
    /// is a single statement.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        work(&self.connection())
    }

    /// Runs several statements that all see the same instant.
    pub(super) fn snapshot<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let read = work(&transaction)?;
        transaction.commit()?;
        Ok(read)
    }

    /// A free connection, this thread's own if possible. Waits only if all are
    /// busy. A poisoned one is taken all the same: a reader that panicked has
    /// left nothing half written, and its transaction ended with it.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        let count = self.connections.len();
        let own = seat() % count;
        for offset in 0..count {
            match self.connections[(own + offset) % count].try_lock() {
                Ok(connection) => return connection,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        self.connections[own]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number that stays with the thread, so that it meets warm page caches.
fn seat() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local!(static SEAT: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed)));
    SEAT.with(Cell::get)
}

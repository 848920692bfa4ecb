//! Connections, lent for a time.
//!
//! - Every wait is bounded: for a connection, for a statement (the database
//!   sees to that itself), and for the call as a whole.
//! - A connection whose use was broken off, by a caller that went away or by a
//!   time that ran out, is closed: nobody knows what it is still busy with.
//! - What others' changes got in the way of is tried again, a few times. What
//!   may have happened already is not.

use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, Object, Pool, RecycleError, RecycleResult, Timeouts};
use deadpool_postgres::{ClientWrapper, Transaction};
use tokio_postgres::IsolationLevel;

use super::connect::{Connector, Session};
use super::fault::{Away, Fault};
use super::open::PostgresError;
use super::options::PostgresOptions;

/// How often a call is tried.
const TRIES: u32 = 8;
/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(2);

/// The connections of a store.
pub(super) struct Connections {
    pool: Pool<Sessions>,
    connector: Arc<Connector>,
    call: Duration,
}

/// Makes sessions for the pool.
pub(super) struct Sessions(Arc<Connector>);

impl managed::Manager for Sessions {
    type Type = Session;
    type Error = PostgresError;

    async fn create(&self) -> Result<Session, PostgresError> {
        self.0.begin().await
    }

    /// Whether it is closed; a broken one shows itself at its next use.
    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<PostgresError> {
        if session.client.is_closed() {
            return Err(RecycleError::message("closed"));
        }
        if self.0.newest.outdates(session.era) {
            return Err(RecycleError::message("with a server that was replaced"));
        }
        Ok(())
    }
}

impl Connections {
    /// Makes none yet.
    pub(super) fn new(connector: Arc<Connector>, options: &PostgresOptions) -> Self {
        let builder = Pool::builder(Sessions(Arc::clone(&connector)))
            .max_size(options.connections.max(1))
            .runtime(Runtime::Tokio1)
            .timeouts(Timeouts {
                wait: Some(options.wait),
                create: Some(options.call),
                recycle: Some(options.connect),
            });
        Self {
            #[expect(
                clippy::expect_used,
                reason = "fails only where timeouts are set and no runtime is, and one is"
            )]
            pool: builder.build().expect("a pool with a runtime"),
            connector,
            call: options.call,
        }
    }

    /// Gives up what takes longer than a call may.
    pub(super) async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        tokio::time::timeout(self.call, call)
            .await
            .unwrap_or(Err(Fault::Away(Away::Silent(self.call))))
    }

    /// A free connection.
    pub(super) async fn lease(&self) -> Result<Lease, Fault> {
        Ok(Lease {
            session: Some(self.pool.get().await?),
            connector: Arc::clone(&self.connector),
            settled: false,
        })
    }
}

/// A connection in use. Closed when dropped, unless it was settled.
pub(super) struct Lease {
    /// `None` only while dropping.
    session: Option<Object<Sessions>>,
    connector: Arc<Connector>,
    settled: bool,
}

#[expect(
    clippy::expect_used,
    reason = "the session is there until the lease is dropped"
)]
impl Lease {
    /// For statements, each a transaction of its own.
    pub(super) fn client(&mut self) -> &mut ClientWrapper {
        &mut self.session.as_mut().expect("a session in use").client
    }

    /// Whether the server behind it was replaced, as far as is known here.
    pub(super) fn is_outdated(&self) -> bool {
        let session = self.session.as_ref().expect("a session in use");
        self.connector.newest.outdates(session.era)
    }

    /// Comes about when that becomes known: then no answer is waited for.
    pub(super) fn replaced(&self) -> impl Future<Output = ()> + use<> {
        let session = self.session.as_ref().expect("a session in use");
        self.connector.newest.outdating(session.era)
    }

    /// Closed, and with it, before they are used again, all others with a
    /// server that takes no writes any more: it may have been replaced.
    pub(super) fn give_up_if_replaced(&self, fault: &Fault) {
        if fault.is_read_only() {
            let session = self.session.as_ref().expect("a session in use");
            self.connector.newest.doubt(session.era);
        }
    }

    /// For statements that belong together.
    pub(super) async fn begin(&mut self, kind: Kind) -> Result<Transaction<'_>, Fault> {
        let builder = self.client().build_transaction();
        let builder = match kind {
            Kind::Change => builder.isolation_level(IsolationLevel::ReadCommitted),
            Kind::Snapshot => builder
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true),
        };
        Ok(builder.start().await?)
    }

    /// Everything that was asked is answered: the next may have it.
    pub(super) fn settle(mut self) {
        self.settled = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(session) = self.session.take()
            && !self.settled
        {
            // Out of the pool, hence closed.
            drop(Object::take(session));
        }
    }
}

/// What a transaction is for.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Each statement sees what was committed before it.
    Change,
    /// All statements see one instant.
    Snapshot,
}

/// When to try again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// If nothing was done, for others were in the way.
    IfUndone,
    /// Also if the connection was lost: for what changes nothing.
    IfLost,
}

/// The tries of one call.
pub(super) struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    pub(super) const fn new() -> Self {
        Self {
            left: TRIES - 1,
            pause: PAUSE,
        }
    }

    /// Whether to try again; if so, after a pause.
    pub(super) async fn again(&mut self, fault: &Fault, repeat: Repeat) -> bool {
        let undone = fault.is_crowded() || fault.is_read_only();
        let worth = undone || repeat == Repeat::IfLost && fault.is_lost();
        if !worth || self.left == 0 {
            return false;
        }
        self.left -= 1;
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        true
    }
}

/// Ends a transaction as its work ended. An error of the rollback is none: the
/// connection is not used again then, and the database undoes the rest.
pub(super) async fn end<T>(
    transaction: Transaction<'_>,
    outcome: Result<T, Fault>,
) -> (Result<T, Fault>, bool) {
    match outcome {
        Ok(done) => match transaction.commit().await {
            Ok(()) => (Ok(done), true),
            Err(error) => (Err(error.into()), false),
        },
        // There is nobody to tell.
        Err(fault) if fault.is_lost() => (Err(fault), false),
        Err(fault) => {
            let undone = transaction.rollback().await.is_ok();
            (Err(fault), undone)
        }
    }
}

/// Runs a statement, which is a transaction of its own, on a free connection.
/// (A macro, since a closure cannot promise that its future may move between
/// threads.)
macro_rules! asking {
    ($store:expr, $repeat:expr, |$client:ident| $work:expr) => {{
        let connections = &$store.connections;
        let call = async {
            let mut tries = crate::postgres::pool::Tries::new();
            loop {
                let mut lease = connections.lease().await?;
                let replaced = lease.replaced();
                let outcome = {
                    let $client = &*lease.client();
                    tokio::select! {
                        biased;
                        outcome = async { $work.await } => outcome,
                        () = replaced => Err(crate::postgres::fault::Away::Replaced.into()),
                    }
                };
                match outcome {
                    Ok(done) => {
                        lease.settle();
                        return Ok(done);
                    }
                    Err(fault) => {
                        lease.give_up_if_replaced(&fault);
                        if !fault.is_lost() {
                            lease.settle();
                        }
                        if !tries.again(&fault, $repeat).await {
                            return Err(fault);
                        }
                    }
                }
            }
        };
        connections
            .in_time(call)
            .await
            .map_err(avouch_core::storage::StoreError::from)
    }};
}

/// Runs statements in one transaction: all of them or none.
macro_rules! in_transaction {
    ($store:expr, $kind:expr, |$transaction:ident| $work:expr) => {{
        use crate::postgres::fault::Away;
        use crate::postgres::pool::{Repeat, Tries, end};
        let connections = &$store.connections;
        let call = async {
            let mut tries = Tries::new();
            loop {
                let mut lease = connections.lease().await?;
                let replaced = lease.replaced();
                let trying = async {
                    match lease.begin($kind).await {
                        Ok(transaction) => {
                            let outcome = {
                                let $transaction = &transaction;
                                $work.await
                            };
                            Ok(end(transaction, outcome).await)
                        }
                        Err(fault) => Err(fault),
                    }
                };
                let tried = tokio::select! {
                    biased;
                    tried = trying => tried,
                    () = replaced => Ok((Err(Away::Replaced.into()), false)),
                };
                let (outcome, at_rest) = match tried {
                    Ok(ended) => ended,
                    // Nothing was asked for yet.
                    Err(fault) if tries.again(&fault, Repeat::IfLost).await => continue,
                    Err(fault) => return Err(fault),
                };
                if let Err(fault) = &outcome {
                    lease.give_up_if_replaced(fault);
                }
                if at_rest {
                    lease.settle();
                }
                match outcome {
                    Err(fault) if tries.again(&fault, Repeat::IfUndone).await => {}
                    outcome => return outcome,
                }
            }
        };
        connections
            .in_time(call)
            .await
            .map_err(avouch_core::storage::StoreError::from)
    }};
}

pub(super) use {asking, in_transaction};

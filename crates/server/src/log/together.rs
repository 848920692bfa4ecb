//! The way of lines out of the process: those of requests that are answered at the same time, in
//! one write.
//!
//! **What must hold.** No answer leaves before its lines are written, and lines stay in their
//! order. A process that is killed has written all lines about what it answered.
//!
//! **How.** A request runs within [`together`]. What it has to say at level `INFO` is gathered, and
//! when its answer is ready it lets the other requests go on that are ready to, which have lines of
//! their own then; whoever comes back first writes them all. Every other line is written at
//! once, after those that were gathered before it. A system call costs more than a line does to
//! make, and under load one of them serves many.

use std::io::{self, Stderr, Write};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tokio::task_local;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// The lines of this process.
static LINES: LazyLock<Lines<Stderr>> = LazyLock::new(|| Lines::to(io::stderr()));

/// Octets that are not added to any more before they are written.
const ENOUGH: usize = 64 * 1024;

task_local! {
    static GATHERING: ();
}

/// Where the log of this process goes.
pub(super) fn lines() -> &'static Lines<Stderr> {
    &LINES
}

/// Runs what makes an answer; when it is over, so are its lines.
pub(crate) async fn together<T>(request: impl Future<Output = T>) -> T {
    together_in(&LINES, request).await
}

async fn together_in<T, W: Write>(lines: &Lines<W>, request: impl Future<Output = T>) -> T {
    let _written = Written(lines);
    let outcome = GATHERING.scope((), request).await;
    if !lines.own().gathered.is_empty() {
        tokio::task::yield_now().await;
    }
    outcome
}

/// Writes what is gathered when it is dropped, also with a request that nobody waits for any more.
struct Written<'l, W: Write>(&'l Lines<W>);

impl<W: Write> Drop for Written<'_, W> {
    fn drop(&mut self) {
        self.0.own().write();
    }
}

/// Lines on their way.
#[derive(Debug)]
pub(super) struct Lines<W>(Mutex<Way<W>>);

#[derive(Debug)]
struct Way<W> {
    gathered: Vec<u8>,
    out: W,
}

impl<W> Lines<W> {
    pub(super) const fn to(out: W) -> Self {
        let gathered = Vec::new();
        Self(Mutex::new(Way { gathered, out }))
    }

    /// Held while lines are written: whoever finds nothing gathered knows that it is all out.
    fn own(&self) -> MutexGuard<'_, Way<W>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Write> Way<W> {
    fn write(&mut self) {
        if !self.gathered.is_empty() {
            // Where could it be said that nothing can be said?
            let _ = self.out.write_all(&self.gathered);
            self.gathered.clear();
        }
    }
}

impl<'l, W: Write + 'l> MakeWriter<'l> for &'static Lines<W> {
    type Writer = Line<'l, W>;

    fn make_writer(&'l self) -> Self::Writer {
        Line {
            lines: self,
            waits: false,
        }
    }

    fn make_writer_for(&'l self, about: &Metadata<'_>) -> Self::Writer {
        Line {
            lines: self,
            waits: *about.level() == Level::INFO && GATHERING.try_with(|()| ()).is_ok(),
        }
    }
}

/// Takes one line.
pub(super) struct Line<'l, W> {
    lines: &'l Lines<W>,
    waits: bool,
}

impl<W: Write> Write for Line<'_, W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut way = self.lines.own();
        way.gathered.extend_from_slice(line);
        if !self.waits || way.gathered.len() > ENOUGH {
            way.write();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use tracing::{info, warn};

    use super::*;

    /// What was written, a string for each system call that it would have been.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);

    impl Write for Writes {
        fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
            let text = String::from_utf8(lines.to_vec()).unwrap();
            self.0.lock().unwrap().push(text);
            Ok(lines.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Writes {
        fn taken(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    /// Lines that go nowhere else, and the log of this thread until the guard is dropped.
    fn log() -> (
        &'static Lines<Writes>,
        Writes,
        tracing::subscriber::DefaultGuard,
    ) {
        let writes = Writes::default();
        let lines: &'static _ = Box::leak(Box::new(Lines::to(writes.clone())));
        let subscriber = tracing_subscriber::fmt()
            .with_writer(lines)
            .without_time()
            .with_level(false)
            .with_target(false)
            .finish();
        (lines, writes, tracing::subscriber::set_default(subscriber))
    }

    #[tokio::test]
    async fn requests_that_are_ready_at_one_time_share_a_write_that_comes_before_their_answers() {
        let (lines, writes, _log) = log();
        let request = |name: &'static str| {
            let writes = writes.clone();
            async move {
                together_in(lines, async {
                    info!("event {name}");
                    info!("request {name}");
                })
                .await;
                writes.taken()
            }
        };
        let (a, b) = tokio::join!(request("a"), request("b"));
        let all = ["event a\nrequest a\nevent b\nrequest b\n"];
        assert!(
            a == all && b.is_empty() || b == all && a.is_empty(),
            "{a:?} {b:?}"
        );
    }

    #[tokio::test]
    async fn what_is_urgent_or_said_outside_of_requests_is_written_at_once_and_in_order() {
        let (lines, writes, _log) = log();
        info!("serving");
        assert_eq!(writes.taken(), ["serving\n"]);
        together_in(lines, async {
            info!("event");
            assert!(writes.taken().is_empty());
            warn!("slow");
            assert_eq!(writes.taken(), ["event\nslow\n"]);
        })
        .await;
        assert!(writes.taken().is_empty());
    }

    #[tokio::test]
    async fn what_a_request_said_that_is_given_up_is_written() {
        let (lines, writes, _log) = log();
        let mut given_up = Box::pin(together_in(lines, async {
            info!("event");
            std::future::pending::<()>().await;
        }));
        let polled = given_up
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Pending);
        assert!(writes.taken().is_empty());
        drop(given_up);
        assert_eq!(writes.taken(), ["event\n"]);
    }

    #[tokio::test]
    async fn what_is_gathered_is_bounded() {
        let (lines, writes, _log) = log();
        together_in(lines, async {
            let long = "x".repeat(ENOUGH);
            info!("{long}");
            assert_eq!(writes.taken().len(), 1);
        })
        .await;
    }

    #[tokio::test]
    async fn a_request_that_says_nothing_waits_for_nobody() {
        let (lines, _, _log) = log();
        let quiet = pin!(together_in(lines, async { 7 }));
        let polled = quiet.poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(7));
    }
}

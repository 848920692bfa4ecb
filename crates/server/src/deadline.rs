//! A connection whose other end must take what it is sent.
//!
//! Without this, whoever asks and never reads would hold a connection, and a place among the
//! bounded number of them, for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

/// Breaks off when something has waited for longer than the limit to be taken whole. Taking it a
/// byte at a time does not buy more time.
pub(crate) struct WriteDeadline<S> {
    stream: S,
    limit: Duration,
    /// Runs from the first write that is not yet flushed.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteDeadline<S> {
    pub(crate) const fn new(stream: S, limit: Duration) -> Self {
        Self {
            stream,
            limit,
            waiting: None,
        }
    }

    /// Passes on how a write went, or breaks off.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            return outcome;
        }
        let limit = self.limit;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(limit)));
        if waiting.as_mut().poll(context).is_ready() {
            let why = "the other end does not read its answers";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteDeadline<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        // A part that was taken does not set the clock back: only all of it does.
        match (&outcome, &mut self.waiting) {
            (Poll::Ready(Ok(taken)), waiting) if *taken == bytes.len() => *waiting = None,
            (Poll::Ready(Ok(_)), Some(waiting)) if waiting.deadline() <= Instant::now() => {
                return self.watch(context, Poll::Pending);
            }
            _ => {}
        }
        self.watch(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        let whole: usize = parts.iter().map(|part| part.len()).sum();
        match (&outcome, &mut self.waiting) {
            (Poll::Ready(Ok(taken)), waiting) if *taken == whole => *waiting = None,
            (Poll::Ready(Ok(_)), Some(waiting)) if waiting.deadline() <= Instant::now() => {
                return self.watch(context, Poll::Pending);
            }
            _ => {}
        }
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.watch(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(context);
        self.watch(context, outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn who_never_reads_is_broken_off() {
        let (near, _far) = duplex(64);
        let mut near = WriteDeadline::new(near, LIMIT);
        let started = Instant::now();
        let error = near.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn reading_a_byte_at_a_time_does_not_buy_time() {
        let (near, mut far) = duplex(64);
        let mut near = WriteDeadline::new(near, LIMIT);
        let drip = tokio::spawn(async move {
            let mut byte = [0; 1];
            while far.read_exact(&mut byte).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let error = near.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(near);
        drip.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn who_reads_in_time_gets_everything_again_and_again() {
        let (near, mut far) = duplex(64);
        let mut near = WriteDeadline::new(near, LIMIT);
        let reading = tokio::spawn(async move {
            let mut total = 0;
            let mut buffer = [0; 64];
            loop {
                sleep(Duration::from_millis(100)).await;
                match far.read(&mut buffer).await.unwrap() {
                    0 => return total,
                    read => total += read,
                }
            }
        });
        for _ in 0..50 {
            near.write_all(&[0; 1000]).await.unwrap();
            sleep(Duration::from_mins(1)).await;
        }
        drop(near);
        assert_eq!(reading.await.unwrap(), 50_000);
    }
}

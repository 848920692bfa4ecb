//! Futures that are finished whether or not somebody waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that goes on in a task of its own when it is dropped before its end. Until then it
/// runs where it is polled, which costs less than a task.
pub(crate) struct ToTheEnd<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

/// The future panicked. What it said has been printed, and it will not be polled again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Panicked;

impl<T: Send + 'static> ToTheEnd<T> {
    pub(crate) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<T: Send + 'static> Future for ToTheEnd<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return Poll::Ready(Err(Panicked));
        };
        // Whatever it shared and left half done is behind locks and transactions, which take it
        // from there: as if its own task had panicked.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        let outcome = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => Ok(outcome),
            Err(_) => Err(Panicked),
        };
        self.0 = None;
        Poll::Ready(outcome)
    }
}

impl<T: Send + 'static> Drop for ToTheEnd<T> {
    fn drop(&mut self) {
        if let Some(rest) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            drop(runtime.spawn(rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_is_there_at_once_needs_no_task() {
        let mut future = ToTheEnd::new(async { 7 });
        let polled = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(Ok(7)));
    }

    #[tokio::test]
    async fn what_is_dropped_goes_on() {
        for polled_before in [false, true] {
            let (go, wait) = oneshot::channel::<()>();
            let (done, end) = oneshot::channel();
            let mut future = ToTheEnd::new(async move {
                wait.await.unwrap();
                done.send("done").unwrap();
            });
            if polled_before {
                let polled = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
                assert_eq!(polled, Poll::Pending);
            }
            drop(future);
            go.send(()).unwrap();
            assert_eq!(end.await, Ok("done"));
        }
    }

    #[tokio::test]
    async fn a_panic_is_told_and_ends_it() {
        let mut future = ToTheEnd::new(async {
            tokio::task::yield_now().await;
            panic!("a mistake");
        });
        assert_eq!((&mut future).await, Err::<(), _>(Panicked));
        assert_eq!(
            (&mut future).await,
            Err(Panicked),
            "and is not polled again"
        );
    }
}

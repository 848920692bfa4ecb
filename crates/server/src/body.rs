//! A request body that must arrive in time.
//!
//! Without this, whoever announces a body and never sends it would hold a connection, and a place
//! among the bounded number of them, for ever.

use std::error::Error;
use std::iter;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep, sleep_until, timeout};

/// The body did not arrive in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive in time")]
pub(crate) struct Overdue;

impl Overdue {
    /// Whether this is why a body could not be read.
    pub(crate) fn is_behind(error: &(dyn Error + 'static)) -> bool {
        iter::successors(Some(error), |&error| error.source()).any(<dyn Error>::is::<Self>)
    }
}

/// Gives the body of a request this long to arrive, counted from now. Sending it a byte at a time
/// does not buy more time. What is returned beside it is over when nobody reads the body any more,
/// or could.
pub(crate) fn limit_time(
    request: Request<Body>,
    limit: Duration,
) -> (Request<Body>, impl Future<Output = ()> + Send) {
    let (open, closed) = oneshot::channel();
    let request = request.map(|body| {
        if body.is_end_stream() {
            return body;
        }
        Body::new(TimedBody {
            body,
            end: Instant::now() + limit,
            deadline: None,
            _open: open,
        })
    });
    let over = async move {
        // Either way it is over: nothing is ever sent.
        _ = timeout(limit, closed).await;
    };
    (request, over)
}

struct TimedBody {
    body: Body,
    end: Instant,
    /// There as soon as something has to be waited for: most bodies come with their head.
    deadline: Option<Pin<Box<Sleep>>>,
    /// Goes with the body.
    _open: oneshot::Sender<()>,
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        // What is there already came in time, however late we are to read it: whoever was kept
        // waiting by our own store is not told that he was slow.
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let end = self.end;
        let deadline = self
            .deadline
            .get_or_insert_with(|| Box::pin(sleep_until(end)));
        ready!(deadline.as_mut().poll(context));
        Poll::Ready(Some(Err(Overdue.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;
    use http_body_util::channel::{Channel, Sender};
    use std::convert::Infallible;
    use tokio::time::sleep;

    const LIMIT: Duration = Duration::from_secs(10);

    /// A body, and whoever sends it.
    fn sent() -> (Sender<Bytes, Infallible>, Request<Body>) {
        let (sender, body) = Channel::new(1);
        (sender, Request::new(Body::new(body)))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_not_waited_for() {
        let (_sender, request) = sent();
        let started = Instant::now();
        let (request, over) = limit_time(request, LIMIT);
        let error = request.into_body().collect().await.unwrap_err();
        assert!(Overdue::is_behind(&error));
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
        over.await;
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn sending_a_byte_at_a_time_does_not_buy_time() {
        let (mut sender, request) = sent();
        let drip = tokio::spawn(async move {
            while sender.send_data(Bytes::from_static(b"a")).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let started = Instant::now();
        let (request, _) = limit_time(request, LIMIT);
        let error = request.into_body().collect().await.unwrap_err();
        assert!(Overdue::is_behind(&error));
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
        // Nobody takes any more of it.
        drip.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_in_time_is_read_and_then_over() {
        let (mut sender, request) = sent();
        let started = Instant::now();
        let (request, over) = limit_time(request, LIMIT);
        tokio::spawn(async move {
            sleep(LIMIT / 2).await;
            sender.send_data(Bytes::from_static(b"token=")).await
        });
        let read = request.into_body().collect().await.unwrap();
        assert_eq!(read.to_bytes(), "token=");
        over.await;
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs() / 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_came_in_time_is_read_however_late() {
        let (mut sender, request) = sent();
        let (request, over) = limit_time(request, LIMIT);
        sender
            .send_data(Bytes::from_static(b"token="))
            .await
            .unwrap();
        drop(sender);
        sleep(2 * LIMIT).await;
        let read = request.into_body().collect().await.unwrap();
        assert_eq!(read.to_bytes(), "token=");
        over.await;
    }

    #[tokio::test(start_paused = true)]
    async fn no_body_is_over_at_once_and_one_that_nobody_reads_in_time() {
        let started = Instant::now();
        let (_request, over) = limit_time(Request::new(Body::empty()), LIMIT);
        over.await;
        assert_eq!(started.elapsed().as_secs(), 0);
        let (_sender, request) = sent();
        let (_request, over) = limit_time(request, LIMIT);
        over.await;
        assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
    }

    #[test]
    fn a_body_that_broke_off_is_not_overdue() {
        let error = axum::Error::new(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert!(!Overdue::is_behind(&error));
    }
}

use std::io::Write as _;
use std::os::unix::net::UnixStream as Blocking;
use std::pin::Pin;
use std::sync::Mutex;

use avouch_crypto::random::SystemRandom;
use avouch_jose::SigningKey;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::*;

/// A queue of so many turns and places, and what it shows.
fn queue(turns: usize, most_waiting: usize) -> (SigningQueue, Gauge) {
    let waiting = Gauge::default();
    let queue = SigningQueue::with_turns(turns, most_waiting, waiting.clone());
    (queue, waiting)
}

fn poll<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    let context = &mut Context::from_waker(Waker::noop());
    future.as_mut().poll(context)
}

/// A turn that is waited for.
fn asked(queue: &SigningQueue) -> Pin<Box<impl Future<Output = Option<Turn>>>> {
    Box::pin(queue.turn())
}

/// A turn that is there.
#[track_caller]
fn had(future: &mut Pin<Box<impl Future<Output = Option<Turn>>>>) -> Turn {
    match poll(future) {
        Poll::Ready(Some(turn)) => turn,
        Poll::Ready(None) => panic!("as many wait as may"),
        Poll::Pending => panic!("it waits"),
    }
}

/// Lets the runtime go round until every turn that is over is handed on.
async fn rounds() {
    for _ in 0..8 {
        yield_now().await;
    }
}

#[tokio::test]
async fn a_turn_that_is_free_is_had_at_once_and_the_others_in_the_order_they_were_asked_for() {
    let (queue, waiting) = queue(1, 10);
    let first = had(&mut asked(&queue));
    let mut second = asked(&queue);
    let mut third = asked(&queue);
    assert!(poll(&mut second).is_pending());
    assert!(poll(&mut third).is_pending());
    assert_eq!(waiting.get(), 2);

    assert_eq!(first.make(|| 7), 7);
    assert!(poll(&mut second).is_pending(), "before the round is over");
    rounds().await;
    // Who comes only now does not get in before those that wait.
    let mut fourth = asked(&queue);
    for later in [&mut third, &mut fourth] {
        assert!(poll(later).is_pending());
    }
    had(&mut second).make(|| ());
    assert_eq!(waiting.get(), 2);
    rounds().await;
    assert!(poll(&mut fourth).is_pending());
    had(&mut third).make(|| ());
    rounds().await;
    had(&mut fourth).make(|| ());
    assert_eq!(waiting.get(), 0);
    rounds().await;
    had(&mut asked(&queue));
}

#[tokio::test]
async fn there_are_as_many_turns_as_stated() {
    let (queue, _) = queue(2, 10);
    let [one, _two] = [(); 2].map(|()| had(&mut asked(&queue)));
    let mut third = asked(&queue);
    assert!(poll(&mut third).is_pending());
    one.make(|| ());
    rounds().await;
    had(&mut third);
}

#[tokio::test]
async fn beyond_the_bound_nobody_waits() {
    let (queue, waiting) = queue(1, 2);
    let turn = had(&mut asked(&queue));
    let mut those_that_wait = [asked(&queue), asked(&queue)];
    for one in &mut those_that_wait {
        assert!(poll(one).is_pending());
    }
    assert!(matches!(poll(&mut asked(&queue)), Poll::Ready(None)));
    assert_eq!(waiting.get(), 2);

    turn.make(|| ());
    rounds().await;
    let [next, _] = &mut those_that_wait;
    let turn = had(next);
    let mut another = asked(&queue);
    assert!(poll(&mut another).is_pending());
    assert!(matches!(poll(&mut asked(&queue)), Poll::Ready(None)));
    drop(turn);
}

#[tokio::test]
async fn with_no_places_what_cannot_be_made_at_once_is_refused() {
    let (queue, _) = queue(1, 0);
    let turn = had(&mut asked(&queue));
    assert!(matches!(poll(&mut asked(&queue)), Poll::Ready(None)));
    turn.make(|| ());
    assert!(matches!(poll(&mut asked(&queue)), Poll::Ready(None)));
    rounds().await;
    had(&mut asked(&queue));
}

#[tokio::test]
async fn who_gives_up_makes_room() {
    let (queue, waiting) = queue(1, 1);
    let turn = had(&mut asked(&queue));
    let mut given_up = asked(&queue);
    assert!(poll(&mut given_up).is_pending());
    drop(given_up);
    assert_eq!(waiting.get(), 0);
    let mut next = asked(&queue);
    assert!(poll(&mut next).is_pending());
    turn.make(|| ());
    rounds().await;
    had(&mut next);
}

#[tokio::test]
async fn a_turn_that_nobody_takes_is_the_next_ones() {
    let (queue, waiting) = queue(1, 2);
    let turn = had(&mut asked(&queue));
    let mut given_up = asked(&queue);
    let mut next = asked(&queue);
    assert!(poll(&mut given_up).is_pending());
    assert!(poll(&mut next).is_pending());
    turn.make(|| ());
    rounds().await;
    drop(given_up);
    had(&mut next);
    assert_eq!(waiting.get(), 0);
}

#[tokio::test]
async fn a_signature_that_panics_ends_its_turn() {
    let (queue, _) = queue(1, 0);
    let turn = had(&mut asked(&queue));
    let signing = std::panic::AssertUnwindSafe(|| turn.make(|| panic!("a mistake")));
    assert!(std::panic::catch_unwind(signing).is_err());
    had(&mut asked(&queue));
}

#[tokio::test]
async fn what_is_cheap_to_sign_waits_for_nobody() {
    let keys = [SignatureAlgorithm::Rs256, SignatureAlgorithm::Es256]
        .map(|algorithm| SigningKey::generate(algorithm, &SystemRandom).unwrap());
    let [rsa, ecdsa] = keys.each_ref().map(|key| key.kid().to_owned());
    let (queue, waiting) = queue(1, 1);
    let signer = QueuedSigner::new(SoftwareSigner::new(keys), queue.clone());
    let turn = had(&mut asked(&queue));

    let mut costly = Box::pin(signer.sign(&rsa, b"a"));
    assert!(poll(&mut costly).is_pending());
    assert_eq!(waiting.get(), 1);
    let refused = poll(&mut Box::pin(signer.sign(&rsa, b"a")));
    assert!(matches!(refused, Poll::Ready(Err(SignerError::Busy))));
    let cheap = poll(&mut Box::pin(signer.sign(&ecdsa, b"a")));
    assert!(matches!(cheap, Poll::Ready(Ok(_))));

    turn.make(|| ());
    rounds().await;
    assert!(matches!(poll(&mut costly), Poll::Ready(Ok(_))));
    let unknown = poll(&mut Box::pin(signer.sign("nobody", b"a")));
    assert!(matches!(
        unknown,
        Poll::Ready(Err(SignerError::UnknownKey(_)))
    ));
}

/// What was done, in order.
#[derive(Clone, Default)]
struct Done(Arc<Mutex<Vec<&'static str>>>);

impl Done {
    fn note(&self, what: &'static str) {
        self.0.lock().unwrap().push(what);
    }

    fn all(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

/// Both schedulers: the one that serves, with one worker, and the one of most tests.
fn on_one_worker<F>(story: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let several = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    let one = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    for runtime in [several, one].map(Result::unwrap) {
        runtime.block_on(async { tokio::spawn(story()).await.unwrap() });
    }
}

#[test]
fn whatever_is_ready_goes_before_those_that_wait() {
    on_one_worker(|| async {
        let (queue, _) = queue(1, 10);
        let done = Done::default();
        let mut tasks = JoinSet::new();
        for _ in 0..3 {
            let (queue, done) = (queue.clone(), done.clone());
            tasks.spawn(async move {
                let turn = queue.turn().await.unwrap();
                turn.make(|| done.note("costly"));
            });
        }
        for _ in 0..3 {
            let done = done.clone();
            tasks.spawn(async move { done.note("cheap") });
        }
        tasks.join_all().await;
        let all = done.all();
        let [ready @ .., one, another] = &all[..] else {
            panic!("{all:?}");
        };
        assert_eq!([*one, *another], ["costly"; 2], "{all:?}");
        let cheap = ready.iter().filter(|what| **what == "cheap");
        assert_eq!(cheap.count(), 3, "{all:?}");
    });
}

#[test]
fn what_comes_in_while_one_signs_goes_before_the_next_that_signs() {
    on_one_worker(|| async {
        let (queue, _) = queue(1, 10);
        let done = Done::default();
        let mut tasks = JoinSet::new();
        // Two at a time, for who is woken last may run first.
        let mut ends = Vec::new();
        for _ in 0..6 {
            let (near, far) = Blocking::pair().unwrap();
            far.set_nonblocking(true).unwrap();
            let mut far = UnixStream::from_std(far).unwrap();
            ends.push(near);
            let done = done.clone();
            tasks.spawn(async move {
                far.read_u8().await.unwrap();
                done.note("cheap");
            });
        }
        rounds().await;
        let ends = Arc::new(Mutex::new(ends));
        for _ in 0..3 {
            let (queue, done, ends) = (queue.clone(), done.clone(), Arc::clone(&ends));
            tasks.spawn(async move {
                let turn = queue.turn().await.unwrap();
                turn.make(|| {
                    done.note("costly");
                    for mut near in ends.lock().unwrap().drain(..2) {
                        near.write_all(b"!").unwrap();
                    }
                });
            });
        }
        tasks.join_all().await;
        assert_eq!(done.all(), ["costly", "cheap", "cheap"].repeat(3));
    });
}

#[test]
fn each_turn_comes_though_what_is_cheap_never_ends() {
    on_one_worker(|| async {
        let (queue, _) = queue(1, 10);
        let mut costly = JoinSet::new();
        for _ in 0..3 {
            let queue = queue.clone();
            costly.spawn(async move { queue.turn().await.unwrap().make(|| ()) });
        }
        let mut endless = JoinSet::new();
        for _ in 0..2 {
            endless.spawn(async {
                loop {
                    after_all_that_is_ready().await;
                }
            });
        }
        costly.join_all().await;
        assert!(endless.try_join_next().is_none());
    });
}

use std::cell::Cell;
use std::convert::Infallible;
use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use proptest::prelude::*;

use super::*;

/// Awaits what never has to wait for anybody else's doing.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

/// Awaits from a thread of its own.
fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Thread(thread::Thread);
    impl Wake for Thread {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Thread(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

fn key(input: &str) -> StatementKey {
    StatementKey::of(input, None)
}

fn say(memory: &StatementMemory, key: StatementKey, made: &str) -> Said {
    let made: Result<_, Infallible> = Ok(made.to_owned());
    now(memory.say(key, ready(made))).unwrap()
}

#[test]
fn what_was_said_is_said_again_and_not_made_again() {
    let memory = StatementMemory::new(10_000);
    let first = say(&memory, key("a"), "one");
    assert_eq!(
        (&first.statement[..], first.remembered),
        (&b"one"[..], false)
    );
    let again = say(&memory, key("a"), "two");
    assert_eq!(
        (&again.statement[..], again.remembered),
        (&b"one"[..], true)
    );
}

#[test]
fn one_changed_octet_or_another_recipient_is_another_statement() {
    let memory = StatementMemory::new(10_000);
    let keys = [
        key("a"),
        key("b"),
        key(""),
        StatementKey::of("a", Some(&[0; 32])),
        StatementKey::of("a", Some(&[1; 32])),
    ];
    for (place, key) in keys.iter().enumerate() {
        let said = say(&memory, *key, &place.to_string());
        assert!(!said.remembered, "{place}");
    }
    for (place, key) in keys.iter().enumerate() {
        let said = say(&memory, *key, "other");
        assert_eq!(said.statement, place.to_string(), "{place}");
    }
}

#[test]
fn a_memory_of_no_octets_remembers_nothing() {
    let memory = StatementMemory::new(0);
    assert!(!say(&memory, key("a"), "one").remembered);
    assert_eq!(say(&memory, key("a"), "two").statement, "two");
}

#[test]
fn what_is_larger_than_the_memory_is_said_all_the_same() {
    let memory = StatementMemory::new(1_000);
    let large = "x".repeat(2_000);
    assert_eq!(say(&memory, key("a"), &large).statement, large);
    assert_eq!(say(&memory, key("b"), "small").statement, "small");
}

#[test]
fn a_failure_is_not_remembered() {
    let memory = StatementMemory::new(10_000);
    assert_eq!(
        now(memory.say(key("a"), ready(Err("no signer")))),
        Err("no signer")
    );
    assert!(!say(&memory, key("a"), "one").remembered);
}

#[test]
fn who_gives_up_hands_over_to_whoever_waits() {
    let memory = StatementMemory::new(10_000);
    let mut context = Context::from_waker(Waker::noop());
    let mut first = Box::pin(memory.say(key("a"), pending::<Result<String, Infallible>>()));
    assert!(first.as_mut().poll(&mut context).is_pending());
    let made = Cell::new(0);
    let mut second = Box::pin(memory.say(key("a"), async {
        made.set(made.get() + 1);
        Ok::<_, Infallible>("one".to_owned())
    }));
    assert!(second.as_mut().poll(&mut context).is_pending());
    assert_eq!(made.get(), 0, "while another is at it");
    drop(first);
    assert_eq!(now(second).unwrap().statement, "one");
    assert_eq!(made.get(), 1);
}

/// So only one of them waits for its turn to sign; and if there is none to be had, each learns
/// that by asking once.
#[test]
fn while_one_is_at_it_nobody_else_is_and_after_its_failure_each_tries_once() {
    let memory = StatementMemory::new(10_000);
    let mut context = Context::from_waker(Waker::noop());
    let tried = Cell::new(0);
    let fails = Cell::new(false);
    let mut all: Vec<_> = (0..5)
        .map(|_| {
            Box::pin(memory.say(key("a"), async {
                tried.set(tried.get() + 1);
                poll_fn(|_| {
                    if fails.get() {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                })
                .await;
                Err("busy")
            }))
        })
        .collect();
    for one in &mut all {
        assert!(one.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(tried.get(), 1);
    fails.set(true);
    while !all.is_empty() {
        let waited = all.len();
        all.retain_mut(|one| match one.as_mut().poll(&mut context) {
            Poll::Ready(said) => {
                assert_eq!(said, Err("busy"));
                false
            }
            Poll::Pending => true,
        });
        assert!(all.len() < waited, "it is nobody's turn");
    }
    assert_eq!(tried.get(), 5);
    assert!(!say(&memory, key("a"), "one").remembered);
}

#[test]
fn of_many_at_one_time_one_makes_it() {
    let memory = StatementMemory::new(100_000);
    let made = AtomicUsize::new(0);
    for round in 0..50 {
        let key = key(&round.to_string());
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let said = wait(memory.say(key, async {
                        made.fetch_add(1, Ordering::SeqCst);
                        Ok::<_, Infallible>(round.to_string())
                    }));
                    assert_eq!(said.unwrap().statement, round.to_string());
                });
            }
        });
        assert_eq!(made.load(Ordering::SeqCst), round + 1);
    }
}

proptest! {
    /// Whatever was forgotten meanwhile, nobody is told another's statement, and the bound holds.
    #[test]
    fn nobody_is_told_what_was_said_of_something_else(
        asked in prop::collection::vec((0_u8..40, 0_usize..600), 1..300),
    ) {
        let memory = StatementMemory::new(8_000);
        for (name, length) in asked {
            let input = format!("{name}");
            let made = format!("{name}.{}", "x".repeat(length));
            let said = say(&memory, key(&input), &made);
            let own = format!("{name}.");
            prop_assert!(said.statement.starts_with(own.as_bytes()));
            let kept = memory.0.as_ref().unwrap().weight();
            prop_assert!(kept <= 8_000, "{kept}");
        }
    }
}

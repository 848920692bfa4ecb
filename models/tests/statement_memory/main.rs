//! The memory of statements through the interleavings that shuttle makes.
//!
//! In every one of them: whoever is told something is told what was made for what it asked for; only
//! one makes it at a time; whoever fails or gives up leaves the next one its turn, and nobody waits
//! for ever, which shuttle would call a deadlock; what is kept stays within the bound.

mod scene;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use scene::{Ask, KEYS, Maker, ROOM_FOR_ALL, ROOM_FOR_TWO, Scene, Seen};
use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};
use shuttle::scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, MaxSteps, Runner, thread};

/// The same schedules every time; `SHUTTLE_RANDOM_SEED` takes another.
const SEED: u64 = 9701;
const SCHEDULES: usize = 10_000;
/// More than there are where all are tried: a few more steps that lock something, and it takes hours.
const TOO_MANY: usize = 500_000;

/// Who asks at one time, and how often each of them.
const ASKERS: usize = 4;
const QUESTIONS: usize = 3;

/// Runs a scene in every schedule of a scheduler, and tells in how many.
fn run(
    scheduler: impl Scheduler + 'static,
    play: impl Fn(&Seen) + Send + Sync + 'static,
) -> (usize, Arc<Seen>) {
    let mut config = Config::default();
    config.max_steps = MaxSteps::FailAfter(20_000);
    config.stack_size = 0x2_0000;
    let seen = Arc::new(Seen::default());
    let watch = Arc::clone(&seen);
    let schedules = Runner::new(scheduler, config).run(move || play(&watch));
    (schedules, seen)
}

/// All schedules there are.
fn run_all(play: impl Fn(&Seen) + Send + Sync + 'static) -> Arc<Seen> {
    let (schedules, seen) = run(DfsScheduler::new(Some(TOO_MANY), false), play);
    assert!(schedules < TOO_MANY, "these are not all schedules");
    seen
}

fn random() -> RandomScheduler {
    RandomScheduler::new_from_seed(SEED, SCHEDULES)
}

/// Finds what takes a few changes of turn at the wrong instants.
fn few_changes() -> PctScheduler {
    PctScheduler::new_from_seed(SEED, 4, SCHEDULES)
}

/// Some ask at one time, each one thing after another.
fn crowd<'a>(scene: &Scene<'a>, ask: impl Fn() -> Ask + Sync) {
    thread::scope(|scope| {
        for _ in 0..ASKERS {
            scope.spawn(|| {
                block_on(async {
                    for _ in 0..QUESTIONS {
                        scene.ask(ask()).await;
                    }
                });
            });
        }
    });
}

fn anything() -> Ask {
    let mut draw = thread_rng();
    Ask {
        key: draw.gen_range(0..KEYS.len()),
        maker: match draw.gen_range(0..5) {
            0 => Maker::Fails,
            1 => Maker::MakesTooMuch,
            _ => Maker::Makes,
        },
        pauses: draw.gen_range(0..3),
        patience: draw.gen_bool(0.3).then(|| draw.gen_range(0..3)),
    }
}

fn a_crowd_with_room_for_two(scheduler: impl Scheduler + 'static) {
    let (_, seen) = run(scheduler, |seen| {
        let scene = Scene::new(ROOM_FOR_TWO, seen);
        crowd(&scene, anything);
        block_on(scene.close());
    });
    seen.assert(&[
        &seen.told_again,
        &seen.told_after_waiting,
        &seen.too_large,
        &seen.forgotten_and_made_again,
        &seen.failed,
        &seen.dropped_while_making,
        &seen.dropped_while_waiting,
        &seen.made_after_waiting,
    ]);
}

#[test]
fn nobody_in_a_crowd_is_told_something_else_or_waits_for_ever() {
    a_crowd_with_room_for_two(random());
}

#[test]
fn nor_where_the_turn_changes_seldom() {
    a_crowd_with_room_for_two(few_changes());
}

fn a_crowd_with_room_for_all(scheduler: impl Scheduler + 'static) {
    let (_, seen) = run(scheduler, |seen| {
        let scene = Scene::new(ROOM_FOR_ALL, seen);
        crowd(&scene, || {
            let ask = anything();
            match ask.maker {
                Maker::MakesTooMuch => Ask {
                    maker: Maker::Makes,
                    ..ask
                },
                Maker::Makes | Maker::Fails => ask,
            }
        });
        for key in 0..KEYS.len() {
            assert!(scene.made(key) <= 1, "key {key} was made again");
        }
        block_on(scene.close());
    });
    seen.assert(&[
        &seen.told_again,
        &seen.told_after_waiting,
        &seen.failed,
        &seen.dropped_while_making,
        &seen.made_after_waiting,
    ]);
}

#[test]
fn where_there_is_room_for_all_each_is_made_once() {
    a_crowd_with_room_for_all(random());
}

#[test]
fn once_too_where_the_turn_changes_seldom() {
    a_crowd_with_room_for_all(few_changes());
}

const MAKES: Ask = Ask {
    key: 0,
    maker: Maker::Makes,
    pauses: 0,
    patience: None,
};

/// The memory is full, and one makes something already when the other one asks.
fn late(first: Ask, second: Ask) -> Arc<Seen> {
    run_all(move |seen| {
        let scene = Scene::new(ROOM_FOR_TWO, seen);
        for key in [3, 4] {
            block_on(scene.ask(Ask { key, ..MAKES }));
        }
        let mut first = pin!(scene.ask(first));
        thread::scope(|scope| {
            assert!(block_on(look(first.as_mut())).is_pending());
            scope.spawn(|| block_on(scene.ask(second)));
            block_on(first);
        });
        block_on(scene.close());
    })
}

async fn look<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}

const AT_IT: Ask = Ask { pauses: 1, ..MAKES };
const FAILS: Ask = Ask {
    maker: Maker::Fails,
    ..AT_IT
};
const GIVES_UP: Ask = Ask {
    pauses: 2,
    patience: Some(1),
    ..MAKES
};
const IMPATIENT: Ask = Ask {
    patience: Some(0),
    ..MAKES
};

#[test]
fn all_schedules_of_one_who_asks_while_another_makes_it() {
    let seen = late(AT_IT, MAKES);
    seen.assert(&[&seen.told_again, &seen.told_after_waiting]);
}

#[test]
fn all_schedules_of_one_who_asks_while_another_fails() {
    let seen = late(FAILS, MAKES);
    seen.assert(&[&seen.failed, &seen.made_after_waiting]);
}

#[test]
fn all_schedules_of_one_who_asks_while_another_gives_up() {
    let seen = late(GIVES_UP, MAKES);
    seen.assert(&[&seen.dropped_while_making, &seen.made_after_waiting]);
}

#[test]
fn all_schedules_of_one_who_does_not_wait_for_another() {
    for first in [AT_IT, FAILS, GIVES_UP] {
        let seen = late(first, IMPATIENT);
        seen.assert(&[&seen.dropped_while_waiting]);
    }
}

#[test]
fn all_schedules_of_one_who_asks_for_something_else() {
    for first in [AT_IT, FAILS, GIVES_UP] {
        let seen = late(first, Ask { key: 1, ..MAKES });
        seen.assert(&[&seen.forgotten_and_made_again]);
    }
}

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::net::IpAddr;
use std::num::NonZeroU32;

use proptest::prelude::*;

use super::limiter::since_epoch;
use super::*;
use crate::time::Timestamp;

/// Alike in every run.
type Hasher = BuildHasherDefault<DefaultHasher>;

fn limit(count: u32, period: Duration, at_once: u32) -> Limit {
    let some = |number| NonZeroU32::new(number).unwrap();
    Limit::new(some(count), period, some(at_once))
}

/// One a second, three at once.
fn three() -> Limit {
    limit(1, Duration::from_secs(1), 3)
}

fn limiter(limit: Limit, keys: usize) -> Limiter<Hasher> {
    Limiter::new(limit, keys, Hasher::default())
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(1_000_000_000_000 + micros)
}

/// A token bucket for each key as one would explain it: it holds so much time,
/// fills with the time that passes, and one costs `each`.
struct Model {
    each: i64,
    most: i64,
    buckets: HashMap<u8, (i64, i64)>,
}

impl Model {
    fn new(each: i64, at_once: u32) -> Self {
        Self {
            each,
            most: each * i64::from(at_once),
            buckets: HashMap::new(),
        }
    }

    fn level(&self, key: u8, now: i64) -> i64 {
        let (level, then) = self.buckets.get(&key).copied().unwrap_or((self.most, now));
        (level + now - then).min(self.most)
    }

    fn take(&mut self, key: u8, now: i64) -> Result<(), Duration> {
        let level = self.level(key, now);
        if level < self.each {
            let missing = u64::try_from(self.each - level).unwrap();
            return Err(Duration::from_micros(missing));
        }
        self.buckets.insert(key, (level - self.each, now));
        Ok(())
    }

    fn not_full(&self, now: i64) -> usize {
        let keys = self.buckets.keys();
        keys.filter(|key| self.level(**key, now) < self.most)
            .count()
    }
}

/// Who comes, and after how many microseconds.
fn arrivals(keys: u8) -> impl Strategy<Value = Vec<(u8, i64)>> {
    prop::collection::vec((0..keys, 0..40_i64), 1..300)
}

proptest! {
    #[test]
    fn buckets_with_room_for_all_agree_with_the_model(
        each in 1..30_i64, at_once in 1..6_u32, arrivals in arrivals(6),
    ) {
        let period = Duration::from_micros(u64::try_from(each).unwrap());
        // Six keys, and a set has eight places.
        let limiter = limiter(limit(1, period, at_once), 1);
        let mut model = Model::new(each, at_once);
        let mut now = 0;
        for (key, later) in arrivals {
            now += later;
            let checked = limiter.check(&key, at(now));
            let expected = model.take(key, now);
            prop_assert_eq!(checked, expected);
            prop_assert_eq!(limiter.take(&key, at(now)), expected);
        }
    }

    #[test]
    fn without_room_for_all_nobody_gets_less_and_full_buckets_go_first(
        each in 1..30_i64, at_once in 1..6_u32, arrivals in arrivals(40),
    ) {
        let period = Duration::from_micros(u64::try_from(each).unwrap());
        let limiter = limiter(limit(1, period, at_once), 1);
        let room = limiter.table().room();
        let mut model = Model::new(each, at_once);
        let (mut now, mut agree) = (0, true);
        for (key, later) in arrivals {
            now += later;
            let expected = model.take(key, now);
            let taken = limiter.take(&key, at(now));
            // As long as there was a place for each that is not full, the full
            // ones alone were dropped, which loses nothing.
            agree &= model.not_full(now) <= room;
            if agree {
                prop_assert_eq!(taken, expected);
            }
            prop_assert!(taken.is_ok() || expected.is_err());
            prop_assert!(limiter.table().live(since_epoch(at(now))) <= room);
        }
    }

    #[test]
    fn the_wait_is_just_long_enough(
        each in 1..1_000_i64, at_once in 1..5_u32, later in 0..1_000_i64,
    ) {
        let period = Duration::from_micros(u64::try_from(each).unwrap());
        let limiter = limiter(limit(1, period, at_once), 1);
        for _ in 0..at_once {
            prop_assert!(limiter.take(&(), at(0)).is_ok());
        }
        let now = later % each;
        let wait = limiter.take(&(), at(now)).unwrap_err();
        let then = at(now).after(wait);
        let before = Timestamp::from_micros(then.as_micros() - 1);
        prop_assert!(limiter.check(&(), before).is_err());
        prop_assert!(limiter.take(&(), then).is_ok());
        prop_assert!(limiter.take(&(), then).is_err());
    }
}

#[test]
fn a_flood_of_made_up_keys_grows_nothing_and_frees_nobody_who_is_over() {
    let limiter = limiter(three(), 1_000);
    let room = limiter.table().room();
    for _ in 0..3 {
        assert!(limiter.take(&"guesser", at(0)).is_ok());
    }
    for key in 0..300_000_u32 {
        assert!(limiter.take(&key, at(0)).is_ok());
        if key % 1_000 == 0 {
            assert!(limiter.check(&"guesser", at(0)).is_err());
        }
    }
    assert_eq!(limiter.table().room(), room);
    assert_eq!(room, 1_024);
    assert_eq!(limiter.table().live(since_epoch(at(0))), room);
    // A bucket is full again after a second; nothing has to run for it.
    assert_eq!(limiter.table().live(since_epoch(at(1_000_000))), 1);
}

#[test]
fn a_clock_set_back_makes_nobody_wait_longer_than_for_one() {
    let limiter = limiter(three(), 1);
    for _ in 0..3 {
        assert!(limiter.take(&(), at(3_600_000_000)).is_ok());
    }
    let wait = limiter.take(&(), at(0)).unwrap_err();
    assert_eq!(wait, Duration::from_secs(1));
    // It stands as an empty bucket does, from here on.
    assert!(limiter.take(&(), at(0)).is_err());
}

#[test]
fn the_ends_of_time_do_no_harm() {
    let for_ever = limit(1, Duration::MAX, u32::MAX);
    for limit in [for_ever, limit(u32::MAX, Duration::ZERO, 1), three()] {
        let limiter = limiter(limit, 0);
        for now in [i64::MIN, -1, 0, i64::MAX] {
            let now = Timestamp::from_micros(now);
            let _ = (limiter.take(&now, now), limiter.check(&now, now));
        }
    }
}

#[test]
fn retry_after_is_in_whole_seconds_never_too_short_and_at_least_one() {
    for (wait, told) in [
        (0, 1),
        (1, 1),
        (1_000_000, 1),
        (1_000_001, 2),
        (59_500_000, 60),
    ] {
        let too_often = TooOften {
            what: Throttled::Calls,
            wait: Duration::from_micros(wait),
        };
        assert_eq!(too_often.retry_after(), told, "{wait}");
    }
}

mod failures {
    use super::*;

    /// Three at once from a source, five for an id.
    fn rates() -> FailureRates<Hasher> {
        let five = limit(1, Duration::from_secs(1), 5);
        FailureRates::new(Some(three()), Some(five), 1_000, &Hasher::default())
    }

    fn from(number: u8) -> Source {
        IpAddr::from([192, 0, 2, number]).into()
    }

    fn what(outcome: Result<(), TooOften>) -> Option<Throttled> {
        outcome.err().map(|too_often| too_often.what)
    }

    #[test]
    fn a_flood_against_an_id_does_not_touch_its_owner() {
        let rates = rates();
        let mut told = 0;
        for number in 0..100 {
            let guesser = Some(from(number));
            assert_eq!(rates.admit(guesser, "shop", at(0)), Ok(()));
            told += u32::from(rates.failed(guesser, Some("shop"), at(0)).is_err());
        }
        assert_eq!(told, 95);
        // Not from elsewhere, nor from where one of the guesses came from, and
        // not where nothing is known of the source.
        for source in [Some(from(200)), Some(from(7)), None] {
            assert_eq!(rates.admit(source, "shop", at(0)), Ok(()));
        }
        let failed = rates.failed(Some(from(200)), Some("shop"), at(0));
        assert_eq!(what(failed), Some(Throttled::CallerFailures));
        // One more a second.
        assert_eq!(
            rates.failed(Some(from(201)), Some("shop"), at(1_000_000)),
            Ok(())
        );
        // Another id is not concerned.
        assert_eq!(rates.failed(Some(from(202)), Some("bank"), at(0)), Ok(()));
    }

    #[test]
    fn a_source_that_guesses_is_refused_before_it_is_looked_at() {
        let rates = rates();
        for id in ["a", "b", "c"] {
            assert_eq!(rates.admit(Some(from(1)), id, at(0)), Ok(()));
            assert_eq!(rates.failed(Some(from(1)), Some(id), at(0)), Ok(()));
        }
        let refused = rates.admit(Some(from(1)), "d", at(0));
        assert_eq!(what(refused), Some(Throttled::SourceFailures));
        let failed = rates.failed(Some(from(1)), None, at(0));
        assert_eq!(what(failed), Some(Throttled::SourceFailures));
        assert_eq!(rates.admit(Some(from(2)), "d", at(0)), Ok(()));
        assert_eq!(rates.admit(Some(from(1)), "d", at(1_000_000)), Ok(()));
    }

    #[test]
    fn who_has_proved_itself_from_a_source_is_not_hurt_by_its_neighbours() {
        let rates = rates();
        rates.succeeded(Some(from(1)), "shop", at(0));
        for _ in 0..10 {
            let _ = rates.failed(Some(from(1)), Some("bank"), at(0));
        }
        assert_eq!(rates.admit(Some(from(1)), "shop", at(0)), Ok(()));
        assert!(rates.admit(Some(from(1)), "bank", at(0)).is_err());
        // What it gets wrong counts all the same.
        assert!(rates.failed(Some(from(1)), Some("shop"), at(0)).is_err());

        // From there alone, and for so long alone.
        for _ in 0..10 {
            let _ = rates.failed(Some(from(2)), Some("bank"), at(0));
        }
        assert!(rates.admit(Some(from(2)), "shop", at(0)).is_err());
        let later = at(0).after(PROVEN_FOR);
        for _ in 0..10 {
            let _ = rates.failed(Some(from(1)), None, later);
        }
        assert!(rates.admit(Some(from(1)), "shop", later).is_err());
    }

    #[test]
    fn where_the_source_is_not_known_nobody_shares_a_count() {
        let rates = rates();
        for number in 0..100_u8 {
            let id = number.to_string();
            assert_eq!(rates.failed(None, Some(&id), at(0)), Ok(()));
        }
        assert_eq!(rates.admit(None, "shop", at(0)), Ok(()));
    }

    #[test]
    fn without_limits_nothing_is_refused() {
        let rates = FailureRates::new(None, None, 10, &Hasher::default());
        for _ in 0..1_000 {
            assert_eq!(rates.admit(Some(from(1)), "shop", at(0)), Ok(()));
            assert_eq!(rates.failed(Some(from(1)), Some("shop"), at(0)), Ok(()));
            rates.succeeded(Some(from(1)), "shop", at(0));
        }
    }
}

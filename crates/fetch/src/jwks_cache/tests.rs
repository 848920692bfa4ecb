use super::*;
use crate::fetcher::Document;
use crate::policy::Policy;
use avouch_jose::SignatureAlgorithm::Es256;
use avouch_jose::SigningKey;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Semaphore, mpsc};

const A: &str = "https://a.example/jwks";
const UNSOUND: &str = r#"{"kty":"oct","kid":"shared","k":"AAAA"},{"kty":"NEW","kid":"new"}"#;

/// Stands still until it is moved.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicU64>);

impl Clock for TestClock {
    fn now(&self) -> Duration {
        Duration::from_secs(1_800_000_000 + self.0.load(Ordering::SeqCst))
    }
}

impl TestClock {
    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// Owners of keys who answer as they are told, and are counted.
#[derive(Clone)]
struct Owners(Arc<Stock>);

struct Stock {
    answers: Mutex<VecDeque<Result<Document, FetchError>>>,
    asked: Mutex<Vec<String>>,
    began: mpsc::UnboundedSender<()>,
    may_answer: Semaphore,
}

impl Fetch for Owners {
    async fn fetch(&self, url: &DocumentUrl) -> Result<Document, FetchError> {
        self.0.asked.lock().unwrap().push(url.as_str().to_owned());
        let _ = self.0.began.send(());
        self.0.may_answer.acquire().await.unwrap().forget();
        let next = self.0.answers.lock().unwrap().pop_front();
        next.unwrap_or_else(|| published(&["default"], None))
    }
}

impl Owners {
    fn answer(&self, answer: Result<Document, FetchError>) {
        self.0.answers.lock().unwrap().push_back(answer);
    }

    fn count(&self) -> usize {
        self.0.asked.lock().unwrap().len()
    }
}

struct Stage {
    cache: Arc<JwksCache<Owners, TestClock>>,
    owners: Owners,
    clock: TestClock,
    began: mpsc::UnboundedReceiver<()>,
}

/// Owners who answer at once.
fn stage() -> Stage {
    let stage = slow_stage(JwksCacheSettings::default());
    stage.owners.0.may_answer.add_permits(1000);
    stage
}

/// Owners who answer when they may.
fn slow_stage(settings: JwksCacheSettings) -> Stage {
    let (sender, began) = mpsc::unbounded_channel();
    let owners = Owners(Arc::new(Stock {
        answers: Mutex::default(),
        asked: Mutex::default(),
        began: sender,
        may_answer: Semaphore::new(0),
    }));
    let clock = TestClock::default();
    Stage {
        cache: Arc::new(JwksCache::new(owners.clone(), clock.clone(), settings)),
        owners,
        clock,
        began,
    }
}

fn url(text: &str) -> DocumentUrl {
    DocumentUrl::parse(text, &Policy::public_hosts()).unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "an answer, like a failure")]
fn published(kids: &[&str], max_age: Option<u64>) -> Result<Document, FetchError> {
    let key = SigningKey::generate(Es256, &avouch_crypto::random::SystemRandom).unwrap();
    let keys: Vec<String> = kids
        .iter()
        .map(|kid| key.public_jwk().clone().with_kid(*kid).to_json())
        .collect();
    Ok(Document {
        body: format!(r#"{{"keys":[{UNSOUND},{}]}}"#, keys.join(",")).into(),
        max_age: max_age.map(Duration::from_secs),
    })
}

fn failure() -> Result<Document, FetchError> {
    Err(PrivateCause::Status(503).into())
}

fn has(outcome: &Outcome, kid: &str) -> bool {
    outcome.as_ref().unwrap().find(kid).next().is_some()
}

#[tokio::test]
async fn row_8725_3_10_01_keys_are_cached_for_their_time_and_not_a_moment_longer() {
    for (max_age, seconds) in [
        (None, 600),
        (Some(0), 60),
        (Some(90), 90),
        (Some(86_400), 3600),
    ] {
        let Stage {
            cache,
            owners,
            clock,
            ..
        } = stage();
        owners.answer(published(&["old"], max_age));
        owners.answer(failure());
        assert!(has(&cache.keys(&url(A)).await, "old"));
        clock.advance(seconds - 1);
        assert!(has(&cache.keys(&url(A)).await, "old"), "{max_age:?}");
        assert_eq!(owners.count(), 1, "{max_age:?}");
        clock.advance(1);
        assert!(cache.keys(&url(A)).await.is_err(), "{max_age:?}");
        assert_eq!(owners.count(), 2, "{max_age:?}");
    }
}

#[tokio::test]
async fn a_clock_set_back_does_not_keep_keys_alive() {
    let Stage {
        cache,
        owners,
        clock,
        ..
    } = stage();
    clock.advance(10_000);
    cache.keys(&url(A)).await.unwrap();
    clock.0.store(0, Ordering::SeqCst);
    cache.keys(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 2);
}

#[tokio::test]
async fn the_time_of_keys_counts_from_before_they_were_asked_for() {
    let Stage {
        cache,
        owners,
        clock,
        mut began,
    } = slow_stage(JwksCacheSettings::default());
    let asking = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.keys(&url(A)).await }
    });
    began.recv().await.unwrap();
    clock.advance(599);
    owners.0.may_answer.add_permits(2);
    asking.await.unwrap().unwrap();
    clock.advance(1);
    cache.keys(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 2);
}

#[tokio::test]
async fn row_8725_3_10_01_all_who_want_the_same_keys_share_one_flight() {
    let Stage {
        cache,
        owners,
        mut began,
        ..
    } = slow_stage(JwksCacheSettings::default());
    owners.answer(published(&["a"], None));
    let asking: Vec<_> = (0..20)
        .map(|index| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move {
                if index % 2 == 0 {
                    cache.keys(&url(A)).await
                } else {
                    cache.refresh_for_unknown_kid(&url(A)).await
                }
            })
        })
        .collect();
    began.recv().await.unwrap();
    // Every one of them has run until it had to wait.
    for _ in 0..asking.len() {
        tokio::task::yield_now().await;
    }
    owners.0.may_answer.add_permits(100);
    for outcome in asking {
        assert!(has(&outcome.await.unwrap(), "a"));
    }
    assert_eq!(owners.count(), 1);
}

#[tokio::test]
async fn row_8725_3_10_01_a_shared_flight_that_fails_fails_for_all_and_once() {
    let Stage {
        cache,
        owners,
        mut began,
        ..
    } = slow_stage(JwksCacheSettings::default());
    owners.answer(failure());
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move { cache.keys(&url(A)).await })
        })
        .collect();
    began.recv().await.unwrap();
    owners.0.may_answer.add_permits(100);
    for outcome in asking {
        let error = outcome.await.unwrap().unwrap_err();
        assert!(matches!(
            error.private_cause(),
            Some(PrivateCause::Status(503))
        ));
    }
    assert_eq!(owners.count(), 1);
}

#[tokio::test]
async fn row_8725_3_10_01_hanging_up_does_not_begin_a_fetch_anew() {
    let Stage {
        cache,
        owners,
        mut began,
        ..
    } = slow_stage(JwksCacheSettings::default());
    for _ in 0..5 {
        let asking = tokio::spawn({
            let cache = Arc::clone(&cache);
            async move { cache.keys(&url(A)).await }
        });
        tokio::task::yield_now().await;
        asking.abort();
        assert!(asking.await.unwrap_err().is_cancelled());
    }
    began.recv().await.unwrap();
    owners.0.may_answer.add_permits(100);
    cache.keys(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 1);
}

#[tokio::test]
async fn row_8725_3_10_01_a_failure_is_kept_for_a_moment() {
    let Stage {
        cache,
        owners,
        clock,
        ..
    } = stage();
    owners.answer(failure());
    owners.answer(Ok(Document {
        body: "{}".into(),
        max_age: Some(Duration::from_hours(1)),
    }));
    cache.keys(&url(A)).await.unwrap_err();
    clock.advance(9);
    cache.keys(&url(A)).await.unwrap_err();
    cache.refresh_for_unknown_kid(&url(A)).await.unwrap_err();
    assert_eq!(owners.count(), 1);
    clock.advance(1);
    let error = cache.keys(&url(A)).await.unwrap_err();
    assert!(matches!(
        error.private_cause(),
        Some(PrivateCause::NotKeys(_))
    ));
    clock.advance(10);
    cache.keys(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 3);
}

#[tokio::test]
async fn what_was_our_own_fault_is_not_kept_against_the_owner() {
    let Stage { cache, owners, .. } = stage();
    owners.answer(Err(FetchError::Busy));
    assert!(matches!(cache.keys(&url(A)).await, Err(FetchError::Busy)));
    cache.keys(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 2);
}

#[tokio::test]
async fn row_7515_4_1_4_01_an_unknown_kid_means_one_refresh_in_a_while() {
    let Stage {
        cache,
        owners,
        clock,
        ..
    } = stage();
    owners.answer(published(&["one"], None));
    owners.answer(published(&["one", "two"], None));
    assert!(has(&cache.keys(&url(A)).await, "one"));
    assert!(has(&cache.refresh_for_unknown_kid(&url(A)).await, "two"));
    assert_eq!(owners.count(), 2);
    for _ in 0..100 {
        assert!(has(&cache.refresh_for_unknown_kid(&url(A)).await, "two"));
        assert!(has(&cache.keys(&url(A)).await, "two"));
    }
    clock.advance(29);
    cache.refresh_for_unknown_kid(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 2);
    clock.advance(1);
    cache.refresh_for_unknown_kid(&url(A)).await.unwrap();
    assert_eq!(owners.count(), 3);
}

#[tokio::test]
async fn row_7515_4_1_4_01_one_owner_s_unknown_kids_are_not_another_s() {
    let Stage { cache, owners, .. } = stage();
    let b = "https://b.example/jwks";
    cache.refresh_for_unknown_kid(&url(A)).await.unwrap();
    cache.refresh_for_unknown_kid(&url(b)).await.unwrap();
    cache.refresh_for_unknown_kid(&url(A)).await.unwrap();
    assert_eq!(*owners.0.asked.lock().unwrap(), [A, b]);
}

#[tokio::test]
async fn a_refresh_that_fails_is_told_and_takes_no_keys_away() {
    let Stage {
        cache,
        owners,
        clock,
        ..
    } = stage();
    owners.answer(published(&["one"], None));
    owners.answer(failure());
    owners.answer(published(&["two"], None));
    cache.keys(&url(A)).await.unwrap();
    clock.advance(599);
    cache.refresh_for_unknown_kid(&url(A)).await.unwrap_err();
    assert!(has(&cache.keys(&url(A)).await, "one"));
    assert!(has(&cache.refresh_for_unknown_kid(&url(A)).await, "one"));
    // Nor does it give them more time.
    clock.advance(1);
    assert!(has(&cache.keys(&url(A)).await, "two"));
    assert_eq!(owners.count(), 3);
}

#[tokio::test]
async fn keys_that_are_not_understood_are_passed_over() {
    let Stage { cache, owners, .. } = stage();
    owners.answer(published(&["good"], None));
    let keys = cache.keys(&url(A)).await.unwrap();
    assert_eq!(keys.keys.len(), 1);
    assert_eq!(keys.keys[0].kid(), Some("good"));
}

#[tokio::test]
async fn row_8725_3_10_01_entries_are_bounded_and_the_longest_unused_gives_way() {
    let Stage { cache, owners, .. } = slow_stage(JwksCacheSettings {
        max_entries: 3,
        ..JwksCacheSettings::default()
    });
    owners.0.may_answer.add_permits(1000);
    let nth = |n: u32| url(&format!("https://{n}.rs.example/"));
    for n in [1, 2, 3, 1, 4] {
        cache.keys(&nth(n)).await.unwrap();
    }
    assert_eq!((owners.count(), cache.shared.table().len()), (4, 3));
    for n in [1, 3, 4] {
        cache.keys(&nth(n)).await.unwrap();
    }
    assert_eq!(owners.count(), 4);
    cache.keys(&nth(2)).await.unwrap();
    assert_eq!((owners.count(), cache.shared.table().len()), (5, 3));
}

#[tokio::test]
async fn row_8725_3_10_01_flights_are_bounded_like_entries() {
    let Stage {
        cache,
        owners,
        mut began,
        ..
    } = slow_stage(JwksCacheSettings {
        max_entries: 1,
        ..JwksCacheSettings::default()
    });
    let asking = tokio::spawn({
        let cache = Arc::clone(&cache);
        async move { cache.keys(&url(A)).await }
    });
    began.recv().await.unwrap();
    let other = url("https://b.example/jwks");
    assert!(matches!(cache.keys(&other).await, Err(FetchError::Busy)));
    owners.0.may_answer.add_permits(2);
    asking.await.unwrap().unwrap();
    cache.keys(&other).await.unwrap();
    assert_eq!(owners.count(), 2);
}

/// A fetch that panics must not leave its URL waiting for ever.
#[tokio::test]
async fn a_flight_that_was_lost_is_flown_again() {
    struct Crashing(AtomicU64);
    impl Fetch for Crashing {
        async fn fetch(&self, _: &DocumentUrl) -> Result<Document, FetchError> {
            assert!(
                self.0.fetch_add(1, Ordering::SeqCst) > 0,
                "the first one crashes"
            );
            published(&["a"], None)
        }
    }
    let cache = JwksCache::new(
        Crashing(AtomicU64::new(0)),
        TestClock::default(),
        JwksCacheSettings::default(),
    );
    assert!(matches!(
        cache.keys(&url(A)).await,
        Err(FetchError::Interrupted)
    ));
    assert!(has(&cache.keys(&url(A)).await, "a"));
}

//! Proofs that are good for one use.

use std::collections::BTreeMap;
use std::sync::Arc;

use avouch_core::records::UsedProof;
use avouch_core::storage::{ReplayStore, Used};
use avouch_core::time::Timestamp;
use avouch_oauth::confirmation::Sha256Thumbprint;
use proptest::prelude::*;
use tokio::task::JoinSet;

use crate::Engine;
use crate::fixtures::at;

/// A quota that is not reached.
const AMPLE: u32 = 1_000;

/// An assertion of `shop` that is good until 2,000.
fn assertion(jti: &str) -> UsedProof {
    UsedProof::client_assertion("shop", jti, at(2_000))
}

async fn use_at(store: &impl ReplayStore, proof: &UsedProof, quota: u32, now: i64) -> Used {
    store.use_once(proof, quota, at(now)).await.unwrap()
}

pub(crate) async fn a_proof_is_used_once(engine: &impl Engine) {
    let store = engine.open().await;
    assert_eq!(
        use_at(&store, &assertion("a"), AMPLE, 1_000).await,
        Used::First
    );
    assert_eq!(
        use_at(&store, &assertion("a"), AMPLE, 1_000).await,
        Used::Again
    );
    assert_eq!(
        use_at(&store, &assertion("a"), AMPLE, 1_500).await,
        Used::Again
    );
    assert_eq!(
        use_at(&store, &assertion("b"), AMPLE, 1_500).await,
        Used::First
    );

    // Nor does another end make it another proof.
    let longer = UsedProof::client_assertion("shop", "a", at(3_000));
    assert_eq!(use_at(&store, &longer, AMPLE, 1_500).await, Used::Again);
}

pub(crate) async fn of_many_uses_at_one_instant_one_is_the_first(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    for round in 0..5 {
        let mut using = JoinSet::new();
        for _ in 0..50 {
            let store = Arc::clone(&store);
            let proof = assertion(&round.to_string());
            using.spawn(async move { use_at(&*store, &proof, AMPLE, 1_000).await });
        }
        let used = using.join_all().await;
        let firsts = used.iter().filter(|used| **used == Used::First).count();
        let again = used.iter().filter(|used| **used == Used::Again).count();
        assert_eq!((firsts, again), (1, 49));
    }
}

pub(crate) async fn a_use_counts_to_its_end_and_not_after(engine: &impl Engine) {
    let store = engine.open().await;
    let proof = assertion("a");
    assert_eq!(use_at(&store, &proof, AMPLE, 1_000).await, Used::First);
    let last = Timestamp::from_micros(proof.expires_at.as_micros() - 1);
    // Cleaning goes no further than the end either.
    assert_eq!(store.remove_expired_proofs(last, 10).await.unwrap(), 0);
    assert_eq!(
        store.use_once(&proof, AMPLE, last).await.unwrap(),
        Used::Again
    );

    // The same name, used again after its end, with an end of its own.
    let next = UsedProof::client_assertion("shop", "a", at(3_000));
    assert_eq!(use_at(&store, &next, AMPLE, 2_000).await, Used::First);
    assert_eq!(use_at(&store, &next, AMPLE, 2_000).await, Used::Again);
    assert_eq!(use_at(&store, &next, AMPLE, 2_999).await, Used::Again);
}

pub(crate) async fn a_proof_that_has_ended_is_never_the_first(engine: &impl Engine) {
    let store = engine.open().await;
    for now in [2_000, 2_001] {
        assert_eq!(
            use_at(&store, &assertion("a"), AMPLE, now).await,
            Used::Again
        );
    }
    assert_eq!(store.remove_expired_proofs(at(9_000), 10).await.unwrap(), 0);
}

pub(crate) async fn kinds_and_makers_do_not_get_in_each_others_way(engine: &impl Engine) {
    let store = engine.open().await;
    let key = |octet| Sha256Thumbprint::from_bytes([octet; 32]);
    for proof in [
        assertion("a"),
        UsedProof::client_assertion("bank", "a", at(2_000)),
        UsedProof::dpop("shop", &key(1), "a", at(2_000)),
        UsedProof::dpop("shop", &key(2), "a", at(2_000)),
    ] {
        assert_eq!(use_at(&store, &proof, AMPLE, 1_000).await, Used::First);
        assert_eq!(use_at(&store, &proof, AMPLE, 1_000).await, Used::Again);
    }
    // A key's proof is the same, whoever sends it.
    let sent_on = UsedProof::dpop("bank", &key(1), "a", at(2_000));
    assert_eq!(use_at(&store, &sent_on, AMPLE, 1_000).await, Used::Again);
}

pub(crate) async fn above_the_quota_that_caller_alone_is_refused(engine: &impl Engine) {
    let store = engine.open().await;
    assert_eq!(
        use_at(&store, &assertion("z"), 0, 1_000).await,
        Used::OverQuota
    );
    for jti in ["a", "b", "c"] {
        assert_eq!(use_at(&store, &assertion(jti), 3, 1_000).await, Used::First);
    }
    for _ in 0..3 {
        assert_eq!(
            use_at(&store, &assertion("d"), 3, 1_000).await,
            Used::OverQuota
        );
    }
    // Assertions and DPoP proofs share it.
    let key = Sha256Thumbprint::from_bytes([1; 32]);
    let dpop = UsedProof::dpop("shop", &key, "d", at(2_000));
    assert_eq!(use_at(&store, &dpop, 3, 1_000).await, Used::OverQuota);
    // Nothing was forgotten for it, and nobody else is touched.
    for jti in ["a", "b", "c"] {
        assert_eq!(use_at(&store, &assertion(jti), 3, 1_999).await, Used::Again);
    }
    let other = UsedProof::client_assertion("bank", "d", at(2_000));
    assert_eq!(use_at(&store, &other, 3, 1_000).await, Used::First);
}

pub(crate) async fn the_quota_holds_for_many_at_one_instant(engine: &impl Engine) {
    let store = Arc::new(engine.open().await);
    let mut using = JoinSet::new();
    for number in 0..60 {
        let store = Arc::clone(&store);
        let proof = assertion(&number.to_string());
        using.spawn(async move { use_at(&*store, &proof, 7, 1_000).await });
    }
    // Cleaning beside them takes nothing that counts, and no counter astray.
    let cleaning = Arc::clone(&store);
    using.spawn(async move {
        for _ in 0..20 {
            let cleaned = cleaning.remove_expired_proofs(at(1_000), 10).await;
            assert_eq!(cleaned.unwrap(), 0);
        }
        Used::Again
    });
    let used = using.join_all().await;
    let firsts = used.iter().filter(|used| **used == Used::First).count();
    let over = used.iter().filter(|used| **used == Used::OverQuota).count();
    assert_eq!((firsts, over), (7, 53));
}

pub(crate) async fn an_ended_use_makes_room_cleaned_away_or_not(engine: &impl Engine) {
    let store = engine.open().await;
    let until = |jti: &str, end| UsedProof::client_assertion("shop", jti, at(end));
    for (jti, end) in [("a", 1_100), ("b", 1_200), ("c", 1_300)] {
        assert_eq!(
            use_at(&store, &until(jti, end), 3, 1_000).await,
            Used::First
        );
    }
    let used = use_at(&store, &until("d", 1_400), 3, 1_099).await;
    assert_eq!(used, Used::OverQuota);
    // Not cleaned away, and over all the same.
    let used = use_at(&store, &until("d", 1_400), 3, 1_100).await;
    assert_eq!(used, Used::First);
    let used = use_at(&store, &until("e", 1_400), 3, 1_100).await;
    assert_eq!(used, Used::OverQuota);
    // Cleaned away.
    let cleaned = store.remove_expired_proofs(at(1_200), 10).await.unwrap();
    assert_eq!(cleaned, 1);
    let used = use_at(&store, &until("e", 1_400), 3, 1_200).await;
    assert_eq!(used, Used::First);
    let used = use_at(&store, &until("f", 1_400), 3, 1_200).await;
    assert_eq!(used, Used::OverQuota);
}

pub(crate) async fn a_replay_takes_no_room(engine: &impl Engine) {
    let store = engine.open().await;
    assert_eq!(use_at(&store, &assertion("a"), 2, 1_000).await, Used::First);
    for _ in 0..5 {
        assert_eq!(use_at(&store, &assertion("a"), 2, 1_000).await, Used::Again);
    }
    assert_eq!(use_at(&store, &assertion("b"), 2, 1_000).await, Used::First);
}

pub(crate) async fn a_lowered_quota_holds_at_once(engine: &impl Engine) {
    let store = engine.open().await;
    let until = |jti: i64, end| UsedProof::client_assertion("shop", &jti.to_string(), at(end));
    for jti in 0..200 {
        let used = use_at(&store, &until(jti, 1_100 + jti), AMPLE, 1_000).await;
        assert_eq!(used, Used::First);
    }
    // 150 have ended, 50 count.
    let now = 1_249;
    assert_eq!(
        use_at(&store, &until(500, 2_000), 50, now).await,
        Used::OverQuota
    );
    assert_eq!(
        use_at(&store, &until(500, 2_000), 51, now).await,
        Used::First
    );
    assert_eq!(
        use_at(&store, &until(501, 2_000), 51, now).await,
        Used::OverQuota
    );
}

pub(crate) async fn ended_uses_are_cleaned_away_up_to_the_limit_and_no_others(
    engine: &impl Engine,
) {
    let store = engine.open().await;
    for (jti, end) in [("a", 1_100), ("b", 1_200), ("c", 1_300), ("d", 1_400)] {
        let proof = UsedProof::client_assertion(jti, jti, at(end));
        assert_eq!(use_at(&store, &proof, AMPLE, 1_000).await, Used::First);
    }
    let clean = async |now, limit| store.remove_expired_proofs(at(now), limit).await.unwrap();
    assert_eq!(clean(1_099, 10).await, 0);
    assert_eq!(clean(1_300, 0).await, 0);
    assert_eq!(clean(1_300, 2).await, 2);
    assert_eq!(clean(1_300, 2).await, 1);
    assert_eq!(clean(1_300, 2).await, 0);
    let last = UsedProof::client_assertion("d", "d", at(1_400));
    assert_eq!(use_at(&store, &last, AMPLE, 1_300).await, Used::Again);
}

pub(crate) async fn more_ended_uses_than_fit_one_transaction_are_cleaned_away(
    engine: &impl Engine,
) {
    let store = Arc::new(engine.open().await);
    let mut using = JoinSet::new();
    for number in 0..1_100 {
        let store = Arc::clone(&store);
        let caller = if number % 3 == 0 { "shop" } else { "bank" };
        let proof = UsedProof::client_assertion(caller, &number.to_string(), at(2_000));
        using.spawn(async move { use_at(&*store, &proof, AMPLE, 1_000).await });
    }
    let used = using.join_all().await;
    assert!(used.iter().all(|used| *used == Used::First));
    let clean = async |limit| store.remove_expired_proofs(at(2_000), limit).await;
    assert_eq!(clean(1_050).await.unwrap(), 1_050);
    assert_eq!(clean(1_050).await.unwrap(), 50);
}

pub(crate) async fn a_use_is_remembered_after_reopening(engine: &impl Engine) {
    {
        let store = engine.open().await;
        assert_eq!(use_at(&store, &assertion("a"), 2, 1_000).await, Used::First);
    }
    let store = engine.open().await;
    assert_eq!(use_at(&store, &assertion("a"), 2, 1_000).await, Used::Again);
    // And counted.
    assert_eq!(use_at(&store, &assertion("b"), 2, 1_000).await, Used::First);
    assert_eq!(
        use_at(&store, &assertion("c"), 2, 1_000).await,
        Used::OverQuota
    );
}

const CALLERS: [&str; 2] = ["shop", "bank"];

/// One call. Numbers are names, seconds and counts.
#[derive(Clone, Copy, Debug)]
enum Step {
    Use {
        caller: usize,
        /// Signed by this key; an assertion if none.
        key: Option<u8>,
        jti: u8,
        lives: i64,
        quota: u32,
    },
    Clean {
        limit: u32,
    },
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2_usize, prop::option::of(0..2_u8), 0..4_u8, -1..6_i64, 2..4_u32).prop_map(
            |(caller, key, jti, lives, quota)| Step::Use { caller, key, jti, lives, quota }
        ),
        1 => (0..3_u32).prop_map(|limit| Step::Clean { limit }),
        3 => (0..4_i64).prop_map(Step::Wait),
    ]
}

/// What is remembered: by name, the caller and the end.
type Remembered = BTreeMap<(Option<u8>, usize, u8), (usize, i64)>;

/// The contract in a few lines: ended uses are as good as gone.
fn expected(remembered: &mut Remembered, step: Step, now: i64) -> Used {
    let Step::Use {
        caller,
        key,
        jti,
        lives,
        quota,
    } = step
    else {
        panic!("not a use");
    };
    remembered.retain(|_, (_, end)| *end > now);
    let name = (key, if key.is_some() { 0 } else { caller }, jti);
    if lives <= 0 || remembered.contains_key(&name) {
        return Used::Again;
    }
    let own = remembered.values().filter(|(owner, _)| *owner == caller);
    if own.count() >= quota as usize {
        return Used::OverQuota;
    }
    remembered.insert(name, (caller, now + lives));
    Used::First
}

pub(crate) fn random_uses_of_proofs_agree_with_a_model<E: Engine>(
    cases: u32,
    engine: impl Fn() -> E,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..Default::default()
    };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..60))| {
        let engine = engine();
        let store = runtime.block_on(engine.open());
        let mut remembered = Remembered::new();
        let mut now = 1_000;
        for step in steps {
            match step {
                Step::Wait(seconds) => now += seconds,
                Step::Clean { limit } => {
                    let cleaned = runtime.block_on(store.remove_expired_proofs(at(now), limit));
                    prop_assert!(cleaned.unwrap() <= limit);
                }
                Step::Use { caller, key, jti, lives, quota } => {
                    let (name, jti, end) = (CALLERS[caller], jti.to_string(), at(now + lives));
                    let proof = match key {
                        None => UsedProof::client_assertion(name, &jti, end),
                        Some(key) => {
                            let key = Sha256Thumbprint::from_bytes([key; 32]);
                            UsedProof::dpop(name, &key, &jti, end)
                        }
                    };
                    let used = runtime.block_on(use_at(&store, &proof, quota, now));
                    prop_assert_eq!(used, expected(&mut remembered, step, now), "{:?}", step);
                }
            }
        }
    });
}

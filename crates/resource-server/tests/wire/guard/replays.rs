//! A proof is good once.

use super::{BASE, Scene, TOKEN, bearer, denied, proof_at, with_proof};
use crate::fake_as::NOW;
use avouch_resource_server::{
    DenialReason, GuardError, InMemoryReplayGuard, ProofId, ReceivedRequest, ReplayGuard,
    ReplayGuardError, RequestGuard,
};
use http::StatusCode;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

const URL: &str = "https://pay.example/payments";

#[tokio::test]
async fn row_9701_8_1_02_a_proof_shown_twice_is_refused() {
    let scene = Scene::bound().await;
    let request = with_proof(&scene.proof());
    scene.check(&request).await.unwrap();
    let denial = scene.denied(&request).await;
    assert_eq!(denial.reason(), &DenialReason::Replayed);
    assert_eq!(denial.response().status(), StatusCode::UNAUTHORIZED);
    // Nor by a clone, nor at the last second it is fresh.
    scene.server.set_time(NOW + 50);
    let clone = scene.guard.clone();
    let denial = denied(clone.check(ReceivedRequest::new(&request)).await);
    assert_eq!(denial.reason(), &DenialReason::Replayed);
    let again = proof_at(NOW + 50, &scene.key, "POST", URL, TOKEN, None);
    scene.check(&with_proof(&again)).await.unwrap();
}

#[tokio::test]
async fn row_9701_8_1_02_a_proof_that_was_refused_is_not_used_up() {
    let scene = Scene::bound().await;
    let request = with_proof(&scene.proof());
    scene.token(&serde_json::json!({"active": false}));
    scene.denied(&request).await;
    scene.bind(&serde_json::json!({ "jkt": super::jkt(&scene.key) }));
    scene.check(&request).await.unwrap();
}

#[tokio::test]
async fn when_no_more_can_be_remembered_nothing_is_served() {
    let scene = Scene::bound().await;
    let one = InMemoryReplayGuard::with_capacity(NonZeroUsize::MIN);
    let guard = RequestGuard::new(scene.introspector.clone(), BASE)
        .unwrap()
        .replay_guard(one);
    let [first, second] = [scene.proof(), scene.proof()].map(|proof| with_proof(&proof));
    guard.check(ReceivedRequest::new(&first)).await.unwrap();
    let error = guard
        .check(ReceivedRequest::new(&second))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            GuardError::ReplayGuard(ReplayGuardError::Full { capacity: 1 })
        ),
        "{error}"
    );
    assert_eq!(error.response().status(), StatusCode::SERVICE_UNAVAILABLE);
}

/// A store that several processes share.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<(ProofId, u64)>>>);

impl ReplayGuard for Shared {
    async fn is_first_use(
        &self,
        proof: ProofId,
        usable_until: u64,
        _: u64,
    ) -> Result<bool, ReplayGuardError> {
        let mut held = self.0.lock().unwrap();
        let known = held.iter().any(|(other, _)| *other == proof);
        held.push((proof, usable_until));
        Ok(!known)
    }
}

#[tokio::test]
async fn guards_that_share_a_store_refuse_what_the_other_has_seen() {
    let scene = Scene::bound().await;
    let store = Shared::default();
    let guard = || {
        let guard = RequestGuard::new(scene.introspector.clone(), BASE).unwrap();
        guard.replay_guard(store.clone())
    };
    let request = with_proof(&scene.proof());
    guard().check(ReceivedRequest::new(&request)).await.unwrap();
    let denial = denied(guard().check(ReceivedRequest::new(&request)).await);
    assert_eq!(denial.reason(), &DenialReason::Replayed);
    assert!(
        store
            .0
            .lock()
            .unwrap()
            .iter()
            .all(|(_, until)| *until == NOW + 60)
    );
}

#[tokio::test]
async fn tokens_without_a_key_are_not_remembered() {
    let scene = Scene::unbound().await;
    let store = Shared::default();
    let guard = RequestGuard::new(scene.introspector.clone(), BASE).unwrap();
    let guard = guard.replay_guard(store.clone());
    let request = bearer();
    guard.check(ReceivedRequest::new(&request)).await.unwrap();
    guard.check(ReceivedRequest::new(&request)).await.unwrap();
    assert!(store.0.lock().unwrap().is_empty());
}

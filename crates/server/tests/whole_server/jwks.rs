//! The published keys, and their succession (RFC 7517 sections 5 and 9).

use std::time::Duration;

use avouch_core::keys::{Overlap, plan_rotation};
use avouch_core::records::{KeyPurpose, KeySchedule};
use avouch_core::storage::KeyStore;
use avouch_core::time::Timestamp;
use avouch_jose::{SignatureAlgorithm, base64url};
use avouch_oauth::introspection::{Freshness, StatementVerifier};
use serde_json::Value;

use crate::support::{Answer, Caller, Running, SIGN, START, Setup, fresh_key};

const ES256: SignatureAlgorithm = SignatureAlgorithm::Es256;

fn kids(set: &Value) -> Vec<String> {
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn row_7517_9_01_nothing_private_is_published_and_every_key_is_named() {
    let setup = Setup::new().await.algorithms(&SignatureAlgorithm::ALL);
    let server = setup.start().await;
    let answer = server.get("/jwks.json").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/jwk-set+json")
    );
    let set = answer.json();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), SignatureAlgorithm::ALL.len());
    for key in keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            assert_eq!(key.get(private), None, "{private}");
        }
        assert_eq!(key["use"], "sig");
    }
    let mut names: Vec<_> = keys
        .iter()
        .map(|key| key["alg"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), keys.len());
    let mut kids = kids(&set);
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), keys.len());
}

#[tokio::test]
async fn row_fsp_5_4_1_03_published_keys_are_long_enough() {
    let setup = Setup::new().await.algorithms(&SignatureAlgorithm::ALL);
    let set = setup.start().await.get("/jwks.json").await.json();
    for key in set["keys"].as_array().unwrap() {
        let bits = |member: &str| {
            base64url::decode(key[member].as_str().unwrap())
                .unwrap()
                .len()
                * 8
        };
        match key["kty"].as_str().unwrap() {
            "RSA" => assert!(bits("n") >= 2048),
            "EC" | "OKP" => assert!(bits("x") >= 224),
            "AKP" => assert!(bits("pub") >= 8 * 1312),
            other => panic!("{other}"),
        }
    }
}

const DAY: u64 = 86_400;

/// A server whose key has a successor: published a day before its use, while
/// the old one is kept for thirty days after.
struct Succession {
    server: Running,
    sign: Caller,
    old: String,
    new: String,
}

impl Succession {
    async fn begin() -> Self {
        let setup = Setup::new().await.algorithms(&[ES256]);
        let sign = setup
            .resource_server_with("sign", SIGN, |record| {
                record.profile.value.signing_algorithm = ES256;
            })
            .await;
        setup.client("shop").await;
        let now = Timestamp::from_secs(START);
        let old = fresh_key(ES256, KeySchedule::at_once(now));
        setup.keep_key(&old, &[]).await;
        let overlap = Overlap {
            before_use: Duration::from_secs(DAY),
            after_use: Duration::from_secs(30 * DAY),
        };
        let existing = setup.store.signing_keys().await.unwrap();
        let (schedule, rescheduled) =
            plan_rotation(&existing, ES256, KeyPurpose::Statements, overlap, now);
        let new = fresh_key(ES256, schedule);
        setup.keep_key(&new, &rescheduled).await;
        Self {
            sign,
            old: old.kid().to_owned(),
            new: new.kid().to_owned(),
            server: setup.start_without_keys().await,
        }
    }

    fn advance(&self, seconds: u64) {
        self.server.clock.advance(Duration::from_secs(seconds));
    }

    async fn statement(&self) -> Answer {
        self.server.statement(&self.sign, "unknown").await
    }

    async fn signed_by(&self) -> String {
        let header = self.statement().await.jwt().header;
        header["kid"].as_str().unwrap().to_owned()
    }

    async fn published(&self) -> Vec<String> {
        kids(&self.server.get("/jwks.json").await.json())
    }
}

#[tokio::test]
async fn row_7517_5_01_a_new_key_is_published_before_it_signs_and_the_old_one_is_kept() {
    let succession = Succession::begin().await;
    // Both are published; the old one signs.
    assert_eq!(succession.published().await.len(), 2);
    assert_eq!(succession.signed_by().await, succession.old);
    succession.advance(DAY - 1);
    assert_eq!(succession.signed_by().await, succession.old);
    // The new one signs; the old one stays published for thirty days.
    succession.advance(1);
    assert_eq!(succession.signed_by().await, succession.new);
    assert_eq!(succession.published().await.len(), 2);
    succession.advance(30 * DAY - 1);
    assert_eq!(succession.published().await.len(), 2);
    succession.advance(1);
    assert_eq!(
        succession.published().await,
        *std::slice::from_ref(&succession.new)
    );
    assert_eq!(succession.signed_by().await, succession.new);
}

#[tokio::test]
async fn row_9701_5_23_after_a_rotation_statements_of_both_keys_verify() {
    let succession = Succession::begin().await;
    let early = succession.statement().await;
    succession.advance(DAY);
    let late = succession.statement().await;
    assert_ne!(early.jwt().header["kid"], late.jwt().header["kid"]);
    let keys = succession.server.keys().await;
    let issuer = succession.server.server.issuer().clone();
    let verifier = StatementVerifier::new(issuer, "sign", [ES256]).freshness(Freshness::AnyAge);
    let now = u64::try_from(START).unwrap() + DAY;
    for answer in [&early, &late] {
        let verified = verifier.verify(answer.text(), &keys, now).unwrap();
        assert!(!verified.response().is_active());
    }
}

#[tokio::test]
async fn caches_may_keep_the_set_for_less_long_than_a_key_is_published_before_use() {
    let setup = Setup::new()
        .await
        .configured("jwks_max_age = 300\npublish_before_use = 301\n");
    let answer = setup.start().await.get("/jwks.json").await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
}

#[tokio::test]
async fn a_fresh_server_has_keys_before_it_answers() {
    let setup = Setup::new().await.algorithms(&[ES256]);
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.profile.value.signing_algorithm = ES256;
        })
        .await;
    let server = setup.start_without_keys().await;
    let answer = server.statement(&sign, "unknown").await;
    let keys = server.keys().await;
    server.verify(&keys, &sign, &answer, ES256);
    // The same key after a restart: what it signed is still believed.
    let server = server.restart().await;
    let keys = server.keys().await;
    server.verify(&keys, &sign, &answer, ES256);
}

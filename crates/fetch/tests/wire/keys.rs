//! The cache upon the fetcher.

use std::time::Duration;

use avouch_crypto::random::SystemRandom;
use avouch_fetch::{Clock, JwksCache, JwksCacheSettings, PrivateCause};
use avouch_jose::{JwkSet, SignatureAlgorithm, SigningKey};

use crate::server::{Answers, Server, json, this_server_alone};

struct StandingClock;

impl Clock for StandingClock {
    fn now(&self) -> Duration {
        Duration::from_hours(500_000)
    }
}

fn cache_of(server: &Server) -> JwksCache<impl avouch_fetch::Fetch, StandingClock> {
    let fetcher = server.fetcher(this_server_alone(), Answers::always("127.0.0.1"));
    JwksCache::new(fetcher, StandingClock, JwksCacheSettings::default())
}

#[tokio::test]
async fn row_8725_3_10_01_many_callers_make_one_request() {
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
    let jwk = key.public_jwk().clone();
    let set = JwkSet { keys: vec![jwk] };
    let server = Server::answering(json(&set.to_json())).await;
    let cache = cache_of(&server);
    let url = server.url();
    let (first, second) = tokio::join!(cache.keys(&url), cache.keys(&url));
    assert_eq!(*first.unwrap(), set);
    assert_eq!(*second.unwrap(), set);
    assert_eq!(*cache.keys(&url).await.unwrap(), set);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_document_that_is_no_key_set_is_not_shown() {
    let server = Server::answering(json(r#"{"keys":"s3cret"}"#)).await;
    let cache = cache_of(&server);
    let error = cache.keys(&server.url()).await.unwrap_err();
    assert!(matches!(
        error.private_cause(),
        Some(PrivateCause::NotKeys(_))
    ));
    assert_eq!(error.to_string(), "the document could not be fetched");
    assert!(!format!("{error:?}").contains("s3cret"));
}

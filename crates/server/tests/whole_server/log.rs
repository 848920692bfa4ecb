//! What the server writes to its log while it serves.

use std::cell::RefCell;
use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

use avouch_core::records::{ClientAuthentication, Credentials, KeySource};
use avouch_jose::SignatureAlgorithm;
use serde_json::json;

use crate::support::{
    CLAIMS, PAY, Prover, Publisher, Registrant, SIGN, Setup, caller, question, register,
    registration_token,
};

thread_local! {
    /// What was logged on this thread since a story asked for it.
    static LOG: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Keeps what is logged on a thread whose story asked for it.
struct ThreadLog;

impl Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| {
            if let Some(log) = log {
                log.extend(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to log. The subscriber is the whole process's:
/// one of a thread's own misses what another thread was the first to log.
fn begin() {
    // Fails where another story has begun in this process.
    _ = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(|| ThreadLog)
        .try_init();
}

/// Good and bad requests at every endpoint, at the most talkative level. The
/// server runs on this very thread, so that this log is its own.
#[tokio::test]
async fn row_6749_5_2_01_no_token_secret_or_claim_gets_into_the_log() {
    begin();
    Box::pin(every_endpoint(Setup::new().await)).await;
    Box::pin(every_endpoint(Setup::new().await.jwt())).await;
}

async fn every_endpoint(setup: Setup) {
    LOG.set(Some(Vec::new()));
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.policy.value.claims = CLAIMS.map(str::to_owned).into();
            record.access_tokens.value.claims = CLAIMS.map(str::to_owned).into();
        })
        .await;
    let shop = setup.client("shop").await;
    let token = setup.token().await;
    let initial = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;

    let plain = server.introspect(&sign, &token.text).await;
    assert!(plain.text().contains("Mustermann"));
    let statement = server.statement(&sign, &token.text).await;
    let wrong = sign.with_secret("s3cret-of-mine");
    server.introspect(&wrong, &token.text).await;
    server.about(&token.text).bearer(&token.text).send().await;
    server.about(&token.text).by(&shop).send().await;
    let in_path = format!("/introspect/{}?token={0}", token.text);
    server.post(&in_path).by(&sign).send().await;
    let in_query = format!("/introspect?token={}", token.text);
    server
        .about(&token.text)
        .header("X-Token", &token.text)
        .send()
        .await;
    server.post(&in_query).by(&sign).form(&[]).send().await;
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let issued = server.post("/token").by(&shop).form(&form).send().await;
    let issued = issued.is_json(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    server
        .post("/revoke")
        .by(&shop)
        .form(&[("token", &issued)])
        .send()
        .await;
    let metadata = serde_json::json!({"grant_types": ["client_credentials"]});
    let asked = server.post("/register").bearer(&initial).json(&metadata);
    let registered = Registrant::of(&asked.send().await);
    let updated = registered.updates(&server, &metadata).await;
    let updated = registered.with_token(&registration_token(&updated));
    updated.reads(&server).await.is_json(200);
    let in_path = format!("/register/{}", updated.token);
    server.get(&in_path).await;
    let wrong = serde_json::json!({"grant_types": [], "client_secret": "another-of-mine"});
    updated.updates(&server, &wrong).await;
    let renewed = caller(&updated.renews_its_secret(&server).await).secret;
    assert_eq!(updated.removes(&server).await.status, 204);

    let text = String::from_utf8(LOG.take().unwrap()).unwrap();
    for event in [
        "introspected",
        "token_issued",
        "revoked",
        "administered",
        "status",
    ] {
        assert!(text.contains(event), "{event} is missing: {text}");
    }
    for hidden in [
        token.text.as_str(),
        &sign.secret,
        &shop.secret,
        "s3cret-of-mine",
        &issued,
        &initial,
        &registered.caller.secret,
        &registered.token,
        &updated.token,
        &renewed,
        "another-of-mine",
        statement.text(),
        &sign.basic()[6..],
        "Mustermann",
        "DE02",
        "erika",
        "99.00",
    ] {
        assert!(!text.contains(hidden), "{hidden} is in the log: {text}");
    }
    assert!(text.contains(token.record.id.as_str()), "found by its jti");
}

/// What opens a key set to this server alone may stand in the query of its URL.
#[tokio::test]
async fn the_query_of_a_jwks_uri_gets_into_no_log() {
    begin();
    LOG.set(Some(Vec::new()));
    let publisher = Publisher::start(json!({"keys": []})).await;
    let uri = format!("{}?key=s3cret-of-mine", publisher.uri);
    let setup = Setup::new().await.for_development();
    let initial = setup.initial_access_token("both", |_| {}).await;
    let published = KeySource::Uri(uri.parse().unwrap());
    setup
        .resource_server_with("sign", SIGN, |record| {
            record.credentials = Credentials::first(
                ClientAuthentication::PrivateKeyJwt {
                    keys: published,
                    algorithm: None,
                },
                None,
            );
        })
        .await;
    let server = setup.start().await;
    let metadata = json!({
        "resource": PAY, "introspection_encrypted_response_alg": "ECDH-ES", "jwks_uri": uri
    });
    let pay = caller(&register(&server, &initial, &metadata).await);
    let prover = Prover::key(SignatureAlgorithm::Es256);

    // No key fits.
    let answer = server.statement(&pay, "unknown").await;
    answer.is_error(500, "server_error");
    // There is no document.
    publisher.publish(None);
    server.clock.advance(std::time::Duration::from_hours(2));
    let answer = server.statement(&pay, "unknown").await;
    answer.is_error(500, "server_error");
    let mut claims = crate::support::assertion_claims("sign", "one");
    for (name, after) in [("iat", 0), ("exp", 60)] {
        claims[name] = json!(server.now() + after);
    }
    let assertion = prover.assert("JWT", &claims);
    let asked = server.post("/introspect");
    let answer = asked.form(&question("unknown", &assertion)).send().await;
    answer.is_error(401, "invalid_client");

    let text = String::from_utf8(LOG.take().unwrap()).unwrap();
    for told in [
        format!("there is no key for ECDH-ES at {}", publisher.uri),
        format!("the keys at {} cannot be fetched: answered", publisher.uri),
        "a caller cannot be authenticated by the keys it publishes".to_owned(),
    ] {
        assert!(text.contains(&told), "{told} is missing: {text}");
    }
    assert!(!text.contains("s3cret-of-mine"), "{text}");
    assert!(publisher.asked() > 0);
}

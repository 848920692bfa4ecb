//! A registrant has a new secret made for itself, a call of ours beside RFC 7592.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Registrant, Running, SIGN, Setup, caller, register};

async fn desk(overlap: u64) -> (Running, Registrant) {
    let setup = Setup::new()
        .await
        .configured(&format!("[registration]\nsecret_overlap = {overlap}\n"));
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let answer = register(&server, &token, &json!({"resource": SIGN})).await;
    (server, Registrant::of(&answer))
}

async fn works(server: &Running, registrant: &Registrant, secret: &str) -> bool {
    let caller = registrant.caller.with_secret(secret);
    let answer = server.introspect(&caller, "unknown").await;
    if answer.status == 200 {
        return true;
    }
    answer.is_error(401, "invalid_client");
    false
}

#[tokio::test]
async fn the_older_secret_works_on_for_the_overlap() {
    let (server, sign) = desk(60).await;
    let answer = sign.renews_its_secret(&server).await;
    let body = answer.is_json(201);
    assert_eq!(body["client_id"], sign.caller.id.as_str());
    assert_eq!(body["client_secret_expires_at"], 0);
    assert_eq!(body.as_object().unwrap().len(), 3);
    let fresh = caller(&answer).secret;
    assert_ne!(fresh, sign.caller.secret);
    for secret in [&fresh, &sign.caller.secret] {
        assert!(works(&server, &sign, secret).await);
    }
    server.clock.advance(Duration::from_mins(1));
    assert!(works(&server, &sign, &fresh).await);
    assert!(!works(&server, &sign, &sign.caller.secret).await);
    // The registration access token is as it was.
    sign.reads(&server).await.is_json(200);
}

#[tokio::test]
async fn without_an_overlap_the_older_secret_ends_at_once() {
    let (server, sign) = desk(0).await;
    let fresh = caller(&sign.renews_its_secret(&server).await).secret;
    let server = server.restart().await;
    assert!(works(&server, &sign, &fresh).await);
    assert!(!works(&server, &sign, &sign.caller.secret).await);
}

#[tokio::test]
async fn secrets_that_pile_up_within_the_overlap_are_refused_and_nothing_ends() {
    let (server, sign) = desk(3_600).await;
    let mut last = sign.caller.secret.clone();
    let refused = loop {
        let answer = sign.renews_its_secret(&server).await;
        if answer.status != 201 {
            break answer;
        }
        last = caller(&answer).secret;
    };
    refused.is_error(409, "invalid_request");
    for secret in [&last, &sign.caller.secret] {
        assert!(works(&server, &sign, secret).await);
    }
    server.clock.advance(Duration::from_hours(1));
    assert_eq!(sign.renews_its_secret(&server).await.status, 201);
}

#[tokio::test]
async fn a_secret_is_never_taken_from_the_registrant() {
    let (server, sign) = desk(60).await;
    let own = json!({"client_secret": "my-own"});
    let bodies: [Value; 2] = [own, json!({})];
    for body in bodies {
        let asked = server.post(&sign.secret_path()).bearer(&sign.token);
        let answer = asked.json(&body).send().await;
        answer.is_error(400, "invalid_request");
    }
    assert!(!works(&server, &sign, "my-own").await);
    assert!(works(&server, &sign, &sign.caller.secret).await);
}

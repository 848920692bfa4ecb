//! Tokens that are not active, and that they all look alike (RFC 7662
//! sections 2.2 and 4, RFC 9701 section 5).

use std::time::Duration;

use avouch_core::id::{ClientId, SubjectId};
use avouch_core::opaque_token::{TokenKind, TokenMint};
use avouch_core::storage::{CallerStore, Changed, IssuedBefore, Revoked, TokenStore};
use avouch_crypto::random::SystemRandom;
use serde_json::json;

use crate::support::{
    Answer, Caller, PAY, Running, SIGN, START, STATEMENT, Setup, resource, top_level,
};

/// One token for each cause, all of genuine form.
async fn genuine_and_dead(setup: &Setup) -> Vec<(&'static str, String)> {
    setup.resource_server("pay", PAY).await;
    for id in ["revoked-client", "removed-client"] {
        setup.client(id).await;
    }
    let now = setup.now();
    let mut dead = vec![("not kept", setup.genuine())];

    let foreign = setup.token_with(|order| order.resources = vec![resource(PAY)]);
    dead.push(("foreign", foreign.await.text));

    let start = now.after(Duration::from_mins(5));
    let early = setup.token_with(|order| order.not_before = Some(start));
    dead.push(("not yet valid", early.await.text));

    let late = setup.token_with(|order| order.lifetime = Some(Duration::from_secs(1)));
    dead.push(("expired", late.await.text));

    let token = setup.token().await;
    let outcome = setup.store.revoke_token(&token.record.hash, now).await;
    assert_eq!(outcome.unwrap(), Revoked::Now);
    dead.push(("token revoked", token.text));

    let token = setup.token().await;
    let outcome = setup.store.revoke_grant(&token.record.grant, now).await;
    assert_eq!(outcome.unwrap(), Revoked::Now);
    dead.push(("grant revoked", token.text));

    let client = ClientId::new("revoked-client").unwrap();
    let token = setup
        .token_with(|order| order.client = client.clone())
        .await;
    let outcome = setup.store.revoke_client(&client, now).await;
    assert_eq!(outcome.unwrap(), Revoked::Now);
    dead.push(("client revoked", token.text));

    let client = ClientId::new("removed-client").unwrap();
    let token = setup
        .token_with(|order| order.client = client.clone())
        .await;
    let caller = setup.store.find_caller(client.as_str()).await.unwrap();
    let removing = setup.store.remove_caller(&caller.unwrap(), now).await;
    assert_eq!(removing.unwrap(), Changed::Done);
    dead.push(("client removed", token.text));

    let subject = SubjectId::new("max").unwrap();
    let token = setup
        .token_with(|order| order.subject = subject.clone())
        .await;
    let outcome = setup.store.revoke_subject(&subject, now).await;
    assert_eq!(outcome.unwrap(), Revoked::Now);
    dead.push(("subject revoked", token.text));
    dead
}

/// Strings that this server never made.
fn never_issued(good: &str) -> Vec<(&'static str, String)> {
    let foreign = TokenMint::new(&[9; 32]).mint(TokenKind::Access, &SystemRandom);
    vec![
        ("one character", "x".to_owned()),
        ("cut", good[..good.len() - 1].to_owned()),
        ("longer", format!("{good}A")),
        ("another server's", foreign.unwrap().expose().to_owned()),
        ("an unsigned JWT", "eyJhbGciOiJub25lIn0.e30.".to_owned()),
        ("not ASCII", "\u{1f511}\0\r\n".to_owned()),
        ("very long", "A".repeat(16 * 1024)),
    ]
}

/// A server with an RS, a good token, and every dead one. All tokens are opaque.
async fn graveyard() -> (Running, Caller, String, Vec<(&'static str, String)>) {
    graveyard_of(Setup::new().await).await
}

async fn graveyard_of(setup: Setup) -> (Running, Caller, String, Vec<(&'static str, String)>) {
    let (sign, good) = setup.usual().await;
    let mut dead = genuine_and_dead(&setup).await;
    dead.extend(never_issued(&good.text));
    let server = setup.start().await;
    server.clock.advance(Duration::from_secs(2));
    (server, sign, good.text, dead)
}

#[tokio::test]
async fn row_7662_2_2_03_an_inactive_token_is_no_error() {
    let (server, sign, _, dead) = graveyard().await;
    for (cause, token) in dead {
        let answer = server.introspect(&sign, &token).await;
        assert_eq!(answer.status, 200, "{cause}");
        assert_eq!(answer.json()["active"], false, "{cause}");
    }
}

#[tokio::test]
async fn row_7662_2_2_04_nothing_else_is_said_about_it() {
    let (server, sign, _, dead) = graveyard().await;
    for (_, token) in dead {
        server.introspect(&sign, &token).await.is_inactive();
    }
}

#[tokio::test]
async fn row_7662_4_01_every_check_is_made_and_a_token_that_passes_all_is_active() {
    for setup in [Setup::new().await, Setup::new().await.jwt()] {
        let (server, sign, good, dead) = graveyard_of(setup).await;
        assert_eq!(dead.len(), 9 + 7);
        for (_, token) in dead {
            server.introspect(&sign, &token).await.is_inactive();
        }
        let answer = server.introspect(&sign, &good).await;
        assert_eq!(answer.is_json(200)["active"], true);
    }
}

#[tokio::test]
async fn row_7662_4_02_a_token_is_inactive_from_the_instant_of_its_exp() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    server.clock.advance(Duration::from_millis(599_999));
    let before = server.introspect(&sign, &token.text).await.json();
    assert_eq!(before["active"], true);
    server.clock.advance(Duration::from_millis(1));
    server.introspect(&sign, &token.text).await.is_inactive();
}

#[tokio::test]
async fn row_7662_4_03_a_token_is_inactive_before_its_nbf() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.client("shop").await;
    let start = setup.now().after(Duration::from_secs(10));
    let token = setup
        .token_with(|order| order.not_before = Some(start))
        .await;
    let server = setup.start().await;
    server.introspect(&sign, &token.text).await.is_inactive();
    server.clock.advance(Duration::from_secs(10));
    let after = server.introspect(&sign, &token.text).await.json();
    assert_eq!(after["active"], true);
}

#[tokio::test]
async fn row_7662_4_04_revocation_of_token_grant_client_and_subject_is_seen() {
    let (server, sign, _, dead) = graveyard().await;
    let revoked: Vec<_> = dead
        .into_iter()
        .filter(|(cause, _)| cause.ends_with("revoked") || cause.ends_with("removed"))
        .collect();
    assert_eq!(revoked.len(), 5);
    for (_, token) in revoked {
        server.introspect(&sign, &token).await.is_inactive();
    }
}

#[tokio::test]
async fn row_7662_4_04_revocation_of_everything_is_seen_and_nothing_issued_later_is_touched() {
    for setup in [Setup::new().await, Setup::new().await.jwt()] {
        let (sign, before) = setup.usual().await;
        let revoking = setup
            .store
            .revoke_everything(IssuedBefore::Now, setup.now())
            .await;
        revoking.unwrap();
        // In the same instant.
        let after = setup.token().await;
        let server = setup.start().await;
        server.introspect(&sign, &before.text).await.is_inactive();
        let answer = server.introspect(&sign, &after.text).await;
        assert_eq!(answer.is_json(200)["active"], true);
    }
}

#[tokio::test]
async fn row_7662_4_05_a_token_with_one_character_changed_is_inactive() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for at in (0..token.text.len()).step_by(5) {
        let mut changed = token.text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        server.introspect(&sign, &changed).await.is_inactive();
    }
}

#[tokio::test]
async fn row_7662_4_05_a_jwt_with_one_bit_changed_is_inactive() {
    let setup = Setup::new().await.jwt();
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let asked = server.introspect(&sign, &token.text).await;
    assert_eq!(asked.is_json(200)["active"], true);
    for at in (0..token.text.len()).step_by(7) {
        let mut changed = token.text.clone().into_bytes();
        changed[at] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        server.introspect(&sign, &changed).await.is_inactive();
    }
}

#[tokio::test]
async fn row_7662_4_06_a_token_is_active_only_where_it_is_meant_to_work() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let pay = setup.resource_server("pay", PAY).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let at_home = server.introspect(&sign, &token.text).await.json();
    assert_eq!(at_home["active"], true);
    server.introspect(&pay, &token.text).await.is_inactive();
}

#[tokio::test]
async fn row_9701_3_02_outside_the_audience_a_statement_holds_no_data() {
    let setup = Setup::new().await;
    setup.resource_server("sign", SIGN).await;
    let pay = setup.resource_server("pay", PAY).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let statement = server.statement(&pay, &token.text).await.jwt();
    assert_eq!(
        statement.claims["token_introspection"],
        json!({"active": false})
    );
}

#[tokio::test]
async fn row_9701_5_08_in_a_statement_a_dead_token_is_active_false_and_no_more() {
    let (server, sign, _, dead) = graveyard().await;
    for (cause, token) in dead {
        let statement = server.statement(&sign, &token).await.jwt();
        assert_eq!(
            statement.claims,
            json!({
                "iss": "https://as.example",
                "aud": "sign",
                "iat": START + 2,
                "token_introspection": {"active": false},
            }),
            "{cause}"
        );
    }
}

#[tokio::test]
async fn row_tim_01_dead_tokens_of_genuine_form_are_told_apart_by_no_byte_of_the_answer() {
    let opaque = Setup::new().await;
    let (sign, _) = opaque.usual().await;
    let jwt = Setup::new().await.jwt();
    let (same_sign, _) = jwt.usual().await;
    let of_opaque = genuine_and_dead(&opaque).await;
    let of_jwt = genuine_and_dead(&jwt).await;
    let (opaque, jwt) = (opaque.start().await, jwt.start().await);
    let tokens = of_opaque.iter().map(|(_, token)| (&opaque, &sign, token));
    let tokens = tokens.chain(of_jwt.iter().map(|(_, token)| (&jwt, &same_sign, token)));

    let mut plain: Vec<Answer> = Vec::new();
    let mut signed: Vec<Answer> = Vec::new();
    for server in [&opaque, &jwt] {
        server.clock.advance(Duration::from_secs(2));
    }
    for (server, sign, token) in tokens {
        let answer = server.introspect(sign, token).await;
        plain.push(answer.but_for_the_time());
        let answer = server.about(token).by(sign).accept(STATEMENT);
        signed.push(answer.send().await.but_for_the_time());
    }
    assert!(plain.windows(2).all(|pair| pair[0] == pair[1]));
    // RS256 gives the same signature for the same words, so even this holds.
    assert!(signed.windows(2).all(|pair| pair[0] == pair[1]));
    let claims = signed[0].jwt().claims;
    assert_eq!(
        top_level(&claims),
        ["aud", "iat", "iss", "token_introspection"]
    );
}

/// How the look-up is the same for all is shown where it is done: in the store, by the same ID.
#[tokio::test]
async fn row_tim_01_no_step_is_left_out_for_a_dead_token_however_often_it_is_asked_about() {
    const STEPS: [&str; 3] = [
        "avouch_store_call_duration_seconds_count{operation=\"find\"}",
        "avouch_signature_duration_seconds_count{algorithm=\"RS256\"}",
        "avouch_introspection_duration_seconds_count",
    ];
    let setup = Setup::new().await;
    let (sign, _) = setup.usual().await;
    let dead = genuine_and_dead(&setup).await;
    let server = setup.start().await;
    server.clock.advance(Duration::from_secs(2));
    let mut asked = 0;
    for (cause, token) in dead.iter().chain(&dead) {
        // In a second of its own, or the statement about the one before would do for it, too.
        server.clock.advance(Duration::from_secs(1));
        server.statement(&sign, token).await.jwt();
        asked += 1;
        for step in STEPS {
            let done = server.metric(step).await;
            assert_eq!(done, Some(asked.to_string()), "{cause}: {step}");
        }
    }
}

#[tokio::test]
async fn statements_about_dead_tokens_have_one_length_where_signatures_are_random() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.profile.value.signing_algorithm = avouch_jose::SignatureAlgorithm::Es256;
        })
        .await;
    setup.client("shop").await;
    let dead = genuine_and_dead(&setup).await;
    let server = setup.start().await;
    server.clock.advance(Duration::from_secs(2));
    let mut lengths = Vec::new();
    for (_, token) in &dead {
        lengths.push(server.statement(&sign, token).await.body.len());
    }
    lengths.dedup();
    assert_eq!(lengths.len(), 1, "{lengths:?}");
}

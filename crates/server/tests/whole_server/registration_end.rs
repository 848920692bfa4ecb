//! How a registration ends, and what nobody may do to one (RFC 7592 sections 2
//! and 2.3).

use avouch_core::records::Standing;
use serde_json::{Value, json};

use crate::support::{PAY, Registrant, Running, SIGN, Setup, caller, every_call, register};

/// A server with an initial access token for anything.
async fn desk() -> (Running, String) {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    (setup.start().await, token)
}

fn a_client() -> Value {
    json!({"grant_types": ["client_credentials"], "scope": "sign pay"})
}

async fn registrant(server: &Running, token: &str, metadata: &Value) -> Registrant {
    Registrant::of(&register(server, token, metadata).await)
}

#[tokio::test]
async fn row_7592_2_3_01_a_removed_registration_is_dead_in_every_part() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let sign = registrant(&server, &token, &json!({"resource": SIGN})).await;
    for registrant in [&shop, &sign] {
        let answer = registrant.removes(&server).await;
        assert_eq!(answer.status, 204);
        assert!(answer.body.is_empty());
        answer.is_not_cached();
    }
    let server = server.restart().await;
    for registrant in [&shop, &sign] {
        for answer in every_call(&server, &registrant.path, Some(&registrant.token)).await {
            answer.is_error(401, "invalid_token");
        }
        let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
        let asked = server.post("/token").by(&registrant.caller).form(&form);
        asked.send().await.is_error(401, "invalid_client");
        let answer = server.introspect(&registrant.caller, "unknown").await;
        answer.is_error(401, "invalid_client");
    }
    // What the resource server served is free again.
    let next = register(&server, &token, &json!({"resource": SIGN})).await;
    assert_ne!(caller(&next).id, sign.caller.id);
}

#[tokio::test]
async fn row_7592_2_3_02_the_tokens_of_a_removed_client_die_at_once() {
    let (server, token) = desk().await;
    let sign = registrant(&server, &token, &json!({"resource": SIGN})).await;
    let shop = registrant(&server, &token, &a_client()).await;
    let other = registrant(&server, &token, &a_client()).await;
    let mut issued = Vec::new();
    for registrant in [&shop, &other] {
        let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
        let asked = server.post("/token").by(&registrant.caller).form(&form);
        let answer = asked.send().await.is_json(200);
        issued.push(answer["access_token"].as_str().unwrap().to_owned());
    }
    for token in &issued {
        // Asked before, so that it is in every cache.
        let answer = server.introspect(&sign.caller, token).await;
        assert_eq!(answer.is_json(200)["active"], true);
    }
    assert_eq!(shop.removes(&server).await.status, 204);
    server
        .introspect(&sign.caller, &issued[0])
        .await
        .is_inactive();
    let statement = server.statement(&sign.caller, &issued[0]).await.jwt();
    let inactive = json!({"active": false});
    assert_eq!(statement.claims["token_introspection"], inactive);
    let answer = server.introspect(&sign.caller, &issued[1]).await;
    assert_eq!(answer.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_7592_2_02_a_wrong_method_is_405_and_says_which_is_right() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    for (path, allowed, methods) in [
        (
            shop.path.clone(),
            "GET,HEAD,PUT,DELETE",
            &["POST", "PATCH", "OPTIONS", "BREW"][..],
        ),
        (
            shop.secret_path(),
            "POST",
            &["GET", "PUT", "DELETE", "OPTIONS"],
        ),
    ] {
        for method in methods {
            let asked = server.request(method, &path).bearer(&shop.token);
            let answer = asked.send().await;
            answer.is_error(405, "invalid_request");
            assert_eq!(answer.header("allow"), Some(allowed), "{method}");
        }
    }
}

#[tokio::test]
async fn row_7592_2_02_a_missing_client_is_401_like_a_wrong_token() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let gone = registrant(&server, &token, &a_client()).await;
    assert_eq!(gone.removes(&server).await.status, 204);
    let there = registrant(&server, &token, &a_client()).await;
    // Gone, never there, and there but not its own: nobody can tell which.
    for path in [
        gone.path.as_str(),
        "/register/c-nobody",
        "/register/rs-nobody",
    ] {
        let missing = every_call(&server, path, Some(&shop.token)).await;
        let foreign = every_call(&server, &there.path, Some(&shop.token)).await;
        for (missing, foreign) in missing.into_iter().zip(foreign) {
            missing.is_error(401, "invalid_token");
            assert_eq!(missing.but_for_the_time(), foreign.but_for_the_time());
        }
    }
    // Removed by an administrator, its token is dead all the same.
    gone.reads(&server).await.is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_7592_2_02_a_suspended_resource_server_changes_nothing() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.standing = Standing::Suspended {
                reason: "audit 17".to_owned(),
            };
        })
        .await;
    let sign = setup.registrant(&sign).await;
    let server = setup.start().await;
    let before = sign.reads(&server).await.is_json(200);
    for answer in [
        sign.updates(&server, &json!({"resource": SIGN})).await,
        sign.updates(&server, &json!({"resource": PAY})).await,
        sign.renews_its_secret(&server).await,
        sign.removes(&server).await,
    ] {
        answer.is_error(403, "unauthorized_client");
        assert!(!answer.text().contains("audit"), "{}", answer.text());
    }
    assert_eq!(sign.reads(&server).await.json(), before);
}

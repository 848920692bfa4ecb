//! A registration is read and replaced by its owner (RFC 7592).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, PAY, Registrant, Running, SIGN, STATEMENT, Setup, every_call, register,
    registration_token,
};

/// A server with an initial access token for anything.
async fn desk() -> (Running, String) {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    (setup.start().await, token)
}

fn a_client() -> Value {
    json!({"grant_types": ["client_credentials"], "scope": "sign pay", "client_name": "Shop"})
}

fn a_resource_server() -> Value {
    json!({
        "resource": [PAY, SIGN],
        "introspection_signed_response_alg": "ES256",
        "client_name": "Sign",
        "client_uri": "https://sign.example/",
        "contacts": ["ops@sign.example"],
        "tos_uri": "https://sign.example/tos",
        "policy_uri": "https://sign.example/policy",
        "token_endpoint_auth_method": "client_secret_post",
        "software_id": "sign-4",
        "software_version": "4.2",
    })
}

async fn registrant(server: &Running, token: &str, metadata: &Value) -> Registrant {
    Registrant::of(&register(server, token, metadata).await)
}

/// An answer without what differs from one to the next.
fn record(answer: &Answer) -> Value {
    let mut body = answer.json();
    let members = body.as_object_mut().unwrap();
    members.remove("registration_access_token");
    members.remove("client_secret");
    members.remove("client_secret_expires_at");
    body
}

#[tokio::test]
async fn row_7592_3_01_the_answer_says_where_and_with_what_it_is_managed() {
    for path in ["", "/tenant"] {
        let setup = Setup::new().await.path(path);
        let token = setup.initial_access_token("both", |_| {}).await;
        let server = setup.start().await;
        for metadata in [a_client(), a_resource_server()] {
            let asked = server.post(&format!("{path}/register")).bearer(&token);
            let answer = asked.json(&metadata).send().await;
            let registrant = Registrant::of(&answer);
            let expected = format!("{path}/register/{}", registrant.caller.id);
            assert_eq!(registrant.path, expected);
            registrant.reads(&server).await.is_json(200);
        }
    }
}

#[tokio::test]
async fn row_7592_2_01_every_call_carries_the_token_of_this_registration() {
    let setup = Setup::new().await;
    let initial = setup.initial_access_token("both", |_| {}).await;
    let (_, access) = setup.usual().await;
    let server = setup.start().await;
    let shop = registrant(&server, &initial, &a_client()).await;
    let other = registrant(&server, &initial, &a_client()).await;
    let pay = registrant(&server, &initial, &json!({"resource": PAY})).await;
    let foreign = [
        "abc",
        "",
        &initial,
        &access.text,
        &other.token,
        &pay.token,
        &shop.caller.secret,
        &shop.token[..shop.token.len() - 1],
    ];
    for token in foreign {
        for answer in every_call(&server, &shop.path, Some(token)).await {
            answer.is_error(401, "invalid_token");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
        }
    }
    // None at all: a challenge without a word about an error (RFC 6750 section 3.1).
    for answer in every_call(&server, &shop.path, None).await {
        answer.is_error(401, "invalid_token");
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge, Some("Bearer realm=\"avouch\""));
    }
    // The right one at another place than it belongs, or twice.
    let in_query = format!("{}?access_token={}", shop.path, shop.token);
    server.get(&in_query).await.is_error(401, "invalid_token");
    let in_form = format!("access_token={}", shop.token);
    let asked = server
        .request("GET", &shop.path)
        .form_body(in_form.as_bytes());
    asked.send().await.is_error(401, "invalid_token");
    let twice = shop.asks(&server, "GET").bearer(&shop.token);
    twice.send().await.is_error(401, "invalid_token");
    let basic = server.request("GET", &shop.path).by(&shop.caller);
    basic.send().await.is_error(401, "invalid_token");
    // All of them are still there.
    for registrant in [&shop, &other, &pay] {
        registrant.reads(&server).await.is_json(200);
    }
}

#[tokio::test]
async fn a_registration_access_token_opens_nothing_else() {
    let (server, token) = desk().await;
    let pay = registrant(&server, &token, &json!({"resource": PAY})).await;
    let answer = register(&server, &pay.token, &a_client()).await;
    answer.is_error(401, "invalid_token");
    for path in ["/introspect", "/revoke", "/token"] {
        let asked = server.post(path).bearer(&pay.token);
        let answer = asked.form(&[("token", pay.token.as_str())]).send().await;
        answer.is_error(401, "invalid_token");
    }
    server
        .introspect(&pay.caller, &pay.token)
        .await
        .is_inactive();
}

#[tokio::test]
async fn row_7592_2_1_01_a_read_shows_the_whole_record_but_for_the_secret() {
    let (mut server, token) = desk().await;
    for metadata in [a_client(), a_resource_server()] {
        let answer = register(&server, &token, &metadata).await;
        let registrant = Registrant::of(&answer);
        server = server.restart().await;
        let read = registrant.reads(&server).await;
        assert_eq!(record(&read), record(&answer));
        let body = read.is_json(200);
        assert_eq!(body["client_id"], registrant.caller.id.as_str());
        assert_eq!(body["registration_access_token"], registrant.token.as_str());
        for (name, value) in metadata.as_object().unwrap() {
            assert_eq!(&body[name], value, "{name}");
        }
        for name in ["client_secret", "client_secret_expires_at"] {
            assert_eq!(body.get(name), None);
        }
    }
}

#[tokio::test]
async fn row_7592_2_2_01_an_update_replaces_the_whole_record() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let before = shop.reads(&server).await.json();
    let updated = shop
        .updates(
            &server,
            &json!({"grant_types": ["client_credentials"], "client_uri": "https://shop.example/"}),
        )
        .await;
    let expected = json!({
        "client_id": shop.caller.id,
        "client_id_issued_at": before["client_id_issued_at"],
        "registration_client_uri": before["registration_client_uri"],
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "client_uri": "https://shop.example/",
    });
    updated.is_json(200);
    assert_eq!(record(&updated), expected);
    let shop = shop.with_token(&registration_token(&updated));
    assert_eq!(record(&shop.reads(&server).await), expected);

    // In force at once: the scope that was left out is not to be had, the secret is as it was.
    let form = [
        ("grant_type", "client_credentials"),
        ("resource", SIGN),
        ("scope", "sign"),
    ];
    let asked = server.post("/token").by(&shop.caller).form(&form);
    asked.send().await.is_error(400, "invalid_scope");

    // And null is left out.
    let nothing = json!({"grant_types": ["client_credentials"], "client_uri": null});
    let updated = shop.updates(&server, &nothing).await;
    assert_eq!(updated.is_json(200).get("client_uri"), None);
}

#[tokio::test]
async fn row_7592_2_2_01_an_updated_resource_server_is_answered_as_it_now_says() {
    let (server, token) = desk().await;
    let sign = registrant(&server, &token, &a_resource_server()).await;
    let form = [
        ("token", "unknown"),
        ("client_id", &sign.caller.id),
        ("client_secret", &sign.caller.secret),
    ];
    let asked = server.post("/introspect").form(&form).accept(STATEMENT);
    assert_eq!(asked.send().await.jwt().header["alg"], "ES256");

    let updated = sign.updates(&server, &json!({"resource": SIGN})).await;
    let body = updated.is_json(200);
    assert_eq!(body["resource"], SIGN);
    assert_eq!(body["introspection_signed_response_alg"], "RS256");
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_basic");
    for dropped in ["client_name", "contacts", "tos_uri", "software_id"] {
        assert_eq!(body.get(dropped), None, "{dropped}");
    }
    let statement = server.statement(&sign.caller, "unknown").await;
    assert_eq!(statement.jwt().header["alg"], "RS256");
    // What it gave up is free for another.
    let pay = register(&server, &token, &json!({"resource": PAY})).await;
    assert_eq!(pay.status, 201);
}

#[tokio::test]
async fn row_7592_2_2_02_what_only_the_server_sets_and_another_id_are_refused() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let other = registrant(&server, &token, &a_client()).await;
    let before = shop.reads(&server).await.json();
    for name in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ] {
        let mut metadata = a_client();
        metadata[name] = before.get(name).cloned().unwrap_or(json!(0));
        let answer = shop.updates(&server, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
        assert!(answer.text().contains(name), "{}", answer.text());
    }
    for id in [
        json!(other.caller.id),
        json!(""),
        json!(5),
        json!(null),
        json!([shop.caller.id]),
    ] {
        let mut metadata = a_client();
        metadata["client_id"] = id;
        let answer = shop.updates(&server, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let asked = shop.asks(&server, "PUT").json(&a_client());
    let answer = asked.send().await;
    answer.is_error(400, "invalid_client_metadata");
    assert_eq!(shop.reads(&server).await.json(), before);
}

#[tokio::test]
async fn row_7592_2_2_03_nobody_chooses_its_secret() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let other = registrant(&server, &token, &a_client()).await;
    let with = |secret: Value| {
        let mut metadata = a_client();
        metadata["client_secret"] = secret;
        metadata
    };
    for secret in [
        json!("my-own-secret"),
        json!(""),
        json!(other.caller.secret),
        json!(5),
        json!(null),
    ] {
        let answer = shop.updates(&server, &with(secret.clone())).await;
        answer.is_error(400, "invalid_client_metadata");
        assert!(!answer.text().contains("my-own-secret"));
        // Not at registration either: it is not even looked at.
        let answer = register(&server, &token, &with(secret)).await;
        assert_ne!(answer.is_json(201)["client_secret"], "my-own-secret");
    }
    let same = with(json!(shop.caller.secret));
    let answer = shop.updates(&server, &same).await;
    assert_eq!(answer.is_json(200).get("client_secret"), None);
    assert!(!answer.text().contains(&shop.caller.secret));
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let issued = |secret: &str| {
        let caller = shop.caller.with_secret(secret);
        server.post("/token").by(&caller).form(&form).send()
    };
    // No resource server serves it, which is looked at once the client is known.
    issued(&shop.caller.secret)
        .await
        .is_error(400, "invalid_target");
    issued("my-own-secret")
        .await
        .is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_7592_2_2_04_replaced_values_are_returned_and_bad_ones_refused() {
    let (server, token) = desk().await;
    let sign = registrant(&server, &token, &a_resource_server()).await;
    let before = sign.reads(&server).await.json();
    for (name, value, code) in [
        ("client_name", json!(5), "invalid_client_metadata"),
        ("contacts", json!("me"), "invalid_client_metadata"),
        ("resource", json!("not a uri"), "invalid_client_metadata"),
        (
            "client_uri",
            json!("javascript:x"),
            "invalid_client_metadata",
        ),
        (
            "introspection_signed_response_alg",
            json!("none"),
            "invalid_client_metadata",
        ),
        (
            "redirect_uris",
            json!(["http://shop.example/back"]),
            "invalid_redirect_uri",
        ),
    ] {
        let mut metadata = a_resource_server();
        metadata[name] = value;
        let answer = sign.updates(&server, &metadata).await;
        answer.is_error(400, code);
    }
    assert_eq!(sign.reads(&server).await.json(), before);
    // Left out, so the server's own values come in, and are told.
    let body = sign.updates(&server, &json!({"resource": SIGN})).await;
    let body = body.is_json(200);
    for (name, value) in [
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("introspection_signed_response_alg", json!("RS256")),
        ("grant_types", json!([])),
        ("response_types", json!([])),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
}

#[tokio::test]
async fn what_a_read_shows_can_be_sent_back_and_changes_nothing() {
    let (server, token) = desk().await;
    for metadata in [a_client(), a_resource_server()] {
        let registrant = registrant(&server, &token, &metadata).await;
        let read = registrant.reads(&server).await;
        let mut same = record(&read);
        let members = same.as_object_mut().unwrap();
        members.remove("registration_client_uri");
        members.remove("client_id_issued_at");
        let updated = registrant.updates(&server, &same).await;
        updated.is_json(200);
        assert_eq!(record(&updated), record(&read));
    }
}

#[tokio::test]
async fn row_7592_5_01_an_update_rotates_the_token_and_a_lost_answer_shuts_nobody_out() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    // Not by a read, and not by the time.
    assert_eq!(registration_token(&shop.reads(&server).await), shop.token);
    server.clock.advance(Duration::from_hours(24 * 365 * 10));
    shop.reads(&server).await.is_json(200);

    // The first answer is lost: the token that is known still works.
    let lost = registration_token(&shop.updates(&server, &a_client()).await);
    let answer = shop.updates(&server, &a_client()).await;
    answer.is_json(200);
    let fresh = shop.with_token(&registration_token(&answer));
    assert_ne!(fresh.token, shop.token);
    assert_ne!(fresh.token, lost);
    // A refused update hands nothing out.
    let refused = shop.updates(&server, &json!({"grant_types": 5})).await;
    refused.is_error(400, "invalid_client_metadata");
    assert!(!refused.text().contains("avr_"));
    // From the first use of the fresh one on it is the only one, also after a restart.
    fresh.reads(&server).await.is_json(200);
    let server = server.restart().await;
    for old in [shop.token.as_str(), &lost] {
        for answer in every_call(&server, &shop.path, Some(old)).await {
            answer.is_error(401, "invalid_token");
        }
    }
    assert_eq!(fresh.removes(&server).await.status, 204);
}

#[tokio::test]
async fn row_6749_5_1_01_no_answer_about_a_registration_is_kept_by_a_cache() {
    let (server, token) = desk().await;
    let answer = register(&server, &token, &a_client()).await;
    let shop = Registrant::of(&answer);
    for answer in [
        answer,
        register(&server, "abc", &a_client()).await,
        register(&server, &token, &json!({})).await,
        shop.reads(&server).await,
        shop.updates(&server, &a_client()).await,
        shop.updates(&server, &json!({})).await,
        shop.renews_its_secret(&server).await,
        shop.with_token("abc").reads(&server).await,
        shop.with_token("abc").renews_its_secret(&server).await,
        shop.asks(&server, "POST").send().await,
        shop.asks(&server, "PUT")
            .body("text/plain", b"x")
            .send()
            .await,
        shop.removes(&server).await,
        shop.removes(&server).await,
    ] {
        answer.is_not_cached();
    }
}

#[tokio::test]
async fn row_9110_15_5_16_01_an_update_of_a_wrong_or_missing_type_is_415() {
    let (server, token) = desk().await;
    let shop = registrant(&server, &token, &a_client()).await;
    let mut metadata = a_client();
    metadata["client_id"] = json!(shop.caller.id);
    let body = metadata.to_string();
    for content_type in [
        "application/x-www-form-urlencoded",
        "text/plain",
        "application/jwt",
        "application/json; charset=latin1",
        "",
    ] {
        let asked = shop.asks(&server, "PUT");
        let answer = asked.body(content_type, body.as_bytes()).send().await;
        answer.is_error(415, "invalid_request");
    }
    let untyped = shop.asks(&server, "PUT").untyped(body.as_bytes());
    untyped.send().await.is_error(415, "invalid_request");
    let asked = shop.asks(&server, "PUT");
    let answer = asked.body("application/json; charset=utf-8", body.as_bytes());
    answer.send().await.is_json(200);
}

//! The token endpoint (RFC 6749 section 4.4, RFC 8707).

use std::time::Duration;

use avouch_core::records::AllowedResources;

use crate::support::{Answer, Caller, PAY, Running, SIGN, Setup, resource, top_level};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

struct Desk {
    server: Running,
    sign: Caller,
    pay: Caller,
    shop: Caller,
    bound: Caller,
}

async fn desk() -> Desk {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let pay = setup.resource_server("pay", PAY).await;
    let shop = setup.client("shop").await;
    let bound = setup
        .client_with("bound", |record| {
            record.resources = AllowedResources::Only(vec![resource(SIGN)]);
            record.access_token_lifetime = Some(Duration::from_mins(1));
        })
        .await;
    let server = setup.start().await;
    Desk {
        server,
        sign,
        pay,
        shop,
        bound,
    }
}

impl Desk {
    async fn ask(&self, caller: &Caller, form: &[(&str, &str)]) -> Answer {
        self.server
            .post("/token")
            .by(caller)
            .form(form)
            .send()
            .await
    }
}

fn issued(answer: &Answer) -> String {
    answer.is_json(200)["access_token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_client_gets_a_token_for_itself_that_is_active_where_it_is_for() {
    let desk = desk().await;
    let form = [GRANT, ("scope", "sign read"), ("resource", SIGN)];
    let answer = desk.ask(&desk.shop, &form).await;
    let body = answer.is_json(200);
    assert_eq!(
        top_level(&body),
        ["access_token", "expires_in", "scope", "token_type"]
    );
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 600);
    assert_eq!(body["scope"], "sign read");
    let seen = desk
        .server
        .introspect(&desk.sign, &issued(&answer))
        .await
        .json();
    assert_eq!(seen["active"], true);
    assert_eq!(seen["sub"], "shop");
    assert_eq!(seen["client_id"], "shop");
    assert_eq!(seen["scope"], "sign read");
}

#[tokio::test]
async fn without_scope_and_resource_the_token_reaches_as_far_as_the_client_may() {
    let desk = desk().await;
    let answer = desk.ask(&desk.bound, &[GRANT]).await;
    assert_eq!(answer.is_json(200)["scope"], "sign pay read");
    assert_eq!(answer.json()["expires_in"], 60);
    let seen = desk
        .server
        .introspect(&desk.sign, &issued(&answer))
        .await
        .json();
    assert_eq!(seen["aud"], SIGN);
    desk.server
        .introspect(&desk.pay, &issued(&answer))
        .await
        .is_inactive();
}

#[tokio::test]
async fn row_8707_2_01_a_resource_is_an_absolute_uri_that_is_served_and_may_repeat() {
    let desk = desk().await;
    for bad in [
        "sign",
        "/api",
        "https:sign.example",
        "https://sign.example/api#top",
        "https://sign.example/a b",
        "https://unknown.example",
        "https://sign.example/API",
        "https://sign.example/api/",
    ] {
        let answer = desk.ask(&desk.shop, &[GRANT, ("resource", bad)]).await;
        answer.is_error(400, "invalid_target");
    }
    // One bad among good ones spoils them all.
    let form = [
        GRANT,
        ("resource", SIGN),
        ("resource", "https://unknown.example"),
    ];
    desk.ask(&desk.shop, &form)
        .await
        .is_error(400, "invalid_target");
    // Served, and not open to this client.
    let answer = desk.ask(&desk.bound, &[GRANT, ("resource", PAY)]).await;
    answer.is_error(400, "invalid_target");
    // None named by a client that has no list of its own.
    desk.ask(&desk.shop, &[GRANT])
        .await
        .is_error(400, "invalid_target");

    let form = [
        GRANT,
        ("resource", SIGN),
        ("resource", PAY),
        ("resource", SIGN),
    ];
    let token = issued(&desk.ask(&desk.shop, &form).await);
    for caller in [&desk.sign, &desk.pay] {
        let seen = desk.server.introspect(caller, &token).await.json();
        assert_eq!(seen["active"], true);
    }
}

#[tokio::test]
async fn row_8707_2_2_01_a_token_works_only_at_the_resource_it_was_asked_for() {
    let desk = desk().await;
    for (asked, at_home, abroad) in [(SIGN, &desk.sign, &desk.pay), (PAY, &desk.pay, &desk.sign)] {
        let token = issued(&desk.ask(&desk.shop, &[GRANT, ("resource", asked)]).await);
        let seen = desk.server.introspect(at_home, &token).await.json();
        assert_eq!(seen["aud"], asked);
        desk.server.introspect(abroad, &token).await.is_inactive();
    }
}

#[tokio::test]
async fn row_fsp_5_3_2_1_07_the_password_grant_is_refused() {
    let desk = desk().await;
    let form = [
        ("grant_type", "password"),
        ("username", "erika"),
        ("password", "x"),
    ];
    let answer = desk.ask(&desk.shop, &form).await;
    answer.is_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn every_other_mistake_has_its_own_code() {
    let desk = desk().await;
    for (form, code) in [
        (&[("resource", SIGN)][..], "invalid_request"),
        (&[("grant_type", ""), ("resource", SIGN)], "invalid_request"),
        (
            &[("grant_type", "authorization_code"), ("code", "x")],
            "unsupported_grant_type",
        ),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            "unsupported_grant_type",
        ),
        (
            &[GRANT, ("resource", SIGN), ("scope", "admin")],
            "invalid_scope",
        ),
        (
            &[GRANT, ("resource", SIGN), ("scope", "sign \"")],
            "invalid_scope",
        ),
        (&[GRANT, GRANT, ("resource", SIGN)], "invalid_request"),
        (
            &[GRANT, ("scope", "sign"), ("scope", "pay")],
            "invalid_request",
        ),
        (
            &[
                GRANT,
                ("resource", SIGN),
                ("authorization_details", "[{\"type\":\"payment\"}]"),
            ],
            "invalid_authorization_details",
        ),
        (
            &[GRANT, ("resource", SIGN), ("authorization_details", "[")],
            "invalid_authorization_details",
        ),
    ] {
        let answer = desk.ask(&desk.shop, form).await;
        answer.is_error(400, code);
    }
    let form = [GRANT, ("resource", SIGN)];
    let nobody = desk.server.post("/token").form(&form).send().await;
    nobody.is_error(400, "invalid_client");
    let wrong = desk.ask(&desk.shop.with_secret("x"), &form).await;
    wrong.is_error(401, "invalid_client");
    let not_a_client = desk.ask(&desk.sign, &form).await;
    not_a_client.is_error(400, "unauthorized_client");
}

#[tokio::test]
async fn row_6749_3_1_01_only_resource_may_repeat() {
    let desk = desk().await;
    let twice = [
        GRANT,
        ("resource", SIGN),
        ("scope", "sign"),
        ("scope", "sign"),
    ];
    desk.ask(&desk.shop, &twice)
        .await
        .is_error(400, "invalid_request");
    let unknown = [GRANT, ("resource", SIGN), ("colour", "blue")];
    assert_eq!(desk.ask(&desk.shop, &unknown).await.status, 200);
}

#[tokio::test]
async fn row_fsp_5_4_1_04_no_two_tokens_are_alike_and_each_has_room_for_128_bits() {
    let desk = desk().await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..8 {
        let token = issued(&desk.ask(&desk.bound, &[GRANT]).await);
        let octets = avouch_jose::base64url::decode(&token[4..]).unwrap();
        assert!(octets.len() >= 16 + 3 + 16, "{token}");
        assert!(seen.insert(octets[3..19].to_vec()));
    }
}

//! What comes too often (RFC 7662 section 4, RFC 6585 section 4).

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::{Answer, Asked, Caller, PAY, Running, STATEMENT, Setup};

/// One call a second, three at once.
const CALLS: &str = "[rates]\ncalls_per_second = 1\ncalls_at_once = 3\n";

/// Behind a proxy on this machine, so that a story can come from anywhere.
const SOURCES: &str = "[listen]\ntrusted_proxies = [\"127.0.0.1\"]\n\
                       [rates]\nsource_failures_per_minute = 3\n";

/// Demands the answer to what comes too often, and tells after how many
/// seconds it may be tried again.
#[track_caller]
fn too_often(answer: &Answer) -> u64 {
    answer.is_error(429, "temporarily_unavailable");
    let wait = answer.header("retry-after").unwrap().parse().unwrap();
    assert!(wait >= 1);
    wait
}

fn from(asked: Asked, source: &str) -> Asked {
    asked.header("X-Forwarded-For", source)
}

async fn count(server: &Running, what: &str) -> u64 {
    let mut stream = UnixStream::connect(server.server.admin_socket())
        .await
        .unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    let line = format!("avouch_throttled_requests_total{{what=\"{what}\"}} ");
    let answer = Answer::read(&received);
    let mut counts = answer
        .text()
        .lines()
        .filter_map(|own| own.strip_prefix(&line));
    counts.next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn row_7662_4_13_a_burst_is_429_with_retry_after_until_time_has_passed() {
    let setup = Setup::new().await.configured(CALLS);
    let (sign, token) = setup.usual().await;
    let pay = setup.resource_server("pay", PAY).await;
    let server = setup.start().await;
    for _ in 0..3 {
        assert_eq!(server.introspect(&sign, &token.text).await.status, 200);
    }
    // In the same form whatever was asked for, and about whatever token.
    for token in [token.text.as_str(), "unknown"] {
        let plain = server.introspect(&sign, token).await;
        assert_eq!(too_often(&plain), 1);
        assert_eq!(too_often(&server.statement(&sign, token).await), 1);
    }
    assert_eq!(count(&server, "calls").await, 4);
    // Nobody else is concerned.
    assert_eq!(server.introspect(&pay, &token.text).await.status, 200);

    server.clock.advance(Duration::from_millis(999));
    too_often(&server.introspect(&sign, &token.text).await);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(server.introspect(&sign, &token.text).await.status, 200);
    too_often(&server.introspect(&sign, &token.text).await);
    server.clock.advance(Duration::from_mins(1));
    for _ in 0..3 {
        assert_eq!(server.statement(&sign, &token.text).await.status, 200);
    }
    too_often(&server.statement(&sign, &token.text).await);
}

#[tokio::test]
async fn row_7662_4_13_calls_are_counted_at_all_endpoints_together() {
    let setup = Setup::new().await.configured(CALLS);
    let (_, token) = setup.usual().await;
    let shop = setup.client("again").await;
    let server = setup.start().await;
    let order = [
        ("grant_type", "client_credentials"),
        ("resource", crate::support::SIGN),
    ];
    let ordered = || server.post("/token").form(&order).by(&shop).send();
    let revoked = || {
        let revoking = server.post("/revoke").form(&[("token", "unknown")]);
        revoking.by(&shop).send()
    };
    assert_eq!(ordered().await.status, 200);
    assert_eq!(revoked().await.status, 200);
    let refused = server.introspect(&shop, &token.text).await;
    refused.is_error(400, "unauthorized_client");
    too_often(&ordered().await);
    too_often(&revoked().await);
    too_often(&server.introspect(&shop, &token.text).await);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(ordered().await.status, 200);
}

#[tokio::test]
async fn row_6585_4_01_a_flood_against_an_id_never_locks_out_its_owner() {
    let limits = "[rates]\ncaller_failures_per_minute = 5\n";
    let setup = Setup::new().await.configured(limits);
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let nobody = Caller {
        id: "nobody".to_owned(),
        secret: "wrong".to_owned(),
    };
    let wrong = sign.with_secret("wrong");
    let ask = async |caller: &Caller| server.introspect(caller, &token.text).await;
    for attempt in 0..20 {
        let answer = ask(&wrong).await;
        if attempt < 5 {
            answer.is_error(401, "invalid_client");
        } else {
            assert_eq!(too_often(&answer), 12);
        }
        // Whether the id is anybody's is not told.
        assert_eq!(
            answer.but_for_the_time(),
            ask(&nobody).await.but_for_the_time()
        );
        assert_eq!(ask(&sign).await.is_json(200)["active"], true);
    }
    assert_eq!(count(&server, "caller_failures").await, 30);
    // By any way of presenting them, and at any endpoint.
    let form = [
        ("token", "t"),
        ("client_id", "sign"),
        ("client_secret", "x"),
    ];
    for endpoint in ["/introspect", "/revoke", "/token"] {
        too_often(&server.post(endpoint).form(&form).send().await);
    }
    server.clock.advance(Duration::from_secs(12));
    ask(&wrong).await.is_error(401, "invalid_client");
    too_often(&ask(&wrong).await);
    assert_eq!(ask(&sign).await.status, 200);
}

#[tokio::test]
async fn row_6585_4_01_a_source_that_fails_too_often_waits_and_others_do_not() {
    let setup = Setup::new().await.configured(SOURCES);
    let (sign, token) = setup.usual().await;
    let pay = setup.resource_server("pay", PAY).await;
    let server = setup.start().await;
    let ask = async |caller: &Caller, source: &str| {
        let asked = server.about(&token.text).by(caller).accept(STATEMENT);
        from(asked, source).send().await
    };
    // Has been here before.
    assert_eq!(ask(&pay, "192.0.2.1").await.status, 200);
    for id in ["a", "b", "c"] {
        let guess = Caller {
            id: id.to_owned(),
            secret: "wrong".to_owned(),
        };
        ask(&guess, "192.0.2.1")
            .await
            .is_error(401, "invalid_client");
    }
    // What a client put into the header itself makes no other source of it.
    for source in [
        "192.0.2.1",
        "192.0.2.9, 192.0.2.1",
        "192.0.2.9, 192.0.2.1, 127.0.0.1",
    ] {
        let answer = ask(&sign.with_secret("wrong"), source).await;
        assert_eq!(too_often(&answer), 20);
        // Unread: not even good credentials help who comes here first.
        assert_eq!(too_often(&ask(&sign, source).await), 20);
        // Who has authenticated from here is not hurt by its neighbours.
        assert_eq!(ask(&pay, source).await.status, 200);
        too_often(&ask(&pay.with_secret("wrong"), source).await);
    }
    for source in ["192.0.2.2", "2001:db8::1", "unknown", ""] {
        assert_eq!(ask(&sign, source).await.status, 200, "{source}");
    }
    assert!(count(&server, "source_failures").await >= 9);
    server.clock.advance(Duration::from_secs(20));
    assert_eq!(ask(&sign, "192.0.2.1").await.status, 200);
}

#[tokio::test]
async fn row_6585_4_01_an_ipv6_network_is_one_source() {
    let setup = Setup::new().await.configured(SOURCES);
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let ask = async |caller: &Caller, source: &str| {
        from(server.about(&token.text).by(caller), source)
            .send()
            .await
    };
    for host in 0..3 {
        let source = format!("2001:db8::{host}");
        let answer = ask(&sign.with_secret("wrong"), &source).await;
        answer.is_error(401, "invalid_client");
    }
    too_often(&ask(&sign, "2001:db8::ffff:1:2:3").await);
    assert_eq!(ask(&sign, "2001:db8:0:1::1").await.status, 200);
}

#[tokio::test]
async fn row_6585_4_01_credentials_that_cannot_be_read_count_for_their_source() {
    let setup = Setup::new().await.configured(SOURCES);
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let about = || from(server.about(&token.text), "192.0.2.1");
    for header in ["Basic ???", "Basic", "Bearer x"] {
        let answer = about().header("Authorization", header).send().await;
        assert_eq!(answer.status, 401, "{header}");
    }
    let answer = about().header("Authorization", "Basic ???").send().await;
    too_often(&answer);
    too_often(&about().by(&sign).send().await);
    // Who sends none has tried nothing, and is told what is missing.
    about().send().await.is_error(400, "invalid_client");
}

/// Row 7591-3-01 has the switch, too; this is its rate.
#[tokio::test]
async fn row_7591_3_01_registration_without_a_good_token_is_limited_by_source() {
    let setup = Setup::new().await.configured(SOURCES);
    let good = setup.initial_access_token("iat", |_| {}).await;
    let server = setup.start().await;
    let client = serde_json::json!({"grant_types": ["client_credentials"], "client_name": "c"});
    let register = |source: &str| from(server.post("/register").json(&client), source);
    let forged = || register("192.0.2.1").bearer("forged").send();

    register("192.0.2.1")
        .send()
        .await
        .is_error(401, "invalid_token");
    forged().await.is_error(401, "invalid_token");
    let read = || from(server.request("GET", "/register/c"), "192.0.2.1");
    read()
        .bearer("x")
        .send()
        .await
        .is_error(401, "invalid_token");
    too_often(&forged().await);
    too_often(&register("192.0.2.1").send().await);
    too_often(&read().bearer("x").send().await);
    too_often(&read().send().await);

    // A good token is told from others all the same.
    let registered = register("192.0.2.1").bearer(&good).send().await;
    assert_eq!(registered.status, 201, "{}", registered.text());
    register("192.0.2.2")
        .send()
        .await
        .is_error(401, "invalid_token");
    server.clock.advance(Duration::from_secs(20));
    register("192.0.2.1")
        .send()
        .await
        .is_error(401, "invalid_token");
}

#[tokio::test]
async fn what_is_set_to_nought_has_no_limit() {
    let limits = "[listen]\ntrusted_proxies = [\"127.0.0.1\"]\n\
                  [rates]\ncalls_per_second = 0\ncalls_at_once = 1\n\
                  source_failures_per_minute = 0\ncaller_failures_per_minute = 0\n";
    let setup = Setup::new().await.configured(limits);
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for _ in 0..80 {
        let about = || from(server.about(&token.text), "192.0.2.1");
        assert_eq!(about().by(&sign).send().await.status, 200);
        let wrong = about().by(&sign.with_secret("wrong")).send().await;
        wrong.is_error(401, "invalid_client");
    }
}

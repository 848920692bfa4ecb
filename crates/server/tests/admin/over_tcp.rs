//! The admin API over TCP: which access tokens open it, and which do not.

use avouch_jose::SigningKey;
use avouch_oauth::protected_resource::ProtectedResourceMetadata;
use avouch_oauth::resource::ResourceIdentifier;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

use crate::events::{assert_logged, listen};
use crate::harness::{Answer, exchange, pay, shop};
use crate::over_tcp_desk::{
    CLIENTS, Desk, Held, challenges, client, held, new_key, proof, refused,
};

#[tokio::test]
async fn row_9728_2_01_the_metadata_names_the_resource_and_its_authorization_server() {
    let desk = Desk::new().await;
    let path = "/.well-known/oauth-protected-resource";
    let answer = desk.send("GET", path, &[], None).await;
    let own = ResourceIdentifier::parse(&desk.admin).unwrap();
    let read = ProtectedResourceMetadata::parse(answer.text.as_bytes(), &own).unwrap();
    assert_eq!(
        read.authorization_servers,
        [desk.it.server.issuer().clone()]
    );
    let document = answer.expect(200);
    assert_eq!(document["resource"], json!(desk.admin));
    assert_eq!(
        document["scopes_supported"],
        json!(["admin", "admin:read", "admin:issue"])
    );
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
    assert_eq!(document["dpop_bound_access_tokens_required"], json!(true));
    assert_eq!(
        document["tls_client_certificate_bound_access_tokens"],
        json!(false)
    );
    let algorithms = document["dpop_signing_alg_values_supported"].as_array();
    assert!(algorithms.unwrap().contains(&json!("ES256")));

    // Both challenges of a request without a token lead there.
    let bare = desk.send("GET", CLIENTS, &[], None).await;
    let shown = challenges(&bare);
    assert_eq!(shown.len(), 2);
    let pointer = format!("resource_metadata=\"{}{path}\"", desk.admin);
    for (challenge, scheme) in shown.iter().zip(["DPoP ", "Bearer "]) {
        assert!(challenge.starts_with(scheme) && challenge.contains(&pointer));
        assert!(
            !challenge.contains("error="),
            "nothing was tried: {challenge}"
        );
    }
    bare.error(401, "invalid_token");
}

#[tokio::test]
async fn a_bound_token_opens_it_and_events_name_the_client() {
    listen();
    let desk = Desk::new().await;
    let (held, _) = desk.administrator("ops-team", "admin").await;
    assert_eq!(held.scheme, "DPoP");
    let listed = desk.get(&held, &format!("{CLIENTS}?limit=5")).await;
    assert!(listed.headers.get("access-control-allow-origin").is_none());
    assert_eq!(
        listed.expect(200)["clients"][0]["description"]["id"],
        "ops-team"
    );

    let mut client = shop();
    client["id"] = json!("made-over-tcp");
    desk.post(&held, CLIENTS, client.clone()).await.expect(201);
    let by = "by=\"ops-team\"";
    assert_logged(&[by, "client added", "made-over-tcp"]);
    client["scope"] = json!("pay");
    let path = format!("{CLIENTS}/made-over-tcp");
    desk.call(&held, "PUT", &path, Some(&client))
        .await
        .expect(200);
    assert_logged(&[by, "client changed", "made-over-tcp"]);
    desk.post(&held, &format!("{path}/secret"), json!({}))
        .await
        .expect(201);
    assert_logged(&[by, "client secret renewed", "made-over-tcp"]);
    desk.post(&held, "/admin/v1/resource-servers", pay())
        .await
        .expect(201);
    assert_logged(&[by, "resource server added"]);
    let order = json!({"client": "made-over-tcp", "subject": "erika"});
    let token = desk
        .post(&held, "/admin/v1/tokens", order)
        .await
        .expect(201);
    assert_logged(&[by, "token_issued", token["jti"].as_str().unwrap()]);
    let named = json!({"token": token["access_token"]});
    for (path, what) in [("show", "token shown"), ("revoke", "revoked")] {
        let path = format!("/admin/v1/tokens/{path}");
        desk.post(&held, &path, named.clone()).await.expect(200);
        assert_logged(&[by, what, token["jti"].as_str().unwrap()]);
    }
    desk.post(
        &held,
        "/admin/v1/revocations",
        json!({"client": "made-over-tcp"}),
    )
    .await
    .expect(200);
    assert_logged(&[by, "what=\"client\"", "made-over-tcp"]);
    desk.post(
        &held,
        "/admin/v1/keys/rotate",
        json!({"algorithm": "ES256"}),
    )
    .await
    .expect(201);
    assert_logged(&[by, "signing key rotated"]);
    desk.call(&held, "DELETE", &path_of("made-over-tcp"), None)
        .await
        .expect(204);
    assert_logged(&[by, "client removed", "made-over-tcp"]);
    // The socket is as it was, and metrics are not served here.
    desk.it.get(CLIENTS).await.expect(200);
    desk.send("GET", "/metrics", &[], None)
        .await
        .error(404, "not_found");
}

fn path_of(client: &str) -> String {
    format!("{CLIENTS}/{client}")
}

#[tokio::test]
async fn row_9449_7_02_what_a_thief_of_the_token_could_try_is_refused() {
    let desk = Desk::new().await;
    let (held, _) = desk.administrator("ops", "admin").await;
    let url = format!("{}{CLIENTS}", desk.admin);
    let good = proof(&desk.key, "GET", &url, Some(&held.token), None);
    let dpop = format!("DPoP {}", held.token);
    let with = async |authorization: &str, proof: &str| {
        let headers = [("authorization", authorization), ("dpop", proof)];
        desk.send("GET", CLIENTS, &headers, None).await
    };
    with(&dpop, &good).await.expect(200);
    let again = with(&dpop, &good).await;
    assert!(challenges(&again)[0].starts_with("DPoP ") && challenges(&again)[0].contains("algs="));
    assert!(
        again
            .error(401, "invalid_dpop_proof")
            .contains("used before")
    );
    refused(with(&format!("Bearer {}", held.token), &good).await);
    let made = |key: &SigningKey, method: &str, url: &str, token: &str| {
        proof(key, method, url, Some(token), None)
    };
    refused(with(&dpop, &made(&new_key(), "GET", &url, &held.token)).await);
    for bad in [
        made(&desk.key, "POST", &url, &held.token),
        made(&desk.key, "GET", &format!("{url}/ops"), &held.token),
        made(&desk.key, "GET", &url, "another"),
        // The Host header has no say.
        made(
            &desk.key,
            "GET",
            &format!("http://whatever.example{CLIENTS}"),
            &held.token,
        ),
        proof(&desk.key, "GET", &url, None, None),
    ] {
        with(&dpop, &bad).await.error(401, "invalid_dpop_proof");
    }
    let bare = [("authorization", dpop.as_str())];
    let none = desk.send("GET", CLIENTS, &bare, None).await;
    none.error(401, "invalid_dpop_proof");
    let twice = [("authorization", dpop.as_str()), ("authorization", &dpop)];
    desk.send("GET", CLIENTS, &twice, None)
        .await
        .error(400, "invalid_request");
    // A token is taken from the header alone.
    let query = format!("{CLIENTS}?access_token={}", held.token);
    desk.send("GET", &query, &[("dpop", &good)], None)
        .await
        .error(401, "invalid_token");
}

#[tokio::test]
async fn an_unbound_token_is_refused_unless_that_is_switched_off() {
    for switched_off in [false, true] {
        let desk = Desk::configured(|config| config.admin.bearer_tokens = switched_off).await;
        let secret = desk.client("ops", "admin", json!([desk.admin])).await;
        let unbound = held(desk.ask("ops", &secret, false, &desk.resource()).await);
        assert_eq!(unbound.scheme, "Bearer");
        let answer = desk.get(&unbound, CLIENTS).await;
        if switched_off {
            answer.expect(200);
        } else {
            refused(answer);
        }
    }
    // A stated proxy on this machine passes on what others send.
    let desk = Desk::configured(|config| {
        config.admin.bearer_tokens = true;
        config.listen.trusted_proxies = serde_json::from_str(r#"["127.0.0.1"]"#).unwrap();
    });
    let desk = desk.await;
    let secret = desk.client("ops", "admin", json!([desk.admin])).await;
    let unbound = held(desk.ask("ops", &secret, false, &desk.resource()).await);
    refused(desk.get(&unbound, CLIENTS).await);
}

#[tokio::test]
async fn row_8705_3_02_a_token_bound_to_a_certificate_needs_that_certificate() {
    let desk = Desk::configured(|config| {
        config.mtls.client_cert_header = true;
        config.listen.trusted_proxies = serde_json::from_str(r#"["127.0.0.1"]"#).unwrap();
    });
    let desk = desk.await;
    let certificate = |name: &str| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        format!(":{}:", STANDARD.encode(made.cert.der()))
    };
    let (own, other) = (certificate("ops.example"), certificate("other.example"));
    let mut client = client("shop", "admin:read", json!([desk.admin]));
    client["token_binding"] = json!("certificate");
    let added = desk.it.post(CLIENTS, client).await.expect(201);
    let form = format!(
        "client_id=shop&client_secret={}&grant_type=client_credentials{}",
        added["client_secret"].as_str().unwrap(),
        desk.resource()
    );
    let address = desk.it.server.address();
    let request = Request::post("/token")
        .header("host", address.to_string())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("client-cert", &own)
        .body(Body::from(form));
    let stream = TcpStream::connect(address).await.unwrap();
    let token = held(exchange(TokioIo::new(stream), request.unwrap()).await).token;
    let authorization = format!("Bearer {token}");
    let with = async |certificate: Option<&str>| {
        let mut headers = vec![("authorization", authorization.as_str())];
        headers.extend(certificate.map(|certificate| ("client-cert", certificate)));
        desk.send("GET", CLIENTS, &headers, None).await
    };
    with(Some(&own)).await.expect(200);
    refused(with(Some(&other)).await);
    refused(with(None).await);
    let path = "/.well-known/oauth-protected-resource";
    let document = desk.send("GET", path, &[], None).await.expect(200);
    assert_eq!(
        document["tls_client_certificate_bound_access_tokens"],
        json!(true)
    );
    assert_eq!(document["dpop_bound_access_tokens_required"], json!(false));
}

#[tokio::test]
async fn a_token_for_another_resource_or_of_nobody_is_refused() {
    let desk = Desk::new().await;
    desk.it.shop_and_pay().await;
    let resources = json!([desk.admin, "https://pay.example"]);
    let secret = desk.client("ops", "admin pay", resources).await;
    let ask = async |form: &str| desk.ask("ops", &secret, true, form).await;
    let elsewhere = held(ask("&resource=https://pay.example").await);
    refused(desk.get(&elsewhere, CLIENTS).await);
    // The admin API has to be asked for, and is not to be had beside another.
    let by_default = held(ask("").await);
    refused(desk.get(&by_default, CLIENTS).await);
    let both = format!("{}&resource=https://pay.example", desk.resource());
    ask(&both).await.error(400, "invalid_target");
    for nonsense in ["nonsense", "avt_nonsense", &elsewhere.token[..20]] {
        let held = Held {
            token: nonsense.to_owned(),
            scheme: "DPoP",
        };
        refused(desk.get(&held, CLIENTS).await);
    }
}

#[tokio::test]
async fn an_ended_token_is_refused_at_once() {
    let desk = Desk::new().await;
    let (held_token, secret) = desk.administrator("ops", "admin:read").await;
    desk.get(&held_token, CLIENTS).await.expect(200);
    let form = format!("token={}", held_token.token);
    desk.it.public("/revoke", "ops", &secret, &form).await;
    refused(desk.get(&held_token, CLIENTS).await);

    let fresh = async || held(desk.ask("ops", &secret, true, &desk.resource()).await);
    let second = fresh().await;
    desk.get(&second, CLIENTS).await.expect(200);
    let all = json!({"client": "ops"});
    desk.it.post("/admin/v1/revocations", all).await.expect(200);
    refused(desk.get(&second, CLIENTS).await);

    let (third, _) = desk.administrator("brief", "admin:read").await;
    desk.get(&third, CLIENTS).await.expect(200);
    desk.it.delete(&path_of("brief")).await.expect(204);
    refused(desk.get(&third, CLIENTS).await);
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let desk = Desk::configured(|config| {
        config.admin.bearer_tokens = true;
        config.tokens.default_lifetime = serde_json::from_str("60").unwrap();
    });
    let desk = desk.await;
    let secret = desk.client("ops", "admin", json!([desk.admin])).await;
    let unbound = held(desk.ask("ops", &secret, false, &desk.resource()).await);
    desk.it.pass(59);
    desk.get(&unbound, CLIENTS).await.expect(200);
    desk.it.pass(1);
    refused(desk.get(&unbound, CLIENTS).await);
}

#[tokio::test]
async fn row_9449_8_01_a_nonce_is_demanded_where_that_is_switched_on() {
    let desk = Desk::configured(|config| config.dpop.require_nonce = true).await;
    let secret = desk.client("ops", "admin", json!([desk.admin])).await;
    let nonce = |answer: &Answer| answer.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let address = desk.it.server.address();
    let url = format!("http://{address}/token");
    let got = desk.ask("ops", &secret, true, &desk.resource()).await;
    let shown = proof(&desk.key, "POST", &url, None, Some(&nonce(&got)));
    got.error(400, "use_dpop_nonce");
    let form = format!(
        "client_id=ops&client_secret={secret}&grant_type=client_credentials{}",
        desk.resource()
    );
    let request = Request::post("/token")
        .header("host", address.to_string())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("dpop", shown)
        .body(Body::from(form));
    let stream = TcpStream::connect(address).await.unwrap();
    let held = held(exchange(TokioIo::new(stream), request.unwrap()).await);

    let first = desk.get(&held, CLIENTS).await;
    let given = nonce(&first);
    first.error(401, "use_dpop_nonce");
    let url = format!("{}{CLIENTS}", desk.admin);
    let shown = proof(&desk.key, "GET", &url, Some(&held.token), Some(&given));
    let authorization = format!("DPoP {}", held.token);
    let headers = [("authorization", authorization.as_str()), ("dpop", &shown)];
    let answer = desk.send("GET", CLIENTS, &headers, None).await;
    assert_eq!(nonce(&answer), given);
    answer.expect(200);
}

#[tokio::test]
async fn row_7662_4_13_failures_from_one_address_are_429_in_the_end() {
    let desk = Desk::configured(|config| {
        config.listen.trusted_proxies = serde_json::from_str(r#"["127.0.0.1"]"#).unwrap();
        config.rates.source_failures_per_minute = serde_json::from_str("3").unwrap();
    });
    let desk = desk.await;
    let from = [
        ("authorization", "Bearer nonsense"),
        ("x-forwarded-for", "192.0.2.7"),
    ];
    for _ in 0..3 {
        refused(desk.send("GET", CLIENTS, &from, None).await);
    }
    let answer = desk.send("GET", CLIENTS, &from, None).await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.error(429, "temporarily_unavailable");
    let elsewhere = [
        ("authorization", "Bearer nonsense"),
        ("x-forwarded-for", "192.0.2.8"),
    ];
    refused(desk.send("GET", CLIENTS, &elsewhere, None).await);
}

//! Clients of a protected resource: what they send where, and to whom they send nothing.

use crate::fake_as::{Answer, Endless, FakeAs, SECRET, Seen, json_answer, status, typed};
use avouch_jose::base64url;
use avouch_oauth::Form;
use avouch_resource_server::{
    CallError, ClientCertificate, Credentials, Exchange, RequestError, ResourceClient,
    ResourceClientBuilder, Scope, ServerError,
};
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};

const METADATA: &str = "/.well-known/oauth-protected-resource";

/// An authorization server, a resource that takes its tokens, and a stranger on another host.
struct World {
    server: FakeAs,
    resource: FakeAs,
    stranger: FakeAs,
}

impl World {
    async fn new() -> Self {
        let world = Self {
            server: FakeAs::start("").await,
            resource: FakeAs::start("").await,
            stranger: FakeAs::start_on("127.0.0.2", "").await,
        };
        world.server.on_token(|seen| {
            let scope = form(seen, "scope");
            token(&format!("for-{scope}"), "DPoP")
        });
        world.describe(|_| {});
        world
    }

    /// The resource with these changes to its metadata; all else it answers with what it was told.
    fn describe(&self, change: impl FnOnce(&mut Value)) {
        let mut metadata = json!({
            "resource": self.resource.issuer(),
            "authorization_servers": [self.server.issuer()],
            "dpop_signing_alg_values_supported": ["ES256"],
        });
        change(&mut metadata);
        self.resource.on_other(move |seen| {
            if seen.path == METADATA {
                json_answer(&metadata)
            } else {
                json_answer(&json!({"path": seen.path}))
            }
        });
    }

    /// The resource answers calls so.
    fn on_call(&self, answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        let metadata = json!({
            "resource": self.resource.issuer(),
            "authorization_servers": [self.server.issuer()],
        });
        self.resource
            .on_other(move |seen| match seen.path.as_str() {
                METADATA => json_answer(&metadata),
                _ => answer(seen),
            });
    }

    fn builder(&self) -> ResourceClientBuilder {
        let resource = self.resource.issuer().parse().unwrap();
        let issuer = self.server.issuer().parse().unwrap();
        ResourceClient::builder(resource, issuer, "ops")
            .credentials(Credentials::client_secret_basic(SECRET))
            .clock(self.server.clock())
    }

    async fn client(&self) -> ResourceClient {
        self.builder().discover().await.unwrap()
    }

    /// Why it cannot be set up; nothing was sent that has to be kept.
    async fn refused(&self) -> CallError {
        let error = self.builder().discover().await.unwrap_err();
        self.nothing_was_shown();
        error
    }

    /// Neither credentials nor a token went anywhere.
    fn nothing_was_shown(&self) {
        for place in [&self.server, &self.resource, &self.stranger] {
            for seen in place.all_seen() {
                assert!(seen.path.starts_with("/.well-known/"), "{}", seen.path);
                assert!(!seen.headers.contains_key("authorization"));
                assert!(seen.body.is_empty());
            }
        }
    }

    /// The calls of the resource so far.
    fn calls(&self) -> Vec<Seen> {
        let seen = self.resource.all_seen().into_iter();
        seen.filter(|seen| seen.path != METADATA).collect()
    }
}

fn form(seen: &Seen, name: &str) -> String {
    let form = Form::parse(&seen.body, &[]).unwrap();
    form.get(name).unwrap_or_default().to_owned()
}

fn token(token: &str, token_type: &str) -> Answer {
    let (token, expires) = (token.replace(':', "-"), 300);
    json_answer(&json!({"access_token": token, "token_type": token_type, "expires_in": expires}))
}

fn scopes(names: &[&str]) -> Vec<Scope> {
    names
        .iter()
        .map(|name| Scope::parse(name).unwrap())
        .collect()
}

fn request(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).unwrap()
}

/// The claims of the proof in a request.
fn proof(seen: &Seen) -> Value {
    let jwt = seen.headers["dpop"].to_str().unwrap();
    let claims = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url::decode(claims).unwrap()).unwrap()
}

fn shown(seen: &Seen) -> &str {
    seen.headers["authorization"].to_str().unwrap()
}

#[tokio::test]
async fn a_token_is_had_for_the_resource_with_the_narrowest_scope_and_shown_with_a_proof() {
    let world = World::new().await;
    let client = world.client().await;
    world.nothing_was_shown();
    let read = scopes(&["admin:read", "admin"]);
    for path in ["/v1/clients?limit=5", "/v1/keys"] {
        let answer = client.call(&read, &request(path)).await.unwrap();
        let (bare, _) = path.split_once('?').unwrap_or((path, ""));
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(body["path"], bare);
    }
    client
        .call(&scopes(&["admin:issue"]), &request("/v1/tokens"))
        .await
        .unwrap();

    let asked = world.server.seen("/token");
    let scopes: Vec<_> = asked.iter().map(|seen| form(seen, "scope")).collect();
    assert_eq!(
        scopes,
        ["admin:read", "admin:issue"],
        "one token serves two calls"
    );
    for seen in &asked {
        assert_eq!(form(seen, "grant_type"), "client_credentials");
        assert_eq!(form(seen, "resource"), world.resource.issuer());
        assert!(shown(seen).starts_with("Basic "));
        let url = format!("{}/token", world.server.issuer());
        assert_eq!(proof(seen)["htu"], url);
        assert_eq!(proof(seen).get("ath"), None);
    }
    let calls = world.calls();
    let used: Vec<_> = calls.iter().map(shown).collect();
    assert_eq!(
        used,
        [
            "DPoP for-admin-read",
            "DPoP for-admin-read",
            "DPoP for-admin-issue"
        ]
    );
    for seen in &calls {
        let url = format!("{}{}", world.resource.issuer(), seen.path);
        assert_eq!(proof(seen)["htu"], url, "without its query");
        assert!(proof(seen)["ath"].is_string());
    }
    assert!(world.stranger.all_seen().is_empty());
}

#[tokio::test]
async fn each_server_has_its_nonces() {
    let world = World::new().await;
    let demand = |own: &'static str, code: u16, body: fn(&Seen) -> Answer| {
        move |seen: &Seen| {
            let mut answer = if proof(seen)["nonce"] == own {
                body(seen)
            } else {
                status(code, r#"{"error":"use_dpop_nonce"}"#)
            };
            answer
                .headers_mut()
                .insert("dpop-nonce", own.parse().unwrap());
            answer
        }
    };
    world
        .server
        .on_token(demand("of-the-server", 400, |_| token("t", "DPoP")));
    world.on_call(demand("of-the-resource", 401, |_| json_answer(&json!({}))));
    let client = world.client().await;
    for _ in 0..2 {
        let answer = client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(world.server.seen("/token").len(), 2);
    assert_eq!(
        world.calls().len(),
        3,
        "the nonce is kept for the next call"
    );
}

/// The request might have been carried out.
#[tokio::test]
async fn an_answer_is_an_answer_whatever_nonce_comes_with_it() {
    let world = World::new().await;
    world.on_call(|_| {
        let mut answer = status(400, r#"{"error":"invalid_request"}"#);
        answer
            .headers_mut()
            .insert("dpop-nonce", "fresh".parse().unwrap());
        answer
    });
    let client = world.client().await;
    let answer = client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(world.calls().len(), 1);
}

#[tokio::test]
async fn a_wider_scope_is_asked_for_only_where_the_narrower_is_refused() {
    let world = World::new().await;
    world
        .server
        .on_token(|seen| match form(seen, "scope").as_str() {
            "admin" => token("wide", "DPoP"),
            _ => status(400, r#"{"error":"invalid_scope"}"#),
        });
    let client = world.client().await;
    for _ in 0..2 {
        client
            .call(&scopes(&["admin:read", "admin"]), &request("/x"))
            .await
            .unwrap();
    }
    let asked = world.server.seen("/token");
    let asked: Vec<_> = asked.iter().map(|seen| form(seen, "scope")).collect();
    assert_eq!(asked, ["admin:read", "admin"]);
    let error = client.call(&scopes(&["admin:issue"]), &request("/x")).await;
    let Err(CallError::Request(RequestError::Refused(refusal))) = error else {
        panic!("{error:?}")
    };
    assert_eq!(refusal.code(), Some("invalid_scope"));
    // Any other refusal is the end of it.
    world
        .server
        .on_token(|_| status(401, r#"{"error":"invalid_client"}"#));
    let client = world.client().await;
    let error = client
        .call(&scopes(&["admin:read", "admin"]), &request("/x"))
        .await;
    assert!(matches!(
        error,
        Err(CallError::Request(RequestError::Refused(_)))
    ));
    assert_eq!(world.server.seen("/token").len(), 4);
    assert_eq!(world.calls().len(), 2);
}

#[tokio::test]
async fn a_token_is_fetched_anew_before_it_expires() {
    let world = World::new().await;
    let client = world.client().await;
    for (now, fetched) in [(0, 1), (269, 1), (270, 2)] {
        world.server.set_time(crate::fake_as::NOW + now);
        client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
        assert_eq!(world.server.seen("/token").len(), fetched, "{now}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_not_taken() {
    let world = World::new().await;
    world.server.on_token(|_| token("unb0und", "Bearer"));
    let client = world.client().await;
    let error = client
        .call(&scopes(&["a"]), &request("/x"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::Server(ServerError::OwnTokenType { .. })),
        "{error}"
    );
    assert!(!format!("{error} {error:?} {client:?}").contains("unb0und"));
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn metadata_of_another_resource_or_server_ends_it() {
    let world = World::new().await;
    let stranger = world.stranger.issuer().to_owned();
    let own = world.resource.issuer().to_owned();
    for other in [
        stranger.clone(),
        format!("{own}/"),
        "https://admin.example".to_owned(),
    ] {
        world.describe(|metadata| metadata["resource"] = other.into());
        let error = world.refused().await;
        assert!(matches!(error, CallError::ResourceMetadata(_)), "{error}");
    }
    for others in [
        json!([]),
        json!([stranger]),
        json!([stranger, format!("{own}/as")]),
    ] {
        world.describe(|metadata| metadata["authorization_servers"] = others.clone());
        let error = world.refused().await;
        assert!(matches!(error, CallError::OtherIssuer { .. }), "{error}");
        assert!(error.to_string().contains(world.server.issuer()), "{error}");
    }
    // Not even the metadata is fetched from there.
    assert!(world.stranger.all_seen().is_empty());
    world.describe(|metadata| metadata["dpop_signing_alg_values_supported"] = json!(["RS256"]));
    let error = world.refused().await;
    assert!(error.to_string().contains("they take RS256"), "{error}");
    world.resource.on_other(|_| status(404, ""));
    let error = world.refused().await;
    assert!(matches!(error, CallError::NotAResource(_)), "{error}");
    for nonsense in ["", "[]", "{", "{\"resource\": 1}"] {
        world
            .resource
            .on_other(move |_| typed("application/json", nonsense));
        let error = world.refused().await;
        assert!(matches!(error, CallError::ResourceMetadata(_)), "{error}");
    }
}

#[tokio::test]
async fn a_token_endpoint_elsewhere_is_not_trusted_unless_it_was_named() {
    let world = World::new().await;
    let elsewhere = format!("{}/token", world.stranger.issuer());
    world
        .server
        .change_metadata("token_endpoint", json!(elsewhere));
    let error = world.refused().await;
    assert!(matches!(error, CallError::OtherHost { .. }), "{error}");
    assert!(error.to_string().contains(&elsewhere), "{error}");
    let other = world.builder().token_endpoint("http://127.0.0.2/token");
    assert!(matches!(
        other.discover().await,
        Err(CallError::OtherHost { .. })
    ));
    world.nothing_was_shown();

    world.stranger.on_token(|_| token("t", "DPoP"));
    let told = world.builder().token_endpoint(&elsewhere);
    let client = told.discover().await.unwrap();
    client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    assert_eq!(world.stranger.seen("/token").len(), 1);
    for bad in [
        "http://192.0.2.1/token",
        "ftp://127.0.0.1/token",
        "/token",
        "http://x@127.0.0.1/",
    ] {
        world.server.change_metadata("token_endpoint", json!(bad));
        let told = world.builder().token_endpoint(bad);
        let error = told.discover().await.unwrap_err();
        assert!(
            matches!(error, CallError::Server(ServerError::Endpoint { .. })),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_alias_is_for_those_with_a_certificate_and_trusted_no_further() {
    let world = World::new().await;
    let made = rcgen::generate_simple_self_signed(["ops.example".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let certificate = ClientCertificate::from_pem(pem.as_bytes(), key.as_bytes()).unwrap();
    let alias = |at: &str| {
        let aliases = json!({"token_endpoint": format!("{at}/mtls/token")});
        world
            .server
            .change_metadata("mtls_endpoint_aliases", aliases);
    };
    alias(world.stranger.issuer());
    let shown = world.builder().client_certificate(certificate.clone());
    let error = shown.discover().await.unwrap_err();
    assert!(matches!(error, CallError::OtherHost { .. }), "{error}");
    // Whoever has none does not go there.
    world.client().await;
    world.nothing_was_shown();

    alias(world.server.issuer());
    world.server.on_other(|_| token("t", "DPoP"));
    let resource = world.resource.issuer().parse().unwrap();
    let issuer = world.server.issuer().parse().unwrap();
    let by_certificate = ResourceClient::builder(resource, issuer, "ops")
        .client_certificate(certificate)
        .clock(world.server.clock());
    let client = by_certificate.discover().await.unwrap();
    client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    let asked = world.server.seen("/mtls/token");
    assert_eq!(form(&asked[0], "client_id"), "ops");
    assert!(!asked[0].headers.contains_key("authorization"));
    assert!(world.server.seen("/token").is_empty());
}

#[tokio::test]
async fn no_redirect_is_followed_by_anything() {
    let world = World::new().await;
    let to = format!("{}/x", world.stranger.issuer());
    let redirect = move |code: u16| {
        let mut answer = status(code, "");
        answer.headers_mut().insert("location", to.parse().unwrap());
        answer
    };
    for code in [301, 302, 303, 307, 308] {
        let redirect = redirect.clone();
        let of_metadata = redirect.clone();
        world.resource.on_other(move |_| of_metadata(code));
        let is_redirect = |error: &CallError| matches!(error, CallError::Server(ServerError::Redirect { status, .. }) if *status == code);
        assert!(is_redirect(&world.builder().discover().await.unwrap_err()));

        world.on_call(|_| json_answer(&json!({})));
        let of_token = redirect.clone();
        world.server.on_token(move |_| of_token(code));
        let client = world.client().await;
        let called = client.call(&scopes(&["a"]), &request("/x")).await;
        assert!(is_redirect(&called.unwrap_err()));

        world.server.on_token(|_| token("t", "DPoP"));
        world.on_call(move |_| redirect(code));
        let called = client.call(&scopes(&["a"]), &request("/x")).await;
        assert!(is_redirect(&called.unwrap_err()));
    }
    assert!(world.stranger.all_seen().is_empty());
}

#[tokio::test]
async fn answers_without_end_are_cut_off() {
    fn endless(_: &Seen) -> Answer {
        let mut answer = status(200, "");
        *answer.body_mut() = Endless.boxed();
        answer
    }
    let world = World::new().await;
    let too_long = |error: CallError, what: Exchange| {
        let found = matches!(&error, CallError::Server(ServerError::TooLong { exchange, .. })
            if *exchange == what);
        assert!(found, "{error}");
    };
    world.resource.on_other(endless);
    too_long(world.refused().await, Exchange::ResourceMetadata);
    world.describe(|_| {});
    world.server.on_metadata(endless);
    too_long(world.refused().await, Exchange::Metadata);
    world.server.change_metadata("further", json!(1));
    world.server.on_token(endless);
    let client = world.client().await;
    let called = client.call(&scopes(&["a"]), &request("/x")).await;
    too_long(called.unwrap_err(), Exchange::OwnToken);
    world.server.on_token(|_| token("t", "DPoP"));
    world.on_call(endless);
    let called = client.call(&scopes(&["a"]), &request("/x")).await;
    too_long(called.unwrap_err(), Exchange::Resource);
}

#[tokio::test]
async fn what_repeats_the_token_or_the_secret_is_not_passed_on() {
    let world = World::new().await;
    world.on_call(|seen| status(403, &json!({"error": shown(seen)}).to_string()));
    let client = world.client().await;
    let answer = client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (403, 0));
    world.server.on_token(|_| {
        let body = json!({"error": "invalid_client", "error_description": SECRET});
        status(401, &body.to_string())
    });
    let client = world.client().await;
    let error = client
        .call(&scopes(&["a"]), &request("/x"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("invalid_client"), "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET));
}

#[tokio::test]
async fn requests_go_below_the_resource_or_nowhere() {
    let world = World::new().await;
    let client = world.client().await;
    let elsewhere = format!("{}/x", world.stranger.issuer());
    for target in [elsewhere.as_str(), "*", "127.0.0.2:80"] {
        let called = client.call(&scopes(&["a"]), &request(target)).await;
        assert!(
            matches!(called, Err(CallError::Target)),
            "{target}: {called:?}"
        );
    }
    world.nothing_was_shown();
    let odd = format!("//{}/x", &world.stranger.issuer()["http://".len()..]);
    let called = client.call(&scopes(&["a"]), &request(&odd)).await;
    assert!(called.is_err() || !world.calls().is_empty());
    assert!(world.stranger.all_seen().is_empty());
    let called = client.call(&[], &request("/x")).await;
    assert!(matches!(called, Err(CallError::NoScope)));
}

#[tokio::test]
async fn a_resource_without_tls_elsewhere_and_a_caller_without_a_name_are_refused() {
    let world = World::new().await;
    let issuer = || world.server.issuer().parse().unwrap();
    for (url, id, credentials) in [
        ("http://192.0.2.1", "ops", true),
        ("https://admin.example?x", "ops", true),
        ("https://ops@admin.example", "ops", true),
        ("urn:example:admin", "ops", true),
        (world.resource.issuer(), "", true),
        (world.resource.issuer(), "ops", false),
    ] {
        let mut builder = ResourceClient::builder(url.parse().unwrap(), issuer(), id);
        if credentials {
            builder = builder.credentials(Credentials::client_secret_basic(SECRET));
        }
        let error = builder.discover().await.unwrap_err();
        let expected = match (id, credentials) {
            ("", _) => matches!(error, CallError::Setup(_)),
            (_, false) => matches!(error, CallError::NoCredentials),
            _ => matches!(error, CallError::NotUrl),
        };
        assert!(expected, "{url}: {error}");
    }
    world.nothing_was_shown();
}

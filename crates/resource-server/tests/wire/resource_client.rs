//! Clients of a protected resource: what they send where.

mod trust;

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

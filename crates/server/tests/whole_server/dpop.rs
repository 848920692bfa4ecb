//! Tokens bound to a key by `DPoP` (RFC 9449), as the token endpoint issues them.

use avouch_core::records::TokenBinding;
use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey, base64url};
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use serde_json::json;

use crate::support::{Answer, Caller, Running, SIGN, START, Setup};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const TOKEN_URL: &str = "https://as.example/token";
const NOW: u64 = START as u64;

struct Desk {
    server: Running,
    sign: Caller,
    shop: Caller,
    bound: Caller,
    key: SigningKey,
}

impl Desk {
    async fn new() -> Self {
        Self::of(Setup::new().await).await
    }

    async fn of(setup: Setup) -> Self {
        let sign = setup.resource_server("sign", SIGN).await;
        let shop = setup.client("shop").await;
        let bound = setup.client_with("bound", |record| {
            record.token_binding = TokenBinding::Dpop;
        });
        Self {
            bound: bound.await,
            server: setup.start().await,
            sign,
            shop,
            key: SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap(),
        }
    }

    fn proof(&self) -> String {
        self.proof_for("POST", TOKEN_URL, NOW, None)
    }

    fn proof_for(&self, method: &str, url: &str, now: u64, nonce: Option<&str>) -> String {
        let url = TargetUri::parse(url).unwrap();
        let mut proof = NewDpopProof::new(method, &url);
        if let Some(nonce) = nonce {
            proof = proof.nonce(nonce);
        }
        let proof = proof.sign(&self.key, now, &SystemRandom).unwrap();
        proof.expose().to_owned()
    }

    async fn ask(&self, caller: &Caller, proofs: &[&str]) -> Answer {
        let mut asked = self.server.post("/token").by(caller);
        for proof in proofs {
            asked = asked.header("DPoP", proof);
        }
        asked.form(&[GRANT, ("resource", SIGN)]).send().await
    }

    fn jkt(&self) -> String {
        base64url::encode(self.key.public_jwk().thumbprint())
    }
}

#[tokio::test]
async fn row_9449_5_01_a_token_asked_for_with_a_proof_is_bound_to_its_key() {
    let desk = Desk::new().await;
    for caller in [&desk.shop, &desk.bound] {
        let body = desk.ask(caller, &[&desk.proof()]).await.is_json(200);
        assert_eq!(body["token_type"], "DPoP");
        let token = body["access_token"].as_str().unwrap();
        let told = desk.server.introspect(&desk.sign, token).await.is_json(200);
        assert_eq!(told["cnf"], json!({"jkt": desk.jkt()}));
        assert_eq!(told["token_type"], "DPoP");
    }
    let unbound = desk.ask(&desk.shop, &[]).await.is_json(200);
    assert_eq!(unbound["token_type"], "Bearer");
}

#[tokio::test]
async fn row_9449_5_01_without_a_proof_a_bound_client_gets_none() {
    let desk = Desk::new().await;
    let refused = desk.ask(&desk.bound, &[]).await;
    refused.is_error(400, "invalid_request");
    assert!(refused.text().contains("DPoP header"));
}

#[tokio::test]
async fn row_9449_5_01_and_4_3_01_a_bad_proof_is_refused_and_nothing_is_issued() {
    let desk = Desk::new().await;
    let good = desk.proof();
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let mut with_private = serde_json::to_value(desk.key.public_jwk()).unwrap();
    with_private["d"] = json!("AAAA");
    let leaking = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": with_private});
    let unsigned = json!({"typ": "dpop+jwt", "alg": "none", "jwk": desk.key.public_jwk()});
    for (name, proof) in [
        ("method", desk.proof_for("GET", TOKEN_URL, NOW, None)),
        (
            "url",
            desk.proof_for("POST", "https://as.example/introspect", NOW, None),
        ),
        (
            "host",
            desk.proof_for("POST", "https://other.example/token", NOW, None),
        ),
        ("stale", desk.proof_for("POST", TOKEN_URL, NOW - 61, None)),
        ("future", desk.proof_for("POST", TOKEN_URL, NOW + 61, None)),
        (
            "private",
            format!(
                "{}.{payload}.{signature}",
                base64url::encode(leaking.to_string())
            ),
        ),
        (
            "none",
            format!("{}.{payload}.", base64url::encode(unsigned.to_string())),
        ),
        (
            "signature",
            format!("{header}.{payload}.{}", base64url::encode([0; 64])),
        ),
        ("garbage", "x".repeat(8_000)),
        ("empty", String::new()),
    ] {
        let refused = desk.ask(&desk.shop, &[&proof]).await;
        assert_eq!(refused.status, 400, "{name}: {}", refused.text());
        refused.is_error(400, "invalid_dpop_proof");
    }
    let (one, two) = (desk.proof(), desk.proof());
    let several = desk.ask(&desk.shop, &[&one, &two]).await;
    several.is_error(400, "invalid_dpop_proof");
    let joined = desk.ask(&desk.shop, &[&format!("{one}, {two}")]).await;
    joined.is_error(400, "invalid_dpop_proof");
}

#[tokio::test]
async fn row_9449_4_3_01_a_proof_is_good_once() {
    let desk = Desk::new().await;
    let proof = desk.proof();
    assert_eq!(desk.ask(&desk.shop, &[&proof]).await.status, 200);
    for caller in [&desk.shop, &desk.bound] {
        let again = desk.ask(caller, &[&proof]).await;
        again.is_error(400, "invalid_dpop_proof");
        assert!(again.text().contains("used before"));
    }
}

#[tokio::test]
async fn row_9449_8_01_a_nonce_is_demanded_where_that_is_switched_on() {
    let on = "[dpop]\nrequire_nonce = true\nnonce_lifetime = 60\n";
    let setup = Setup::new().await.configured(on);
    let clock = std::sync::Arc::clone(&setup.clock);
    let desk = Desk::of(setup).await;
    let first = desk.ask(&desk.shop, &[&desk.proof()]).await;
    first.is_error(400, "use_dpop_nonce");
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let with_nonce = |nonce: &str| desk.proof_for("POST", TOKEN_URL, NOW, Some(nonce));
    let second = desk.ask(&desk.shop, &[&with_nonce(&nonce)]).await;
    assert_eq!(second.is_json(200)["token_type"], "DPoP");
    assert_eq!(second.header("dpop-nonce"), Some(nonce.as_str()));
    let made_up = desk.ask(&desk.shop, &[&with_nonce("made-up")]).await;
    made_up.is_error(400, "use_dpop_nonce");
    // Another's fault is told as what it is, and no nonce helps.
    let stale = desk.proof_for("POST", TOKEN_URL, NOW - 61, Some(&nonce));
    desk.ask(&desk.shop, &[&stale])
        .await
        .is_error(400, "invalid_dpop_proof");
    clock.advance(std::time::Duration::from_mins(3));
    let late = desk.proof_for("POST", TOKEN_URL, NOW + 180, Some(&nonce));
    desk.ask(&desk.shop, &[&late])
        .await
        .is_error(400, "use_dpop_nonce");
}

#[tokio::test]
async fn row_fsp_5_3_2_1_04_unbound_tokens_are_refused_where_that_is_switched_on() {
    let on = "[tokens]\nsender_constrained = true\n";
    let desk = Desk::of(Setup::new().await.configured(on)).await;
    desk.ask(&desk.shop, &[])
        .await
        .is_error(400, "invalid_request");
    let bound = desk.ask(&desk.shop, &[&desk.proof()]).await;
    assert_eq!(bound.is_json(200)["token_type"], "DPoP");
}

#[tokio::test]
async fn row_8414_2_07_the_algorithms_of_proofs_are_listed_and_work() {
    let desk = Desk::new().await;
    let document = desk
        .server
        .request("GET", "/.well-known/oauth-authorization-server");
    let document = document.send().await.json();
    let listed = document["dpop_signing_alg_values_supported"]
        .as_array()
        .unwrap();
    assert_eq!(listed.len(), SignatureAlgorithm::ALL.len());
    for name in listed {
        let algorithm = name.as_str().unwrap().parse().unwrap();
        let url = TargetUri::parse(TOKEN_URL).unwrap();
        let key = SigningKey::generate(algorithm, &SystemRandom).unwrap();
        let proof = NewDpopProof::new("POST", &url)
            .sign(&key, NOW, &SystemRandom)
            .unwrap();
        let body = desk.ask(&desk.shop, &[proof.expose()]).await.is_json(200);
        assert_eq!(body["token_type"], "DPoP", "{name}");
    }
}

#[tokio::test]
async fn a_client_registers_that_its_tokens_are_bound() {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("clients", |_| {}).await;
    let desk = Desk::of(setup).await;
    let register = |metadata: serde_json::Value| {
        let asked = desk.server.post("/register").bearer(&token).json(&metadata);
        asked.send()
    };
    let metadata = json!({
        "grant_types": ["client_credentials"], "dpop_bound_access_tokens": true
    });
    let body = register(metadata).await.is_json(201);
    assert_eq!(body["dpop_bound_access_tokens"], true);
    let caller = Caller {
        id: body["client_id"].as_str().unwrap().to_owned(),
        secret: body["client_secret"].as_str().unwrap().to_owned(),
    };
    desk.ask(&caller, &[])
        .await
        .is_error(400, "invalid_request");
    let bound = desk.ask(&caller, &[&desk.proof()]).await;
    assert_eq!(bound.is_json(200)["token_type"], "DPoP");
    let both = json!({
        "grant_types": ["client_credentials"], "dpop_bound_access_tokens": true,
        "tls_client_certificate_bound_access_tokens": true
    });
    register(both)
        .await
        .is_error(400, "invalid_client_metadata");
}

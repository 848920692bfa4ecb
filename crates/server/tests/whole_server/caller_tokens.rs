//! Resource servers that ask with a token of their own (RFC 9701 section 4).

use std::time::Duration;

use avouch_core::records::{GrantType, Standing};
use avouch_crypto::random::SystemRandom;
use avouch_jose::{SignatureAlgorithm, SigningKey};
use avouch_oauth::dpop::{NewDpopProof, TargetUri};
use avouch_oauth::secret::PresentedToken;

use crate::support::{Answer, Caller, PAY, Running, SIGN, START, STATEMENT, Setup, top_level};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const NOW: u64 = START as u64;

struct Desk {
    server: Running,
    clock: std::sync::Arc<crate::support::TestClock>,
    sign: Caller,
    shop: Caller,
    /// An access token that `sign` may ask about.
    token: String,
}

impl Desk {
    async fn new() -> Self {
        Self::of(Setup::new().await).await
    }

    async fn of(setup: Setup) -> Self {
        let sign = setup.resource_server_with("sign", SIGN, |record| {
            record.grant_types.insert(GrantType::ClientCredentials);
        });
        let sign = sign.await;
        setup.resource_server("pay", PAY).await;
        let shop = setup.client("shop").await;
        let token = setup.token().await.text;
        let clock = std::sync::Arc::clone(&setup.clock);
        Self {
            server: setup.start().await,
            clock,
            sign,
            shop,
            token,
        }
    }

    async fn get(&self, caller: &Caller, proof: Option<&str>, more: &[(&str, &str)]) -> Answer {
        let mut asked = self.server.post("/token").by(caller);
        if let Some(proof) = proof {
            asked = asked.header("DPoP", proof);
        }
        asked.form(&[&[GRANT], more].concat()).send().await
    }

    async fn own_token(&self) -> String {
        text(&self.get(&self.sign, None, &[]).await)
    }

    async fn ask(&self, authorization: &str, proof: Option<&str>) -> Answer {
        let mut asked = self.server.about(&self.token);
        asked = asked.header("Authorization", authorization);
        if let Some(proof) = proof {
            asked = asked.header("DPoP", proof);
        }
        asked.send().await
    }
}

fn text(answer: &Answer) -> String {
    let body = answer.is_json(200);
    body["access_token"].as_str().unwrap().to_owned()
}

fn proof(key: &SigningKey, path: &str, token: Option<&str>, now: u64) -> String {
    let url = TargetUri::parse(&format!("https://as.example{path}")).unwrap();
    let token = token.map(PresentedToken::new);
    let mut proof = NewDpopProof::new("POST", &url);
    if let Some(token) = &token {
        proof = proof.access_token(token);
    }
    proof
        .sign(key, now, &SystemRandom)
        .unwrap()
        .expose()
        .to_owned()
}

#[tokio::test]
async fn row_9701_4_02_a_resource_server_asks_with_a_token_that_names_it() {
    let desk = Desk::new().await;
    let answer = desk.get(&desk.sign, None, &[("scope", "introspect")]).await;
    let body = answer.is_json(200);
    assert_eq!(
        top_level(&body),
        ["access_token", "expires_in", "scope", "token_type"]
    );
    assert_eq!(
        (&body["token_type"], &body["scope"]),
        (&"Bearer".into(), &"introspect".into())
    );
    let own = format!("Bearer {}", text(&answer));
    assert_eq!(desk.ask(&own, None).await.is_json(200)["active"], true);
    let asked = desk.server.about(&desk.token).accept(STATEMENT);
    let statement = asked.header("Authorization", &own).send().await.jwt();
    assert_eq!(statement.claims["aud"], "sign");
}

#[tokio::test]
async fn row_9701_3_03_its_token_opens_nothing_else() {
    let desk = Desk::new().await;
    let own = desk.own_token().await;
    for (path, form) in [
        ("/revoke", vec![("token", desk.token.as_str())]),
        ("/token", vec![GRANT]),
    ] {
        let asked = desk.server.post(path).bearer(&own).form(&form);
        asked.send().await.is_error(401, "invalid_token");
    }
    let register = desk.server.post("/register").bearer(&own);
    let metadata = serde_json::json!({"resource": "https://new.example"});
    register
        .json(&metadata)
        .send()
        .await
        .is_error(401, "invalid_token");
    // Nor is there anything to be learnt about it.
    desk.server.introspect(&desk.sign, &own).await.is_inactive();
}

#[tokio::test]
async fn row_9701_8_2_01_a_token_that_does_not_tell_who_asks_does_not_count() {
    let desk = Desk::new().await;
    let of_the_client = text(&desk.get(&desk.shop, None, &[("resource", SIGN)]).await);
    for token in [&of_the_client, &desk.token] {
        let answer = desk.ask(&format!("Bearer {token}"), None).await;
        answer.is_error(401, "insufficient_scope");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer ") && challenge.contains("insufficient_scope"));
    }
}

#[tokio::test]
async fn row_7662_2_3_02_a_bad_token_is_401() {
    let desk = Desk::new().await;
    let own = desk.own_token().await;
    let (all_but_last, last) = own.split_at(own.len() - 1);
    let changed = format!("{all_but_last}{}", if last == "x" { "y" } else { "x" });
    for bad in ["nonsense", "avc_nonsense", &changed] {
        let answer = desk.ask(&format!("Bearer {bad}"), None).await;
        answer.is_error(401, "invalid_token");
    }
    // A client's token that was revoked is as good as none.
    let dead = text(&desk.get(&desk.shop, None, &[("resource", SIGN)]).await);
    let revoked = desk
        .server
        .post("/revoke")
        .by(&desk.shop)
        .form(&[("token", &dead)]);
    assert_eq!(revoked.send().await.status, 200);
    desk.ask(&format!("Bearer {dead}"), None)
        .await
        .is_error(401, "invalid_token");
    desk.clock.advance(Duration::from_secs(601));
    desk.ask(&format!("Bearer {own}"), None)
        .await
        .is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_9701_4_03_a_token_and_other_credentials_are_too_much() {
    let desk = Desk::new().await;
    let own = desk.own_token().await;
    let form = [
        ("token", desk.token.as_str()),
        ("client_id", "sign"),
        ("client_secret", &desk.sign.secret),
    ];
    let asked = desk.server.post("/introspect").bearer(&own).form(&form);
    asked.send().await.is_error(400, "invalid_request");
    let twice = desk.server.about(&desk.token).bearer(&own).by(&desk.sign);
    twice.send().await.is_error(400, "invalid_request");
}

#[tokio::test]
async fn a_client_id_beside_a_token_is_that_of_whom_it_names() {
    let desk = Desk::new().await;
    let own = desk.own_token().await;
    for (id, status) in [("sign", 200), ("shop", 400), ("nobody", 400)] {
        let form = [("token", desk.token.as_str()), ("client_id", id)];
        let by_token = desk.server.post("/introspect").bearer(&own).form(&form);
        let by_secret = desk.server.post("/introspect").by(&desk.sign).form(&form);
        for asked in [by_token, by_secret] {
            let answer = asked.send().await;
            if status == 200 {
                assert_eq!(answer.is_json(200)["active"], true);
            } else {
                answer.is_error(400, "invalid_request");
            }
        }
    }
}

#[tokio::test]
async fn only_who_is_registered_for_it_gets_one_and_for_nothing_but_introspection() {
    let setup = Setup::new().await;
    let pay = setup.resource_server("other", PAY).await;
    let desk = Desk::of(setup).await;
    desk.get(&pay, None, &[])
        .await
        .is_error(400, "unauthorized_client");
    let wider = desk
        .get(&desk.sign, None, &[("scope", "introspect sign")])
        .await;
    wider.is_error(400, "invalid_scope");
    let elsewhere = desk.get(&desk.sign, None, &[("resource", SIGN)]).await;
    elsewhere.is_error(400, "invalid_target");
}

#[tokio::test]
async fn a_suspended_resource_server_is_refused_whatever_it_asks_with() {
    let setup = Setup::new().await;
    let caller = setup.resource_server_with("stopped", SIGN, |record| {
        record.grant_types.insert(GrantType::ClientCredentials);
        record.standing = Standing::Suspended {
            reason: "contract ended".to_owned(),
        };
    });
    let caller = caller.await;
    let desk = Desk::of(setup).await;
    let own = text(&desk.get(&caller, None, &[]).await);
    let answer = desk.ask(&format!("Bearer {own}"), None).await;
    answer.is_error(400, "unauthorized_client");
}

#[tokio::test]
async fn row_9449_7_02_a_bound_token_needs_its_proof_each_time() {
    let desk = Desk::new().await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
    let other = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
    let got = desk
        .get(&desk.sign, Some(&proof(&key, "/token", None, NOW)), &[])
        .await;
    assert_eq!(got.is_json(200)["token_type"], "DPoP");
    let own = text(&got);
    let dpop = format!("DPoP {own}");
    let good = proof(&key, "/introspect", Some(&own), NOW);
    assert_eq!(
        desk.ask(&dpop, Some(&good)).await.is_json(200)["active"],
        true
    );

    // What a thief of the token could try.
    let downgraded = desk.ask(&format!("Bearer {own}"), None).await;
    downgraded.is_error(401, "invalid_token");
    for (name, bad) in [
        ("none", None),
        ("used before", Some(good)),
        (
            "another key",
            Some(proof(&other, "/introspect", Some(&own), NOW)),
        ),
        (
            "another endpoint",
            Some(proof(&key, "/token", Some(&own), NOW)),
        ),
        (
            "another token",
            Some(proof(&key, "/introspect", Some("other"), NOW)),
        ),
        ("no token", Some(proof(&key, "/introspect", None, NOW))),
        (
            "stale",
            Some(proof(&key, "/introspect", Some(&own), NOW - 61)),
        ),
    ] {
        let answer = desk.ask(&dpop, bad.as_deref()).await;
        assert_eq!(answer.status, 401, "{name}: {}", answer.text());
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains("algs="),
            "{challenge}"
        );
    }
    // And an unbound token is no DPoP token.
    let unbound = desk.own_token().await;
    let with_proof = proof(&key, "/introspect", Some(&unbound), NOW);
    let answer = desk
        .ask(&format!("DPoP {unbound}"), Some(&with_proof))
        .await;
    answer.is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_9449_8_01_a_nonce_is_demanded_at_introspection_too() {
    let on = "[dpop]\nrequire_nonce = true\n";
    let desk = Desk::of(Setup::new().await.configured(on)).await;
    let key = SigningKey::generate(SignatureAlgorithm::Es256, &SystemRandom).unwrap();
    let url = |path: &str| TargetUri::parse(&format!("https://as.example{path}")).unwrap();
    let first = desk
        .get(&desk.sign, Some(&proof(&key, "/token", None, NOW)), &[])
        .await;
    let nonce = first
        .is_error(400, "use_dpop_nonce")
        .header("dpop-nonce")
        .unwrap()
        .to_owned();
    let token_url = url("/token");
    let with_nonce = NewDpopProof::new("POST", &token_url).nonce(&nonce);
    let with_nonce = with_nonce.sign(&key, NOW, &SystemRandom).unwrap();
    let own = text(&desk.get(&desk.sign, Some(with_nonce.expose()), &[]).await);
    let dpop = format!("DPoP {own}");
    let without = desk
        .ask(&dpop, Some(&proof(&key, "/introspect", Some(&own), NOW)))
        .await;
    let nonce = without
        .is_error(401, "use_dpop_nonce")
        .header("dpop-nonce")
        .unwrap()
        .to_owned();
    let token = PresentedToken::new(own.as_str());
    let url = url("/introspect");
    let with_nonce = NewDpopProof::new("POST", &url)
        .access_token(&token)
        .nonce(&nonce);
    let with_nonce = with_nonce.sign(&key, NOW, &SystemRandom).unwrap();
    let answer = desk.ask(&dpop, Some(with_nonce.expose())).await;
    assert_eq!(answer.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_8414_2_04_the_schemes_of_tokens_are_listed_at_introspection_alone() {
    let desk = Desk::new().await;
    let document = desk
        .server
        .request("GET", "/.well-known/oauth-authorization-server");
    let document = document.send().await.json();
    let has = |endpoint: &str, name: &str| {
        let listed = &document[format!("{endpoint}_endpoint_auth_methods_supported")];
        listed.as_array().unwrap().contains(&name.into())
    };
    for scheme in ["Bearer", "DPoP"] {
        assert!(has("introspection", scheme));
        assert!(!has("token", scheme) && !has("revocation", scheme));
    }
}

#[tokio::test]
async fn row_9110_15_5_2_01_a_refused_token_gets_the_challenge_of_its_scheme() {
    let desk = Desk::new().await;
    for scheme in ["Bearer", "DPoP"] {
        let answer = desk.ask(&format!("{scheme} nonsense"), None).await;
        answer.is_error(401, "invalid_token");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with(scheme), "{challenge}");
    }
}

#[tokio::test]
async fn row_6749_2_3_01_an_assertion_beside_a_token_is_one_too_many() {
    let desk = Desk::new().await;
    let own = desk.own_token().await;
    let form = [
        ("token", desk.token.as_str()),
        ("client_assertion", "a.b.c"),
    ];
    let asked = desk.server.post("/introspect").bearer(&own).form(&form);
    asked.send().await.is_error(400, "invalid_request");
}

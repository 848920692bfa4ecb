//! Callers that prove themselves with an assertion (RFC 7523, RFC 10070).

use avouch_core::records::{ClientAuthentication, Credentials, KeySource};
use avouch_jose::{JwkSet, SignatureAlgorithm, base64url};
use serde_json::{Value, json};

use crate::support::{
    Answer, Prover, Running, SIGN, START, Setup, assertion_claims, question, sign_as,
};

const ON: &str = "[client_authentication]\n\
                  methods = [\"client_secret_basic\", \"client_secret_post\", \"private_key_jwt\", \
                  \"client_secret_jwt\"]\n";

const BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Desk {
    server: Running,
    token: String,
    sign: Prover,
}

impl Desk {
    async fn new() -> Self {
        Self::of(Setup::new().await).await
    }

    async fn of(setup: Setup) -> Self {
        setup.client("shop").await;
        let sign = setup.signing_resource_server("sign").await;
        let token = setup.token().await.text;
        Self {
            server: setup.start().await,
            token,
            sign,
        }
    }

    async fn ask(&self, assertion: &str) -> Answer {
        let form = question(&self.token, assertion);
        self.server.post("/introspect").form(&form).send().await
    }

    /// Asks with the claims of a good assertion, changed.
    async fn ask_with(&self, jti: &str, change: impl FnOnce(&mut Value)) -> Answer {
        let mut claims = assertion_claims("sign", jti);
        change(&mut claims);
        self.ask(&self.sign.assert("JWT", &claims)).await
    }
}

#[tokio::test]
async fn row_9701_4_02_an_assertion_signed_with_the_registered_key_authenticates() {
    let desk = Desk::new().await;
    let answer = desk.ask(&desk.sign.good("sign", "one")).await;
    assert_eq!(answer.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_10070_4_01_the_issuer_is_the_only_audience() {
    let desk = Desk::new().await;
    let answer = desk.ask_with("array", |claims| {
        claims["aud"] = json!(["https://as.example"]);
    });
    assert_eq!(answer.await.is_json(200)["active"], true);
    for (index, aud) in [
        json!("https://as.example/"),
        json!("https://as.example/introspect"),
        json!("https://as.example/token"),
        json!("https://other.example"),
        json!(["https://as.example", "https://other.example"]),
        json!(["https://as.example", "https://as.example"]),
        json!([]),
        json!(5),
        Value::Null,
    ]
    .into_iter()
    .enumerate()
    {
        let jti = format!("aud-{index}");
        let asking = desk.ask_with(&jti, |claims| claims["aud"] = aud.clone());
        let answer = asking.await;
        answer.is_error(401, "invalid_client");
        assert!(answer.text().contains("aud"), "{aud}: {}", answer.text());
    }
}

#[tokio::test]
async fn row_10070_4_01_the_endpoints_are_audiences_only_where_that_is_switched_on() {
    let on = "[client_authentication]\nendpoint_audiences = true\n";
    let desk = Desk::of(Setup::new().await.configured(on)).await;
    for aud in ["https://as.example", "https://as.example/token"] {
        let answer = desk
            .ask_with(aud, |claims| claims["aud"] = json!(aud))
            .await;
        assert_eq!(answer.is_json(200)["active"], true);
    }
    let answer = desk.ask_with("x", |claims| {
        claims["aud"] = json!("https://as.example/register");
    });
    answer.await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_10070_4_03_a_missing_typ_is_fine_and_that_of_another_kind_is_not() {
    let desk = Desk::new().await;
    for (index, typ) in ["client-authentication+jwt", "JWT", "jwt"]
        .into_iter()
        .enumerate()
    {
        let claims = assertion_claims("sign", &format!("good-{index}"));
        let answer = desk.ask(&desk.sign.assert(typ, &claims)).await;
        assert_eq!(answer.is_json(200)["active"], true);
    }
    for typ in [
        "at+jwt",
        "dpop+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
    ] {
        let answer = desk
            .ask(&desk.sign.assert(typ, &assertion_claims("sign", typ)))
            .await;
        answer.is_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn row_7523_3_01_names_times_and_signature_are_checked() {
    let desk = Desk::new().await;
    let far = START + 1_000_000;
    let cases: [(&str, &str, Value); 9] = [
        ("iss", "iss", json!("shop")),
        ("sub", "sub", json!("shop")),
        ("sub is nobody", "sub", Value::Null),
        ("no exp", "exp", Value::Null),
        ("past", "exp", json!(START)),
        ("text", "exp", json!("soon")),
        ("nbf", "nbf", json!(far)),
        ("iat", "iat", json!(far)),
        ("fraction", "exp", json!(1.5)),
    ];
    for (name, claim, value) in cases {
        let answer = desk.ask_with(name, |claims| {
            if value.is_null() {
                claims.as_object_mut().unwrap().remove(claim);
            } else {
                claims[claim] = value.clone();
            }
        });
        answer.await.is_error(401, "invalid_client");
    }
    // Another's key, under the name of the registered one.
    let stranger = Prover::key(SignatureAlgorithm::Es256);
    let answer = desk.ask(&stranger.good("sign", "stranger")).await;
    answer.is_error(401, "invalid_client");
    // A signature over something else.
    let (one, two) = (desk.sign.good("sign", "one"), desk.sign.good("sign", "two"));
    let (front, _) = one.rsplit_once('.').unwrap();
    let (_, signature) = two.rsplit_once('.').unwrap();
    desk.ask(&format!("{front}.{signature}"))
        .await
        .is_error(401, "invalid_client");
}

#[tokio::test]
async fn who_is_registered_and_how_does_not_show() {
    let desk = Desk::new().await;
    let stranger = Prover::key(SignatureAlgorithm::Es256);
    let wrong_key = desk.ask(&stranger.good("sign", "one")).await;
    let unknown = desk.ask(&stranger.good("nobody", "one")).await;
    let by_secret = desk.ask(&stranger.good("shop", "one")).await;
    assert_eq!(
        wrong_key.clone().but_for_the_time(),
        unknown.but_for_the_time()
    );
    assert_eq!(wrong_key.but_for_the_time(), by_secret.but_for_the_time());
}

#[tokio::test]
async fn row_7523_3_02_an_assertion_is_good_once_and_not_for_long() {
    let desk = Desk::new().await;
    let assertion = desk.sign.good("sign", "once");
    assert_eq!(desk.ask(&assertion).await.is_json(200)["active"], true);
    let again = desk.ask(&assertion).await;
    again.is_error(401, "invalid_client");
    assert!(again.text().contains("used before"));
    // Another signature over the same jti is the same assertion.
    desk.ask(&desk.sign.good("sign", "once"))
        .await
        .is_error(401, "invalid_client");
    for jti in [json!(""), json!(5), Value::Null, json!("x".repeat(257))] {
        let answer = desk.ask_with("", |claims| claims["jti"] = jti.clone());
        answer.await.is_error(401, "invalid_client");
    }
    let day = desk.ask_with("day", |claims| claims["exp"] = json!(START + 86_400));
    day.await.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_7523_3_02_of_many_at_one_instant_one_counts() {
    let desk = Desk::new().await;
    let assertion = desk.sign.good("sign", "race");
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let form = question(&desk.token, &assertion);
        asking.spawn(desk.server.post("/introspect").form(&form).send());
    }
    let statuses = asking.join_all().await;
    let good = statuses
        .iter()
        .filter(|answer| answer.status == 200)
        .count();
    assert_eq!(good, 1);
    assert!(
        statuses
            .iter()
            .all(|answer| [200, 401].contains(&answer.status))
    );
}

#[tokio::test]
async fn row_7523_2_2_01_the_type_is_the_one_there_is_and_a_client_id_matches() {
    let desk = Desk::new().await;
    let assertion = desk.sign.good("sign", "type");
    let [token, _, sent] = question(&desk.token, &assertion);
    let send = |form: Vec<(&'static str, String)>| {
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        desk.server.post("/introspect").form(&form).send()
    };
    let form = |kind: Option<&str>, assertion: bool, id: Option<&str>| {
        let mut form = vec![("token", token.1.to_owned())];
        form.extend(kind.map(|kind| ("client_assertion_type", kind.to_owned())));
        form.extend(assertion.then(|| ("client_assertion", sent.1.to_owned())));
        form.extend(id.map(|id| ("client_id", id.to_owned())));
        form
    };
    for bad in [
        form(
            Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            true,
            None,
        ),
        form(None, true, None),
        form(Some(BEARER), false, None),
        form(Some(BEARER), true, Some("other")),
    ] {
        send(bad).await.is_error(400, "invalid_request");
    }
    let good = send(form(Some(BEARER), true, Some("sign"))).await;
    assert_eq!(good.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_7662_2_3_01_hostile_assertions_are_401() {
    let desk = Desk::new().await;
    let good = desk.sign.good("sign", "hostile");
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let with_header = |header: &Value| {
        format!(
            "{}.{payload}.{signature}",
            base64url::encode(header.to_string())
        )
    };
    let jwk = serde_json::to_value(desk.sign.signing_key().public_jwk()).unwrap();
    let twice = format!(
        r#"{{"iss":"sign","sub":"sign","sub":"sign","aud":"https://as.example","jti":"t","exp":{}}}"#,
        START + 60
    );
    for assertion in [
        with_header(&json!({"alg": "none"})),
        format!("{}.{payload}.", base64url::encode(r#"{"alg":"none"}"#)),
        with_header(&json!({"alg": "HS256"})),
        with_header(&json!({"alg": "ES256", "jwk": jwk})),
        with_header(&json!({"alg": "ES256", "jku": "https://evil.example/keys"})),
        with_header(&json!({"alg": "ES256", "crit": ["exp"], "exp": 1})),
        format!("{header}.{}.{signature}", base64url::encode(&twice)),
        format!("{header}.{payload}"),
        format!("{good}.{signature}.{signature}"),
        "x".repeat(30_000),
        "\u{e4}".to_owned(),
        sign_as("at+jwt", &assertion_claims("sign", "at")),
    ] {
        desk.ask(&assertion).await.is_error(401, "invalid_client");
    }
    desk.ask("").await.is_error(400, "invalid_request");
    let megabyte = format!("{header}.{}.{signature}", "A".repeat(1 << 20));
    assert_eq!(desk.ask(&megabyte).await.status, 413);
    // The real one was not used up by any of that.
    assert_eq!(desk.ask(&good).await.is_json(200)["active"], true);
}

#[tokio::test]
async fn a_registered_algorithm_is_the_only_one() {
    let setup = Setup::new().await;
    setup.client("shop").await;
    let registered = Prover::key(SignatureAlgorithm::Es256);
    let prover = Prover::key(SignatureAlgorithm::Ed25519);
    let both = [&registered, &prover].map(|one| one.signing_key().public_jwk().clone());
    let keys = KeySource::Keys(JwkSet {
        keys: both.to_vec(),
    });
    setup
        .resource_server_with("sign", SIGN, |record| {
            record.credentials = Credentials::first(
                ClientAuthentication::PrivateKeyJwt {
                    keys,
                    algorithm: Some(SignatureAlgorithm::Es256),
                },
                None,
            );
        })
        .await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    for (prover, status) in [(&prover, 401), (&registered, 200)] {
        let assertion = prover.good("sign", "alg");
        let form = question(&token, &assertion);
        let answer = server.post("/introspect").form(&form).send().await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn an_assertion_under_a_secret_works_where_it_is_on_offer() {
    let setup = Setup::new().await.configured(ON);
    setup.client("shop").await;
    let (pay, caller) = setup.secret_resource_server("pay").await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    let ask = |assertion: String| {
        let form = question(&token, &assertion).map(|(name, value)| (name, value.to_owned()));
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        server.post("/introspect").form(&form).send()
    };
    assert_eq!(
        ask(pay.good("pay", "one")).await.is_json(200)["active"],
        true
    );
    ask(pay.good("pay", "one"))
        .await
        .is_error(401, "invalid_client");
    // The secret itself is good for no other method.
    let sent = server.about(&token).by(&caller).send().await;
    sent.is_error(401, "invalid_client");
}

#[tokio::test]
async fn an_assertion_under_a_secret_is_refused_where_it_is_not_on_offer() {
    let setup = Setup::new().await;
    setup.client("shop").await;
    let (pay, _) = setup.secret_resource_server("pay").await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    let assertion = pay.good("pay", "one");
    let form = question(&token, &assertion);
    let answer = server.post("/introspect").form(&form).send().await;
    answer.is_error(401, "invalid_client");
}

#[tokio::test]
async fn clients_get_and_revoke_tokens_with_assertions() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let prover = Prover::key(SignatureAlgorithm::Rs256);
    let keys = prover.registered();
    setup
        .client_with("shop", |record| {
            record.credentials = Credentials::first(
                ClientAuthentication::PrivateKeyJwt {
                    keys,
                    algorithm: None,
                },
                None,
            );
        })
        .await;
    let server = setup.start().await;
    let with = |jti: &str, further: &[(&str, &str)]| {
        let assertion = prover.good("shop", jti);
        let [_, kind, sent] = question("", &assertion);
        let form = [&[kind, sent], further].concat();
        server.post("/token").form(&form)
    };
    let grant = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let token = with("token", &grant).send().await.is_json(200);
    let token = token["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        server.introspect(&sign, &token).await.is_json(200)["active"],
        true
    );
    let assertion = prover.good("shop", "revoke");
    let form = question(&token, &assertion);
    let revoked = server.post("/revoke").form(&form).send().await;
    assert_eq!(revoked.status, 200);
    server.introspect(&sign, &token).await.is_inactive();
}

#[tokio::test]
async fn row_8414_2_05_the_algorithms_of_assertions_are_listed_and_work() {
    let setup = Setup::new().await.configured(ON);
    setup.client("shop").await;
    let mut provers = Vec::new();
    for algorithm in SignatureAlgorithm::ALL {
        let prover = Prover::key(algorithm);
        let keys = prover.registered();
        let authentication = ClientAuthentication::PrivateKeyJwt {
            keys,
            algorithm: Some(algorithm),
        };
        setup
            .resource_server_with(algorithm.name(), SIGN, |record| {
                record.credentials = Credentials::first(authentication, None);
            })
            .await;
        provers.push((algorithm.name(), prover));
    }
    let token = setup.token().await.text;
    let server = setup.start().await;
    let document = server
        .request("GET", "/.well-known/oauth-authorization-server")
        .send()
        .await
        .json();
    for endpoint in ["token", "introspection", "revocation"] {
        let listed = &document[format!("{endpoint}_endpoint_auth_signing_alg_values_supported")];
        let listed: Vec<_> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect();
        let mut expected: Vec<_> = provers.iter().map(|(name, _)| *name).collect();
        expected.extend(["HS256", "HS384", "HS512"]);
        assert_eq!(listed, expected);
    }
    for (name, prover) in &provers {
        let assertion = prover.good(name, "listed");
        let form = question(&token, &assertion);
        let answer = server.post("/introspect").form(&form).send().await;
        assert_eq!(answer.is_json(200)["active"], true, "{name}");
    }
}

#[tokio::test]
async fn row_fsp_5_3_2_1_02_only_what_is_on_offer_authenticates() {
    let on = "[client_authentication]\nmethods = [\"private_key_jwt\"]\n";
    let setup = Setup::new().await.configured(on);
    let pay = setup.resource_server("pay", SIGN).await;
    let token = setup.initial_access_token("both", |_| {}).await;
    let desk = Desk::of(setup).await;
    let good = desk.ask(&desk.sign.good("sign", "one")).await;
    assert_eq!(good.is_json(200)["active"], true);
    let by_secret = desk.server.about(&desk.token).by(&pay).send().await;
    by_secret.is_error(401, "invalid_client");
    let document = desk
        .server
        .request("GET", "/.well-known/oauth-authorization-server");
    let document = document.send().await.json();
    let listed = &document["token_endpoint_auth_methods_supported"];
    assert_eq!(*listed, json!(["private_key_jwt"]));
    let register = |metadata: &Value| {
        let asked = desk.server.post("/register").bearer(&token).json(metadata);
        asked.send()
    };
    let metadata = json!({"resource": "https://new.example"});
    register(&metadata)
        .await
        .is_error(400, "invalid_client_metadata");
    let public = json!({
        "resource": "https://new.example", "token_endpoint_auth_method": "none"
    });
    register(&public)
        .await
        .is_error(400, "invalid_client_metadata");
}

#[tokio::test]
async fn row_fsp_5_3_2_1_03_an_audience_that_is_a_list_is_refused_where_that_is_switched_on() {
    let on = "[client_authentication]\nstring_audience_only = true\n";
    let desk = Desk::of(Setup::new().await.configured(on)).await;
    let good = desk.ask(&desk.sign.good("sign", "one")).await;
    assert_eq!(good.is_json(200)["active"], true);
    for (jti, aud) in [
        ("list", json!(["https://as.example"])),
        ("endpoint", json!("https://as.example/introspect")),
        (
            "more",
            json!(["https://as.example", "https://as.example/introspect"]),
        ),
    ] {
        let answer = desk
            .ask_with(jti, |claims| claims["aud"] = aud.clone())
            .await;
        answer.is_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn row_fsp_5_3_2_1_06_iat_and_nbf_are_a_little_ahead_at_most() {
    let desk = Desk::new().await;
    for claim in ["iat", "nbf"] {
        for (ahead, status) in [(9, 200), (61, 401)] {
            let jti = format!("{claim}-{ahead}");
            let answer = desk.ask_with(&jti, |claims| claims[claim] = json!(START + ahead));
            assert_eq!(answer.await.status, status, "{jti}");
        }
    }
}

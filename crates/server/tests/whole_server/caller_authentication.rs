//! Who is asking (RFC 9701 sections 4 and 5, RFC 6749 section 2.3).

use avouch_core::records::ClientAuthentication;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::{Asked, Caller, PAY, Running, SIGN, STATEMENT, Setup, form_encode};

/// Values of `Accept` that must make no difference to who may ask.
const WISHES: [Option<&str>; 6] = [
    None,
    Some("application/json"),
    Some(STATEMENT),
    Some("*/*"),
    Some("text/html"),
    Some("application/jwt"),
];

async fn desk() -> (Running, Caller, String) {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    (setup.start().await, sign, token.text)
}

fn wishing(asked: Asked, accept: Option<&str>) -> Asked {
    match accept {
        Some(accept) => asked.accept(accept),
        None => asked,
    }
}

#[tokio::test]
async fn row_9701_5_01_without_credentials_it_is_400_whatever_is_accepted() {
    let (server, _, token) = desk().await;
    for accept in WISHES {
        for token in [token.as_str(), "unknown"] {
            let answer = wishing(server.about(token), accept).send().await;
            answer.is_error(400, "invalid_client");
            assert_eq!(answer.header("www-authenticate"), None);
        }
    }
}

#[tokio::test]
async fn row_9701_4_01_every_caller_is_authenticated_in_both_forms() {
    let (server, sign, token) = desk().await;
    for accept in ["application/json", STATEMENT] {
        let asked = || server.about(&token).accept(accept);
        let right = asked().by(&sign).send().await;
        assert_eq!(right.status, 200);
        assert_eq!(right.header("content-type"), Some(accept));
        let wrong = asked().by(&sign.with_secret("wrong")).send().await;
        wrong.is_error(401, "invalid_client");
        asked().send().await.is_error(400, "invalid_client");
    }
}

#[tokio::test]
async fn row_7662_4_07_nobody_fishes_for_tokens_without_proving_who_it_is() {
    let (server, sign, token) = desk().await;
    let wrong = sign.with_secret("wrong");
    let live = server.about(&token).by(&wrong).send().await;
    let dead = server.about("unknown").by(&wrong).send().await;
    live.is_error(401, "invalid_client");
    assert_eq!(live.but_for_the_time(), dead.but_for_the_time());
    let live = server.about(&token).send().await;
    let dead = server.about("unknown").send().await;
    assert_eq!(live.but_for_the_time(), dead.but_for_the_time());
}

#[tokio::test]
async fn row_7662_2_1_05_some_authorization_is_always_asked_for() {
    let (server, _, token) = desk().await;
    server
        .about(&token)
        .send()
        .await
        .is_error(400, "invalid_client");
    let answer = server.about(&token).bearer(&token).send().await;
    answer.is_error(401, "insufficient_scope");
}

#[tokio::test]
async fn row_9701_4_02_client_authentication_works_in_both_its_forms() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let pay = setup
        .resource_server_with("pay", SIGN, |record| {
            record.credentials.authentication = ClientAuthentication::ClientSecretPost;
        })
        .await;
    let server = setup.start().await;
    let by_header = server.introspect(&sign, &token.text).await;
    assert_eq!(by_header.is_json(200)["active"], true);
    let form = [
        ("token", token.text.as_str()),
        ("client_id", "pay"),
        ("client_secret", pay.secret.as_str()),
    ];
    let by_body = server.post("/introspect").form(&form).send().await;
    assert_eq!(by_body.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_9701_4_03_none_is_400_failed_is_401_and_each_401_has_its_challenge() {
    let (server, sign, token) = desk().await;
    let basic = |credentials: &[u8]| format!("Basic {}", STANDARD.encode(credentials));
    let asked = || server.about(&token);
    let unknown = Caller {
        id: "nobody".to_owned(),
        secret: sign.secret.clone(),
    };

    asked().send().await.is_error(400, "invalid_client");
    for failed in [
        asked().by(&sign.with_secret("wrong")),
        asked().by(&sign.with_secret("")),
        asked().by(&unknown),
        asked().header("Authorization", "Basic"),
        asked().header("Authorization", "Basic ???"),
        asked().header("Authorization", &basic(b"no colon")),
        asked().header("Authorization", &basic(b":secret")),
        asked().header("Authorization", &basic(b"sign:%zz")),
        asked().header("Authorization", &basic(b"sign:\xff")),
        asked().header("Authorization", "Negotiate abc"),
        asked().header("Authorization", ""),
        server.post("/introspect").form(&[
            ("token", &token),
            ("client_id", "sign"),
            ("client_secret", "wrong"),
        ]),
        server
            .post("/introspect")
            .form(&[("token", &token), ("client_secret", &sign.secret)]),
        server.post("/introspect").form(&[
            ("token", &token),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", "e30.e30.e30"),
        ]),
    ] {
        let answer = failed.send().await;
        answer.is_error(401, "invalid_client");
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Basic realm=\"avouch\"")
        );
    }
    for (bad, error) in [
        ("abc", "invalid_token"),
        (token.as_str(), "insufficient_scope"),
        ("a b", "invalid_token"),
        ("=", "invalid_token"),
    ] {
        let answer = asked().bearer(bad).send().await;
        answer.is_error(401, error);
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer realm="), "{challenge}");
        assert!(
            challenge.contains(&format!("error=\"{error}\"")),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn row_9110_15_5_2_01_a_401_names_the_scheme_that_was_tried() {
    let (server, sign, token) = desk().await;
    for endpoint in ["/introspect", "/token", "/revoke"] {
        let form = [
            ("token", token.as_str()),
            ("grant_type", "client_credentials"),
        ];
        let asked = || server.post(endpoint).form(&form);
        let basic = asked().by(&sign.with_secret("wrong")).send().await;
        basic.is_error(401, "invalid_client");
        assert!(
            basic
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic ")
        );
        let bearer = asked().bearer("abc").send().await;
        bearer.is_error(401, "invalid_token");
        assert!(
            bearer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer ")
        );
    }
    let register = server.post("/register").bearer("abc").send().await;
    register.is_error(401, "invalid_token");
    assert!(
        register
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer ")
    );
}

#[tokio::test]
async fn row_7662_2_3_01_bad_client_credentials_are_401_invalid_client() {
    let (server, sign, token) = desk().await;
    let answer = server
        .about(&token)
        .by(&sign.with_secret("wrong"))
        .send()
        .await;
    answer.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_9701_4_04_a_bare_client_id_is_no_authentication() {
    let setup = Setup::new().await;
    let (_, token) = setup.usual().await;
    let server = setup.start().await;
    for id in ["sign", "shop", "nobody"] {
        for accept in WISHES {
            let form = [("token", token.text.as_str()), ("client_id", id)];
            let asked = server.post("/introspect").form(&form);
            wishing(asked, accept)
                .send()
                .await
                .is_error(400, "invalid_client");
        }
    }
    // Nor does an empty secret make one of it.
    let empty = Caller {
        id: "sign".to_owned(),
        secret: String::new(),
    };
    let answer = server.about(&token.text).by(&empty).send().await;
    answer.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_c2id_04_another_method_than_the_registered_one_fails() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let pay = setup
        .resource_server_with("pay", PAY, |record| {
            record.credentials.authentication = ClientAuthentication::ClientSecretPost;
        })
        .await;
    let server = setup.start().await;
    let in_body = |caller: &Caller| {
        server.post("/introspect").form(&[
            ("token", &token.text),
            ("client_id", &caller.id),
            ("client_secret", &caller.secret),
        ])
    };
    assert_eq!(in_body(&pay).send().await.status, 200);
    in_body(&sign).send().await.is_error(401, "invalid_client");
    assert_eq!(server.introspect(&sign, &token.text).await.status, 200);
    let answer = server.introspect(&pay, &token.text).await;
    answer.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_6749_2_3_01_one_authentication_method_a_request() {
    let (server, sign, token) = desk().await;
    let form = |further: &[(&str, &str)]| {
        let pairs = [&[("token", token.as_str())], further].concat();
        server.post("/introspect").form(&pairs)
    };
    let secret = ("client_secret", sign.secret.as_str());
    let assertion = ("client_assertion", "e30.e30.e30");
    for asked in [
        form(&[secret]).by(&sign),
        form(&[("client_id", "sign"), secret]).by(&sign),
        form(&[assertion]).by(&sign),
        form(&[assertion, secret]),
        form(&[secret]).bearer("abc"),
        form(&[assertion]).bearer("abc"),
        form(&[]).by(&sign).by(&sign),
        form(&[]).by(&sign).bearer("abc"),
        // Two names for one caller contradict each other.
        form(&[("client_id", "pay")]).by(&sign),
    ] {
        asked.send().await.is_error(400, "invalid_request");
    }
    let same = form(&[("client_id", "sign")]).by(&sign).send().await;
    assert_eq!(same.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_6749_2_3_1_01_user_and_password_are_form_decoded() {
    let setup = Setup::new().await;
    let caller = setup.resource_server("sign:4@eu", SIGN).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for user in ["sign%3A4%40eu", "%73ign%3a4@eu"] {
        let joined = STANDARD.encode(format!("{user}:{}", caller.secret));
        let asked = server.about(&token.text);
        let answer = asked.header("Authorization", &format!("Basic {joined}"));
        assert_eq!(answer.send().await.is_json(200)["active"], true, "{user}");
    }
    // Not encoded, the first colon ends the name.
    let answer = server.introspect(&caller, &token.text).await;
    answer.is_error(401, "invalid_client");
}

#[tokio::test]
async fn row_6749_2_3_1_01_nothing_secret_is_taken_from_the_query() {
    let (server, sign, token) = desk().await;
    let secret = sign.secret.as_str();
    for query in [
        form_encode(&[("client_id", "sign"), ("client_secret", secret)]),
        form_encode(&[("access_token", &token)]),
        form_encode(&[("token", &token)]),
        form_encode(&[("client_assertion", "e30.e30.e30")]),
        format!("a=b&%63lient_secret={secret}"),
        format!("a=b&client%5Fsecret={secret}"),
    ] {
        for endpoint in ["/introspect", "/token", "/revoke"] {
            let target = format!("{endpoint}?{query}");
            let form = [("token", token.as_str())];
            let answer = server.post(&target).form(&form).send().await;
            answer.is_error(400, "invalid_request");
            // With good credentials where they belong, the leak is still told.
            let answer = server.post(&target).by(&sign).form(&form).send().await;
            answer.is_error(400, "invalid_request");
            assert!(answer.text().contains("query"), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn row_6749_2_3_1_01_nor_is_an_access_token_taken_from_the_body() {
    let (server, _, token) = desk().await;
    let form = [("token", token.as_str()), ("access_token", token.as_str())];
    let answer = server.post("/introspect").form(&form).send().await;
    answer.is_error(400, "invalid_client");
}

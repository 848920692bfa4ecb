//! Clients are no resource servers, and the other way round (RFC 9701
//! section 3, FAPI 2.0 Message Signing section 6.2).

use avouch_core::records::Standing;

use crate::support::{PAY, SIGN, STATEMENT, Setup, top_level};

#[tokio::test]
async fn row_f617_01_a_client_cannot_pass_and_a_resource_server_sees_its_own_tokens_only() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let pay = setup.resource_server("pay", PAY).await;
    let shop = setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for accept in ["application/json", STATEMENT] {
        let asked = server.about(&token.text).by(&shop).accept(accept);
        asked.send().await.is_error(400, "unauthorized_client");
    }
    server.introspect(&pay, &token.text).await.is_inactive();
    let own = server.introspect(&sign, &token.text).await;
    assert_eq!(own.is_json(200)["active"], true);
}

#[tokio::test]
async fn row_f617_03_without_the_role_live_and_dead_tokens_get_the_same_bytes() {
    let setup = Setup::new().await;
    setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let (token, genuine) = (setup.token().await, setup.genuine());
    let server = setup.start().await;
    let mut answers = Vec::new();
    for token in [token.text.as_str(), genuine.as_str(), "unknown"] {
        let answer = server.introspect(&shop, token).await;
        answer.is_error(400, "unauthorized_client");
        answers.push(answer.but_for_the_time());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    // Before any look-up: with the tokens gone it is no different.
    let database = rusqlite::Connection::open(server.database()).unwrap();
    let rename = "ALTER TABLE access_token RENAME TO elsewhere";
    database.execute(rename, ()).unwrap();
    let answer = server.introspect(&shop, &token.text).await;
    assert_eq!(answer.but_for_the_time(), answers[0]);
}

#[tokio::test]
async fn row_f617_05_a_client_does_not_even_learn_about_its_own_tokens() {
    let setup = Setup::new().await;
    setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let issued = server
        .post("/token")
        .by(&shop)
        .form(&form)
        .send()
        .await
        .json();
    let own = issued["access_token"].as_str().unwrap();
    let answer = server.introspect(&shop, own).await;
    answer.is_error(400, "unauthorized_client");
}

#[tokio::test]
async fn row_f617_05_where_it_is_switched_on_a_client_learns_of_its_own_tokens_and_no_more() {
    let on = "[introspection]\nclients_own_tokens = true\n";
    let setup = Setup::new().await.configured(on);
    let sign = setup.resource_server("sign", SIGN).await;
    let (shop, other) = (setup.client("shop").await, setup.client("other").await);
    // A token for a subject, with claims and details that the resource server may see.
    let token = setup.token().await.text;
    let server = setup.start().await;
    let told = server.introspect(&shop, &token).await.is_json(200);
    assert_eq!(
        top_level(&told),
        [
            "active",
            "aud",
            "client_id",
            "exp",
            "iat",
            "iss",
            "jti",
            "scope",
            "token_type"
        ]
    );
    assert_eq!(
        (&told["active"], &told["client_id"]),
        (&true.into(), &"shop".into())
    );
    server.introspect(&other, &token).await.is_inactive();
    server.introspect(&shop, "unknown").await.is_inactive();
    let statement = server.about(&token).by(&shop).accept(STATEMENT);
    statement.send().await.is_error(406, "invalid_request");
    let revoked = server
        .post("/revoke")
        .by(&shop)
        .form(&[("token", token.as_str())]);
    assert_eq!(revoked.send().await.status, 200);
    server.introspect(&shop, &token).await.is_inactive();
    // Resource servers are answered as ever.
    server.introspect(&sign, &token).await.is_inactive();
}

#[tokio::test]
async fn row_7662_4_08_asking_takes_a_right_of_its_own() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let suspended = setup
        .resource_server_with("suspended", SIGN, |record| {
            record.standing = Standing::Suspended {
                reason: "audit 17".to_owned(),
            };
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for token in [token.text.as_str(), "unknown"] {
        let answer = server.introspect(&suspended, token).await;
        answer.is_error(400, "unauthorized_client");
        assert!(!answer.text().contains("audit"), "{}", answer.text());
    }
    assert_eq!(server.introspect(&sign, &token.text).await.status, 200);
}

#[tokio::test]
async fn row_9701_3_01_a_resource_server_is_identified_authenticated_and_authorized() {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let nobody = crate::support::Caller {
        id: "nobody".to_owned(),
        secret: "x".to_owned(),
    };
    let answer = server.introspect(&nobody, &token.text).await;
    answer.is_error(401, "invalid_client");
    let answer = server.introspect(&sign.with_secret("x"), &token.text).await;
    answer.is_error(401, "invalid_client");
    let answer = server.introspect(&shop, &token.text).await;
    answer.is_error(400, "unauthorized_client");
    let answer = server.statement(&sign, &token.text).await;
    assert_eq!(answer.jwt().claims["aud"], "sign");
}

#[tokio::test]
async fn row_9701_3_03_the_credentials_of_a_resource_server_open_nothing_else() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let answer = server.post("/token").by(&sign).form(&form).send().await;
    answer.is_error(400, "unauthorized_client");
    let form = [("token", token.text.as_str())];
    let answer = server.post("/revoke").by(&sign).form(&form).send().await;
    answer.is_error(400, "unauthorized_client");
    let answer = server.introspect(&sign, &token.text).await;
    assert_eq!(answer.is_json(200)["active"], true, "nothing was revoked");
    let register = server.post("/register").by(&sign);
    let answer = register.json(&serde_json::json!({})).send().await;
    answer.is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_9701_3_04_by_default_a_resource_server_may_only_introspect() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    assert_eq!(server.introspect(&sign, &token.text).await.status, 200);
    for (endpoint, form) in [
        (
            "/token",
            [("grant_type", "client_credentials"), ("resource", SIGN)],
        ),
        (
            "/revoke",
            [
                ("token", token.text.as_str()),
                ("token_type_hint", "access_token"),
            ],
        ),
    ] {
        let answer = server.post(endpoint).by(&sign).form(&form).send().await;
        answer.is_error(400, "unauthorized_client");
    }
}

#[tokio::test]
async fn row_7662_4_12_software_of_both_roles_has_a_record_for_each() {
    let setup = Setup::new().await;
    let as_resource_server = setup.resource_server("both-rs", SIGN).await;
    let as_client = setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let issued = server
        .post("/token")
        .by(&as_client)
        .form(&form)
        .send()
        .await;
    assert_eq!(issued.status, 200);
    let asked = server.introspect(&as_resource_server, &token.text).await;
    assert_eq!(asked.is_json(200)["active"], true);
    // Neither name goes with the other's secret.
    let crossed = as_resource_server.with_secret(&as_client.secret);
    let answer = server.introspect(&crossed, &token.text).await;
    answer.is_error(401, "invalid_client");
}

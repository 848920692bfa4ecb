//! Registration on a software statement (RFC 7591 section 2.3).

use serde_json::{Value, json};

use crate::support::{
    PAY, Registrant, Running, SIGN, START, Setup, StatementIssuer, caller, register,
};

/// Only clients, as it is where nothing else is said.
const CLIENTS: &str = "";
/// Resource servers for one resource.
const FOR_SIGN: &str = "kinds = \"resource_servers\"\nresources = [\"https://sign.example/api\"]\n";

async fn desk(within: &str) -> (Running, StatementIssuer) {
    let issuer = StatementIssuer::new();
    let setup = Setup::new().await.trusting(&issuer, within);
    (setup.start().await, issuer)
}

fn a_client(statement: &str) -> Value {
    json!({"grant_types": ["client_credentials"], "software_statement": statement})
}

async fn post(server: &Running, metadata: &Value) -> crate::support::Answer {
    server.post("/register").json(metadata).send().await
}

#[tokio::test]
async fn row_7591_2_3_01_its_values_beat_the_json_ones_and_it_is_returned_unchanged() {
    let (server, issuer) = desk(CLIENTS).await;
    let statement = issuer.states(json!({
        "scope": "sign", "client_name": "Certified", "software_id": "shop-4",
        "contacts": ["ops@federation.example"],
    }));
    let mut metadata = a_client(&statement);
    metadata["scope"] = json!("sign pay admin");
    metadata["client_name"] = json!("Impostor");
    metadata["contacts"] = json!(["ops@impostor.example"]);
    metadata["client_uri"] = json!("https://shop.example/");
    let answer = post(&server, &metadata).await;
    let shop = Registrant::of(&answer);
    let server = server.restart().await;
    for body in [answer.json(), shop.reads(&server).await.is_json(200)] {
        assert_eq!(body["software_statement"], statement.as_str());
        assert_eq!(body["scope"], "sign");
        assert_eq!(body["client_name"], "Certified");
        assert_eq!(body["software_id"], "shop-4");
        assert_eq!(body["contacts"], json!(["ops@federation.example"]));
        assert_eq!(body["client_uri"], "https://shop.example/");
    }
    let form = [
        ("grant_type", "client_credentials"),
        ("resource", SIGN),
        ("scope", "admin"),
    ];
    let asked = server.post("/token").by(&shop.caller).form(&form);
    asked.send().await.is_error(400, "invalid_scope");
}

#[tokio::test]
async fn row_7591_3_2_2_01_a_statement_that_does_not_hold_is_invalid_software_statement() {
    let (server, issuer) = desk(CLIENTS).await;
    let good = issuer.states(json!({"client_name": "Shop"}));
    post(&server, &a_client(&good)).await.is_json(201);
    let (signed, _) = good.rsplit_once('.').unwrap();
    let wider = issuer.states(json!({"client_name": "Shop", "scope": "admin"}));
    let (_, foreign) = wider.rsplit_once('.').unwrap();
    let stranger = StatementIssuer::new();
    let start = START;
    for bad in [
        String::new(),
        "statement".to_owned(),
        format!("{signed}."),
        format!("{signed}.{foreign}"),
        format!("{good}.{good}"),
        stranger.states(json!({"client_name": "Shop"})),
        issuer.states(json!({"client_name": "Shop", "exp": start})),
        issuer.states(json!({"client_name": "Shop", "nbf": start + 60})),
        issuer.states(json!({"client_name": "Shop", "exp": "soon"})),
        issuer.states(json!({"client_name": "Shop", "aud": "https://other.example"})),
        issuer.states(json!({"client_name": 5})),
        issuer.states(json!({"client_name": "Shop", "iss": 5})),
        "a".repeat(20_000),
    ] {
        let answer = post(&server, &a_client(&bad)).await;
        answer.is_error(400, "invalid_software_statement");
    }
    let long = "a".repeat(100_000);
    let answer = post(&server, &a_client(&long)).await;
    answer.is_error(413, "invalid_request");
    for no_string in [json!(5), json!({}), json!([good])] {
        let metadata = json!({"grant_types": [], "software_statement": no_string});
        let answer = post(&server, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
    }
    let answer = post(&server, &json!({"software_statement": null})).await;
    answer.is_error(401, "invalid_token");
}

#[tokio::test]
async fn row_7591_2_3_01_another_kind_of_jwt_by_its_issuer_is_no_statement() {
    let (server, issuer) = desk(CLIENTS).await;
    // Of another type.
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "token-introspection+jwt",
        "entity-statement+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "logout+jwt",
        "client-authentication+jwt",
    ] {
        let statement = issuer.states_as(Some(typ), json!({"client_name": "Shop"}));
        let answer = post(&server, &a_client(&statement)).await;
        answer.is_error(400, "invalid_software_statement");
    }
    for claims in [
        // A client assertion or an assertion grant (RFC 7523) of a federation that is a client too.
        json!({"sub": StatementIssuer::NAME, "aud": "https://as.example/token", "exp": START + 60}),
        json!({"sub": "erika", "aud": "https://as.example", "exp": START + 60, "scope": "pay"}),
        // An access token without a type of its own, and an ID token.
        json!({"sub": "erika", "scope": "pay", "client_id": "shop", "exp": START + 60}),
        json!({"sub": "erika", "aud": "shop", "nonce": "n", "exp": START + 60}),
        json!({}),
    ] {
        let statement = issuer.states(claims);
        let answer = post(&server, &a_client(&statement)).await;
        answer.is_error(400, "invalid_software_statement");
    }
    for typ in [Some("JWT"), Some("jwt"), None] {
        let statement = issuer.states_as(typ, json!({"client_name": "Shop"}));
        post(&server, &a_client(&statement)).await.is_json(201);
    }
}

#[tokio::test]
async fn row_7591_3_2_2_01_a_statement_that_may_not_approve_is_unapproved_software_statement() {
    let issuer = StatementIssuer::new();
    let setup = Setup::new().await.trusting(&issuer, FOR_SIGN);
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let stranger = issuer.states(json!({"iss": "https://other.example", "client_name": "Shop"}));
    post(&server, &a_client(&stranger))
        .await
        .is_error(400, "unapproved_software_statement");
    // Not even beside an initial access token: whoever sends one wants it believed.
    register(&server, &token, &a_client(&stranger))
        .await
        .is_error(400, "unapproved_software_statement");
    let good = issuer.states(json!({"client_name": "Sign"}));
    let elsewhere = json!({"software_statement": good, "resource": [SIGN, PAY]});
    post(&server, &elsewhere)
        .await
        .is_error(400, "unapproved_software_statement");
}

#[tokio::test]
async fn row_7591_3_2_2_01_a_bad_redirect_uri_is_invalid_redirect_uri() {
    let issuer = StatementIssuer::new();
    let setup = Setup::new().await.trusting(&issuer, CLIENTS);
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let bad = json!(["https://shop.example/back", "http://shop.example/back"]);
    let metadata = json!({"grant_types": ["client_credentials"], "redirect_uris": bad});
    let answer = register(&server, &token, &metadata).await;
    answer.is_error(400, "invalid_redirect_uri");
    // By the word of a statement too.
    let statement = issuer.states(json!({"client_name": "Shop", "redirect_uris": bad}));
    let answer = post(&server, &a_client(&statement)).await;
    answer.is_error(400, "invalid_redirect_uri");
}

#[tokio::test]
async fn row_f617_04_a_statement_gives_the_role_only_where_its_issuer_may() {
    let (server, issuer) = desk(CLIENTS).await;
    for (claims, metadata) in [
        (json!({"client_name": "Sign"}), json!({"resource": SIGN})),
        (json!({"resource": SIGN, "software_id": "sign"}), json!({})),
        (
            json!({"resource": SIGN, "grant_types": []}),
            json!({"grant_types": ["client_credentials"]}),
        ),
    ] {
        let mut metadata = metadata;
        metadata["software_statement"] = json!(issuer.states(claims));
        let answer = post(&server, &metadata).await;
        answer.is_error(400, "unapproved_software_statement");
    }
    // What it does make is a client, whatever it asked for.
    let statement = issuer.states(json!({"client_name": "Shop", "grant_types": []}));
    let answer = post(&server, &json!({"software_statement": statement})).await;
    let answer = server.introspect(&caller(&answer), "unknown").await;
    answer.is_error(400, "unauthorized_client");

    let (server, issuer) = desk(FOR_SIGN).await;
    let statement = issuer.states(json!({"client_name": "Sign"}));
    let metadata = json!({"software_statement": statement, "resource": SIGN});
    let sign = caller(&post(&server, &metadata).await);
    server.introspect(&sign, "unknown").await.is_inactive();
    // And it is no client.
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let asked = server.post("/token").by(&sign).form(&form);
    asked.send().await.is_error(400, "unauthorized_client");
}

#[tokio::test]
async fn what_a_statement_approved_is_kept_to_by_every_update() {
    let (server, issuer) = desk(CLIENTS).await;
    let statement = issuer.states(json!({"scope": "sign", "software_id": "shop-4"}));
    let shop = Registrant::of(&post(&server, &a_client(&statement)).await);

    let without = json!({"grant_types": ["client_credentials"], "scope": "admin"});
    let answer = shop.updates(&server, &without).await;
    answer.is_error(400, "invalid_software_statement");
    let mut wider = a_client(&statement);
    wider["scope"] = json!("admin");
    let answer = shop.updates(&server, &wider).await;
    assert_eq!(answer.is_json(200)["scope"], "sign");
    // One of another issuer, or a forged one, does not take its place.
    let foreign = StatementIssuer::new().states(json!({"scope": "admin", "software_id": "x"}));
    let answer = shop.updates(&server, &a_client(&foreign)).await;
    answer.is_error(400, "invalid_software_statement");
    let newer = issuer.states(json!({"scope": "sign pay", "software_id": "shop-5"}));
    let answer = shop.updates(&server, &a_client(&newer)).await;
    let body = answer.is_json(200);
    assert_eq!(body["scope"], "sign pay");
    assert_eq!(body["software_statement"], newer.as_str());
}

#[tokio::test]
async fn where_nobody_is_trusted_a_statement_approves_nothing_and_is_ignored() {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let statement = StatementIssuer::new().states(json!({"client_name": "Certified"}));
    let answer = post(&server, &a_client(&statement)).await;
    answer.is_error(401, "invalid_token");
    let body = register(&server, &token, &a_client(&statement)).await;
    let body = body.is_json(201);
    assert_eq!(body.get("software_statement"), None);
    assert_eq!(body.get("client_name"), None);
}

#[tokio::test]
async fn a_bad_initial_access_token_is_not_made_good_by_a_statement() {
    let (server, issuer) = desk(CLIENTS).await;
    let statement = issuer.states(json!({"client_name": "Shop"}));
    let answer = register(&server, "abc", &a_client(&statement)).await;
    answer.is_error(401, "invalid_token");
}

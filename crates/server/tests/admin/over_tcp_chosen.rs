//! Who administers over TCP is chosen at the socket, and nobody gets in by
//! another way.

use avouch_server::StartError;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{pay, shop};
use crate::over_tcp_desk::{CLIENTS, Desk, Held, client, held, refused};

const RESOURCE_SERVERS: &str = "/admin/v1/resource-servers";
const RIGHTS: &str = "/admin/v1/initial-access-tokens";

/// The caller that registers itself with this right and metadata.
async fn register(desk: &Desk, right: Value, metadata: &Value) -> (u16, Value) {
    let right = desk.it.post(RIGHTS, right).await.expect(201);
    let right = right["initial_access_token"].as_str().unwrap();
    let answer = desk
        .it
        .manage(Method::POST, "/register", right, metadata)
        .await;
    (answer.status.as_u16(), answer.json())
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap()
}

fn metadata() -> Value {
    json!({
        "grant_types": ["client_credentials"], "scope": "admin admin:read",
        "token_endpoint_auth_method": "client_secret_post", "dpop_bound_access_tokens": true,
    })
}

#[tokio::test]
async fn nobody_registers_himself_as_an_administrator() {
    let desk = Desk::new().await;
    // Any resource is not the admin API.
    let any = json!({"kinds": "both", "resources": "any", "sharing": "shared"});
    let (status, body) = register(&desk, any.clone(), &metadata()).await;
    assert_eq!(status, 201, "{body}");
    let (id, secret) = (text(&body, "client_id"), text(&body, "client_secret"));
    let asked = desk.ask(id, secret, true, &desk.resource()).await;
    asked.error(400, "invalid_target");

    // No resource server has its name, whatever was approved.
    let mut server = metadata();
    server["resource"] = json!([desk.admin]);
    server["grant_types"] = json!([]);
    let (status, body) = register(&desk, any, &server).await;
    assert_eq!(
        (status, text(&body, "error")),
        (400, "invalid_client_metadata")
    );

    // And nothing approves it by name.
    let named = json!({"kinds": "clients", "resources": [desk.admin]});
    desk.it
        .post(RIGHTS, named)
        .await
        .error(400, "invalid_request");
}

#[tokio::test]
async fn who_registered_itself_is_not_chosen_later() {
    let desk = Desk::new().await;
    let right = json!({"kinds": "clients", "resources": ["https://pay.example"]});
    let (_, body) = register(&desk, right, &metadata()).await;
    let id = text(&body, "client_id");
    let mut wanted = shop();
    wanted["id"] = json!(id);
    wanted["resources"] = json!([desk.admin]);
    let path = format!("{CLIENTS}/{id}");
    let why = desk
        .it
        .put(&path, wanted.clone())
        .await
        .error(409, "conflict");
    assert!(why.contains("registered itself"), "{why}");
    let description = json!({"client": [wanted]});
    for path in ["/admin/v1/plan", "/admin/v1/apply"] {
        let answer = desk.it.post(path, description.clone()).await;
        answer.error(409, "conflict");
    }
}

/// What was approved before the name was that of the admin API does not count
/// for it.
#[tokio::test]
async fn an_older_approval_of_the_same_name_opens_nothing() {
    let before = Desk::new().await;
    let to_come = "https://admin.example.com".to_owned();
    let right = json!({"kinds": "clients", "resources": [to_come]});
    let (_, body) = register(&before, right, &metadata()).await;
    let (id, secret) = (text(&body, "client_id"), text(&body, "client_secret"));
    let desk = before.renamed(&to_come).await;
    let token = held(desk.ask(id, secret, true, &desk.resource()).await);
    refused(desk.get(&token, CLIENTS).await);
}

#[tokio::test]
async fn a_client_that_manages_its_registration_widens_nothing() {
    let desk = Desk::new().await;
    let (reader, secret) = desk.administrator("reader", "admin:read").await;
    let path = format!("{CLIENTS}/reader/registration-access-token");
    let handed_out = desk.it.order(&path).await.expect(201);
    let right = text(&handed_out, "registration_access_token");
    let mut wider = metadata();
    wider["client_id"] = json!("reader");
    let update = desk
        .it
        .manage(Method::PUT, "/register/reader", right, &wider);
    update.await.error(400, "invalid_client_metadata");
    let wider = format!("{}&scope=admin", desk.resource());
    let answer = desk.ask("reader", &secret, true, &wider).await;
    answer.error(400, "invalid_scope");
    desk.get(&reader, CLIENTS).await.expect(200);
}

#[tokio::test]
async fn what_is_taken_from_the_record_is_taken_from_its_tokens() {
    let desk = Desk::new().await;
    let (ops, _) = desk.administrator("ops", "admin").await;
    let mut record = client("ops", "admin:read", json!([desk.admin]));
    let path = format!("{CLIENTS}/ops");
    desk.it.put(&path, record.clone()).await.expect(200);
    desk.get(&ops, CLIENTS).await.expect(200);
    desk.post(&ops, RESOURCE_SERVERS, pay())
        .await
        .error(403, "insufficient_scope");
    record["resources"] = json!("any");
    desk.it.put(&path, record).await.expect(200);
    refused(desk.get(&ops, CLIENTS).await);
}

#[tokio::test]
async fn an_administrator_over_tcp_makes_and_touches_no_other() {
    let desk = Desk::new().await;
    let (ops, _) = desk.administrator("ops", "admin").await;
    let (other, _) = desk.administrator("other", "admin:read").await;
    desk.post(&ops, CLIENTS, shop()).await.expect(201);
    let mut chosen = shop();
    chosen["resources"] = json!([desk.admin]);
    let mut fresh = chosen.clone();
    fresh["id"] = json!("fresh");
    let mut changed = shop();
    changed["id"] = json!("other");
    changed["scope"] = json!("admin");
    let many = json!({"client": [shop(), fresh]});
    for (method, path, body) in [
        ("POST", "", Some(&fresh)),
        ("PUT", "/shop", Some(&chosen)),
        ("PUT", "/other", Some(&changed)),
        ("DELETE", "/other", None),
        ("POST", "/other/secret", Some(&json!({}))),
        ("POST", "/ops/secret", Some(&json!({}))),
        ("POST", "/other/registration-access-token", None),
    ] {
        let full = format!("{CLIENTS}{path}");
        let why = desk
            .call(&ops, method, &full, body)
            .await
            .error(403, "access_denied");
        assert!(why.contains("admin socket"), "{method} {path}: {why}");
    }
    for path in ["/admin/v1/plan", "/admin/v1/apply"] {
        desk.post(&ops, path, many.clone())
            .await
            .error(403, "access_denied");
    }
    desk.it
        .get(&format!("{CLIENTS}/fresh"))
        .await
        .error(404, "not_found");
    // Nor a token for one, in whatever name.
    for resources in [json!([desk.admin]), json!([])] {
        let order = json!({"client": "other", "subject": "erika", "resources": resources});
        let answer = desk.post(&ops, "/admin/v1/tokens", order).await;
        answer.error(400, "invalid_target");
    }
    desk.get(&other, CLIENTS).await.expect(200);
    // But it may end what another does with it.
    desk.post(&ops, "/admin/v1/revocations", json!({"client": "other"}))
        .await
        .expect(200);
    refused(desk.get(&other, CLIENTS).await);
}

#[tokio::test]
async fn no_resource_server_is_described_to_serve_it_and_no_client_is_called_like_the_socket() {
    let desk = Desk::new().await;
    let mut server = pay();
    server["resources"] = json!(["https://pay.example", desk.admin]);
    desk.it
        .post(RESOURCE_SERVERS, server.clone())
        .await
        .error(400, "invalid_request");
    let apply = json!({"resource_server": [server]});
    desk.it
        .post("/admin/v1/apply", apply)
        .await
        .error(400, "invalid_request");
    let mut client = shop();
    client["id"] = json!("administrator");
    client["resources"] = json!([desk.admin]);
    desk.it
        .post(CLIENTS, client)
        .await
        .error(400, "invalid_request");
}

#[tokio::test]
async fn its_tokens_are_opaque_and_nothing_to_resource_servers() {
    let desk = Desk::new().await;
    let pay = desk.it.shop_and_pay().await;
    let mut client = client("ops", "admin", json!([desk.admin]));
    client["access_token_format"] = json!("jwt");
    let added = desk.it.post(CLIENTS, client).await.expect(201);
    let answer = desk
        .ask("ops", text(&added, "client_secret"), true, "")
        .await;
    let Held { token, .. } = held(answer);
    assert!(!token.contains('.'), "{token}");
    let form = format!("token={token}");
    let told = desk.it.public("/introspect", "pay", &pay, &form).await;
    assert_eq!(told.expect(200), json!({"active": false}));
}

#[tokio::test]
async fn the_name_of_a_resource_server_is_not_to_be_had() {
    let desk = Desk::new().await;
    desk.it.shop_and_pay().await;
    let again = desk
        .it
        .again(|config| config.admin.url = Some("https://pay.example".parse().unwrap()));
    let error = again.await.err().unwrap();
    assert!(matches!(error, StartError::AdminUrlServed(_)), "{error}");
    assert!(error.to_string().contains("https://pay.example"));
}

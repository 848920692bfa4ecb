//! The admin API over TCP: what each scope opens, and everything it does not.

use avouch_oauth::scope::Scope;
use avouch_server::admin;
use serde_json::{Value, json};

use crate::events::{assert_logged, listen};
use crate::harness::shop;
use crate::over_tcp_desk::{CLIENTS, Desk, challenges, client, held, refused};

const TOKENS: &str = "/admin/v1/tokens";

/// The scope value that an operation takes beside `admin`, written down here a second time: the
/// rule is that a GET looks, and that of all else only these do not change what there is.
fn narrowest(method: &str, path: &str) -> &'static str {
    match path.trim_start_matches("/admin/v1/") {
        "tokens" => "admin:issue",
        "plan" | "explain" | "tokens/show" => "admin:read",
        _ if method == "GET" => "admin:read",
        _ => "admin",
    }
}

/// Every operation there is: method, and path with a name that nothing has.
fn operations() -> Vec<(String, String, Value)> {
    let description = admin::openapi();
    let mut found = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let path = path.replace("{id}", "none");
            found.push((method.to_uppercase(), path, operation.clone()));
        }
    }
    assert!(found.len() > 20);
    found
}

#[tokio::test]
async fn each_scope_opens_its_operations_and_no_other() {
    let desk = Desk::new().await;
    for (number, scope) in [
        "admin",
        "admin:read",
        "admin:issue",
        "admin:read admin:issue",
        "pay",
    ]
    .into_iter()
    .enumerate()
    {
        let granted = Scope::parse(scope).unwrap();
        let (held, _) = desk.administrator(&format!("ops-{number}"), scope).await;
        let (mut open, mut shut) = (0, 0);
        for (method, path, operation) in operations() {
            let narrowest = narrowest(&method, &path);
            for scheme in [1, 2] {
                let described = operation["security"][scheme].as_object().unwrap();
                let scopes = described.values().next().unwrap();
                assert_eq!(*scopes, json!([narrowest]), "{method} {path}");
            }
            let answer = desk.call(&held, &method, &path, None).await;
            let what = format!("{scope}: {method} {path}");
            if granted.contains("admin") || granted.contains(narrowest) {
                open += 1;
                let status = answer.status.as_u16();
                assert!(status != 401 && status != 403, "{what}: {status}");
            } else {
                shut += 1;
                let challenge = challenges(&answer)[0].to_owned();
                for part in [
                    "DPoP ",
                    "error=\"insufficient_scope\"",
                    &format!("scope=\"{narrowest}\""),
                    "resource_metadata=\"",
                ] {
                    assert!(challenge.contains(part), "{what}: {challenge}");
                }
                let why = answer.error(403, "insufficient_scope");
                assert!(
                    why.contains(&format!("scope {narrowest}:")),
                    "{what}: {why}"
                );
            }
        }
        match scope {
            "admin" => assert_eq!(shut, 0),
            "admin:issue" => assert_eq!(open, 1),
            "pay" => assert_eq!(open, 0),
            _ => assert!(open > 5 && shut > 10, "{scope}: {open}, {shut}"),
        }
    }
    for (method, path, _) in operations() {
        let bare = desk.send(&method, &path, &[], None).await;
        bare.error(401, "invalid_token");
    }
}

#[tokio::test]
async fn a_login_system_orders_tokens_in_its_own_name_and_learns_nothing_beside() {
    listen();
    let desk = Desk::new().await;
    let pay = desk.it.shop_and_pay().await;
    let (login, secret) = desk.administrator("login", "admin:issue").await;
    let order = json!({
        "client": "shop", "subject": "erika", "scope": "pay", "claims": {"iban": "DE02"},
        "legal_basis": "consent 4711",
    });
    let issued = desk.post(&login, TOKENS, order).await.expect(201);
    assert_logged(&[
        "by=\"login\"",
        "token_issued",
        issued["jti"].as_str().unwrap(),
    ]);
    let token = issued["access_token"].as_str().unwrap();
    let form = format!("token={token}");
    let told = desk.it.public("/introspect", "pay", &pay, &form).await;
    let told = told.expect(200);
    assert_eq!(
        (&told["active"], &told["iban"]),
        (&json!(true), &json!("DE02"))
    );

    // Not even what it issued itself is it shown, nor may it end it.
    for path in ["/show", "/revoke"] {
        let path = format!("{TOKENS}{path}");
        let answer = desk.post(&login, &path, json!({"token": token})).await;
        answer.error(403, "insufficient_scope");
    }
    // A slip of the pen is no way to look what clients there are.
    let slip = json!({"client": "shpo", "subject": "erika"});
    let why = desk.post(&login, TOKENS, slip.clone()).await;
    assert_eq!(why.error(404, "not_found"), "there is no client shpo");
    let (both, _) = desk.administrator("both", "admin:read admin:issue").await;
    let why = desk.post(&both, TOKENS, slip).await.error(404, "not_found");
    assert!(why.contains("did you mean shop?"), "{why}");

    // What is ordered opens the admin API no wider, and no token is had with more than the record.
    let for_itself = json!({"client": "login", "subject": "erika", "resources": [desk.admin]});
    let answer = desk.post(&login, TOKENS, for_itself).await;
    answer.error(400, "invalid_target");
    for wider in ["admin", "admin:read", "admin:issue admin"] {
        let form = format!("{}&scope={}", desk.resource(), wider.replace(' ', "+"));
        let answer = desk.ask("login", &secret, true, &form).await;
        answer.error(400, "invalid_scope");
    }
}

#[tokio::test]
async fn the_right_to_issue_is_taken_with_the_record_and_is_not_had_by_registration() {
    let desk = Desk::new().await;
    desk.it.post(CLIENTS, shop()).await.expect(201);
    let (login, _) = desk.administrator("login", "admin:issue").await;
    // Named as any client may be: without the admin API among its resources it is worth nothing.
    let other = client("other", "admin:issue", json!("any"));
    let added = desk.it.post(CLIENTS, other).await.expect(201);
    let secret = added["client_secret"].as_str().unwrap();
    let asked = desk.ask("other", secret, true, &desk.resource()).await;
    asked.error(400, "invalid_target");

    let order = json!({"client": "shop", "subject": "erika"});
    let refusal = desk.post(&login, TOKENS, order.clone()).await;
    // Nothing is served that the shop may use: an error of the order, past the guard.
    refusal.error(400, "invalid_target");
    let path = format!("{CLIENTS}/login");
    let reader = client("login", "admin:read", json!([desk.admin]));
    desk.it.put(&path, reader).await.expect(200);
    let answer = desk.post(&login, TOKENS, order.clone()).await;
    answer.error(403, "insufficient_scope");
    // Nor does its token read now: what it was issued for counts too.
    desk.get(&login, CLIENTS)
        .await
        .error(403, "insufficient_scope");
    let nobody = client("login", "admin:issue", json!(["https://pay.example"]));
    desk.it.put(&path, nobody).await.expect(200);
    refused(desk.post(&login, TOKENS, order).await);
}

#[tokio::test]
async fn a_token_is_no_wider_than_it_was_asked_for() {
    let desk = Desk::new().await;
    let (_, secret) = desk
        .administrator("ops", "admin admin:read admin:issue")
        .await;
    let form = format!("{}&scope=admin:issue", desk.resource());
    let narrow = held(desk.ask("ops", &secret, true, &form).await);
    let slip = json!({"client": "opps", "subject": "erika"});
    let why = desk.post(&narrow, TOKENS, slip).await;
    assert_eq!(why.error(404, "not_found"), "there is no client opps");
    desk.get(&narrow, CLIENTS)
        .await
        .error(403, "insufficient_scope");
    desk.post(&narrow, CLIENTS, shop())
        .await
        .error(403, "insufficient_scope");
}

//! What comes to the registration endpoints from those who mean no good.

use serde_json::{Value, json};

use crate::support::{Answer, PAY, Registrant, Running, SIGN, Setup, caller, register};

async fn desk() -> (Running, Registrant, String) {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    let server = setup.start().await;
    let answer = register(&server, &token, &a_client()).await;
    (server, Registrant::of(&answer), token)
}

fn a_client() -> Value {
    json!({"grant_types": ["client_credentials"], "scope": "sign"})
}

/// Demands a refusal in the standard form, and that the record is as it was.
async fn is_as_it_was(server: &Running, shop: &Registrant, before: &Value) {
    assert_eq!(&shop.reads(server).await.is_json(200), before);
}

#[tokio::test]
async fn bodies_that_are_not_one_strict_json_object_change_nothing() {
    let (server, shop, token) = desk().await;
    let before = shop.reads(&server).await.json();
    let id = &shop.caller.id;
    let deep = format!(
        "{{\"client_id\":\"{id}\",\"grant_types\":[],\"x\":{}{}}}",
        "[".repeat(5_000),
        "]".repeat(5_000)
    );
    let mut latin = format!("{{\"client_id\":\"{id}\",\"grant_types\":[],\"client_name\":\"");
    latin.push_str("\u{7f}\"}");
    let mut latin = latin.into_bytes();
    for byte in &mut latin {
        if *byte == 0x7f {
            *byte = 0xe9;
        }
    }
    for body in [
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"{".to_vec(),
        b"{}x".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        format!("{{\"client_id\":\"{id}\",\"client_id\":\"{id}\",\"grant_types\":[]}}").into(),
        format!("{{\"client_id\":\"{id}\",\"grant_types\":[],\"grant_types\":[]}}").into(),
        format!(
            "{{\"client_id\":\"{id}\",\"grant_types\":[],\"scope\":\"a\",\"sc\\u006fpe\":\"b\"}}"
        )
        .into(),
        format!("{{\"client_id\":\"{id}\",\"grant_types\":[],\"jwks\":{{\"a\":1,\"a\":2}}}}")
            .into(),
        format!("{{\"client_id\":\"{id}\",\"grant_types\":[],\"client_name\":\"\\ud800\"}}").into(),
        deep.into(),
        latin,
    ] {
        let asked = shop.asks(&server, "PUT").body("application/json", &body);
        let answer = asked.send().await;
        answer.is_error(400, "invalid_client_metadata");
        let asked = server.post("/register").bearer(&token);
        let answer = asked.body("application/json", &body).send().await;
        answer.is_error(400, "invalid_client_metadata");
    }
    is_as_it_was(&server, &shop, &before).await;
}

#[tokio::test]
async fn row_9110_15_5_14_01_a_body_of_megabytes_is_413_or_not_read_at_all() {
    let (server, shop, token) = desk().await;
    let before = shop.reads(&server).await.json();
    let long = format!("{{\"client_name\":\"{}\"}}", "n".repeat(5 * 1024 * 1024));
    let head = |method: &str, path: &str, token: &str| {
        format!(
            "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            long.len()
        )
    };
    for (method, path, with, status, code) in [
        ("POST", "/register", token.as_str(), 413, "invalid_request"),
        ("PUT", &shop.path, &shop.token, 413, "invalid_request"),
        // Who may not even ask has nothing read.
        ("POST", "/register", "abc", 401, "invalid_token"),
        ("PUT", &shop.path, "abc", 401, "invalid_token"),
    ] {
        let mut bytes = head(method, path, with).into_bytes();
        bytes.extend(long.as_bytes());
        server.raw_lenient(&bytes).await.is_error(status, code);
    }
    let mut bytes = head("POST", &shop.secret_path(), &shop.token).into_bytes();
    bytes.extend(long.as_bytes());
    server
        .raw_lenient(&bytes)
        .await
        .is_error(400, "invalid_request");
    is_as_it_was(&server, &shop, &before).await;
}

#[tokio::test]
async fn paths_that_are_not_an_id_lead_nowhere() {
    let (server, shop, token) = desk().await;
    let sign = register(&server, &token, &json!({"resource": SIGN})).await;
    let sign = Registrant::of(&sign);
    let before = shop.reads(&server).await.json();
    let id = &shop.caller.id;
    for odd in [
        format!("{id}%00"),
        format!("{id}%20"),
        format!("{id}%2f"),
        format!("..%2f{id}"),
        format!("x%2f..%2f{id}"),
        format!("%2e%2e%2fregister%2f{id}"),
        format!("{id};a=b"),
        format!("{id}%0d%0aX-Injected:%20yes"),
        id.to_uppercase(),
        sign.caller.id.clone(),
        "*".to_owned(),
        "%25".to_owned(),
        "%F0%9F%94%91".to_owned(),
        "a".repeat(4_000),
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let asked = server.request(method, &format!("/register/{odd}"));
            let asked = asked.bearer(&shop.token).json(&a_client());
            let answer = asked.send().await;
            assert_eq!(answer.header("x-injected"), None);
            answer.is_error(401, "invalid_token");
        }
        let path = format!("/register/{odd}/client_secret");
        let answer = server.post(&path).bearer(&shop.token).send().await;
        answer.is_error(401, "invalid_token");
    }
    // Longer than any head may be: refused before anybody looks where it leads.
    let endless = format!("/register/{}", "a".repeat(100_000));
    let asked = server.request("GET", &endless).bearer(&shop.token);
    let answer = server.raw_lenient(&asked.bytes()).await;
    assert!([414, 431].contains(&answer.status), "{answer:?}");
    for bytes in ["%ff", "%c3%28", "a%80"] {
        let asked = server.request("GET", &format!("/register/{bytes}"));
        let answer = asked.bearer(&shop.token).send().await;
        answer.is_error(400, "invalid_request");
    }
    for elsewhere in [
        format!("/register/../register/{id}"),
        format!("/register//{id}"),
        format!("/register/{id}/"),
        format!("/register/{id}/client_secret/"),
        format!("/register/x/../{id}"),
        format!("/REGISTER/{id}"),
        "/register/".to_owned(),
    ] {
        let answer = server.request("GET", &elsewhere).bearer(&shop.token);
        answer.send().await.is_error(404, "invalid_request");
    }
    // The same id, spelt with percent signs, is the same id (RFC 3986 section 6.2.2.2).
    let spelt = id.replacen('c', "%63", 1);
    let answer = server.request("GET", &format!("/register/{spelt}"));
    let answer = answer.bearer(&shop.token).send().await;
    assert_eq!(answer.is_json(200)["client_id"], id.as_str());
    is_as_it_was(&server, &shop, &before).await;
}

#[tokio::test]
async fn an_id_of_the_other_kind_is_not_its_own() {
    let (server, shop, token) = desk().await;
    let answer = register(&server, &token, &json!({"resource": SIGN})).await;
    let sign = Registrant::of(&answer);
    let crossed = [
        (&shop, &sign, a_client()),
        (&sign, &shop, json!({"resource": SIGN})),
    ];
    for (holder, other, metadata) in crossed {
        // Its own place, the other's id: and the other's place, its own id.
        let mut metadata = metadata;
        metadata["client_id"] = json!(other.caller.id);
        let answer = holder.updates(&server, &metadata).await;
        answer.is_error(400, "invalid_client_metadata");
        let elsewhere = other.with_token(&holder.token);
        metadata["client_id"] = json!(holder.caller.id);
        let answer = elsewhere.updates(&server, &metadata).await;
        answer.is_error(401, "invalid_token");
        elsewhere
            .removes(&server)
            .await
            .is_error(401, "invalid_token");
    }
    for registrant in [&shop, &sign] {
        registrant.reads(&server).await.is_json(200);
    }
}

#[tokio::test]
async fn values_at_the_edge_are_kept_whole_or_refused() {
    let (server, shop, _) = desk().await;
    let with = |name: &str, value: Value| {
        let mut metadata = a_client();
        metadata[name] = value;
        metadata
    };
    for (name, value) in [
        ("client_name", json!("n".repeat(1_024))),
        (
            "client_name",
            json!("<script>alert(1)</script>\u{202e}\u{0}\n"),
        ),
        ("client_name", json!("Ünïcødé 🔑")),
        ("contacts", json!(vec!["a@a.example"; 32])),
        ("software_id", json!("'; DROP TABLE client; --")),
    ] {
        let answer = shop.updates(&server, &with(name, value.clone())).await;
        assert_eq!(answer.is_json(200)[name], value, "{name}");
        assert_eq!(shop.reads(&server).await.json()[name], value, "{name}");
    }
    for (name, value) in [
        ("client_name", json!("n".repeat(1_025))),
        ("contacts", json!(vec!["a@a.example"; 33])),
        ("software_id", json!("n".repeat(1_025))),
        ("software_version", json!(4.2)),
        ("redirect_uris", json!(vec!["https://a.example/"; 33])),
        ("scope", json!("a\u{0}b")),
    ] {
        let answer = shop.updates(&server, &with(name, value)).await;
        answer.is_error(400, "invalid_client_metadata");
    }
}

#[tokio::test]
async fn row_7591_5_01_only_redirect_uris_that_come_back_to_their_owner_are_taken() {
    let (server, shop, token) = desk().await;
    let with = |uri: &str| {
        let mut metadata = a_client();
        metadata["redirect_uris"] = json!([uri]);
        metadata
    };
    for good in [
        "https://shop.example/back?a=b",
        "http://127.0.0.1:4711/back",
        "http://[::1]/back",
        "com.example.app:/back",
    ] {
        register(&server, &token, &with(good)).await.is_json(201);
        shop.updates(&server, &with(good)).await.is_json(200);
    }
    for bad in [
        "",
        "/back",
        "http://shop.example/back",
        "http://localhost@shop.example/",
        "https://shop.example/#back",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://shop.example/a b",
    ] {
        let answer = register(&server, &token, &with(bad)).await;
        answer.is_error(400, "invalid_redirect_uri");
        let answer = shop.updates(&server, &with(bad)).await;
        answer.is_error(400, "invalid_redirect_uri");
    }
}

#[tokio::test]
async fn row_7591_2_04_no_client_of_a_redirect_grant_comes_about_without_redirect_uris() {
    let (server, shop, token) = desk().await;
    for grants in [
        json!(["authorization_code"]),
        json!(["implicit"]),
        json!(["client_credentials", "authorization_code"]),
    ] {
        let metadata = json!({"grant_types": grants, "response_types": []});
        for answer in [
            register(&server, &token, &metadata).await,
            shop.updates(&server, &metadata).await,
        ] {
            let body = answer.is_json(400);
            let error = body["error"].as_str().unwrap();
            assert!(
                ["invalid_redirect_uri", "invalid_client_metadata"].contains(&error),
                "{error}"
            );
        }
    }
}

#[tokio::test]
async fn row_7591_5_01_what_a_registrant_says_of_itself_gives_it_nothing() {
    let setup = Setup::new().await;
    let token = setup.initial_access_token("both", |_| {}).await;
    let (_, about_erika) = setup.usual().await;
    let server = setup.start().await;
    // Somebody else's name and address, and all that the record of another might hold.
    let metadata = json!({
        "resource": "https://other.example", "client_name": "sign", "client_id": "sign",
        "client_uri": SIGN, "policy": {"claims": ["iban"], "subject": "public"},
        "release_policy": {"claims": ["iban"]}, "standing": "good", "admin": true,
        "registration_access_token": "avr_mine", "scope": "sign pay read",
    });
    let answer = register(&server, &token, &metadata).await;
    let body = answer.is_json(201);
    for unknown in ["policy", "release_policy", "standing", "admin"] {
        assert_eq!(body.get(unknown), None);
    }
    assert_ne!(body["registration_access_token"], "avr_mine");
    let other = caller(&answer);
    server
        .introspect(&other, &about_erika.text)
        .await
        .is_inactive();
}

#[tokio::test]
async fn a_registration_asked_for_by_head_or_with_an_expectation_is_framed_as_any() {
    let (server, shop, _) = desk().await;
    let head = shop.asks(&server, "HEAD").send().await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    // A body with a read is not looked at, however wrong.
    let read = shop.asks(&server, "GET").body("text/plain", b"{{{");
    let read: Answer = read.send().await;
    assert_eq!(read.is_json(200)["client_id"], shop.caller.id.as_str());
    let moved = json!({"client_id": shop.caller.id, "resource": PAY});
    let asked = shop.asks(&server, "DELETE").json(&moved);
    assert_eq!(asked.send().await.status, 204);
}

//! To whom they send nothing, and what they do not believe.

use super::*;

#[tokio::test]
async fn metadata_of_another_resource_or_server_ends_it() {
    let world = World::new().await;
    let stranger = world.stranger.issuer().to_owned();
    let own = world.resource.issuer().to_owned();
    for other in [
        stranger.clone(),
        format!("{own}/"),
        "https://admin.example".to_owned(),
    ] {
        world.describe(|metadata| metadata["resource"] = other.into());
        let error = world.refused().await;
        assert!(matches!(error, CallError::ResourceMetadata(_)), "{error}");
    }
    for others in [
        json!([]),
        json!([stranger]),
        json!([stranger, format!("{own}/as")]),
    ] {
        world.describe(|metadata| metadata["authorization_servers"] = others.clone());
        let error = world.refused().await;
        assert!(matches!(error, CallError::OtherIssuer { .. }), "{error}");
        assert!(error.to_string().contains(world.server.issuer()), "{error}");
    }
    // Not even the metadata is fetched from there.
    assert!(world.stranger.all_seen().is_empty());
    world.describe(|metadata| metadata["dpop_signing_alg_values_supported"] = json!(["RS256"]));
    let error = world.refused().await;
    assert!(error.to_string().contains("they take RS256"), "{error}");
    world.resource.on_other(|_| status(404, ""));
    let error = world.refused().await;
    assert!(matches!(error, CallError::NotAResource(_)), "{error}");
    for nonsense in ["", "[]", "{", "{\"resource\": 1}"] {
        world
            .resource
            .on_other(move |_| typed("application/json", nonsense));
        let error = world.refused().await;
        assert!(matches!(error, CallError::ResourceMetadata(_)), "{error}");
    }
}

#[tokio::test]
async fn a_token_endpoint_elsewhere_is_not_trusted_unless_it_was_named() {
    let world = World::new().await;
    let elsewhere = format!("{}/token", world.stranger.issuer());
    world
        .server
        .change_metadata("token_endpoint", json!(elsewhere));
    let error = world.refused().await;
    assert!(matches!(error, CallError::OtherHost { .. }), "{error}");
    assert!(error.to_string().contains(&elsewhere), "{error}");
    let other = world.builder().token_endpoint("http://127.0.0.2/token");
    assert!(matches!(
        other.discover().await,
        Err(CallError::OtherHost { .. })
    ));
    world.nothing_was_shown();

    world.stranger.on_token(|_| token("t", "DPoP"));
    let told = world.builder().token_endpoint(&elsewhere);
    let client = told.discover().await.unwrap();
    client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    assert_eq!(world.stranger.seen("/token").len(), 1);
    for bad in [
        "http://192.0.2.1/token",
        "ftp://127.0.0.1/token",
        "/token",
        "http://x@127.0.0.1/",
    ] {
        world.server.change_metadata("token_endpoint", json!(bad));
        let told = world.builder().token_endpoint(bad);
        let error = told.discover().await.unwrap_err();
        assert!(
            matches!(error, CallError::Server(ServerError::Endpoint { .. })),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_alias_is_for_those_with_a_certificate_and_trusted_no_further() {
    let world = World::new().await;
    let made = rcgen::generate_simple_self_signed(["ops.example".to_owned()]).unwrap();
    let (pem, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let certificate = ClientCertificate::from_pem(pem.as_bytes(), key.as_bytes()).unwrap();
    let alias = |at: &str| {
        let aliases = json!({"token_endpoint": format!("{at}/mtls/token")});
        world
            .server
            .change_metadata("mtls_endpoint_aliases", aliases);
    };
    alias(world.stranger.issuer());
    let shown = world.builder().client_certificate(certificate.clone());
    let error = shown.discover().await.unwrap_err();
    assert!(matches!(error, CallError::OtherHost { .. }), "{error}");
    // Whoever has none does not go there.
    world.client().await;
    world.nothing_was_shown();

    alias(world.server.issuer());
    world.server.on_other(|_| token("t", "DPoP"));
    let resource = world.resource.issuer().parse().unwrap();
    let issuer = world.server.issuer().parse().unwrap();
    let by_certificate = ResourceClient::builder(resource, issuer, "ops")
        .client_certificate(certificate)
        .clock(world.server.clock());
    let client = by_certificate.discover().await.unwrap();
    client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    let asked = world.server.seen("/mtls/token");
    assert_eq!(form(&asked[0], "client_id"), "ops");
    assert!(!asked[0].headers.contains_key("authorization"));
    assert!(world.server.seen("/token").is_empty());
}

#[tokio::test]
async fn no_redirect_is_followed_by_anything() {
    let world = World::new().await;
    let to = format!("{}/x", world.stranger.issuer());
    let redirect = move |code: u16| {
        let mut answer = status(code, "");
        answer.headers_mut().insert("location", to.parse().unwrap());
        answer
    };
    for code in [301, 302, 303, 307, 308] {
        let redirect = redirect.clone();
        let of_metadata = redirect.clone();
        world.resource.on_other(move |_| of_metadata(code));
        let is_redirect = |error: &CallError| matches!(error, CallError::Server(ServerError::Redirect { status, .. }) if *status == code);
        assert!(is_redirect(&world.builder().discover().await.unwrap_err()));

        world.on_call(|_| json_answer(&json!({})));
        let of_token = redirect.clone();
        world.server.on_token(move |_| of_token(code));
        let client = world.client().await;
        let called = client.call(&scopes(&["a"]), &request("/x")).await;
        assert!(is_redirect(&called.unwrap_err()));

        world.server.on_token(|_| token("t", "DPoP"));
        world.on_call(move |_| redirect(code));
        let called = client.call(&scopes(&["a"]), &request("/x")).await;
        assert!(is_redirect(&called.unwrap_err()));
    }
    assert!(world.stranger.all_seen().is_empty());
}

#[tokio::test]
async fn answers_without_end_are_cut_off() {
    fn endless(_: &Seen) -> Answer {
        let mut answer = status(200, "");
        *answer.body_mut() = Endless.boxed();
        answer
    }
    let world = World::new().await;
    let too_long = |error: CallError, what: Exchange| {
        let found = matches!(&error, CallError::Server(ServerError::TooLong { exchange, .. })
            if *exchange == what);
        assert!(found, "{error}");
    };
    world.resource.on_other(endless);
    too_long(world.refused().await, Exchange::ResourceMetadata);
    world.describe(|_| {});
    world.server.on_metadata(endless);
    too_long(world.refused().await, Exchange::Metadata);
    world.server.change_metadata("further", json!(1));
    world.server.on_token(endless);
    let client = world.client().await;
    let called = client.call(&scopes(&["a"]), &request("/x")).await;
    too_long(called.unwrap_err(), Exchange::OwnToken);
    world.server.on_token(|_| token("t", "DPoP"));
    world.on_call(endless);
    let called = client.call(&scopes(&["a"]), &request("/x")).await;
    too_long(called.unwrap_err(), Exchange::Resource);
}

#[tokio::test]
async fn what_repeats_the_token_or_the_secret_is_not_passed_on() {
    let world = World::new().await;
    world.on_call(|seen| status(403, &json!({"error": shown(seen)}).to_string()));
    let client = world.client().await;
    let answer = client.call(&scopes(&["a"]), &request("/x")).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().len()), (403, 0));
    world.server.on_token(|_| {
        let body = json!({"error": "invalid_client", "error_description": SECRET});
        status(401, &body.to_string())
    });
    let client = world.client().await;
    let error = client
        .call(&scopes(&["a"]), &request("/x"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("invalid_client"), "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET));
}

#[tokio::test]
async fn requests_go_below_the_resource_or_nowhere() {
    let world = World::new().await;
    let client = world.client().await;
    let elsewhere = format!("{}/x", world.stranger.issuer());
    for target in [elsewhere.as_str(), "*", "127.0.0.2:80"] {
        let called = client.call(&scopes(&["a"]), &request(target)).await;
        assert!(
            matches!(called, Err(CallError::Target)),
            "{target}: {called:?}"
        );
    }
    world.nothing_was_shown();
    let odd = format!("//{}/x", &world.stranger.issuer()["http://".len()..]);
    let called = client.call(&scopes(&["a"]), &request(&odd)).await;
    assert!(called.is_err() || !world.calls().is_empty());
    assert!(world.stranger.all_seen().is_empty());
    let called = client.call(&[], &request("/x")).await;
    assert!(matches!(called, Err(CallError::NoScope)));
}

#[tokio::test]
async fn a_resource_without_tls_elsewhere_and_a_caller_without_a_name_are_refused() {
    let world = World::new().await;
    let issuer = || world.server.issuer().parse().unwrap();
    for (url, id, credentials) in [
        ("http://192.0.2.1", "ops", true),
        ("https://admin.example?x", "ops", true),
        ("https://ops@admin.example", "ops", true),
        ("urn:example:admin", "ops", true),
        (world.resource.issuer(), "", true),
        (world.resource.issuer(), "ops", false),
    ] {
        let mut builder = ResourceClient::builder(url.parse().unwrap(), issuer(), id);
        if credentials {
            builder = builder.credentials(Credentials::client_secret_basic(SECRET));
        }
        let error = builder.discover().await.unwrap_err();
        let expected = match (id, credentials) {
            ("", _) => matches!(error, CallError::Setup(_)),
            (_, false) => matches!(error, CallError::NoCredentials),
            _ => matches!(error, CallError::NotUrl),
        };
        assert!(expected, "{url}: {error}");
    }
    world.nothing_was_shown();
}

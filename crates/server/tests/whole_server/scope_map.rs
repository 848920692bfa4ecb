//! For whom a token is where its request names no resource: whom its scope means
//! (RFC 9701 section 3).

use avouch_core::records::{AllowedResources, ResourceServer, TokenFormat};

use crate::support::{Answer, Caller, PAY, Running, SIGN, Setup, resource, scope};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn meant_by(values: &str) -> impl FnOnce(&mut ResourceServer) {
    move |record| record.access_tokens.value.for_scopes = scope(values)
}

/// An RS for signatures and one for payments, each meant by a scope value of its name.
async fn both(setup: &Setup) -> [Caller; 2] {
    [
        setup
            .resource_server_with("sign", SIGN, meant_by("sign"))
            .await,
        setup
            .resource_server_with("pay", PAY, meant_by("pay transfer"))
            .await,
    ]
}

async fn ask(server: &Running, client: &Caller, further: &[(&str, &str)]) -> Answer {
    let form = [&[GRANT], further].concat();
    server.post("/token").by(client).form(&form).send().await
}

/// At which of the two the new token is good.
async fn good_at(server: &Running, [sign, pay]: &[Caller; 2], answer: &Answer) -> [bool; 2] {
    let token = &answer.is_json(200)["access_token"];
    let token = token.as_str().unwrap();
    let mut good = [false; 2];
    for (good, caller) in good.iter_mut().zip([sign, pay]) {
        *good = server.introspect(caller, token).await.json()["active"] == true;
    }
    good
}

#[tokio::test]
async fn row_9701_3_07_without_a_resource_the_audience_follows_the_scope() {
    let setup = Setup::new().await;
    let servers = both(&setup).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    for (asked, expected) in [
        ("sign", [true, false]),
        ("pay", [false, true]),
        ("read pay", [false, true]),
        ("pay sign", [true, true]),
    ] {
        let answer = ask(&server, &shop, &[("scope", asked)]).await;
        assert_eq!(
            good_at(&server, &servers, &answer).await,
            expected,
            "{asked}"
        );
    }
    // Left out, it is all the client is registered for.
    let answer = ask(&server, &shop, &[]).await;
    assert_eq!(good_at(&server, &servers, &answer).await, [true, true]);
}

#[tokio::test]
async fn row_9701_3_07_each_server_is_told_itself_alone_however_it_was_meant() {
    let setup = Setup::new().await;
    let [sign, pay] = both(&setup).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let answer = ask(&server, &shop, &[]).await.is_json(200);
    let token = answer["access_token"].as_str().unwrap();
    for (caller, own) in [(&sign, SIGN), (&pay, PAY)] {
        let told = server.introspect(caller, token).await.json();
        assert_eq!(told["aud"], own);
    }
}

#[tokio::test]
async fn row_9701_3_07_a_named_resource_comes_before_what_the_scope_means() {
    let setup = Setup::new().await;
    let servers = both(&setup).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let asked = [("scope", "pay"), ("resource", SIGN)];
    let answer = ask(&server, &shop, &asked).await;
    assert_eq!(good_at(&server, &servers, &answer).await, [true, false]);
}

#[tokio::test]
async fn row_9701_3_07_a_scope_that_means_nobody_needs_a_resource() {
    let setup = Setup::new().await;
    both(&setup).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let answer = ask(&server, &shop, &[("scope", "read")]).await;
    answer.is_error(400, "invalid_target");
    assert!(answer.text().contains("name the resource"));
}

#[tokio::test]
async fn row_9701_3_07_a_scope_leads_nowhere_that_is_not_open_to_the_client() {
    let setup = Setup::new().await;
    let servers = both(&setup).await;
    let only = |open: &[&str]| {
        let open = open.iter().map(|text| resource(text)).collect();
        |client: &mut avouch_core::records::Client| {
            client.resources = AllowedResources::Only(open);
        }
    };
    let signer = setup.client_with("signer", only(&[SIGN])).await;
    let either = setup.client_with("either", only(&[SIGN, PAY])).await;
    let nowhere = setup.client_with("nowhere", only(&[])).await;
    let server = setup.start().await;
    for (client, asked, expected) in [
        // What the scope means is closed to it, so it is as if it meant nobody.
        (&signer, "pay", [true, false]),
        (&signer, "pay sign", [true, false]),
        (&either, "pay", [false, true]),
        (&either, "read", [true, true]),
    ] {
        let answer = ask(&server, client, &[("scope", asked)]).await;
        let id = &client.id;
        assert_eq!(
            good_at(&server, &servers, &answer).await,
            expected,
            "{id}: {asked}"
        );
    }
    let answer = ask(&server, &nowhere, &[("scope", "pay")]).await;
    answer.is_error(400, "invalid_target");
}

#[tokio::test]
async fn row_9701_3_07_an_order_for_a_person_follows_the_scope_too() {
    let setup = Setup::new().await;
    let [sign, pay] = both(&setup).await;
    setup.client("shop").await;
    let token = setup.token_with(|order| {
        order.resources.clear();
        order.scope = Some(scope("pay read"));
    });
    let token = token.await;
    assert_eq!(token.record.audience, [resource(PAY)]);
    let server = setup.start().await;
    server.introspect(&sign, &token.text).await.is_inactive();
    let told = server.introspect(&pay, &token.text).await.json();
    assert_eq!(told["active"], true);
}

#[tokio::test]
async fn row_9701_3_07_a_jwt_for_several_that_are_meant_is_refused() {
    let setup = Setup::new().await.jwt();
    for (id, serves) in [("sign", SIGN), ("pay", PAY)] {
        let change = |record: &mut ResourceServer| {
            record.access_tokens.value.format = Some(TokenFormat::Jwt);
            record.access_tokens.value.for_scopes = scope(id);
        };
        setup.resource_server_with(id, serves, change).await;
    }
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    let answer = ask(&server, &shop, &[("scope", "sign pay")]).await;
    answer.is_error(400, "invalid_target");
    let answer = ask(&server, &shop, &[("scope", "sign")]).await;
    answer.is_json(200);
}

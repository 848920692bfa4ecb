//! When something behind the endpoint fails, the answer says so: it is never
//! `active: false`, and never plain JSON in the place of a signature.

use avouch_jose::SignatureAlgorithm;

use crate::support::{Caller, Running, SIGN, STATEMENT, Setup};

pub(crate) fn lose(server: &Running, table: &str) {
    let database = rusqlite::Connection::open(server.database()).unwrap();
    let rename = format!("ALTER TABLE {table} RENAME TO lost");
    database.execute(&rename, ()).unwrap();
}

#[tokio::test]
async fn without_a_key_of_the_registered_algorithm_it_is_500_and_never_plain() {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.profile.value.signing_algorithm = SignatureAlgorithm::Es512;
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for token in [token.text.as_str(), "unknown"] {
        for accept in [
            STATEMENT,
            "application/json;q=0.9, application/token-introspection+jwt",
        ] {
            let answer = server.about(token).by(&sign).accept(accept).send().await;
            answer.is_error(500, "server_error");
        }
        // What needs no key still works.
        assert_eq!(server.introspect(&sign, token).await.status, 200);
    }
}

/// At the first start most keys are made while requests are served already. Whoever needs one of
/// those is told to come again, and nobody keeps a key set that lacks it.
#[tokio::test]
async fn while_keys_are_being_made_nothing_pretends_to_be_complete() {
    let setup = Setup::new().await.algorithms(&SignatureAlgorithm::ALL);
    let [.., made_last] = SignatureAlgorithm::ALL;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.profile.value.signing_algorithm = made_last;
        })
        .await;
    let server = setup.start_without_keys().await;
    loop {
        let keys = server.get("/jwks.json").await;
        let count = keys.json()["keys"].as_array().unwrap().len();
        let kept = keys.header("cache-control").unwrap();
        let complete = count == SignatureAlgorithm::ALL.len();
        assert!(complete || kept == "no-cache", "{count} keys, {kept}");

        let answer = server.statement(&sign, "unknown").await;
        if answer.status == 200 {
            break;
        }
        answer.is_error(503, "temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let keys = server.get("/jwks.json").await;
    assert_eq!(keys.header("cache-control"), Some("public, max-age=3600"));
    let metadata = server.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(
        metadata.header("cache-control"),
        Some("public, max-age=3600")
    );
}

#[tokio::test]
async fn a_store_that_cannot_find_tokens_is_a_5xx_in_every_form() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    lose(&server, "access_token");
    for accept in ["application/json", STATEMENT] {
        let answer = server
            .about(&token.text)
            .by(&sign)
            .accept(accept)
            .send()
            .await;
        answer.is_error(500, "server_error");
    }
}

#[tokio::test]
async fn a_store_that_cannot_find_callers_is_a_5xx_and_no_401() {
    let setup = Setup::new().await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    lose(&server, "client");
    let unknown = Caller {
        id: "not-in-memory".to_owned(),
        secret: sign.secret.clone(),
    };
    for caller in [&sign, &unknown] {
        let answer = server.introspect(caller, &token.text).await;
        answer.is_error(500, "server_error");
    }
}

#[tokio::test]
async fn a_revocation_that_was_not_kept_is_not_confirmed() {
    let setup = Setup::new().await;
    let (_, token) = setup.usual().await;
    let shop = setup.client("late-shop").await;
    let server = setup.start().await;
    lose(&server, "access_token");
    let asked = server
        .post("/revoke")
        .by(&shop)
        .form(&[("token", &token.text)]);
    asked.send().await.is_error(500, "server_error");
}

#[tokio::test]
async fn a_token_that_was_not_kept_is_not_given_out() {
    let setup = Setup::new().await;
    setup.resource_server("sign", SIGN).await;
    let shop = setup.client("shop").await;
    let server = setup.start().await;
    lose(&server, "access_token");
    let form = [("grant_type", "client_credentials"), ("resource", SIGN)];
    let answer = server.post("/token").by(&shop).form(&form).send().await;
    answer.is_error(500, "server_error");
    assert_eq!(answer.json().get("access_token"), None);
}

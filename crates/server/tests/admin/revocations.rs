//! Mass revocation.

use serde_json::{Value, json};

use crate::harness::{BEGIN, Harness};

const REVOCATIONS: &str = "/admin/v1/revocations";
const EVERYTHING: &str = "/admin/v1/revocations/everything";

/// Why a token is dead.
async fn reason(it: &Harness, token: &Value) -> Value {
    let shown = it.post(
        "/admin/v1/tokens/show",
        json!({"token": token["access_token"]}),
    );
    shown.await.expect(200)["reason"].clone()
}

#[tokio::test]
async fn a_grant_a_client_and_a_subject_die_with_all_their_tokens_and_nothing_later() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    for (at, what) in (BEGIN..).zip(["grant", "client", "subject"]) {
        let token = it.token().await;
        let name = match what {
            "grant" => token["grant"].clone(),
            "client" => json!("shop"),
            _ => json!("erika"),
        };
        assert!(it.is_active(&secret, &token).await);
        let order = json!({what: name});
        let answer = it.post(REVOCATIONS, order.clone()).await.expect(200);
        assert_eq!(answer, json!({"at": at, "outcome": "now"}));
        assert!(!it.is_active(&secret, &token).await, "{what}");
        assert_eq!(reason(&it, &token).await, format!("{what}_revoked"));

        // In the same instant.
        let later = it.token().await;
        assert!(it.is_active(&secret, &later).await, "{what}: issued later");
        let again = it.post(REVOCATIONS, order).await.expect(200);
        let (outcome, active) = if what == "grant" {
            ("already", true)
        } else {
            ("now", false)
        };
        assert_eq!(again["outcome"], outcome, "{what}");
        assert_eq!(it.is_active(&secret, &later).await, active, "{what}");
        it.pass(1);
    }
}

/// The clock is set while the server runs, forth and back; what was first stays first.
#[tokio::test]
async fn the_clock_has_no_say_in_what_a_revocation_reaches() {
    // A clock that is set back takes back what a caller had saved of its rate.
    let it = Harness::configured(|config| {
        config.rates.calls_per_second = serde_json::from_str("0").unwrap();
    })
    .await;
    let secret = it.shop_and_pay().await;
    for step in [-300, 0, 300, -1, 1] {
        for (path, order, because) in [
            (REVOCATIONS, json!({"client": "shop"}), "client_revoked"),
            (REVOCATIONS, json!({"subject": "erika"}), "subject_revoked"),
            (
                EVERYTHING,
                json!({"issued_before": "now"}),
                "everything_revoked",
            ),
        ] {
            let before = it.token().await;
            it.pass(step);
            it.post(path, order).await.expect(200);
            assert!(!it.is_active(&secret, &before).await, "{because}, {step} s");
            assert_eq!(reason(&it, &before).await, because);
            it.pass(-step);
            let after = it.token().await;
            assert!(it.is_active(&secret, &after).await, "{because}, {step} s");
        }
    }
}

#[tokio::test]
async fn everything_dies_whosever_it_is_and_nothing_later() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    it.post(
        "/admin/v1/clients",
        json!({"id": "bank", "scope": "pay", "resources": ["https://pay.example"]}),
    )
    .await
    .expect(201);
    let issue = async |client: &str, subject: &str| {
        let order = json!({"client": client, "subject": subject});
        it.post("/admin/v1/tokens", order).await.expect(201)
    };
    let invitation = json!({"kinds": "clients", "resources": "any"});
    it.post("/admin/v1/initial-access-tokens", invitation)
        .await
        .expect(201);
    let issued = [issue("shop", "erika").await, issue("bank", "max").await];
    let answer = it.post(EVERYTHING, json!({"issued_before": "now"})).await;
    let ended = json!({"at": BEGIN, "caller_tokens": 0, "initial_access_tokens": 1});
    assert_eq!(answer.expect(200), ended);
    for token in issued {
        assert!(!it.is_active(&secret, &token).await);
        assert_eq!(reason(&it, &token).await, "everything_revoked");
    }
    let left = it.get("/admin/v1/initial-access-tokens").await.expect(200);
    assert_eq!(left["initial_access_tokens"], json!([]));
    for token in [issue("shop", "erika").await, issue("bank", "max").await] {
        assert!(it.is_active(&secret, &token).await);
    }
}

#[tokio::test]
async fn everything_until_a_second_dies_and_no_second_to_come_is_named() {
    let it = Harness::start().await;
    let secret = it.shop_and_pay().await;
    let old = it.token().await;
    it.pass(1);
    let new = it.token().await;
    it.pass(1);
    let revoke = |until: Value| it.post(EVERYTHING, json!({"issued_before": until}));
    revoke(json!(BEGIN - 1)).await.expect(200);
    assert!(it.is_active(&secret, &old).await);
    revoke(json!(BEGIN)).await.expect(200);
    assert!(!it.is_active(&secret, &old).await);
    assert!(it.is_active(&secret, &new).await);
    // A mistake is not made worse by a second one.
    revoke(json!(0)).await.expect(200);
    assert!(!it.is_active(&secret, &old).await);

    for to_come in [json!(BEGIN + 3), json!(u64::MAX)] {
        let error = revoke(to_come).await.error(400, "invalid_request");
        assert!(error.contains("an instant to come"), "{error}");
        assert!(error.contains(&(BEGIN + 2).to_string()), "{error}");
    }
    for nonsense in [
        json!(null),
        json!("then"),
        json!(-1),
        json!(1.5),
        json!({"now": 1}),
        json!("1800000000"),
    ] {
        let error = revoke(nonsense).await.error(400, "invalid_request");
        assert!(error.contains("issued_before is"), "{error}");
    }
    let nothing = it.post(EVERYTHING, json!({})).await;
    nothing.error(400, "invalid_request");
    assert!(it.is_active(&secret, &new).await);
    // This very second is over as far as it has come.
    revoke(json!(BEGIN + 2)).await.expect(200);
    assert!(!it.is_active(&secret, &new).await);
    it.pass(1);
    assert!(it.is_active(&secret, &it.token().await).await);
}

#[tokio::test]
async fn what_is_not_there_is_not_revoked() {
    let it = Harness::start().await;
    it.shop_and_pay().await;
    let revoke = |order| it.post("/admin/v1/revocations", order);
    revoke(json!({"grant": "g-none"}))
        .await
        .error(404, "not_found");
    let error = revoke(json!({"client": "shpo"}))
        .await
        .error(404, "not_found");
    assert!(error.contains("did you mean shop?"), "{error}");
    // A subject needs no record to be revoked: tokens may come from elsewhere.
    revoke(json!({"subject": "nobody"})).await.expect(200);
    revoke(json!({})).await.error(400, "invalid_request");
    revoke(json!({"token": "x"}))
        .await
        .error(400, "invalid_request");
    revoke(json!({"grant": "g", "client": "c"}))
        .await
        .error(400, "invalid_request");
    revoke(json!({"client": ""}))
        .await
        .error(400, "invalid_request");
}

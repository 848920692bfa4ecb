//! Mass revocation.

use serde_json::{Value, json};

use crate::harness::{BEGIN, Harness};

const REVOCATIONS: &str = "/admin/v1/revocations";

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
        for (order, because) in [
            (json!({"client": "shop"}), "client_revoked"),
            (json!({"subject": "erika"}), "subject_revoked"),
        ] {
            let before = it.token().await;
            it.pass(step);
            it.post(REVOCATIONS, order).await.expect(200);
            assert!(!it.is_active(&secret, &before).await, "{because}, {step} s");
            assert_eq!(reason(&it, &before).await, because);
            it.pass(-step);
            let after = it.token().await;
            assert!(it.is_active(&secret, &after).await, "{because}, {step} s");
        }
    }
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

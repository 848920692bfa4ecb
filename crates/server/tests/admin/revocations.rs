//! Mass revocation.

use serde_json::json;

use crate::harness::{BEGIN, Harness};

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
        let answer = it
            .post("/admin/v1/revocations", order.clone())
            .await
            .expect(200);
        assert_eq!(answer, json!({"revoked_before": at, "outcome": "now"}));
        assert!(!it.is_active(&secret, &token).await, "{what}");
        let shown = it.post(
            "/admin/v1/tokens/show",
            json!({"token": token["access_token"]}),
        );
        assert_eq!(shown.await.expect(200)["reason"], format!("{what}_revoked"));

        let again = it.post("/admin/v1/revocations", order).await.expect(200);
        assert_eq!(
            again["outcome"], "already",
            "{what}: the same instant again"
        );
        it.pass(1);
        let later = it.token().await;
        assert!(it.is_active(&secret, &later).await, "{what}: issued later");
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

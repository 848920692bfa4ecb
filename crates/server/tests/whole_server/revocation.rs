//! The revocation endpoint (RFC 7009), and what introspection says right after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::support::{Answer, Caller, PAY, Running, SIGN, STATEMENT, Setup, Token};

struct Desk {
    server: Running,
    sign: Caller,
    shop: Caller,
    other: Caller,
    token: Token,
    spare: Token,
    genuine: String,
}

async fn desk() -> Desk {
    let setup = Setup::new().await;
    let sign = setup.resource_server("sign", SIGN).await;
    setup.resource_server("pay", PAY).await;
    let shop = setup.client("shop").await;
    let other = setup.client("other").await;
    let (token, spare) = (setup.token().await, setup.token().await);
    let genuine = setup.genuine();
    let server = setup.start().await;
    Desk {
        server,
        sign,
        shop,
        other,
        token,
        spare,
        genuine,
    }
}

impl Desk {
    async fn revoke(&self, caller: &Caller, form: &[(&str, &str)]) -> Answer {
        self.server
            .post("/revoke")
            .by(caller)
            .form(form)
            .send()
            .await
    }

    async fn is_active(&self, token: &Token) -> bool {
        let answer = self.server.introspect(&self.sign, &token.text).await;
        answer.is_json(200)["active"] == true
    }
}

#[tokio::test]
async fn row_7009_2_1_02_an_access_token_can_be_revoked_and_is_dead_at_once() {
    let desk = desk().await;
    // Twice before, so that the answer could come from memory.
    assert!(desk.is_active(&desk.token).await);
    assert!(desk.is_active(&desk.token).await);
    let answer = desk
        .revoke(&desk.shop, &[("token", &desk.token.text)])
        .await;
    assert_eq!(answer.is_json(200), serde_json::json!({}));
    assert!(!desk.is_active(&desk.token).await);
    let statement = desk.server.statement(&desk.sign, &desk.token.text).await;
    assert_eq!(statement.jwt().answer().len(), 1);
    assert!(desk.is_active(&desk.spare).await);
}

#[tokio::test]
async fn row_7009_2_1_01_a_client_revokes_its_own_tokens_only() {
    let desk = desk().await;
    let form = [("token", desk.token.text.as_str())];
    desk.revoke(&desk.other, &form)
        .await
        .is_error(400, "invalid_grant");
    let nobody = desk.server.post("/revoke").form(&form).send().await;
    nobody.is_error(400, "invalid_client");
    let wrong = desk.revoke(&desk.shop.with_secret("x"), &form).await;
    wrong.is_error(401, "invalid_client");
    let not_a_client = desk.revoke(&desk.sign, &form).await;
    not_a_client.is_error(400, "unauthorized_client");
    assert!(desk.is_active(&desk.token).await);
}

#[tokio::test]
async fn row_7009_2_2_01_an_unknown_token_is_200_and_so_is_a_second_time() {
    let desk = desk().await;
    let mut answers = Vec::new();
    for token in ["unknown", &desk.genuine, &desk.token.text, &desk.token.text] {
        let answer = desk.revoke(&desk.shop, &[("token", token)]).await;
        assert_eq!(answer.status, 200);
        answers.push(answer.but_for_the_time());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(!desk.is_active(&desk.token).await);
}

#[tokio::test]
async fn row_7009_4_1_2_01_hints_known_and_unknown_change_nothing() {
    for hint in ["access_token", "refresh_token", "pct", ""] {
        let desk = desk().await;
        let form = [
            ("token", desk.token.text.as_str()),
            ("token_type_hint", hint),
        ];
        let asked = desk.server.post("/introspect").by(&desk.sign).form(&form);
        assert_eq!(asked.send().await.is_json(200)["active"], true, "{hint}");
        assert_eq!(desk.revoke(&desk.shop, &form).await.status, 200);
        assert!(!desk.is_active(&desk.token).await, "{hint}");
    }
}

#[tokio::test]
async fn a_revocation_outlives_the_server() {
    let desk = desk().await;
    desk.revoke(&desk.shop, &[("token", &desk.token.text)])
        .await;
    let server = desk.server.restart().await;
    server
        .introspect(&desk.sign, &desk.token.text)
        .await
        .is_inactive();
    let spare = server.introspect(&desk.sign, &desk.spare.text).await;
    assert_eq!(spare.is_json(200)["active"], true);
}

#[tokio::test]
async fn a_missing_token_is_refused_and_accept_is_not_looked_at() {
    let desk = desk().await;
    desk.revoke(&desk.shop, &[])
        .await
        .is_error(400, "invalid_request");
    let asked = desk.server.post("/revoke").by(&desk.shop).accept(STATEMENT);
    let answer = asked.form(&[("token", &desk.token.text)]).send().await;
    answer.is_json(200);
}

/// Askers on several threads, from before the revocation until after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_question_that_is_asked_after_the_revocation_was_answered_gets_active() {
    const ASKERS: usize = 4;
    let desk = Arc::new(desk().await);
    let is_revoked = Arc::new(AtomicBool::new(false));
    let began = Arc::new(Barrier::new(ASKERS + 1));
    let mut askers = JoinSet::new();
    for _ in 0..ASKERS {
        let (desk, is_revoked, began) = (desk.clone(), is_revoked.clone(), began.clone());
        askers.spawn(async move {
            assert!(desk.is_active(&desk.token).await);
            began.wait().await;
            let mut asked_after = 0;
            while asked_after < 5 {
                let was_revoked = is_revoked.load(Ordering::SeqCst);
                let is_active = desk.is_active(&desk.token).await;
                assert!(!(was_revoked && is_active));
                asked_after += usize::from(was_revoked);
            }
        });
    }
    began.wait().await;
    let answer = desk
        .revoke(&desk.shop, &[("token", &desk.token.text)])
        .await;
    assert_eq!(answer.status, 200);
    is_revoked.store(true, Ordering::SeqCst);
    while let Some(asker) = askers.join_next().await {
        asker.unwrap();
    }
}

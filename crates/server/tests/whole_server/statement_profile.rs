//! What a profile may change about a statement: its `typ`, and claims beside the answer
//! (RFC 9701 section 5).

use avouch_core::records::{JwtProfile, StatementMembers};
use avouch_crypto::hash;
use avouch_jose::base64url;
use avouch_oauth::introspection::StatementTyp;
use serde_json::json;

use crate::support::{Caller, Jwt, Running, SIGN, STATEMENT, Setup, Token, top_level};

const ALL: StatementMembers = StatementMembers {
    jti: true,
    ath: true,
    nonce: true,
};

/// A server with one RS of this profile, and a good token.
async fn desk(change: impl FnOnce(&mut JwtProfile)) -> (Running, Caller, Token) {
    let setup = Setup::new().await;
    let sign = setup
        .resource_server_with("sign", SIGN, |record| change(&mut record.profile.value))
        .await;
    setup.client("shop").await;
    let token = setup.token().await;
    (setup.start().await, sign, token)
}

async fn ask(server: &Running, sign: &Caller, token: &str, nonce: &str) -> Jwt {
    let form = [("token", token), ("nonce", nonce)];
    let asked = server.post("/introspect").by(sign).accept(STATEMENT);
    let answer = asked.form(&form).send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.jwt()
}

#[tokio::test]
async fn row_9701_5_16_jti_ath_and_nonce_stand_beside_the_answer_where_they_are_wanted() {
    let (server, sign, token) = desk(|profile| profile.members = ALL).await;
    let one = ask(&server, &sign, &token.text, "n-1").await;
    let two = ask(&server, &sign, &token.text, "n-2").await;
    let expected = [
        "ath",
        "aud",
        "iat",
        "iss",
        "jti",
        "nonce",
        "token_introspection",
    ];
    assert_eq!(top_level(&one.claims), expected);
    assert_eq!(
        (&one.claims["nonce"], &two.claims["nonce"]),
        (&json!("n-1"), &json!("n-2"))
    );
    // The statement's own name, and never the token's.
    assert_ne!(one.claims["jti"], two.claims["jti"]);
    assert_ne!(one.claims["jti"], one.answer()["jti"]);
    assert_eq!(one.answer()["jti"], two.answer()["jti"]);
    let ath = base64url::encode(hash::sha256(token.text.as_bytes()));
    assert_eq!(one.claims["ath"], json!(ath));

    // Nothing in them tells one dead token from another.
    let dead = ask(&server, &sign, "unknown", "n-3").await;
    assert_eq!(top_level(&dead.claims), expected);
    assert_eq!(dead.claims["token_introspection"], json!({"active": false}));
}

#[tokio::test]
async fn row_9701_5_16_they_are_off_by_default_and_a_nonce_then_means_nothing() {
    let (server, sign, token) = desk(|_| {}).await;
    for nonce in ["n-1", "not a nonce\u{0}"] {
        let statement = ask(&server, &sign, &token.text, nonce).await;
        let expected = ["aud", "iat", "iss", "token_introspection"];
        assert_eq!(top_level(&statement.claims), expected);
    }
}

#[tokio::test]
async fn a_nonce_that_cannot_be_echoed_is_refused_before_the_token_is_looked_at() {
    let (server, sign, token) = desk(|profile| profile.members = ALL).await;
    let long = "x".repeat(129);
    for nonce in ["a b", "\u{7}", "ä", &long] {
        for token in [token.text.as_str(), "unknown"] {
            let form = [("token", token), ("nonce", nonce)];
            let asked = server.post("/introspect").by(&sign).accept(STATEMENT);
            asked
                .form(&form)
                .send()
                .await
                .is_error(400, "invalid_request");
        }
    }
    let without = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(without.claims.get("nonce"), None);
}

#[tokio::test]
async fn row_c2id_02_the_typ_is_overridden_for_one_resource_server_alone() {
    let setup = Setup::new().await;
    let old = setup
        .resource_server_with("old", SIGN, |record| {
            record.profile.value.typ = Some(StatementTyp::new("JWT").unwrap());
        })
        .await;
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    let typ = async |caller: &Caller| {
        let answer = server.statement(caller, &token.text).await;
        assert_eq!(answer.header("content-type"), Some(STATEMENT));
        answer.jwt().header["typ"].clone()
    };
    assert_eq!(typ(&old).await, json!("JWT"));
    assert_eq!(typ(&sign).await, json!("token-introspection+jwt"));
}

#[tokio::test]
async fn a_server_that_gives_encrypted_answers_only_refuses_who_has_no_encryption() {
    let setup = Setup::new()
        .await
        .configured("[introspection]\nencrypted_only = true\n");
    let (sign, token) = setup.usual().await;
    let server = setup.start().await;
    for accept in [STATEMENT, "application/json", "*/*"] {
        let ask = async |token: &str| {
            let asked = server.about(token).by(&sign).accept(accept);
            asked.send().await
        };
        let live = ask(&token.text).await;
        live.is_error(400, "invalid_request");
        assert!(live.text().contains("introspection_encrypted_response_alg"));
        let dead = ask("unknown").await;
        assert_eq!(live.but_for_the_time(), dead.but_for_the_time());
    }
}

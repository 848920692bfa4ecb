//! Statements that are said again within their second: what is the same to the last octet, and
//! what is never.

use std::time::Duration;

use avouch_core::records::{ResourceServer, StatementEncryption, StatementMembers};
use avouch_crypto::random::SystemRandom;
use avouch_jose::{
    ContentEncryption, DecryptionKey, JwkSet, KeyManagementAlgorithm, SignatureAlgorithm,
};

use crate::support::{Caller, Running, SIGN, STATEMENT, Setup};

const REMEMBERED: &str = "avouch_remembered_statements_total";

/// Signed with ES256, whose signatures are never alike.
fn es256(record: &mut ResourceServer) {
    record.profile.value.signing_algorithm = SignatureAlgorithm::Es256;
}

fn encrypted(record: &mut ResourceServer) {
    es256(record);
    let key = DecryptionKey::generate(KeyManagementAlgorithm::EcdhEs, &SystemRandom).unwrap();
    let set = JwkSet {
        keys: vec![key.public_jwk().clone()],
    };
    let encryption = StatementEncryption::to_keys(
        KeyManagementAlgorithm::EcdhEs,
        ContentEncryption::A256Gcm,
        set,
    );
    record.profile.value.encryption = Some(encryption.unwrap());
}

async fn said(server: &Running, caller: &Caller, token: &str) -> String {
    let answer = server.statement(caller, token).await;
    assert_eq!(answer.status, 200);
    answer.text().to_owned()
}

#[tokio::test]
async fn the_same_answer_within_a_second_is_the_same_statement_and_in_the_next_it_is_not() {
    let setup = Setup::new().await;
    let signed = setup.resource_server_with("sign", SIGN, es256).await;
    let sealed = setup.resource_server_with("sealed", SIGN, encrypted).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for (caller, times) in [(&signed, "1"), (&sealed, "3")] {
        let first = said(&server, caller, &token.text).await;
        assert_eq!(said(&server, caller, &token.text).await, first);
        assert_eq!(server.metric(REMEMBERED).await.unwrap(), times);
        // A dead token is one to whoever asks, so any will do.
        let dead = said(&server, caller, "never-issued").await;
        assert_eq!(said(&server, caller, "never-issued-either").await, dead);

        server.clock.advance(Duration::from_secs(1));
        assert_ne!(said(&server, caller, &token.text).await, first);
        assert_ne!(said(&server, caller, "never-issued").await, dead);
    }
}

#[tokio::test]
async fn a_revocation_is_in_the_very_next_statement() {
    let setup = Setup::new().await;
    let sign = setup.resource_server_with("sign", SIGN, es256).await;
    let shop = setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for _ in 0..2 {
        let told = server.statement(&sign, &token.text).await.jwt();
        assert_eq!(told.answer()["active"], true);
    }
    let form = [("token", token.text.as_str())];
    let revoked = server.post("/revoke").by(&shop).form(&form).send().await;
    assert_eq!(revoked.status, 200);
    let told = server.statement(&sign, &token.text).await.jwt();
    assert_eq!(told.answer()["active"], false);
}

#[tokio::test]
async fn two_who_are_told_the_same_are_told_in_statements_of_their_own() {
    let setup = Setup::new().await;
    let one = setup.resource_server_with("one", SIGN, es256).await;
    let two = setup.resource_server_with("two", SIGN, es256).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for asked in [token.text.as_str(), "never-issued"] {
        let told = [&one, &two].map(|caller| said(&server, caller, asked));
        let [to_one, to_two] = told;
        assert_ne!(to_one.await, to_two.await);
    }
    assert_eq!(server.metric(REMEMBERED).await.unwrap(), "0");
}

#[tokio::test]
async fn two_tokens_are_told_of_in_two_statements() {
    let setup = Setup::new().await;
    let sign = setup.resource_server_with("sign", SIGN, es256).await;
    setup.client("shop").await;
    let (one, two) = (setup.token().await, setup.token().await);
    let server = setup.start().await;
    assert_ne!(
        said(&server, &sign, &one.text).await,
        said(&server, &sign, &two.text).await
    );
    assert_eq!(server.metric(REMEMBERED).await.unwrap(), "0");
}

#[tokio::test]
async fn row_9701_5_16_a_statement_with_a_name_of_its_own_is_never_said_again() {
    let setup = Setup::new().await;
    let named = |record: &mut ResourceServer| {
        es256(record);
        record.profile.value.members = StatementMembers {
            jti: true,
            ..StatementMembers::default()
        };
    };
    let sign = setup.resource_server_with("sign", SIGN, named).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    for asked in [token.text.as_str(), "never-issued"] {
        let first = said(&server, &sign, asked).await;
        assert_ne!(said(&server, &sign, asked).await, first);
    }
    assert_eq!(server.metric(REMEMBERED).await.unwrap(), "0");
}

#[tokio::test]
async fn what_the_request_adds_is_part_of_what_is_said() {
    let setup = Setup::new().await;
    let echoing = |record: &mut ResourceServer| {
        es256(record);
        record.profile.value.members = StatementMembers {
            ath: true,
            nonce: true,
            ..StatementMembers::default()
        };
    };
    let sign = setup.resource_server_with("sign", SIGN, echoing).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup.start().await;
    let mut told = Vec::new();
    for (asked, nonce) in [
        (token.text.as_str(), "n-1"),
        (&token.text, "n-2"),
        ("never-issued", "n-1"),
        ("never-issued-either", "n-1"),
    ] {
        let form = [("token", asked), ("nonce", nonce)];
        let asked = server.post("/introspect").by(&sign).accept(STATEMENT);
        told.push(asked.form(&form).send().await.text().to_owned());
    }
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 4);
}

#[tokio::test]
async fn a_server_told_to_remembers_nothing() {
    let setup = Setup::new().await;
    let sign = setup.resource_server_with("sign", SIGN, es256).await;
    setup.client("shop").await;
    let token = setup.token().await;
    let server = setup
        .configured("[limits]\nstatement_memory = 0\n")
        .start()
        .await;
    let first = said(&server, &sign, &token.text).await;
    assert_ne!(said(&server, &sign, &token.text).await, first);
}

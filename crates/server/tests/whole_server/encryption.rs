//! Encrypted answers (RFC 9701 sections 5 and 6).

use std::collections::BTreeSet;

use avouch_core::records::{JwtProfile, ServerAnswers, StatementEncryption};
use avouch_crypto::random::SystemRandom;
use avouch_jose::jwe::{AgreementCurve, Decrypter};
use avouch_jose::nested::{self, NestedJws};
use avouch_jose::{
    ContentEncryption, DecryptionKey, JwkSet, KeyManagementAlgorithm, SignatureAlgorithm,
    TokenKind, base64url,
};
use avouch_oauth::introspection::StatementVerifier;
use avouch_oauth::issuer::Issuer;
use avouch_oauth::negotiate::{AnswerForms, LegacyForm};
use serde_json::{Value, json};

use crate::support::{
    Answer, Caller, Jwt, PAY, Running, SIGN, START, STATEMENT, Setup, resource, top_level,
};

const EVERY_CURVE: [AgreementCurve; 4] = [
    AgreementCurve::P256,
    AgreementCurve::P384,
    AgreementCurve::P521,
    AgreementCurve::X25519,
];

/// Keys to read with, and how they are written to.
#[derive(Clone)]
struct Recipient {
    algorithm: KeyManagementAlgorithm,
    decrypter: Decrypter,
}

impl Recipient {
    /// A fresh key; RSA ones take their time.
    fn new(algorithm: KeyManagementAlgorithm) -> Self {
        Self::with(DecryptionKey::generate(algorithm, &SystemRandom).unwrap())
    }

    fn with(key: DecryptionKey) -> Self {
        Self {
            algorithm: key.algorithm(),
            decrypter: Decrypter::new([key]),
        }
    }

    /// The cheapest to make.
    fn usual() -> Self {
        Self::new(KeyManagementAlgorithm::EcdhEs)
    }

    fn set(&self) -> JwkSet {
        JwkSet {
            keys: self.decrypter.public_jwks().cloned().collect(),
        }
    }

    fn kid(&self) -> String {
        self.set().keys[0].kid().unwrap().to_owned()
    }

    /// Sets a profile up for encryption to this key.
    fn prepare(&self, profile: &mut JwtProfile, encryption: ContentEncryption) {
        let prepared = StatementEncryption::to_keys(self.algorithm, encryption, self.set());
        profile.encryption = Some(prepared.unwrap());
    }

    /// An RS whose answers are encrypted to this key.
    async fn register(&self, setup: &Setup, id: &str) -> Caller {
        self.register_with(setup, id, |_| {}).await
    }

    async fn register_at(
        &self,
        setup: &Setup,
        id: &str,
        serves: &str,
        encryption: ContentEncryption,
    ) -> Caller {
        let prepare = |profile: &mut JwtProfile| self.prepare(profile, encryption);
        setup
            .resource_server_with(id, serves, |record| prepare(&mut record.profile.value))
            .await
    }

    async fn register_with(
        &self,
        setup: &Setup,
        id: &str,
        change: impl FnOnce(&mut JwtProfile),
    ) -> Caller {
        let change = |profile: &mut JwtProfile| {
            self.prepare(profile, ContentEncryption::A128Gcm);
            change(profile);
        };
        setup
            .resource_server_with(id, SIGN, |record| change(&mut record.profile.value))
            .await
    }

    /// What is inside an answer; not yet verified.
    #[track_caller]
    fn open(&self, answer: &Answer) -> NestedJws {
        assert_eq!(answer.status, 200, "{}", answer.text());
        nested::decrypt(&self.decrypter, answer.text()).unwrap()
    }
}

/// A server with one RS that is set up for encryption, and a good token.
struct Desk {
    recipient: Recipient,
    sign: Caller,
    token: String,
    server: Running,
}

impl Desk {
    async fn open() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut JwtProfile)) -> Self {
        Self::of(Setup::new().await, change).await
    }

    async fn of(setup: Setup, change: impl FnOnce(&mut JwtProfile)) -> Self {
        let recipient = Recipient::usual();
        let sign = recipient.register_with(&setup, "sign", change).await;
        setup.client("shop").await;
        Self {
            recipient,
            sign,
            token: setup.token().await.text,
            server: setup.start().await,
        }
    }

    async fn ask(&self, token: &str, accept: Option<&str>) -> Answer {
        ask(&self.server, &self.sign, token, accept).await
    }

    /// The answer about a token that nobody knows.
    async fn no(&self) -> Answer {
        self.server.statement(&self.sign, "unknown").await
    }

    /// The signed statement inside an answer.
    #[track_caller]
    fn read(&self, answer: &Answer) -> Jwt {
        Jwt::read(self.recipient.open(answer).as_str())
    }
}

/// The protected header of a JWE.
#[track_caller]
fn outer_header(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(TokenKind::of(answer.text()), Some(TokenKind::Jwe));
    let header = answer.text().split('.').next().unwrap();
    serde_json::from_slice(&base64url::decode(header).unwrap()).unwrap()
}

async fn ask(server: &Running, caller: &Caller, token: &str, accept: Option<&str>) -> Answer {
    let asked = server.about(token).by(caller);
    match accept {
        Some(accept) => asked.accept(accept).send().await,
        None => asked.send().await,
    }
}

#[tokio::test]
async fn row_9701_6_04_every_registered_alg_and_enc_is_used() {
    let setup = Setup::new().await;
    setup.client("shop").await;
    let mut registered = Vec::new();
    for algorithm in KeyManagementAlgorithm::ALL {
        let recipients: Vec<_> = if algorithm.is_rsa() {
            vec![Recipient::new(algorithm)]
        } else {
            EVERY_CURVE
                .map(|curve| DecryptionKey::generate_on(algorithm, curve, &SystemRandom).unwrap())
                .map(Recipient::with)
                .into()
        };
        for recipient in recipients {
            for encryption in ContentEncryption::ALL {
                let id = format!("rs-{}", registered.len());
                let serves = if algorithm.is_rsa() { PAY } else { SIGN };
                let caller = recipient.register_at(&setup, &id, serves, encryption).await;
                registered.push((caller, recipient.clone(), encryption));
            }
        }
    }
    assert_eq!(registered.len(), (4 + 3 * 4) * 6);
    let both = vec![resource(SIGN), resource(PAY)];
    let token = setup.token_with(|order| order.resources = both).await;
    let server = setup.start().await;
    let keys = server.keys().await;
    for (caller, recipient, encryption) in &registered {
        let answer = server.statement(caller, &token.text).await;
        let header = outer_header(&answer);
        assert_eq!(header["alg"], recipient.algorithm.name());
        assert_eq!(header["enc"], encryption.name());
        assert_eq!(header["kid"], recipient.kid());
        let issuer = Issuer::parse("https://as.example").unwrap();
        let verifier = StatementVerifier::new(issuer, &caller.id, [SignatureAlgorithm::Rs256])
            .encrypted(recipient.decrypter.clone());
        let now = START.try_into().unwrap();
        let verified = verifier.verify(answer.text(), &keys, now).unwrap();
        assert!(verified.response().is_active());
    }
}

#[tokio::test]
async fn row_9701_5_20_signed_first_then_encrypted() {
    let desk = Desk::open().await;
    for token in [desk.token.as_str(), "unknown"] {
        let answer = desk.server.statement(&desk.sign, token).await;
        assert_eq!(answer.header("content-type"), Some(STATEMENT));
        let inner = desk.recipient.open(&answer);
        assert_eq!(TokenKind::of(inner.as_str()), Some(TokenKind::Jws));
        let statement = desk.read(&answer);
        assert_eq!(statement.claims["aud"], "sign");
        assert_eq!(statement.answer()["active"], token != "unknown");
    }
}

#[tokio::test]
async fn row_9701_5_21_encryption_alone_registered_means_signed_with_rs256_inside() {
    let desk = Desk::open().await;
    assert_eq!(desk.read(&desk.no().await).header["alg"], "RS256");
}

#[tokio::test]
async fn row_9701_5_22_typ_stands_inside_and_cty_outside() {
    let desk = Desk::open().await;
    let answer = desk.no().await;
    let outer = outer_header(&answer);
    assert_eq!(outer["cty"], "JWT");
    assert_eq!(top_level(&outer), ["alg", "cty", "enc", "epk", "kid"]);
    assert_eq!(desk.read(&answer).header["typ"], "token-introspection+jwt");
}

#[tokio::test]
async fn row_7519_5_2_01_the_content_is_said_to_be_a_jwt_in_upper_case() {
    let desk = Desk::open().await;
    assert_eq!(outer_header(&desk.no().await)["cty"], json!("JWT"));
}

#[tokio::test]
async fn row_9701_3_05_encryption_is_on_top_and_for_whom_it_is_registered() {
    let setup = Setup::new().await;
    let recipient = Recipient::usual();
    let sealed = recipient.register(&setup, "sealed").await;
    let (signed, token) = setup.usual().await;
    let server = setup.start().await;
    let one = Jwt::read(
        recipient
            .open(&server.statement(&sealed, &token.text).await)
            .as_str(),
    );
    let two = server.statement(&signed, &token.text).await.jwt();
    assert_eq!(one.header, two.header);
    let mut told = one.answer().clone();
    // Pairwise: the one member in which two RSs with one policy differ.
    told.insert("sub".into(), two.answer()["sub"].clone());
    assert_eq!(&told, two.answer());
}

#[tokio::test]
async fn row_9701_6_01_alg_and_key_follow_what_is_registered() {
    let desk = Desk::with(|profile| profile.signing_algorithm = SignatureAlgorithm::Es256).await;
    let answer = desk.no().await;
    assert_eq!(outer_header(&answer)["alg"], "ECDH-ES");
    assert_eq!(desk.read(&answer).header["alg"], "ES256");
}

#[tokio::test]
async fn row_9701_5_23_the_statement_names_both_keys() {
    let desk = Desk::open().await;
    let keys = desk.server.keys().await;
    let answer = desk.no().await;
    assert_eq!(outer_header(&answer)["kid"], desk.recipient.kid());
    let inner = desk.read(&answer);
    let kid = inner.header["kid"].as_str().unwrap();
    assert_eq!(keys.find(kid).count(), 1);
}

#[tokio::test]
async fn row_d01_01_who_is_set_up_for_encryption_never_gets_less() {
    let desk = Desk::open().await;
    for accept in [
        None,
        Some(""),
        Some("application/json"),
        Some("*/*"),
        Some("application/*"),
        Some("application/json, application/token-introspection+jwt;q=0"),
    ] {
        let live = desk.ask(&desk.token, accept).await;
        live.is_error(400, "invalid_request");
        let dead = desk.ask("unknown", accept).await;
        assert_eq!(live.but_for_the_time(), dead.but_for_the_time());
    }
    let reluctant = "application/json, application/token-introspection+jwt;q=0.1";
    for accept in [STATEMENT, reluctant] {
        desk.read(&desk.ask(&desk.token, Some(accept)).await);
    }
}

#[tokio::test]
async fn row_d01_02_wildcards_and_nothing_are_refused_before_the_token_is_looked_up() {
    let desk = Desk::open().await;
    let database = rusqlite::Connection::open(desk.server.database()).unwrap();
    let rename = "ALTER TABLE access_token RENAME TO elsewhere";
    database.execute(rename, ()).unwrap();
    for accept in [
        None,
        Some("*/*"),
        Some("application/json"),
        Some("application/*"),
    ] {
        let answer = desk.ask("unknown", accept).await;
        answer.is_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn row_d01_04_authentication_always_and_encryption_on_top() {
    let desk = Desk::open().await;
    let asked = desk.server.about(&desk.token).accept(STATEMENT);
    asked.send().await.is_error(400, "invalid_client");
    // A bare client_id is no more than that, encrypting RS or not.
    let form = [("token", desk.token.as_str()), ("client_id", "sign")];
    let asked = desk
        .server
        .post("/introspect")
        .accept(STATEMENT)
        .form(&form);
    asked.send().await.is_error(400, "invalid_client");
}

#[tokio::test]
async fn row_d08_10_neither_authentication_nor_encryption_takes_the_place_of_the_other() {
    let desk = Desk::with(|profile| profile.legacy = LegacyForm::On).await;
    for accept in [STATEMENT, "application/jwt", "application/json", "*/*"] {
        let asked = desk.server.about(&desk.token).accept(accept);
        asked.send().await.is_error(400, "invalid_client");
        let stranger = desk.sign.with_secret("wrong");
        let wrong = ask(&desk.server, &stranger, &desk.token, Some(accept)).await;
        wrong.is_error(401, "invalid_client");
        let right = desk.ask(&desk.token, Some(accept)).await;
        if accept.ends_with("jwt") {
            assert_eq!(right.header("content-type"), Some(accept));
            desk.read(&right);
        } else {
            right.is_error(400, "invalid_request");
        }
    }
}

#[tokio::test]
async fn row_d08_09_the_draft_form_is_nested_too() {
    let desk = Desk::with(|profile| profile.legacy = LegacyForm::On).await;
    let answer = desk.ask(&desk.token, Some("application/jwt")).await;
    assert_eq!(answer.header("content-type"), Some("application/jwt"));
    assert_eq!(outer_header(&answer)["cty"], "JWT");
    let inner = desk.read(&answer);
    assert_eq!(inner.header["alg"], "RS256");
    assert_eq!(inner.claims["active"], true);
    assert_eq!(inner.claims.get("token_introspection"), None);
}

#[tokio::test]
async fn row_c2id_01_always_jwt_gives_an_encrypted_one_to_who_is_set_up_for_it() {
    let desk = Desk::with(|profile| profile.forms = AnswerForms::AlwaysJwt).await;
    for accept in [None, Some("application/json"), Some("*/*"), Some(STATEMENT)] {
        let answer = desk.ask("unknown", accept).await;
        assert_eq!(answer.header("content-type"), Some(STATEMENT));
        desk.read(&answer);
    }
}

#[tokio::test]
async fn row_9110_12_5_1_01_without_accept_an_encrypting_resource_server_is_refused() {
    let desk = Desk::open().await;
    let answer = desk.ask("unknown", None).await;
    answer.is_error(400, "invalid_request");
}

#[tokio::test]
async fn row_7516_5_1_01_no_two_statements_share_an_iv_or_an_epk() {
    // Sending one statement again within its second makes no new one.
    let anew = Setup::new()
        .await
        .configured("[limits]\nstatement_memory = 0\n");
    let desk = Desk::of(anew, |_| {}).await;
    let mut ivs = BTreeSet::new();
    let mut epks = BTreeSet::new();
    for _ in 0..50 {
        let answer = desk.no().await;
        let iv = answer.text().split('.').nth(2).unwrap().to_owned();
        assert!(ivs.insert(iv));
        assert!(epks.insert(outer_header(&answer)["epk"].to_string()));
    }
}

#[tokio::test]
async fn row_tim_01_no_encrypted_no_is_longer_than_another() {
    let setup = Setup::new().await;
    let recipient = Recipient::usual();
    let sign = recipient.register(&setup, "sign").await;
    setup.resource_server("pay", PAY).await;
    setup.client("shop").await;
    let foreign = setup
        .token_with(|order| order.resources = vec![resource(PAY)])
        .await;
    let never_kept = setup.genuine();
    let server = setup.start().await;
    let mut lengths = BTreeSet::new();
    for token in [
        foreign.text.as_str(),
        &never_kept,
        "unknown",
        &"x".repeat(9_000),
    ] {
        lengths.insert(server.statement(&sign, token).await.body.len());
    }
    assert_eq!(lengths.len(), 1, "{lengths:?}");
}

#[tokio::test]
async fn a_server_for_encrypted_answers_alone_serves_who_is_set_up_for_them() {
    let setup = Setup::new()
        .await
        .configured("[introspection]\nencrypted_only = true\n");
    let recipient = Recipient::usual();
    let sealed = recipient.register(&setup, "sealed").await;
    let plain = setup.resource_server("plain", PAY).await;
    let server = setup.start().await;
    recipient.open(&server.statement(&sealed, "unknown").await);
    let refused = server.statement(&plain, "unknown").await;
    refused.is_error(400, "invalid_request");
}

#[test]
fn row_9701_6_05_nothing_registered_is_nothing_encrypted() {
    let policy = JwtProfile::default().answer_policy(ServerAnswers::default());
    assert_eq!(
        policy.protection,
        avouch_oauth::negotiate::Protection::Signed
    );
}

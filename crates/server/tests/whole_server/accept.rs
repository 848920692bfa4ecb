//! Which form an answer takes (RFC 9110 section 12.5.1, RFC 9701 section 5).

use avouch_oauth::negotiate::{AnswerForms, LegacyForm};

use crate::support::{Caller, Running, SIGN, STATEMENT, Setup};

const JSON: Option<&str> = Some("application/json");
const JWT: Option<&str> = Some(STATEMENT);

/// A server, an RS and a good token.
struct Desk {
    server: Running,
    sign: Caller,
    token: String,
}

impl Desk {
    async fn open() -> Self {
        Self::with(Setup::new().await, AnswerForms::JsonOrJwt).await
    }

    async fn with(setup: Setup, forms: AnswerForms) -> Self {
        let sign = setup
            .resource_server_with("sign", SIGN, |record| record.profile.value.forms = forms)
            .await;
        setup.client("shop").await;
        let token = setup.token().await.text;
        let server = setup.start().await;
        Self {
            server,
            sign,
            token,
        }
    }

    /// The type of the answer to these `Accept` lines; `None` for a refusal.
    async fn answer(&self, lines: &[&str]) -> Option<String> {
        let mut asked = self.server.about(&self.token).by(&self.sign);
        for line in lines {
            asked = asked.accept(line);
        }
        let answer = asked.send().await;
        if answer.status == 200 {
            return answer.header("content-type").map(str::to_owned);
        }
        answer.is_error(406, "invalid_request");
        None
    }
}

#[tokio::test]
async fn row_9110_12_5_1_01_without_accept_the_answer_is_json() {
    let desk = Desk::open().await;
    assert_eq!(desk.answer(&[]).await.as_deref(), JSON);
    assert_eq!(desk.answer(&[""]).await.as_deref(), JSON);
}

#[tokio::test]
async fn row_9110_12_5_1_02_weights_are_kept() {
    let desk = Desk::open().await;
    for (accept, expected) in [
        ("application/json;q=0, */*", JWT),
        ("application/token-introspection+jwt;q=0, */*", JSON),
        // A missing weight is 1.
        (
            "application/json;q=0.999, application/token-introspection+jwt",
            JWT,
        ),
        (
            "application/json, application/token-introspection+jwt;q=0.999",
            JSON,
        ),
        // Four decimals spoil the element.
        (
            "application/json;q=0.5, application/token-introspection+jwt;q=0.9999",
            JSON,
        ),
        ("*/*;q=0", None),
        ("application/json;q=0", None),
    ] {
        assert_eq!(
            desk.answer(&[accept]).await.as_deref(),
            expected,
            "{accept}"
        );
    }
}

#[tokio::test]
async fn row_9110_12_5_1_03_the_most_specific_range_decides() {
    let desk = Desk::open().await;
    for (accept, expected) in [
        (
            "*/*;q=1, application/json;q=0.1, application/token-introspection+jwt;q=0.5",
            JWT,
        ),
        ("application/*;q=0.2, application/json;q=0.1, */*", JWT),
        ("*/*;q=0.1, application/*;q=0.5", JSON),
        ("application/*;q=0, */*", None),
    ] {
        assert_eq!(
            desk.answer(&[accept]).await.as_deref(),
            expected,
            "{accept}"
        );
    }
}

#[tokio::test]
async fn row_9110_12_5_1_04_on_a_tie_a_named_jwt_wins_and_else_json() {
    let desk = Desk::open().await;
    for (accept, expected) in [
        ("application/json, application/token-introspection+jwt", JWT),
        ("application/token-introspection+jwt, application/json", JWT),
        (
            "application/json;q=0.4, application/token-introspection+jwt;q=0.4",
            JWT,
        ),
        ("*/*, application/token-introspection+jwt", JWT),
        ("*/*", JSON),
        ("application/*", JSON),
        ("*/*, application/json", JSON),
        (
            "application/json;q=0.9, application/token-introspection+jwt;q=0.2",
            JSON,
        ),
        (
            "application/token-introspection+jwt;q=0.2, application/json;q=0.9",
            JSON,
        ),
    ] {
        assert_eq!(
            desk.answer(&[accept]).await.as_deref(),
            expected,
            "{accept}"
        );
    }
}

#[tokio::test]
async fn row_9110_12_5_1_05_case_white_space_lines_and_malformed_elements() {
    let desk = Desk::open().await;
    for (lines, expected) in [
        (&["Application/Token-Introspection+JWT"][..], JWT),
        (
            &["APPLICATION/JSON ; Q=0.3,\tapplication/token-introspection+jwt\t;\tq=0.4"],
            JWT,
        ),
        (
            &[
                "application/json;q=0.5",
                "application/token-introspection+jwt",
            ],
            JWT,
        ),
        (&["text/html", "application/json"], JSON),
        (
            &["application/json;q=abc, application/token-introspection+jwt"],
            JWT,
        ),
        (
            &["application/token-introspection+jwt;q=abc, application/json"],
            JSON,
        ),
        (&[",, @, application/json"], JSON),
        // A wish that cannot be read is no wish for anything.
        (&["application/json;q=abc"], None),
        (&["\u{fc}"], None),
    ] {
        assert_eq!(desk.answer(lines).await.as_deref(), expected, "{lines:?}");
    }
}

#[tokio::test]
async fn row_9110_12_5_1_05_headers_of_64_kb_are_431() {
    let desk = Desk::open().await;
    let long = "text/html, ".repeat(6_000);
    let asked = desk.server.about(&desk.token).by(&desk.sign).accept(&long);
    let bytes = asked.bytes();
    let answer = desk.server.raw_lenient(&bytes).await;
    assert_eq!(answer.status, 431);
    assert!(!answer.text().contains("active"));
}

#[tokio::test]
async fn row_9110_15_5_7_01_what_nothing_fits_is_406_and_the_token_is_not_looked_up() {
    let desk = Desk::open().await;
    for accept in [
        "text/html",
        "application/jwt",
        "image/*",
        "application/xml;q=0.1",
    ] {
        let ask = async |token: &str| {
            let asked = desk.server.about(token).by(&desk.sign).accept(accept);
            asked.send().await
        };
        let live = ask(&desk.token).await;
        live.is_error(406, "invalid_request");
        let dead = ask("unknown").await;
        assert_eq!(live.but_for_the_time(), dead.but_for_the_time());
    }
    // The store is gone, and still the answer is 406.
    let database = rusqlite::Connection::open(desk.server.database()).unwrap();
    let rename = "ALTER TABLE access_token RENAME TO elsewhere";
    database.execute(rename, ()).unwrap();
    assert_eq!(desk.answer(&["text/html"]).await, None);
}

#[tokio::test]
async fn row_c2id_01_always_jwt_makes_every_good_answer_a_jwt() {
    let configured = Setup::new()
        .await
        .configured("[introspection]\nalways_jwt = true\n");
    for desk in [
        Desk::with(configured, AnswerForms::JsonOrJwt).await,
        Desk::with(Setup::new().await, AnswerForms::AlwaysJwt).await,
    ] {
        for lines in [
            &[][..],
            &["application/json"],
            &["text/html"],
            &["*/*"],
            &[STATEMENT],
        ] {
            assert_eq!(desk.answer(lines).await.as_deref(), JWT, "{lines:?}");
        }
    }
    let desk = Desk::open().await;
    assert_eq!(desk.answer(&[]).await.as_deref(), JSON);
    assert_eq!(desk.answer(&["application/json"]).await.as_deref(), JSON);
}

#[tokio::test]
async fn row_fms_5_5_1_02_a_switch_makes_the_endpoint_jwt_only() {
    let configured = Setup::new()
        .await
        .configured("[introspection]\njwt_only = true\n");
    for desk in [
        Desk::with(configured, AnswerForms::JsonOrJwt).await,
        Desk::with(Setup::new().await, AnswerForms::JwtOnly).await,
    ] {
        for lines in [
            &[][..],
            &["*/*"],
            &["application/json;q=0.9, */*;q=0.1"],
            &[STATEMENT],
        ] {
            assert_eq!(desk.answer(lines).await.as_deref(), JWT, "{lines:?}");
        }
        let ask = async |token: &str| {
            let asked = desk.server.about(token).by(&desk.sign);
            asked.accept("application/json").send().await
        };
        let live = ask(&desk.token).await;
        live.is_error(406, "invalid_request");
        let dead = ask("unknown").await;
        assert_eq!(live.but_for_the_time(), dead.but_for_the_time());
        assert_eq!(desk.answer(&["text/html"]).await, None);
    }
}

#[tokio::test]
async fn the_stricter_of_server_and_resource_server_holds() {
    let setup = Setup::new()
        .await
        .configured("[introspection]\njwt_only = true\n");
    let sign = setup
        .resource_server_with("sign", SIGN, |record| {
            record.profile.value.forms = AnswerForms::AlwaysJwt;
            record.profile.value.legacy = LegacyForm::On;
        })
        .await;
    setup.client("shop").await;
    let token = setup.token().await.text;
    let server = setup.start().await;
    let desk = Desk {
        server,
        sign,
        token,
    };
    // Accept is ignored, and this one is set to the draft; only the newer form by name beats it.
    for lines in [&["application/json"][..], &["application/jwt"], &[]] {
        let given = desk.answer(lines).await;
        assert_eq!(given.as_deref(), Some("application/jwt"), "{lines:?}");
    }
    assert_eq!(desk.answer(&[STATEMENT]).await.as_deref(), JWT);
}

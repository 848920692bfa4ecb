//! Who registered itself, and what it manages its registration with.

use avouch_core::opaque_token::TokenKind;
use avouch_core::registration::hand_out_registration_token;
use avouch_core::storage::{CallerStore, Changed, RegistrationStore};
use avouch_crypto::random::SystemRandom;
use serde_json::{Value, json};

use super::{Answer, Asked, Caller, Running, Setup};

/// Somebody with a registration of its own.
#[derive(Clone, Debug)]
pub(crate) struct Registrant {
    pub(crate) caller: Caller,
    pub(crate) token: String,
    /// The path of its `registration_client_uri`.
    pub(crate) path: String,
}

/// Asks for a registration.
pub(crate) async fn register(server: &Running, token: &str, metadata: &Value) -> Answer {
    let asked = server.post("/register").bearer(token).json(metadata);
    asked.send().await
}

/// Whom an answer registered.
#[track_caller]
pub(crate) fn caller(answer: &Answer) -> Caller {
    let body = answer.is_json(201);
    Caller {
        id: body["client_id"].as_str().unwrap().to_owned(),
        secret: body["client_secret"].as_str().unwrap().to_owned(),
    }
}

impl Registrant {
    /// Whom an answer registered, with all it was told.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let uri = body["registration_client_uri"].as_str().unwrap();
        Self {
            caller: caller(answer),
            token: registration_token(answer),
            path: uri.strip_prefix("https://as.example").unwrap().to_owned(),
        }
    }

    /// A call to its registration, for adding to.
    pub(crate) fn asks(&self, server: &Running, method: &str) -> Asked {
        server.request(method, &self.path).bearer(&self.token)
    }

    pub(crate) async fn reads(&self, server: &Running) -> Answer {
        self.asks(server, "GET").send().await
    }

    /// Asks for this in the place of its record; the id is added if it is not there.
    pub(crate) async fn updates(&self, server: &Running, metadata: &Value) -> Answer {
        let mut metadata = metadata.clone();
        if metadata.get("client_id").is_none() {
            metadata["client_id"] = self.caller.id.as_str().into();
        }
        self.asks(server, "PUT").json(&metadata).send().await
    }

    pub(crate) async fn removes(&self, server: &Running) -> Answer {
        self.asks(server, "DELETE").send().await
    }

    /// Where it has a new secret made.
    pub(crate) fn secret_path(&self) -> String {
        format!("{}/client_secret", self.path)
    }

    pub(crate) async fn renews_its_secret(&self, server: &Running) -> Answer {
        let asked = server.post(&self.secret_path()).bearer(&self.token);
        asked.send().await
    }

    /// The same with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }
}

/// The token that an answer hands out.
#[track_caller]
pub(crate) fn registration_token(answer: &Answer) -> String {
    let body = answer.json();
    let token = body["registration_access_token"].as_str();
    token.unwrap().to_owned()
}

/// Every call to a registration, by a token or without one.
pub(crate) async fn every_call(server: &Running, path: &str, token: Option<&str>) -> Vec<Answer> {
    let mut answers = Vec::new();
    let secret = format!("{path}/client_secret");
    for (method, path) in [
        ("GET", path),
        ("HEAD", path),
        ("PUT", path),
        ("POST", &secret),
        ("DELETE", path),
    ] {
        let mut asked = server.request(method, path);
        if let Some(token) = token {
            asked = asked.bearer(token);
        }
        if method == "PUT" {
            asked = asked.json(&json!({"client_id": "c", "grant_types": []}));
        }
        let answer = asked.send().await;
        if method == "HEAD" {
            assert_eq!(
                answer.status,
                answers.last().map_or(0, |get: &Answer| get.status)
            );
        } else {
            answers.push(answer);
        }
    }
    answers
}

impl Setup {
    /// As if an administrator had handed out a token to a caller that is there.
    pub(crate) async fn registrant(&self, caller: &Caller) -> Registrant {
        let token = self.mint.mint(TokenKind::Registration, &SystemRandom);
        let token = token.unwrap();
        let record = self.store.find_caller(&caller.id).await.unwrap().unwrap();
        let registration = hand_out_registration_token(&record, None, token.hash());
        let giving = self.store.give_registration(&record, None, &registration);
        assert_eq!(giving.await.unwrap(), Changed::Done);
        Registrant {
            caller: caller.clone(),
            token: token.expose().to_owned(),
            path: format!("/register/{}", caller.id),
        }
    }
}

//! Answers that are verified, as the resource server would.

use std::time::Duration;

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::Issuer;
use avouch_oauth::introspection::{ActiveToken, IntrospectionResponse};
use avouch_resource_server::{
    Clock, Expectations, Freshness, JwkSet, SystemClock, verify_statement,
};

use crate::Failure;
use crate::connection::Line;
use crate::request::Form;

/// An answer, and the number of the token it is about.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Its place among the tokens.
    pub token: usize,
    /// The content of the answer.
    pub body: Vec<u8>,
}

/// How often the keys are asked for, and the pause in between.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// What answers are checked against.
pub struct Verifier {
    issuer: Issuer,
    keys: JwkSet,
}

impl Verifier {
    /// Fetches the keys that the server publishes, once there is one for each of these algorithms:
    /// it makes some of them while it serves.
    pub async fn fetch(
        line: &Line,
        issuer: &Issuer,
        algorithms: &[SignatureAlgorithm],
    ) -> Result<Self, Failure> {
        let request = format!("GET /jwks.json HTTP/1.1\r\nhost: {}\r\n\r\n", line.address);
        let mut connection = line.connect().await?;
        for _ in 0..TRIES {
            let answer = connection.exchange(request.as_bytes()).await?;
            if answer.status != 200 {
                return Err(format!("the server answered {} for its keys", answer.status).into());
            }
            let keys = JwkSet::parse_published(answer.body)?;
            let is_there = |wanted: &SignatureAlgorithm| {
                let names = keys.keys.iter().map(|key| key.alg());
                names.flatten().any(|name| name == wanted.name())
            };
            if algorithms.iter().all(is_there) {
                connection.close().await?;
                let issuer = issuer.clone();
                return Ok(Self { issuer, keys });
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err("the server does not make all the keys it was told to".into())
    }

    /// What the resource server `caller` expects of statements.
    pub fn expectations(&self, caller: &str) -> Expectations {
        Expectations::new(self.issuer.clone(), caller)
    }

    /// [`Verifier::check_by`] `jti`, as the server here gives it.
    pub fn check(
        &self,
        samples: &[Sample],
        form: Form,
        expected: &Expectations,
    ) -> Result<(), Failure> {
        self.check_by(samples, form, expected, |active, token| {
            active.jti.as_deref() == Some(crate::tokens::name_of(token).as_str())
        })
    }

    /// Checks that each answer is about the token that was asked about, is active, and, if it is a
    /// statement, is one to be believed.
    pub fn check_by(
        &self,
        samples: &[Sample],
        form: Form,
        expected: &Expectations,
        is_about: impl Fn(&ActiveToken, usize) -> bool,
    ) -> Result<(), Failure> {
        for sample in samples {
            let response = self.read(sample, form, expected)?;
            check_active(&response, sample.token, &is_about)?;
        }
        Ok(())
    }

    /// Checks that each answer says that the token is not active, and no more.
    pub fn check_inactive(
        &self,
        samples: &[Sample],
        form: Form,
        expected: &Expectations,
    ) -> Result<(), Failure> {
        for sample in samples {
            if self.read(sample, form, expected)? != IntrospectionResponse::Inactive {
                return Err("a string that was never issued was called active".into());
            }
        }
        Ok(())
    }

    fn read(
        &self,
        sample: &Sample,
        form: Form,
        expected: &Expectations,
    ) -> Result<IntrospectionResponse, Failure> {
        let text = std::str::from_utf8(&sample.body)?;
        Ok(match form {
            Form::Json => IntrospectionResponse::from_json(text.as_bytes())?,
            Form::Jwt => {
                let received = Freshness::Received(SystemClock.now());
                let statement = verify_statement(text, &self.keys, expected, received)?;
                statement.response().clone()
            }
        })
    }
}

fn check_active(
    response: &IntrospectionResponse,
    token: usize,
    is_about: impl Fn(&ActiveToken, usize) -> bool,
) -> Result<(), Failure> {
    let IntrospectionResponse::Active(active) = response else {
        return Err("a live token was called inactive".into());
    };
    if !is_about(active, token) {
        return Err("an answer speaks of another token than the one asked about".into());
    }
    // The least of the claims: without them, something else was measured.
    if active.claims.get("iban").is_none() {
        return Err("an answer holds no claims".into());
    }
    Ok(())
}

//! An answer that is not 200 OK (RFC 6749, section 5.2).

use crate::exchange::Exchange;
use avouch_jose::strict_json;
use avouch_oauth::error::ReceivedError;
use http::{HeaderMap, Response, StatusCode, header};
use std::fmt;

/// The status of an answer that is not 200, and what the authorization server said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    exchange: Exchange,
    status: StatusCode,
    error: Option<ReceivedError>,
    retry_after: Option<u64>,
}

impl Refusal {
    /// Reads an answer. Text that repeats one of `hidden` is dropped: errors are logged, and
    /// tokens and secrets must not be.
    pub(crate) fn read(
        exchange: Exchange,
        answer: &Response<bytes::Bytes>,
        hidden: &[&str],
    ) -> Self {
        let hidden = hidden.iter().filter(|secret| !secret.is_empty());
        let repeats = |text: &str| hidden.clone().any(|secret| text.contains(secret));
        let error = strict_json::from_slice::<ReceivedError>(answer.body())
            .ok()
            .filter(|error| !repeats(&error.error))
            .map(|error| ReceivedError {
                error_description: error.error_description.filter(|text| !repeats(text)),
                ..error
            });
        Self {
            exchange,
            status: answer.status(),
            error,
            retry_after: retry_after(answer.headers()),
        }
    }

    /// What was asked for.
    pub fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The error code, such as `invalid_client`, if one was sent.
    pub fn code(&self) -> Option<&str> {
        self.error.as_ref().map(|error| error.error.as_str())
    }

    /// The description for people, if one was sent: unchecked text of the other side.
    pub fn description(&self) -> Option<&str> {
        self.error.as_ref()?.error_description.as_deref()
    }

    /// How many seconds to wait before asking again, if the server said so in seconds.
    pub fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// Whether the request is to blame, and not the server's state.
    pub(crate) fn blames_the_request(&self) -> bool {
        self.status.is_client_error() && self.status != StatusCode::TOO_MANY_REQUESTS
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {} for {}", self.status.as_u16(), self.exchange)?;
        match &self.error {
            Some(error) => write!(f, " ({error})"),
            None => Ok(()),
        }
    }
}

/// RFC 9110, section 10.2.3. The form with a date is passed over: it needs a clock in step.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn read(status: u16, body: &[u8]) -> Refusal {
        let answer = Response::builder()
            .status(status)
            .header("retry-after", "7")
            .body(Bytes::copy_from_slice(body))
            .unwrap();
        Refusal::read(Exchange::Introspection, &answer, &["t0ken", "s3cret"])
    }

    #[test]
    fn an_error_answer_is_told_in_its_own_words() {
        let refusal = read(
            401,
            br#"{"error":"invalid_client","error_description":"who is this?"}"#,
        );
        assert_eq!(refusal.code(), Some("invalid_client"));
        assert_eq!(refusal.retry_after(), Some(7));
        assert_eq!(
            refusal.to_string(),
            "status 401 for the introspection answer (invalid_client: who is this?)"
        );
        assert!(refusal.blames_the_request());
    }

    #[test]
    fn a_body_of_another_kind_is_passed_over() {
        for body in [&b""[..], b"<html>", b"[]", b"{}", br#"{"error":1}"#] {
            let refusal = read(503, body);
            assert_eq!(refusal.code(), None);
            assert_eq!(
                refusal.to_string(),
                "status 503 for the introspection answer"
            );
            assert!(!refusal.blames_the_request());
        }
    }

    #[test]
    fn an_echo_of_token_or_secret_is_not_repeated() {
        for body in [
            r#"{"error":"invalid_request","error_description":"no such token: t0ken"}"#,
            r#"{"error":"invalid_request","error_description":"bad secret s3cret!"}"#,
            r#"{"error":"t0ken"}"#,
        ] {
            let shown = format!("{0} {0:?}", read(400, body.as_bytes()));
            assert!(
                !shown.contains("t0ken") && !shown.contains("s3cret"),
                "{shown}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(400, &body).to_string();
        }
    }
}

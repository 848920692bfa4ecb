//! What came back over the connection.

use serde_json::Value;

use super::Jwt;

/// One HTTP answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order sent, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads what a connection gave until it was closed.
    #[track_caller]
    pub(crate) fn read(received: &[u8]) -> Self {
        let end = received.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| {
            panic!(
                "this is no HTTP answer: {:?}",
                String::from_utf8_lossy(received)
            )
        });
        let head = std::str::from_utf8(&received[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        let headers = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Self {
            status: status.parse().unwrap(),
            headers,
            body: received[end + 4..].to_vec(),
        }
    }

    /// The value of a header that is there once or not at all.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(own, _)| own == name);
        let value = values.next();
        assert!(values.next().is_none(), "{name} is there twice: {self:?}");
        value.map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    /// The body as a signed JWT, taken apart and not verified.
    #[track_caller]
    pub(crate) fn jwt(&self) -> Jwt {
        assert_eq!(self.status, 200, "{}", self.text());
        Jwt::read(self.text())
    }

    /// All that one answer may tell apart from another: the time is left out.
    pub(crate) fn but_for_the_time(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date");
        self
    }

    /// Demands a good plain answer.
    #[track_caller]
    pub(crate) fn is_json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/json"));
        self.is_not_cached();
        self.json()
    }

    /// Demands an error in the form of RFC 6749 section 5.2, with nothing of
    /// an introspection answer in it.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, code: &str) -> &Self {
        let body = self.is_json(status);
        assert_eq!(body["error"], code, "{}", self.text());
        assert!(body.get("active").is_none(), "{}", self.text());
        let description = body["error_description"].as_str().unwrap();
        let allowed = |byte: u8| (0x20..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\';
        assert!(description.bytes().all(allowed), "{description:?}");
        if status == 401 {
            assert!(self.header("www-authenticate").is_some());
        }
        self
    }

    /// Demands that no cache keeps it.
    #[track_caller]
    pub(crate) fn is_not_cached(&self) {
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert_eq!(self.header("pragma"), Some("no-cache"));
    }

    /// Demands the plain answer about a token that is not active.
    #[track_caller]
    pub(crate) fn is_inactive(&self) {
        self.is_json(200);
        assert_eq!(self.text(), r#"{"active":false}"#);
    }
}

//! What HTTP/1.1 asks of a request before anybody looks at what it says (RFC 9112). The library
//! below reads more than these; what could be read in two ways is read in none.

use avouch_oauth::error::ErrorCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderMap, TRANSFER_ENCODING};
use http::uri::Authority;
use http::{Request, StatusCode, Version};

use crate::error_reply::ErrorReply;

/// Refuses what a proxy in front could have understood otherwise.
pub(crate) fn check<B>(request: &Request<B>) -> Result<(), ErrorReply> {
    let headers = request.headers();
    if request.version() == Version::HTTP_11 && !has_one_sound_host(headers) {
        return Err(bad(
            "an HTTP/1.1 request has exactly one Host header, a host name or address",
        ));
    }
    if headers.get_all(CONTENT_TYPE).iter().count() > 1 {
        return Err(bad("a request has one Content-Type"));
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(ErrorReply::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InvalidRequest,
            "bodies are taken as they are: send no Content-Encoding",
        ));
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(only), None) if only.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(ErrorReply::new(
            StatusCode::NOT_IMPLEMENTED,
            ErrorCode::InvalidRequest,
            "the only transfer coding here is chunked, once",
        )),
    }
}

/// RFC 9112 section 3.2.
fn has_one_sound_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(only), None) => match only.as_bytes() {
            b"" => true,
            bytes => {
                Authority::try_from(bytes).is_ok_and(|authority| !authority.as_str().contains('@'))
            }
        },
        _ => false,
    }
}

fn bad(description: &'static str) -> ErrorReply {
    ErrorReply::bad_request(ErrorCode::InvalidRequest, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        check(&request.body(()).unwrap()).is_ok()
    }

    #[test]
    fn a_host_is_one_and_sound() {
        for host in ["as.example", "as.example:8080", "[::1]:80", "127.0.0.1", ""] {
            assert!(passes(&[("host", host)]), "{host}");
        }
        for host in ["a b", "[::1", "user@as.example", "as.example/x"] {
            assert!(!passes(&[("host", host)]), "{host}");
        }
        assert!(!passes(&[]));
        assert!(!passes(&[("host", "a"), ("host", "a")]));
        let mut old = Request::new(());
        *old.version_mut() = Version::HTTP_10;
        assert!(check(&old).is_ok(), "HTTP/1.0 knows no Host");
    }

    #[test]
    fn one_type_no_encoding_and_chunked_alone() {
        let host = ("host", "as.example");
        assert!(passes(&[host, ("transfer-encoding", "Chunked")]));
        for coding in ["gzip, chunked", "chunked, chunked", "identity", ""] {
            assert!(!passes(&[host, ("transfer-encoding", coding)]), "{coding}");
        }
        assert!(!passes(&[
            host,
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "chunked")
        ]));
        assert!(!passes(&[
            host,
            ("content-type", "a/b"),
            ("content-type", "a/b")
        ]));
        assert!(!passes(&[host, ("content-encoding", "gzip")]));
    }
}

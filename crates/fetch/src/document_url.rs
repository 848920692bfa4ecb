//! URLs of documents, as strangers write them.

use std::fmt;

use http::uri::PathAndQuery;
use http::{HeaderValue, Uri};
use rustls::pki_types::ServerName;
use url::{Host, Position, Url};

use crate::policy::Policy;

/// How long a URL may be, in bytes, as it was written and in its normal form.
pub const MAX_URL_LEN: usize = 2048;

/// A URL that may be fetched, as far as can be told without asking anybody.
///
/// It was parsed once; what is connected to, asked for and written in `Host` comes from that one
/// reading, so that no second reading can disagree.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentUrl {
    text: String,
    https: bool,
    host: Host,
    port: u16,
    authority: HeaderValue,
    target: Uri,
    server_name: ServerName<'static>,
}

/// Why a URL may not be fetched. The text is for whoever wrote the URL, and completes "the URL".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// More than [`MAX_URL_LEN`] bytes.
    #[error("is longer than {MAX_URL_LEN} bytes")]
    TooLong,
    /// Not an absolute URL in visible ASCII (RFC 3986), or not of a server.
    #[error("is not an absolute URL of a server")]
    NotUrl,
    /// Another scheme.
    #[error("does not use https")]
    NotHttps,
    /// `user@` or `user:password@`.
    #[error("holds user information")]
    UserInformation,
    /// A fragment is never sent, so it cannot choose a document.
    #[error("has a fragment")]
    Fragment,
    /// Port 0.
    #[error("names port 0")]
    Port,
    /// A host that no certificate can name.
    #[error("names a host that cannot be")]
    Host,
    /// An IP address of some closed network, in whatever spelling.
    #[error("names an address that is not public")]
    NotPublic,
}

impl DocumentUrl {
    /// Reads a URL and checks what can be checked before its host is resolved.
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, UrlError> {
        let url = read(text)?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlError::NotHttps),
        };
        let host = url.host().ok_or(UrlError::NotUrl)?.to_owned();
        policy.check_url(https, &host)?;
        let port = url.port_or_known_default().ok_or(UrlError::NotUrl)?;
        if port == 0 {
            return Err(UrlError::Port);
        }
        let authority = &url[Position::BeforeHost..Position::AfterPort];
        let target: PathAndQuery = url[Position::BeforePath..Position::AfterQuery]
            .parse()
            .map_err(|_| UrlError::NotUrl)?;
        Ok(Self {
            https,
            port,
            authority: HeaderValue::from_str(authority).map_err(|_| UrlError::NotUrl)?,
            target: target.into(),
            server_name: server_name(&host)?,
            host,
            text: url.into(),
        })
    }

    /// The URL in its normal form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether TLS is spoken.
    pub(crate) fn is_https(&self) -> bool {
        self.https
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// For `Host`.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.authority
    }

    /// The request target in origin form (RFC 9112 section 3.2.1).
    pub(crate) fn target(&self) -> &Uri {
        &self.target
    }

    /// Whom the certificate has to name.
    pub(crate) fn server_name(&self) -> &ServerName<'static> {
        &self.server_name
    }
}

/// The query may hold what is not for logs.
impl fmt::Debug for DocumentUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.text.split('?').next().unwrap_or_default();
        f.debug_tuple("DocumentUrl").field(&shown).finish()
    }
}

/// The `url` crate reads as browsers do, who forgive much; what it would forgive is refused here,
/// so that nobody who reads the text can take it for another host.
fn read(text: &str) -> Result<Url, UrlError> {
    if text.len() > MAX_URL_LEN {
        return Err(UrlError::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
        return Err(UrlError::NotUrl);
    }
    let (_, after_scheme) = text.split_once(':').ok_or(UrlError::NotUrl)?;
    let after_slashes = after_scheme.strip_prefix("//").ok_or(UrlError::NotUrl)?;
    let authority = after_slashes.split(['/', '?', '#']).next();
    let authority = authority.unwrap_or_default();
    if authority.is_empty() {
        return Err(UrlError::NotUrl);
    }
    if authority.contains('@') {
        return Err(UrlError::UserInformation);
    }
    if text.contains('#') {
        return Err(UrlError::Fragment);
    }
    let url = Url::parse(text).map_err(|_| UrlError::NotUrl)?;
    // Percent-encoding what has to be makes it longer.
    if url.as_str().len() > MAX_URL_LEN {
        return Err(UrlError::TooLong);
    }
    Ok(url)
}

fn server_name(host: &Host) -> Result<ServerName<'static>, UrlError> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| UrlError::Host),
        Host::Ipv4(ip) => Ok(ServerName::IpAddress((*ip).into())),
        Host::Ipv6(ip) => Ok(ServerName::IpAddress((*ip).into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<DocumentUrl, UrlError> {
        DocumentUrl::parse(text, &Policy::public_hosts())
    }

    #[test]
    fn row_8725_3_10_01_only_plain_https_urls_are_fetched() {
        for (text, expected) in [
            ("http://rs.example/jwks", UrlError::NotHttps),
            ("HTTP://rs.example/jwks", UrlError::NotHttps),
            ("ftp://rs.example/jwks", UrlError::NotHttps),
            ("file:///etc/passwd", UrlError::NotUrl),
            ("data:application/json,{}", UrlError::NotUrl),
            ("https:rs.example/jwks", UrlError::NotUrl),
            ("https:/rs.example/jwks", UrlError::NotUrl),
            ("https:///rs.example/jwks", UrlError::NotUrl),
            ("https:/rs.example://a.example/", UrlError::NotUrl),
            ("https:/me@rs.example://a.example/", UrlError::NotUrl),
            ("https:\\\\rs.example", UrlError::NotUrl),
            ("https://a.example\\@rs.example/", UrlError::NotUrl),
            ("https://rs.exa\tmple/", UrlError::NotUrl),
            ("https://rs.exa\nmple/", UrlError::NotUrl),
            (" https://rs.example/", UrlError::NotUrl),
            ("https://bücher.example/", UrlError::NotUrl),
            ("//rs.example/jwks", UrlError::NotUrl),
            ("/jwks", UrlError::NotUrl),
            ("", UrlError::NotUrl),
            ("https://rs.example:99999/", UrlError::NotUrl),
            ("https://rs.example:-1/", UrlError::NotUrl),
            ("https://me@rs.example/", UrlError::UserInformation),
            ("https://me:secret@rs.example/", UrlError::UserInformation),
            ("https://@rs.example/", UrlError::UserInformation),
            ("https://rs.example/jwks#keys", UrlError::Fragment),
            ("https://rs.example/jwks#", UrlError::Fragment),
            ("https://rs.example:0/", UrlError::Port),
            ("https://-.example/", UrlError::Host),
            ("https://rs..example/", UrlError::Host),
        ] {
            assert_eq!(parse(text), Err(expected), "{text:?}");
        }
        for long in [
            format!("https://rs.example/{}", "a".repeat(MAX_URL_LEN)),
            format!("https://rs.example/?{}", "'".repeat(MAX_URL_LEN / 2)),
        ] {
            assert_eq!(parse(&long), Err(UrlError::TooLong));
        }
    }

    #[test]
    fn row_8725_3_10_01_addresses_are_known_in_every_spelling() {
        for host in [
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "%31%32%37.0.0.1",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "10.0.0.1",
            "0xA9FEA9FE",
            "169.254.169.254",
            "192.168.1.1",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fe80::1]",
            "[fd00::1]",
        ] {
            let text = format!("https://{host}/jwks");
            assert_eq!(parse(&text), Err(UrlError::NotPublic), "{text}");
        }
        assert!(parse("https://0x1010101/jwks").is_ok());
        assert!(parse("https://[2606:4700::1111]/jwks").is_ok());
    }

    #[test]
    fn one_reading_gives_all_that_is_sent() {
        let url = parse("https://RS.Example:8443/a/../jwks?x=1").unwrap();
        assert_eq!(url.as_str(), "https://rs.example:8443/jwks?x=1");
        assert_eq!(url.authority(), "rs.example:8443");
        assert_eq!(url.target(), "/jwks?x=1");
        assert_eq!(url.port(), 8443);
        assert_eq!(url.server_name(), &"rs.example".try_into().unwrap());
        let url = parse("https://rs.example:443").unwrap();
        assert_eq!(url.authority(), "rs.example");
        assert_eq!((url.target().to_string().as_str(), url.port()), ("/", 443));
        let url = parse("https://[2606:4700::1111]:444/").unwrap();
        assert_eq!(url.authority(), "[2606:4700::1111]:444");
    }

    #[test]
    fn a_query_is_not_shown() {
        let url = parse("https://rs.example/jwks?key=s3cret").unwrap();
        assert_eq!(
            format!("{url:?}"),
            r#"DocumentUrl("https://rs.example/jwks")"#
        );
    }

    #[test]
    fn plain_http_is_for_loopback_in_development() {
        let policy = Policy::dangerous_for_development();
        let parse = |text| DocumentUrl::parse(text, &policy).map(|_| ());
        assert_eq!(parse("http://127.0.0.1:8080/jwks"), Ok(()));
        // What it resolves to is looked at later.
        assert_eq!(parse("http://localhost:8080/jwks"), Ok(()));
        assert_eq!(parse("http://1.1.1.1/"), Err(UrlError::NotPublic));
        assert_eq!(parse("ftp://127.0.0.1/"), Err(UrlError::NotHttps));
    }

    proptest! {
        #[test]
        fn row_8725_3_10_01_no_text_panics(text in "\\PC*", rest in "[!-~]{0,60}") {
            let _ = parse(&text);
            let _ = parse(&format!("https://{text}"));
            let _ = parse(&format!("https://{rest}"));
            let _ = parse(&format!("https://rs.example/{rest}"));
        }

        #[test]
        fn row_8725_3_10_01_what_is_taken_is_sound(rest in "[!-~]{0,60}") {
            if let Ok(url) = parse(&format!("https://{rest}")) {
                prop_assert!(url.as_str().starts_with("https://"));
                prop_assert!(!url.as_str().contains('#'));
                let again = parse(url.as_str());
                prop_assert_eq!(again, Ok(url));
            }
        }
    }
}

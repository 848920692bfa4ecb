//! URIs: the names of resources, of key sets, of issuers, what may be fetched, and what a request goes to.

use std::net::IpAddr;

use avouch_fetch::{DocumentUrl, Policy};
use avouch_oauth::dpop::TargetUri;
use avouch_oauth::jwks_uri::{JwksUri, MAX_JWKS_URI_LENGTH};
use avouch_oauth::{Issuer, ResourceIdentifier};
use url::{Host, Url};

/// A text, as each of them.
pub fn uri(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    resource(text);
    jwks_uri(text);
    issuer(text);
    document_url(text);
    target_uri(text);
}

fn resource(text: &str) {
    if let Ok(resource) = ResourceIdentifier::parse(text) {
        assert_eq!(resource.as_str(), text, "kept as it was given");
        assert!(text.is_ascii() && !text.contains('#'));
        let url = Url::parse(text).expect("a URL");
        if url.scheme() == "https" || url.scheme() == "http" {
            check_host(&url, text);
        }
    }
}

fn jwks_uri(text: &str) {
    if let Ok(uri) = JwksUri::parse(text) {
        assert_eq!(uri.as_str(), text, "kept as it was given");
        let url = Url::parse(text).expect("a URL");
        check_host(&url, text);
        assert!(url.has_host() && url.fragment().is_none());
        assert!(url.username().is_empty() && url.password().is_none());
    }
}

fn issuer(text: &str) {
    let Ok(issuer) = Issuer::parse(text) else {
        return;
    };
    assert_eq!(issuer.as_str(), text, "kept as it was given");
    let url = Url::parse(text).expect("a URL");
    check_host(&url, text);
    for derived in [
        issuer.endpoint("/introspect"),
        issuer.well_known("oauth-authorization-server"),
        issuer.well_known_appended("openid-configuration"),
    ] {
        let derived = Url::parse(&derived).expect("a URL too");
        assert_eq!(derived.origin(), url.origin(), "another origin");
        assert!(derived.query().is_none() && derived.fragment().is_none());
    }
    assert!(text.ends_with(issuer.path()));
}

fn document_url(text: &str) {
    let public = Policy::public_hosts();
    if let Ok(url) = DocumentUrl::parse(text, &public) {
        assert_eq!(DocumentUrl::parse(url.as_str(), &public).as_ref(), Ok(&url));
        let read = Url::parse(url.as_str()).expect("a URL");
        check_host(&read, text);
        assert_eq!(read.scheme(), "https");
        assert!(is_public(&read), "{url:?} leads inside");
        assert!(!format!("{url:?}").contains('?'), "a query shows");
        if text.starts_with("https://") && text.len() <= MAX_JWKS_URI_LENGTH {
            assert!(
                JwksUri::parse(text).is_ok(),
                "may be fetched, not registered"
            );
        }
    }
    if let Ok(url) = DocumentUrl::parse(text, &Policy::dangerous_for_development()) {
        let read = Url::parse(url.as_str()).expect("a URL");
        assert!(
            is_public(&read) || is_loopback(&read),
            "{url:?} leads inside"
        );
    }
}

/// Spellings of one URL are equal, and no spelling of another is.
fn target_uri(text: &str) {
    let Ok(target) = TargetUri::parse(text) else {
        return;
    };
    let parse = |text: &str| TargetUri::parse(text);
    assert_eq!(
        parse(target.as_str()).as_ref(),
        Ok(&target),
        "normal stays normal"
    );
    let url = Url::parse(text).expect("a URL");
    check_host(&url, text);
    let behind_slashes = text.split("//").nth(1).expect("an authority");
    let authority = behind_slashes.split(['/', '?', '#']).next();
    assert!(
        !authority.expect("the first part").contains('@'),
        "user information"
    );
    let normal = Url::parse(target.as_str()).expect("a URL too");
    assert_eq!(normal.origin(), url.origin(), "another origin");
    assert!(normal.query().is_none() && normal.fragment().is_none());
    assert!(normal.username().is_empty() && normal.password().is_none());
    assert_eq!(decoded(normal.path()), decoded(url.path()), "another path");
    let end = text.find(['?', '#']).unwrap_or(text.len());
    let (bare, behind) = text.split_at(end);
    assert_eq!(
        parse(bare).as_ref(),
        Ok(&target),
        "query and fragment do not count"
    );
    assert_eq!(parse(&format!("{bare}?a=b#c")).as_ref(), Ok(&target));
    let (scheme, rest) = text.split_once(':').expect("a scheme");
    assert_eq!(
        parse(&format!("{}:{rest}", scheme.to_uppercase())).as_ref(),
        Ok(&target)
    );
    // A letter more in the path is another one, wherever the path ends.
    assert_ne!(parse(&format!("{target}x")).as_ref(), Ok(&target));
    assert_ne!(parse(&format!("{target}/")).as_ref(), Ok(&target));
    assert!(behind.is_empty() || behind.starts_with(['?', '#']));
}

/// Octet by octet what a path says, and of each whether it is written in another way because it has to be.
fn decoded(path: &str) -> Vec<(u8, bool)> {
    let mut parts = path.split('%');
    let plain = |part: &str| part.bytes().map(|octet| (octet, false)).collect::<Vec<_>>();
    let mut octets = plain(parts.next().unwrap_or_default());
    for part in parts {
        let (digits, rest) = part.split_at(2);
        let octet = u8::from_str_radix(digits, 16).expect("two digits");
        let needs_none = octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        octets.push((octet, !needs_none));
        octets.extend(plain(rest));
    }
    octets
}

/// Who reads the text by RFC 3986 section 3.2 finds the host that the `url` crate found, as far as it is written plain.
fn check_host(url: &Url, text: &str) {
    let (_, rest) = text.split_once(':').expect("a scheme");
    let authority = rest.strip_prefix("//").expect("an authority");
    let authority = authority
        .split(['/', '?', '#'])
        .next()
        .expect("the first part");
    let host = authority.rsplit('@').next().expect("the last part");
    assert!(!host.is_empty(), "no host");
    let is_plain = |octet: u8| octet.is_ascii_alphabetic() || b".-".contains(&octet);
    if host.bytes().all(is_plain) {
        assert_eq!(
            url.host_str(),
            Some(host.to_lowercase().as_str()),
            "another host"
        );
    }
}

/// By what the standard library knows of addresses, which is less than the policy does.
fn is_public(url: &Url) -> bool {
    match address(url).map(|ip| ip.to_canonical()) {
        None => true,
        Some(IpAddr::V4(ip)) => {
            !(ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || ip.is_multicast()
                || ip.is_documentation())
        }
        Some(IpAddr::V6(ip)) => {
            !(ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_multicast()
                || ip.is_unique_local()
                || ip.is_unicast_link_local())
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    address(url).is_some_and(|ip| ip.to_canonical().is_loopback())
}

fn address(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
    }
}

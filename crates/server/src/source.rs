//! Where a request comes from, as far as it can be known.

use std::net::{IpAddr, SocketAddr};

use avouch_core::rates::Source;
use http::{Extensions, HeaderMap};

use crate::config::TrustedProxies;

/// What proxies append the address to from which a request reached them.
/// `Forwarded` (RFC 7239) is not looked at: a proxy that writes the one passes
/// the other on as it came, and then anybody could write it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The source of a request, put into it. `None` where it is not known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComesFrom(pub(crate) Option<Source>);

impl ComesFrom {
    /// What was put into a request.
    pub(crate) fn of(extensions: &Extensions) -> Option<Source> {
        extensions.get::<Self>().and_then(|found| found.0)
    }
}

/// Whoever is at the other end of the connection or, if that is a stated proxy,
/// the last one before the proxies that are stated.
///
/// This machine is no source: what comes from there came through a proxy that
/// is not stated, for all we know, and would be everybody's.
pub(crate) fn find(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    proxies: &TrustedProxies,
) -> Option<Source> {
    let peer = peer?;
    let address = if proxies.names(peer) {
        before_the_proxies(headers, proxies)?
    } else {
        peer
    };
    (!address.is_loopback()).then(|| address.into())
}

/// From the right, where the nearest proxy wrote. What stands left of the first
/// address that is no stated proxy may be made up, and is not even read.
fn before_the_proxies(headers: &HeaderMap, proxies: &TrustedProxies) -> Option<IpAddr> {
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|octet| *octet == b','));
    for entry in entries {
        // A proxy that does not say is not passed over for what it was told.
        let address = parse(entry)?;
        if !proxies.names(address) {
            return Some(address);
        }
    }
    None
}

/// An address, with or without a port.
fn parse(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let address = entry
        .parse()
        .or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn proxies() -> TrustedProxies {
        serde_json::from_str(r#"["10.0.0.0/24", "2001:db8::/32", "127.0.0.1"]"#).unwrap()
    }

    /// The source of a request of `peer` with these header lines.
    fn found(peer: &str, lines: &[&str]) -> Option<Source> {
        let mut headers = HeaderMap::new();
        for line in lines {
            let value = HeaderValue::from_bytes(line.as_bytes()).unwrap();
            headers.append(FORWARDED_FOR, value);
        }
        find(Some(peer.parse().unwrap()), &headers, &proxies())
    }

    fn source(address: &str) -> Source {
        address.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn who_is_no_proxy_is_the_source_whatever_it_says() {
        assert_eq!(found("192.0.2.1", &[]), Some(source("192.0.2.1")));
        assert_eq!(
            found("192.0.2.1", &["192.0.2.9"]),
            Some(source("192.0.2.1"))
        );
    }

    #[test]
    fn behind_stated_proxies_it_is_the_last_that_is_none() {
        for lines in [
            &["192.0.2.1"][..],
            &["192.0.2.9, 192.0.2.1"],
            &["192.0.2.9", "192.0.2.1"],
            &["192.0.2.9, 192.0.2.1,10.0.0.2", "2001:db8::7 ,\t10.0.0.3"],
            &["garbage, 192.0.2.1:4711, [2001:db8::7]:80"],
            &["\u{e4}, ::ffff:192.0.2.1"],
        ] {
            assert_eq!(
                found("10.0.0.1", lines),
                Some(source("192.0.2.1")),
                "{lines:?}"
            );
        }
        assert_eq!(
            found("127.0.0.1", &["2001:da8::1"]),
            Some(source("2001:da8::2"))
        );
    }

    #[test]
    fn what_proxies_do_not_say_is_not_known() {
        for lines in [
            &[][..],
            &[""],
            &["unknown"],
            &["192.0.2.1, unknown"],
            &["192.0.2.1,"],
            &["10.0.0.2, 10.0.0.3"],
            &["192.0.2.1, ::1"],
        ] {
            assert_eq!(found("10.0.0.1", lines), None, "{lines:?}");
        }
    }

    #[test]
    fn this_machine_is_no_source() {
        assert_eq!(found("::1", &["192.0.2.1"]), None);
        assert_eq!(found("127.0.0.2", &[]), None);
        assert_eq!(find(None, &HeaderMap::new(), &proxies()), None);
    }
}

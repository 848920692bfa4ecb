//! Who may speak plain HTTP to us from beyond loopback.

use std::net::IpAddr;

use avouch_fetch::Network;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The networks of the proxies that end TLS in front of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TrustedProxies(#[schemars(with = "Vec<String>")] Vec<Network>);

impl TrustedProxies {
    /// Whether no proxy is stated.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a connection from `ip` may be served over plain HTTP: it comes
    /// from this machine or from a stated proxy.
    ///
    /// An IPv4 address inside IPv6 (`::ffff:192.0.2.1`), as a dual-stack
    /// listener reports it, counts as the IPv4 address.
    pub fn admits(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_loopback() || self.names(ip)
    }

    /// Whether `ip` is a stated proxy, whose forwarding headers may be
    /// believed. Loopback is one only if it is stated.
    pub fn names(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(networks: &[&str]) -> TrustedProxies {
        TrustedProxies(networks.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn loopback_and_the_stated_networks_are_admitted() {
        let proxies = proxies(&["10.1.0.0/16", "192.0.2.7", "2001:db8::/33"]);
        for admitted in [
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "10.1.255.255",
            "::ffff:10.1.0.1",
            "192.0.2.7",
            "2001:db8:7fff::1",
        ] {
            assert!(proxies.admits(admitted.parse().unwrap()), "{admitted}");
        }
        for refused in [
            "10.2.0.0",
            "192.0.2.8",
            "2001:db8:8000::1",
            "::ffff:10.2.0.1",
            "::a01:1",
            "0.0.0.0",
        ] {
            assert!(!proxies.admits(refused.parse().unwrap()), "{refused}");
        }
    }

    #[test]
    fn nobody_else_is_admitted_by_default_and_loopback_is_no_proxy() {
        let nobody = TrustedProxies::default();
        assert!(nobody.admits("127.0.0.1".parse().unwrap()));
        assert!(!nobody.admits("10.0.0.1".parse().unwrap()));
        assert!(!nobody.names("127.0.0.1".parse().unwrap()));
    }
}

//! Who may speak plain HTTP to us from beyond loopback.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The networks of the proxies that end TLS in front of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TrustedProxies(Vec<Network>);

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

/// An address block: base address and prefix length (RFC 4632, RFC 4291).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether `ip` lies in the block; never across address families.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.base.is_ipv4() == ip.is_ipv4() && masked(ip, self.prefix) == self.base
    }
}

/// Why a text is not an address block.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor a block.
    #[error("`{0}` is not an IP address or CIDR block; write one such as 10.0.0.7 or 10.0.0.0/24")]
    Malformed(String),
    /// More bits than the address has.
    #[error("`{0}`: the prefix length must be from 1 to {1}")]
    Prefix(String, u8),
    /// `/0` would admit the whole Internet.
    #[error("`{0}` would trust every address there is; name the proxies' own network")]
    Everyone(String),
    /// Bits set below the prefix: address and length contradict each other.
    #[error("`{0}` has address bits beyond its prefix; write {1}")]
    HostBits(String, Network),
    /// An IPv4 block in IPv6 clothes.
    #[error("`{0}` is an IPv4 network written as IPv6; write it as IPv4")]
    Mapped(String),
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let malformed = || NetworkError::Malformed(text.to_owned());
        let Some((address, prefix)) = text.split_once('/') else {
            let base: IpAddr = text.parse().map_err(|_| malformed())?;
            let base = base.to_canonical();
            return Ok(Self {
                base,
                prefix: bits(base),
            });
        };
        let base: IpAddr = address.parse().map_err(|_| malformed())?;
        // `parse` alone would also take "+8" and "08".
        if prefix.is_empty() || prefix.len() > 3 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed());
        }
        let prefix: u16 = prefix.parse().map_err(|_| malformed())?;
        match u8::try_from(prefix) {
            Ok(0) => Err(NetworkError::Everyone(text.to_owned())),
            Ok(prefix) if prefix <= bits(base) => {
                let network = Self {
                    base: masked(base, prefix),
                    prefix,
                };
                if base.to_canonical() != base {
                    Err(NetworkError::Mapped(text.to_owned()))
                } else if network.base != base {
                    Err(NetworkError::HostBits(text.to_owned(), network))
                } else {
                    Ok(network)
                }
            }
            _ => Err(NetworkError::Prefix(text.to_owned(), bits(base))),
        }
    }
}

/// How many bits an address of this family has.
fn bits(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// `ip` with all bits beyond the first `prefix` cleared.
fn masked(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let host = u32::MAX.checked_shr(prefix.into()).unwrap_or(0);
            IpAddr::V4((u32::from(ip) & !host).into())
        }
        IpAddr::V6(ip) => {
            let host = u128::MAX.checked_shr(prefix.into()).unwrap_or(0);
            IpAddr::V6((u128::from(ip) & !host).into())
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == bits(self.base) {
            write!(f, "{}", self.base)
        } else {
            write!(f, "{}/{}", self.base, self.prefix)
        }
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn what_is_no_network_is_refused() {
        for (bad, message) in [
            (
                "proxy.example",
                "`proxy.example` is not an IP address or CIDR block; write one such as 10.0.0.7 or 10.0.0.0/24",
            ),
            (
                "10.0.0.0/",
                "`10.0.0.0/` is not an IP address or CIDR block; write one such as 10.0.0.7 or 10.0.0.0/24",
            ),
            (
                "10.0.0.0/+8",
                "`10.0.0.0/+8` is not an IP address or CIDR block; write one such as 10.0.0.7 or 10.0.0.0/24",
            ),
            (
                "10.0.0.0/33",
                "`10.0.0.0/33`: the prefix length must be from 1 to 32",
            ),
            (
                "10.0.0.0/999",
                "`10.0.0.0/999`: the prefix length must be from 1 to 32",
            ),
            (
                "::/0",
                "`::/0` would trust every address there is; name the proxies' own network",
            ),
            (
                "10.0.0.7/8",
                "`10.0.0.7/8` has address bits beyond its prefix; write 10.0.0.0/8",
            ),
            (
                "::ffff:10.0.0.0/104",
                "`::ffff:10.0.0.0/104` is an IPv4 network written as IPv6; write it as IPv4",
            ),
        ] {
            assert_eq!(bad.parse::<Network>().unwrap_err().to_string(), message);
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_what_it_takes_reads_back(text in "[0-9a-f:./]{0,24}") {
            if let Ok(network) = text.parse::<Network>() {
                prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
            }
        }
    }
}

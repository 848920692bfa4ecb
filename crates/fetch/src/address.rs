//! What kind of place an IP address is: the special-purpose registries of IANA (RFC 6890), seen by
//! someone who must not be sent into his own house.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::network::Network;

use AddressKind::{LinkLocal, Loopback, NoHost, Private, Public, Reserved};

/// What kind of place an IP address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AddressKind {
    /// Somewhere on the Internet.
    #[error("a public address")]
    Public,
    /// In the network of some organization or provider: RFC 1918, carrier-grade NAT (RFC 6598),
    /// unique local (RFC 4193), site-local (RFC 3879).
    #[error("a private address")]
    Private,
    /// This very machine.
    #[error("a loopback address")]
    Loopback,
    /// On the same link. The metadata services of the clouds are here.
    #[error("a link-local address")]
    LinkLocal,
    /// For documentation, measurements, protocols and days to come; and the addresses of
    /// transition mechanisms, which can hide any other.
    #[error("a reserved address")]
    Reserved,
    /// No single host, or not a destination: unspecified, "this network", multicast, broadcast.
    #[error("not the address of a host")]
    NoHost,
}

/// The first block that holds an address decides; no block means public.
const V4: &[(Network, AddressKind)] = &[
    (Network::v4([0, 0, 0, 0], 8), NoHost), // "this network", RFC 1122 section 3.2.1.3
    (Network::v4([10, 0, 0, 0], 8), Private), // RFC 1918
    (Network::v4([100, 64, 0, 0], 10), Private), // carrier-grade NAT, RFC 6598
    (Network::v4([127, 0, 0, 0], 8), Loopback),
    (Network::v4([168, 63, 129, 16], 32), LinkLocal), // public by number, but Azure's own agent on every host
    (Network::v4([169, 254, 0, 0], 16), LinkLocal),   // RFC 3927
    (Network::v4([172, 16, 0, 0], 12), Private),      // RFC 1918
    (Network::v4([192, 0, 0, 0], 24), Reserved),      // IETF protocol assignments
    (Network::v4([192, 0, 2, 0], 24), Reserved),      // documentation, RFC 5737
    (Network::v4([192, 88, 99, 0], 24), Reserved),    // 6to4 relays, RFC 7526
    (Network::v4([192, 168, 0, 0], 16), Private),     // RFC 1918
    (Network::v4([198, 18, 0, 0], 15), Reserved),     // benchmarks, RFC 2544
    (Network::v4([198, 51, 100, 0], 24), Reserved),   // documentation
    (Network::v4([203, 0, 113, 0], 24), Reserved),    // documentation
    (Network::v4([224, 0, 0, 0], 4), NoHost),         // multicast
    (Network::v4([255, 255, 255, 255], 32), NoHost),  // limited broadcast
    (Network::v4([240, 0, 0, 0], 4), Reserved),       // RFC 1112
];

/// The first block that holds an address decides; no block means reserved. So what is not known
/// here is refused, IPv4-compatible addresses (`::/96`), local NAT64 (`64:ff9b:1::/48`), the
/// discard prefix (`100::/64`) and segment routing (`5f00::/16`) among them.
const V6: &[(Network, AddressKind)] = &[
    (Network::v6([], 128), NoHost), // unspecified
    (Network::v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Loopback),
    (Network::v6([0xfc00], 7), Private),  // unique local
    (Network::v6([0xfec0], 10), Private), // site-local, deprecated
    (Network::v6([0xfe80], 10), LinkLocal),
    (Network::v6([0xff00], 8), NoHost),            // multicast
    (Network::v6([0x2001], 23), Reserved),         // protocol assignments: Teredo, ORCHID
    (Network::v6([0x2001, 0x0db8], 32), Reserved), // documentation
    (Network::v6([0x2002], 16), Reserved),         // 6to4
    (Network::v6([0x3fff], 20), Reserved),         // documentation, RFC 9637
    (Network::v6([0x2000], 3), Public),            // global unicast
];

/// IPv4 seen from IPv6-only networks (RFC 6052): a resolver there (DNS64) gives every IPv4 host
/// such an address.
const NAT64: Network = Network::v6([0x64, 0xff9b], 96);

impl AddressKind {
    /// What kind of place `ip` is. An IPv4 address inside an IPv6 one is judged by itself where
    /// packets would go to it (IPv4-mapped, NAT64); other addresses that hold one are reserved.
    pub fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => kind_v4(ip),
            IpAddr::V6(ip) if NAT64.contains(ip.into()) => kind_v4(last_32_bits(ip)),
            IpAddr::V6(ip) => look_up(V6, ip.into()).unwrap_or(Reserved),
        }
    }
}

fn kind_v4(ip: Ipv4Addr) -> AddressKind {
    look_up(V4, ip.into()).unwrap_or(Public)
}

fn look_up(table: &[(Network, AddressKind)], ip: IpAddr) -> Option<AddressKind> {
    let found = table.iter().find(|(network, _)| network.contains(ip));
    found.map(|&(_, kind)| kind)
}

fn last_32_bits(ip: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = ip.octets();
    Ipv4Addr::new(a, b, c, d)
}

#[cfg(test)]
mod tests;

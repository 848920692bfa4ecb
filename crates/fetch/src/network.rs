//! Address blocks, as operators state them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An address block: base address and prefix length (RFC 4632, RFC 4291).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

/// Why a text is not an address block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor a block.
    #[error("`{0}` is not an IP address or CIDR block; write one such as 10.0.0.7 or 10.0.0.0/24")]
    Malformed(String),
    /// More bits than the address has.
    #[error("`{0}`: the prefix length must be from 1 to {1}")]
    Prefix(String, u8),
    /// `/0` is no block but the whole Internet.
    #[error("`{0}` would trust every address there is; name a network of your own")]
    Everyone(String),
    /// Bits set below the prefix: address and length contradict each other.
    #[error("`{0}` has address bits beyond its prefix; write {1}")]
    HostBits(String, Network),
    /// An IPv4 block in IPv6 clothes.
    #[error("`{0}` is an IPv4 network written as IPv6; write it as IPv4")]
    Mapped(String),
}

impl Network {
    /// For tables, whose bases have no bits beyond the prefix.
    pub(crate) const fn v4(base: [u8; 4], prefix: u8) -> Self {
        Self {
            base: IpAddr::V4(Ipv4Addr::from_octets(base)),
            prefix,
        }
    }

    /// For tables as well: the first segments of the base, the others being zero.
    pub(crate) const fn v6<const N: usize>(head: [u16; N], prefix: u8) -> Self {
        let mut segments = [0; 8];
        segments.split_at_mut(N).0.copy_from_slice(&head);
        Self {
            base: IpAddr::V6(Ipv6Addr::from_segments(segments)),
            prefix,
        }
    }

    /// Whether `ip` lies in the block; never across address families.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.base.is_ipv4() == ip.is_ipv4() && masked(ip, self.prefix) == self.base
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
                "`::/0` would trust every address there is; name a network of your own",
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

    #[test]
    fn what_stands_in_a_table_is_what_an_operator_would_write() {
        assert_eq!(Network::v4([10, 0, 0, 0], 8), "10.0.0.0/8".parse().unwrap());
        assert_eq!(
            Network::v6([0x64, 0xff9b], 96),
            "64:ff9b::/96".parse().unwrap()
        );
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

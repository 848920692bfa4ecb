//! Where fetches may go.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

use crate::address::AddressKind;
use crate::document_url::UrlError;
use crate::network::Network;

/// Where fetches may go: by default to public addresses over https, and nowhere else.
///
/// What an operator allows on top is for resource servers and clients in networks of his own.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    networks: Vec<Network>,
    hosts: BTreeSet<String>,
    development: bool,
}

/// Why a text is no host name to allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// No host name at all.
    #[error("`{0}` is not a host name; write one such as rs.corp.example, without scheme or port")]
    NotAName(String),
    /// Addresses are allowed as networks.
    #[error("`{0}` is an address, not a host name; allow it as a network")]
    Address(String),
}

impl Policy {
    /// Public addresses over https.
    pub fn public_hosts() -> Self {
        Self::default()
    }

    /// Whoever can register something may then send requests to every service on this machine,
    /// unencrypted ones too: plain http is spoken to loopback addresses. Only for a server that
    /// one developer runs for himself.
    pub fn dangerous_for_development() -> Self {
        Self {
            development: true,
            ..Self::default()
        }
    }

    /// Also allows the addresses of this network, whatever they are, unless they are no hosts at
    /// all (such as multicast or 0.0.0.0).
    #[must_use]
    pub fn and_network(mut self, network: Network) -> Self {
        self.networks.push(network);
        self
    }

    /// Also allows this host to have a private address. A loopback or link-local address is not
    /// believed of it, for whoever answers for the name could then point it at us.
    pub fn and_host(mut self, name: &str) -> Result<Self, HostError> {
        match Host::parse(name) {
            Ok(Host::Domain(name)) => {
                self.hosts.insert(without_last_dot(&name).to_owned());
                Ok(self)
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => Err(HostError::Address(name.to_owned())),
            Err(_) => Err(HostError::NotAName(name.to_owned())),
        }
    }

    pub(crate) fn is_for_development(&self) -> bool {
        self.development
    }

    /// What can be told from the scheme and the host as written.
    pub(crate) fn check_url(&self, https: bool, host: &Host) -> Result<(), UrlError> {
        if !https && !self.development {
            return Err(UrlError::NotHttps);
        }
        let may_be = |ip: IpAddr| self.check_address(https, host, ip).is_ok();
        let public = match host {
            Host::Ipv4(ip) => may_be((*ip).into()),
            Host::Ipv6(ip) => may_be((*ip).into()),
            // Of all names, these need no resolver (RFC 6761 section 6.3).
            Host::Domain(name) if is_localhost(name) => {
                may_be(Ipv4Addr::LOCALHOST.into()) || may_be(Ipv6Addr::LOCALHOST.into())
            }
            Host::Domain(_) => true,
        };
        if public {
            Ok(())
        } else {
            Err(UrlError::NotPublic)
        }
    }

    /// Whether an address that `host` has may be connected to.
    pub(crate) fn check_address(
        &self,
        https: bool,
        host: &Host,
        ip: IpAddr,
    ) -> Result<(), AddressKind> {
        let kind = AddressKind::of(ip);
        let plain_is_fine = kind == AddressKind::Loopback && self.development;
        if (https || plain_is_fine) && self.allows(host, ip.to_canonical(), kind) {
            Ok(())
        } else {
            Err(kind)
        }
    }

    fn allows(&self, host: &Host, ip: IpAddr, kind: AddressKind) -> bool {
        let stated = || self.networks.iter().any(|network| network.contains(ip));
        match kind {
            AddressKind::Public => true,
            AddressKind::NoHost => false,
            AddressKind::Private => self.names(host) || stated(),
            AddressKind::Loopback => self.development || stated(),
            AddressKind::LinkLocal | AddressKind::Reserved => stated(),
        }
    }

    fn names(&self, host: &Host) -> bool {
        matches!(host, Host::Domain(name) if self.hosts.contains(without_last_dot(name)))
    }
}

/// The parser of URLs has made it lower case.
fn is_localhost(name: &str) -> bool {
    let name = without_last_dot(name);
    name == "localhost" || name.ends_with(".localhost")
}

fn without_last_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(policy: &Policy, host: &str, ip: &str) -> bool {
        let host = Host::parse(host).unwrap();
        policy
            .check_address(true, &host, ip.parse().unwrap())
            .is_ok()
    }

    #[test]
    fn row_8725_3_10_01_only_public_addresses_unless_stated() {
        let policy = Policy::public_hosts();
        assert!(allowed(&policy, "a.example", "1.1.1.1"));
        for ip in ["10.0.0.1", "127.0.0.1", "169.254.1.1", "::1", "fd00::1"] {
            assert!(!allowed(&policy, "a.example", ip), "{ip}");
        }
    }

    #[test]
    fn row_8725_3_10_01_names_of_this_machine_are_known_without_any_resolver() {
        let (public, development) = (Policy::public_hosts(), Policy::dangerous_for_development());
        let stated = Policy::public_hosts().and_network("127.0.0.0/8".parse().unwrap());
        for name in ["localhost", "LOCALHOST.", "keys.localhost"] {
            let host = Host::parse(name).unwrap();
            assert_eq!(
                public.check_url(true, &host),
                Err(UrlError::NotPublic),
                "{name}"
            );
            assert_eq!(development.check_url(true, &host), Ok(()), "{name}");
            assert_eq!(stated.check_url(true, &host), Ok(()), "{name}");
        }
        for name in ["localhost.example", "mylocalhost"] {
            let host = Host::parse(name).unwrap();
            assert_eq!(public.check_url(true, &host), Ok(()), "{name}");
        }
    }

    #[test]
    fn row_8725_3_10_01_a_stated_network_opens_itself_alone() {
        let policy = Policy::public_hosts()
            .and_network("10.1.0.0/16".parse().unwrap())
            .and_network("224.0.0.0/3".parse().unwrap());
        for ip in ["10.1.2.3", "::ffff:10.1.2.3", "240.0.0.1"] {
            assert!(allowed(&policy, "a.example", ip), "{ip}");
        }
        for ip in [
            "10.2.0.1",
            "::10.1.2.3",
            "64:ff9b::10.1.2.3",
            "2002:a01:203::1",
            "224.0.0.1",
            "255.255.255.255",
        ] {
            assert!(!allowed(&policy, "a.example", ip), "{ip}");
        }
    }

    #[test]
    fn row_8725_3_10_01_a_stated_host_may_be_private_and_no_more() {
        let policy = Policy::public_hosts().and_host("RS.corp.example").unwrap();
        for host in ["rs.corp.example", "rs.CORP.example.", "%72s.corp.example"] {
            assert!(allowed(&policy, host, "10.0.0.1"), "{host}");
            assert!(allowed(&policy, host, "fd00::1"), "{host}");
            for ip in ["127.0.0.1", "169.254.169.254", "::1", "0.0.0.0"] {
                assert!(!allowed(&policy, host, ip), "{host} {ip}");
            }
        }
        for host in ["corp.example", "x.rs.corp.example", "rs.corp.example.evil"] {
            assert!(!allowed(&policy, host, "10.0.0.1"), "{host}");
        }
    }

    #[test]
    fn row_8725_3_10_01_development_opens_loopback_alone_and_plain_http_to_it_alone() {
        let policy = Policy::dangerous_for_development().and_network("10.0.0.0/8".parse().unwrap());
        let host = Host::parse("a.example").unwrap();
        let plain = |ip: &str| policy.check_address(false, &host, ip.parse().unwrap());
        assert!(allowed(&policy, "a.example", "127.0.0.1"));
        assert!(allowed(&policy, "a.example", "10.0.0.1"));
        assert!(!allowed(&policy, "a.example", "192.168.0.1"));
        assert_eq!(plain("127.0.0.1"), Ok(()));
        assert_eq!(plain("::1"), Ok(()));
        assert_eq!(plain("10.0.0.1"), Err(AddressKind::Private));
        assert_eq!(plain("1.1.1.1"), Err(AddressKind::Public));
    }

    #[test]
    fn what_is_no_host_name_is_told() {
        for (bad, message) in [
            (
                "https://a.example",
                "`https://a.example` is not a host name; write one such as rs.corp.example, \
                 without scheme or port",
            ),
            (
                "",
                "`` is not a host name; write one such as rs.corp.example, without scheme or port",
            ),
            (
                "10.0.0.1",
                "`10.0.0.1` is an address, not a host name; allow it as a network",
            ),
            (
                "[::1]",
                "`[::1]` is an address, not a host name; allow it as a network",
            ),
        ] {
            let refused = Policy::default().and_host(bad).unwrap_err();
            assert_eq!(refused.to_string(), message);
        }
    }
}

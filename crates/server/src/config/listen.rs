//! `[listen]`

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::conflict::Conflict;
use super::text;
use super::tls::TlsConfig;
use super::trusted_proxies::TrustedProxies;

/// Where the server listens for clients and resource servers.
///
/// With a certificate in `[tls]` it speaks TLS there and nothing else. Without
/// one it speaks plain HTTP and leaves TLS to a proxy in front of it: then it
/// serves connections from this machine and, beyond that, from the proxies
/// stated here alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ListenConfig {
    /// IP address and port to listen on. An address other than loopback needs
    /// `[tls]` or `trusted_proxies`. Port 0 lets the system choose a free one.
    #[serde(deserialize_with = "text::socket_address")]
    #[schemars(with = "String")]
    pub address: SocketAddr,
    /// IP addresses or CIDR blocks of the proxies that end TLS in front of
    /// the server. Plain HTTP from any other address but loopback is refused
    /// with 403. From these alone `X-Forwarded-For` is believed: a request
    /// comes from the last address in it that is not one of these, which
    /// `rates` counts by. So each has to append to that header or set it. Name
    /// a proxy on this machine too (127.0.0.1), or its requests are counted
    /// for no address; name no network that clients are in.
    #[schemars(example = ["10.0.0.7", "10.1.0.0/24"])]
    pub trusted_proxies: TrustedProxies,
}

impl Default for ListenConfig {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            trusted_proxies: TrustedProxies::default(),
        }
    }
}

impl ListenConfig {
    pub(super) fn conflicts(&self, tls: &TlsConfig, found: &mut Vec<Conflict>) {
        let reachable = !self.address.ip().to_canonical().is_loopback();
        if reachable && self.trusted_proxies.is_empty() && !tls.is_on() {
            found.push(Conflict {
                keys: &["listen.address", "listen.trusted_proxies"],
                message: format!(
                    "{} is not a loopback address, and plain HTTP is served on loopback or to \
                     stated proxies only; set a certificate in [tls], or listen on 127.0.0.1 or \
                     [::1], or name the proxies that end TLS in `trusted_proxies`",
                    self.address
                ),
            });
        }
    }
}

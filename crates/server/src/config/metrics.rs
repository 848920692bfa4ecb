//! `[metrics]`

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::conflict::Conflict;
use super::listen::ListenConfig;
use super::text;

/// Metrics and health, for the operator alone.
///
/// They are always served on the admin socket. They are never served on
/// `listen.address`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsConfig {
    /// Loopback address and port that serves `/metrics`, `/healthz` and
    /// `/readyz` too, for collectors that cannot read a Unix socket.
    #[serde(deserialize_with = "loopback", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", example = "127.0.0.1:9090")]
    pub listen: Option<SocketAddr>,
}

fn loopback<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SocketAddr>, D::Error> {
    let address = text::socket_address(from)?;
    if address.ip().to_canonical().is_loopback() {
        Ok(Some(address))
    } else {
        Err(de::Error::custom(format_args!(
            "{address} is not a loopback address, and metrics are served without a login; use \
             127.0.0.1 or [::1]"
        )))
    }
}

impl MetricsConfig {
    pub(super) fn conflicts(&self, listen: &ListenConfig, found: &mut Vec<Conflict>) {
        if self.listen == Some(listen.address) && listen.address.port() != 0 {
            found.push(Conflict {
                keys: &["metrics.listen", "listen.address"],
                message: format!(
                    "{} is the address of `listen.address`; give metrics a port of their own",
                    listen.address
                ),
            });
        }
    }
}

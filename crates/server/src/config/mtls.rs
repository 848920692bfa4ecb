//! `[mtls]`

use std::net::SocketAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::Config;
use super::conflict::Conflict;
use super::text;

/// The certificates that clients and resource servers show (RFC 8705).
///
/// They are asked for on an address of their own, so that nobody else is
/// bothered with the question; who has none is served there too. Any
/// certificate is taken whose private key the other end holds. Whether it
/// proves anything is judged by each request: by an authority named here, or
/// because it is the one that was registered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MtlsConfig {
    /// IP address and port on which certificates are asked for. Needs `[tls]`.
    #[serde(
        deserialize_with = "text::optional_socket_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>", example = "0.0.0.0:8443")]
    pub listen: Option<SocketAddr>,
    /// The URL under which that address is reached: the endpoints in
    /// `mtls_endpoint_aliases` of the metadata begin with it. If it is left
    /// out, the issuer with the port of `listen`.
    #[serde(
        deserialize_with = "https_url",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = &"https://mtls.as.example.com")]
    pub url: Option<String>,
    /// PEM file with the authorities whose word about callers is taken. Read
    /// again like the files in `[tls]`. `tls_client_auth` needs it; without it
    /// only certificates prove something that were registered themselves
    /// (`self_signed_tls_client_auth`). Revocation lists are not asked.
    #[serde(
        deserialize_with = "text::optional_path",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(example = "/etc/avouch/client-authorities.pem")]
    pub ca_file: Option<PathBuf>,
    /// Take the certificates that the proxies in `listen.trusted_proxies`
    /// forward in the headers `Client-Cert` and `Client-Cert-Chain` (RFC
    /// 9440). Such a proxy must remove these headers from what it is sent.
    /// From everybody else they are ignored.
    pub client_cert_header: bool,
}

fn https_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(from)?;
    let sound = Url::parse(&text).ok().filter(|url| {
        url.scheme() == "https"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    match sound {
        Some(url) => Ok(Some(url.as_str().trim_end_matches('/').to_owned())),
        // Not repeated: there may be a password in it.
        None => Err(de::Error::custom(
            "this is not an https URL without query, fragment and user name; write one such as \
             https://mtls.as.example.com",
        )),
    }
}

impl Config {
    /// What stands in for the issuer where certificates are asked for: as configured, or the
    /// issuer with the port that is listened on there.
    pub(crate) fn mtls_url(&self, bound: Option<SocketAddr>) -> Option<String> {
        if let Some(url) = &self.mtls.url {
            return Some(url.clone());
        }
        let mut url = Url::parse(self.issuer.as_str()).ok()?;
        url.set_port(Some(bound?.port())).ok()?;
        Some(url.as_str().trim_end_matches('/').to_owned())
    }
}

impl MtlsConfig {
    pub(super) fn conflicts(&self, all: &Config, found: &mut Vec<Conflict>) {
        if self.client_cert_header && all.listen.trusted_proxies.is_empty() {
            found.push(Conflict {
                keys: &["mtls.client_cert_header", "listen.trusted_proxies"],
                message: "forwarded certificates are taken from stated proxies only; name them in \
                          `listen.trusted_proxies`"
                    .to_owned(),
            });
        }
        let Some(address) = self.listen else {
            return;
        };
        if !all.tls.is_on() {
            found.push(Conflict {
                keys: &["mtls.listen", "tls.certificate_file"],
                message: "certificates are asked for in TLS handshakes; set the server's own in \
                          [tls]"
                    .to_owned(),
            });
        }
        let taken = [Some(all.listen.address), all.metrics.listen];
        if address.port() != 0 && taken.contains(&Some(address)) {
            found.push(Conflict {
                keys: &["mtls.listen", "listen.address", "metrics.listen"],
                message: format!("{address} is taken by another listener; choose another port"),
            });
        }
    }
}

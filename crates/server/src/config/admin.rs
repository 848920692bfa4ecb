//! `[admin]`

use std::net::SocketAddr;

use avouch_oauth::resource::ResourceIdentifier;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;

use super::Config;
use super::conflict::Conflict;
use super::text;

/// The admin API over TCP, beside the Unix socket in the data folder.
///
/// Off unless `listen` is set. There it asks for access tokens that this
/// server issues: for a client whose record names the URL below in `resources`
/// and has the scope `admin`, or `admin:read` for what changes nothing, or
/// `admin:issue` for ordering tokens and nothing else. See docs/admin-api.md.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AdminConfig {
    /// IP address and port of the admin API. It speaks TLS with the
    /// certificate in `[tls]` and asks for the caller's; without one, plain
    /// HTTP under the same rule as `listen.address`.
    #[serde(
        deserialize_with = "text::optional_socket_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>", example = "127.0.0.1:8081")]
    pub listen: Option<SocketAddr>,
    /// The URL under which that address is reached, without path: the resource
    /// identifier (RFC 8707, RFC 9728) that tokens are asked for with and that
    /// `DPoP` proofs are made for. https, or http on a loopback host. If it is
    /// left out, the address in `listen`, which has to be loopback then.
    #[serde(deserialize_with = "base_url", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", example = &"https://admin.example.com")]
    pub url: Option<ResourceIdentifier>,
    /// Take access tokens that are bound to no key too: whoever gets hold of
    /// one administers the server. On loopback only.
    pub bearer_tokens: bool,
}

fn base_url<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ResourceIdentifier>, D::Error> {
    let text = String::deserialize(from)?;
    match sound_base(&text) {
        Some(resource) => Ok(Some(resource)),
        // Not repeated: there may be a password in it.
        None => Err(de::Error::custom(
            "this is not an https URL of a host alone, nor an http URL of a loopback host; write \
             one such as https://admin.example.com, without slash at the end",
        )),
    }
}

/// As written, where that is how a URL parser writes it too: proofs and
/// audiences are compared with it.
fn sound_base(text: &str) -> Option<ResourceIdentifier> {
    let url = Url::parse(text).ok()?;
    let origin = url.origin().ascii_serialization();
    let secure = match url.scheme() {
        "https" => true,
        "http" => match url.host()? {
            url::Host::Domain(name) => name == "localhost",
            url::Host::Ipv4(address) => address.is_loopback(),
            url::Host::Ipv6(address) => address.is_loopback(),
        },
        _ => false,
    };
    let sound = secure && origin == text;
    sound
        .then(|| ResourceIdentifier::parse(text).ok())
        .flatten()
}

impl Config {
    /// The resource identifier of the admin API over TCP: as configured, or
    /// what is listened on. `None` where that could be no URL.
    pub(crate) fn admin_url(&self, bound: SocketAddr) -> Option<ResourceIdentifier> {
        if let Some(url) = &self.admin.url {
            return Some(url.clone());
        }
        let scheme = if self.tls.is_on() { "https" } else { "http" };
        // The parser leaves a port out that goes without saying.
        let url = Url::parse(&format!("{scheme}://{bound}")).ok()?;
        sound_base(&url.origin().ascii_serialization())
    }
}

impl AdminConfig {
    pub(super) fn conflicts(&self, all: &Config, found: &mut Vec<Conflict>) {
        let Some(address) = self.listen else {
            return;
        };
        let loopback = address.ip().to_canonical().is_loopback();
        if !loopback && !all.tls.is_on() && all.listen.trusted_proxies.is_empty() {
            found.push(Conflict {
                keys: &["admin.listen", "listen.trusted_proxies"],
                message: format!(
                    "{address} is not a loopback address, and plain HTTP is served on loopback or \
                     to stated proxies only; set a certificate in [tls], or listen on 127.0.0.1 \
                     or [::1], or name the proxies that end TLS in `listen.trusted_proxies`"
                ),
            });
        }
        if !loopback && self.url.is_none() {
            found.push(Conflict {
                keys: &["admin.listen", "admin.url"],
                message: "the admin API listens on more than loopback: say in `admin.url` under \
                          which URL it is reached"
                    .to_owned(),
            });
        }
        if !loopback && self.bearer_tokens {
            found.push(Conflict {
                keys: &["admin.bearer_tokens", "admin.listen"],
                message: "tokens that are bound to no key are taken on loopback only; listen on \
                          127.0.0.1 or [::1], or leave `bearer_tokens` out"
                    .to_owned(),
            });
        }
        let taken = [
            Some(all.listen.address),
            all.metrics.listen,
            all.mtls.listen,
        ];
        if address.port() != 0 && taken.contains(&Some(address)) {
            found.push(Conflict {
                keys: &[
                    "admin.listen",
                    "listen.address",
                    "metrics.listen",
                    "mtls.listen",
                ],
                message: format!("{address} is taken by another listener; choose another port"),
            });
        }
        let own = self.admin_url_of(all);
        let statements = &all.registration.software_statement_issuers;
        if own.is_some_and(|own| {
            statements
                .iter()
                .any(|issuer| issuer.resources.contains(&own))
        }) {
            found.push(Conflict {
                keys: &["registration.software_statement_issuers", "admin.url"],
                message: "no software statement gives the admin API away; take its URL out of \
                          `resources`"
                    .to_owned(),
            });
        }
    }

    fn admin_url_of(&self, all: &Config) -> Option<ResourceIdentifier> {
        all.admin_url(self.listen?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_an_origin_as_parsers_write_it() {
        for good in [
            "https://admin.example.com",
            "https://admin.example.com:8443",
            "http://127.0.0.1:8081",
            "http://[::1]:8081",
            "http://localhost:8081",
        ] {
            assert!(sound_base(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "admin.example.com",
            "http://admin.example.com",
            "https://admin.example.com/",
            "https://admin.example.com:443",
            "https://Admin.example.com",
            "https://admin.example.com/path",
            "https://admin.example.com?query",
            "https://admin.example.com#part",
            "https://user:password@admin.example.com",
            "ftp://127.0.0.1",
        ] {
            assert!(sound_base(bad).is_none(), "{bad}");
        }
    }
}

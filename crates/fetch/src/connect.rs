//! From a host to a connection with one of its checked addresses.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Host;

use crate::document_url::DocumentUrl;
use crate::error::PrivateCause;
use crate::policy::Policy;
use crate::resolve::Resolve;

/// More than a sound host has.
const MAX_ADDRESSES: usize = 32;
/// How many of them are tried.
const MAX_ATTEMPTS: usize = 4;

/// The addresses of the host, every one of which the policy allows.
///
/// One that is not allowed spoils them all: a host that is both here and there is not what it says.
pub(crate) async fn addresses<R: Resolve>(
    resolver: &R,
    policy: &Policy,
    url: &DocumentUrl,
) -> Result<Vec<IpAddr>, PrivateCause> {
    let found = match url.host() {
        Host::Ipv4(ip) => vec![IpAddr::V4(*ip)],
        Host::Ipv6(ip) => vec![IpAddr::V6(*ip)],
        Host::Domain(name) => resolver
            .resolve(name)
            .await
            .map_err(|error| PrivateCause::Resolve(Arc::new(error)))?,
    };
    if found.is_empty() {
        return Err(PrivateCause::NoAddress);
    }
    if found.len() > MAX_ADDRESSES {
        let limit = MAX_ADDRESSES;
        return Err(PrivateCause::TooManyAddresses { limit });
    }
    for &address in &found {
        policy
            .check_address(url.is_https(), url.host(), address)
            .map_err(|kind| PrivateCause::Address { address, kind })?;
    }
    Ok(found)
}

/// Connects to the first of these addresses that answers, and to no other.
///
/// None of them may use up the time of those behind it, nor of the exchange that follows.
pub(crate) async fn connect(
    addresses: &[IpAddr],
    port: u16,
    deadline: Duration,
) -> Result<TcpStream, PrivateCause> {
    let attempts = addresses.len().clamp(1, MAX_ATTEMPTS);
    let patience = deadline / u32::try_from(attempts + 1).unwrap_or(u32::MAX);
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses.iter().take(attempts) {
        let address = SocketAddr::new(address.to_canonical(), port);
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(PrivateCause::Connect(Arc::new(last)))
}

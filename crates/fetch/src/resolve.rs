//! From a host name to addresses: once for each fetch, and the answer is all that is used.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// How many look-ups may be under way. The system's resolver blocks a thread for as long as it
/// likes, however long we care to wait, so it is threads that are counted.
const MAX_LOOK_UPS: usize = 64;

/// Finds the addresses of a host. A test brings its own; everybody else is well served by
/// [`SystemResolver`].
pub trait Resolve: Send + Sync + 'static {
    /// Every address of the host, best first. They are checked by the caller.
    fn resolve(&self, host: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The resolver of the operating system.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    free: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            free: Arc::new(Semaphore::new(MAX_LOOK_UPS)),
        }
    }
}

impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        let permit = permit.map_err(io::Error::other)?;
        let host = host.to_owned();
        // A task of its own, so that the permit comes back with the thread even if we give up.
        let look_up = tokio::spawn(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            drop(permit);
            found.map(|found| found.map(|address| address.ip()).collect())
        });
        look_up.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_system_knows_localhost_and_nothing_that_is_no_name() {
        let resolver = SystemResolver::default();
        let found = resolver.resolve("localhost").await.unwrap();
        assert!(found.iter().all(IpAddr::is_loopback) && !found.is_empty());
        assert!(resolver.resolve("no\0host").await.is_err());
        assert_eq!(resolver.free.available_permits(), MAX_LOOK_UPS);
    }
}

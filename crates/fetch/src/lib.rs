//! Fetching JSON documents that strangers name: the `jwks_uri` of a client or resource server.
//!
//! Whoever may register a URL makes this server send a request. So that nobody can turn that
//! against the networks the server stands in (server-side request forgery, RFC 8725 section 3.10),
//! or against the server itself, a [`GuardedFetcher`] holds to this:
//!
//! - **https alone**, certificate and name checked; no user information, no fragment; no redirect
//!   is followed, no proxy asked, nothing sent along but the request for the document.
//! - **Public addresses alone.** The host is resolved once, every address is checked
//!   ([`AddressKind`]), and the connection goes to an address that was checked: there is no second
//!   look-up whose answer could differ. An operator can allow networks and hosts of his own
//!   ([`Policy`]).
//! - **Everything is bounded**: one deadline for all of it, the length of header and document, the
//!   number of fetches in all and with one host ([`Limits`]).
//! - **Only a JSON document is an answer**: status 200, a JSON media type, no content coding.
//! - **Errors tell strangers nothing** about what stands where ([`FetchError`]); logs get the
//!   [`PrivateCause`].
//!
//! A [`JwksCache`] on top asks rarely: one fetch for all who want the same keys, failures kept for
//! a moment, an unknown `kid` good for one refresh in a while, and no key beyond its time.
//!
//! ```
//! use std::time::Duration;
//! use avouch_fetch::{
//!     Clock, DocumentUrl, GuardedFetcher, JwksCache, JwksCacheSettings, Policy, UrlError,
//! };
//!
//! // An operator whose resource servers have private addresses states them.
//! let policy = Policy::public_hosts().and_network("10.20.0.0/16".parse()?);
//!
//! // When something is registered, what can be told at once is told at once.
//! let inward = DocumentUrl::parse("https://127.1/jwks", &policy);
//! assert_eq!(inward, Err(UrlError::NotPublic));
//! let url = DocumentUrl::parse("https://rs.example/jwks", &policy)?;
//!
//! // Once, at start.
//! # struct ServerClock;
//! # impl Clock for ServerClock {
//! #     fn now(&self) -> Duration { Duration::from_hours(500_000) }
//! # }
//! # async {
//! let fetcher = GuardedFetcher::builder(policy).build()?;
//! let cache = JwksCache::new(fetcher, ServerClock, JwksCacheSettings::default());
//!
//! // When a signature is to be verified.
//! let mut keys = cache.keys(&url).await?;
//! if keys.find("2026-11").next().is_none() {
//!     keys = cache.refresh_for_unknown_kid(&url).await?;
//! }
//! # drop(keys);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # };
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything runs on tokio with its time driver enabled.

mod address;
mod clock;
mod connect;
mod document_url;
mod error;
mod exchange;
mod fetcher;
pub mod freshness;
mod jwks_cache;
mod network;
mod policy;
mod resolve;
mod slots;
mod trust;

pub use address::AddressKind;
pub use clock::Clock;
pub use document_url::{DocumentUrl, MAX_URL_LEN, UrlError};
pub use error::{DocumentFault, FetchError, PrivateCause};
pub use fetcher::{Document, Fetch, GuardedFetcher, GuardedFetcherBuilder, Limits, SetupError};
pub use jwks_cache::{JwksCache, JwksCacheSettings};
pub use network::{Network, NetworkError};
pub use policy::{HostError, Policy};
pub use resolve::{Resolve, SystemResolver};
pub use trust::{TrustAnchorError, trust_anchors};

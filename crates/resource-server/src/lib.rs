//! The resource server's end of RFC 9701: ask, verify, and get claims only after every check.
//!
//! A resource server (RS) that was handed an access token asks the authorization server (AS) about
//! it. The answer is a statement: a JWT that the AS signed for this RS at this instant. An
//! [`Introspector`] finds the AS by its issuer, asks, and yields what the token allows only after
//! signature, `alg`, `typ`, `iss`, `aud`, `iat` and the shape of the answer have been checked.
//!
//! ```no_run
//! use avouch_resource_server::{Credentials, Introspector};
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! // Once, at start: metadata and keys are fetched, and wrong settings come to light.
//! let issuer = "https://as.example.com".parse()?;
//! let credentials = Credentials::client_secret_basic(std::env::var("RS_SECRET")?);
//! let introspector = Introspector::builder(issuer, "pay", credentials).discover().await?;
//!
//! // For every request that shows a token:
//! let answer = introspector.introspect("2YotnFZFEjr1zCsicMWpAA").await?;
//! match answer.active() {
//!     Some(token) => println!("{:?} may {:?}", token.sub, token.scope),
//!     None => println!("401: the token is good for nothing here"),
//! }
//! // And to be able to show later what the AS said:
//! std::fs::write("statement.jwt", answer.jwt())?;
//! # Ok(())
//! # }
//! ```
//!
//! Where the AS issues JWT access tokens (RFC 9068), an [`AccessTokenChecker`] checks them here,
//! without asking, and without hearing of revocations. A statement never passes as an access
//! token, nor the other way round.
//!
//! Both say what a token allows, and neither that it was not stolen. A [`RequestGuard`] over one of
//! them checks the whole request: a token that is bound to a key (RFC 9449) or a certificate
//! (RFC 8705) is good only from whom it was issued to.
//!
//! A resource server that is itself a client of others, or any other program, calls a protected
//! resource with a [`ResourceClient`]: it gets the access token for it, and binds it.
//!
//! A saved statement is checked again, offline, by [`verify_statement`].
//!
//! # Errors
//!
//! [`IntrospectError`] sorts by blame: our request, the network, the AS, or a statement that must
//! not be believed. None of them is a Yes. No error and no `Debug` shows a token or a secret.
//!
//! # Keys
//!
//! The keys of the AS are held for ten minutes at most and renewed after five. A statement by an
//! unknown key has them fetched anew, though never twice within ten seconds, and by one caller
//! while the others wait. Keys published at a new `jwks_uri` need a new discovery.
//!
//! # Runtime
//!
//! Everything runs on tokio with its time driver enabled. Another HTTP client than the one on
//! board can be brought along: see [`Http`] and [`IntrospectorBuilder::discover_over`].

mod access_token;
mod answer_cache;
mod authentication;
mod builder;
mod client_certificate;
mod clock;
mod connection;
mod connection_problem;
mod credentials;
mod discovery;
mod endpoint;
mod error;
mod exchange;
mod guard;
mod http;
mod https_client;
mod introspected;
mod introspector;
mod key_source;
mod keys;
mod line;
mod own_token;
mod proofs;
mod refusal;
mod resource_client;
mod setup;
mod statement;
mod token_endpoint;

pub use self::access_token::{AccessTokenChecker, AccessTokenCheckerBuilder};
pub use self::answer_cache::AnswerCaching;
pub use self::builder::IntrospectorBuilder;
pub use self::client_certificate::ClientCertificate;
pub use self::clock::{Clock, SystemClock};
pub use self::connection_problem::ConnectionProblem;
pub use self::credentials::Credentials;
pub use self::endpoint::EndpointError;
pub use self::error::{
    AccessTokenCheckError, DiscoverError, IntrospectError, Names, NetworkError, RequestError,
    ServerError, SetupError,
};
pub use self::exchange::Exchange;
pub use self::guard::{
    CheckedToken, Denial, DenialReason, GuardError, InMemoryReplayGuard, ProofId, ReceivedRequest,
    ReplayGuard, ReplayGuardError, RequestGuard, TokenCheck, VerifiedRequest,
};
pub use self::http::{Cause, Http, HttpError};
pub use self::https_client::HttpsClient;
pub use self::introspected::{Introspected, UnsignedIntrospection};
pub use self::introspector::Introspector;
pub use self::refusal::Refusal;
pub use self::resource_client::{CallError, ResourceClient, ResourceClientBuilder};
pub use self::statement::{ClockWindow, Expectations, Freshness, StatementError, verify_statement};

pub use avouch_crypto::random::{RandomError, SecureRandom, SystemRandom};
pub use avouch_jose::{
    DecryptionKey, JwkSet, KeyManagementAlgorithm, MacAlgorithm, SignatureAlgorithm, SigningKey,
};
pub use avouch_oauth::access_token::{AccessTokenError, AccessTokenVerifier, VerifiedAccessToken};
pub use avouch_oauth::authorization::Scheme;
pub use avouch_oauth::client_assertion::AssertionAlgorithm;
pub use avouch_oauth::confirmation::{Confirmation, Sha256Thumbprint};
pub use avouch_oauth::dpop::{BindingError, DpopError, NonceKey, TargetUriError};
pub use avouch_oauth::introspection::{
    ActiveToken, Audience, FurtherStatementClaims, StatementError as FailedCheck, StatementForm,
    StatementTyp, StatementTypError, VerifiedIntrospection,
};
pub use avouch_oauth::protected_resource::ProtectedResourceError;
pub use avouch_oauth::{AuthenticationMethod, ErrorCode, Scope};
pub use avouch_oauth::{Issuer, ResourceIdentifier, issuer::IssuerError, resource::ResourceError};

/// The example in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! The OAuth 2.0 wire vocabulary: names, messages, errors and content negotiation, without I/O.
//!
//! Everything here turns bytes into typed messages or typed messages into bytes. Nothing here
//! opens a socket, reads a clock or looks anything up, so both ends of the wire can stand on it:
//! the authorization server (AS), and a resource server (RS) that asks and verifies.
//!
//! The introspection of RFC 7662, secured by RFC 9701, reads in this order:
//!
//! 1. [`form`] and [`introspection::IntrospectionRequest`]: the question.
//! 2. [`authorization`]: the credentials the caller shows.
//! 3. [`accept`] and [`negotiate()`]: the form the answer must have.
//! 4. [`introspection::IntrospectionResponse`]: the answer itself.
//! 5. [`introspection::StatementClaims`]: the answer as the claims set of a JWT.
//! 6. [`introspection::StatementVerifier`]: the RS checks the JWT before it believes a word.
//!
//! The JWT access tokens of RFC 9068 are in [`access_token`]: what is written, and how it is
//! checked.
//!
//! How a client shows who it is and which key it holds, without sending a secret:
//! [`client_assertion`] (RFC 7523) and [`dpop`] (RFC 9449), each with the side that makes and the
//! side that checks.
//!
//! All instants are whole seconds since 1970-01-01T00:00:00Z, as `u64`.
//!
//! ```
//! use avouch_oauth::introspection::{
//!     ActiveToken, FurtherStatementClaims, IntrospectionRequest, IntrospectionResponse,
//!     StatementClaims,
//! };
//! use avouch_oauth::{Accept, AnswerPolicy, Form, ResponseFormat, Scope, negotiate};
//!
//! // The question, and the form its answer must have.
//! let form = Form::parse(b"token=2YotnFZFEjr1zCsicMWpAA", &[])?;
//! let request = IntrospectionRequest::parse(&form)?;
//! assert_eq!(request.token.expose(), "2YotnFZFEjr1zCsicMWpAA");
//! let accept = Accept::parse([&b"application/token-introspection+jwt"[..]]);
//! assert_eq!(negotiate(&accept, &AnswerPolicy::default())?, ResponseFormat::Jwt);
//!
//! // The answer, and the claims to sign.
//! let response = IntrospectionResponse::active(ActiveToken {
//!     scope: Some(Scope::parse("read")?),
//!     ..ActiveToken::default()
//! });
//! let claims = StatementClaims {
//!     iss: "https://as.example.com",
//!     aud: "rs-1",
//!     iat: 1_514_797_892,
//!     further: FurtherStatementClaims::default(),
//!     token_introspection: &response,
//! };
//! assert_eq!(
//!     claims.to_json(),
//!     br#"{"iss":"https://as.example.com","aud":"rs-1","iat":1514797892,"token_introspection":{"active":true,"scope":"read"}}"#
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod accept;
pub mod access_token;
pub mod auth_method;
pub mod authorization;
pub mod authorization_details;
pub mod basic;
pub mod challenge;
pub mod client_assertion;
pub mod client_metadata;
pub mod confirmation;
pub mod dpop;
pub mod error;
pub mod form;
pub mod forwarded_certificate;
pub mod introspection;
pub mod issuer;
pub mod jwks_uri;
pub mod media_type;
pub mod metadata;
pub mod negotiate;
pub mod proof;
pub mod protected_resource;
pub mod resource;
pub mod revocation;
pub mod scope;
pub mod secret;
pub mod software_statement;
pub mod token;

mod header;
mod json;
mod pieces;
mod urlencoded;

pub use accept::Accept;
pub use auth_method::AuthenticationMethod;
pub use authorization::Authorization;
pub use authorization_details::AuthorizationDetails;
pub use confirmation::Confirmation;
pub use error::{ErrorBody, ErrorCode};
pub use form::Form;
pub use issuer::Issuer;
pub use negotiate::{AnswerPolicy, ResponseFormat, negotiate};
pub use resource::ResourceIdentifier;
pub use scope::Scope;
pub use secret::{IssuedSecret, PresentedSecret, PresentedToken, SignedProof};

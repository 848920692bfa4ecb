//! Token introspection: RFC 7662, and RFC 9701 on top of it.

mod audience;
mod claims;
mod parse;
mod response;
mod typ;
mod verify;

pub use audience::Audience;
pub use claims::{FurtherStatementClaims, StatementClaims};
pub use parse::{
    IntrospectionRequest, MAX_NONCE_LENGTH, MAX_TOKEN_LENGTH, RequestError, TokenTypeHint,
};
pub use response::{
    ActiveToken, FurtherClaims, IntrospectionResponse, STANDARD_MEMBERS, ShadowedMember,
};
pub use typ::{StatementTyp, StatementTypError};
pub use verify::{
    Freshness, StatementError, StatementForm, StatementVerifier, VerifiedIntrospection,
};

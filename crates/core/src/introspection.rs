//! The walk of one introspection, a file per step.
//!
//! ```text
//! parse         avouch_oauth::introspection::IntrospectionRequest
//! extract       (server)
//! authenticate  crate::authenticate      -> AuthenticatedCaller
//! authorize     authorize.rs             -> AuthorizedResourceServer
//! negotiate     avouch_oauth::negotiate  -> ResponseFormat
//! now           crate::time::Clock, read once
//! find          find.rs                  -> Sought
//! judge         judge.rs                 -> Judgement
//! compose       compose.rs               -> IntrospectionResponse
//! secure        secure.rs                -> SecuredAnswer
//! record        record.rs
//! respond       (server)
//! ```
//!
//! Everything keys on the authenticated caller, never on the client that owns
//! the token. Every step runs for every request.

mod authorize;
mod compose;
mod explain;
mod find;
mod judge;
mod own;
mod pairwise;
mod record;
mod secure;
mod statement_memory;

pub use authorize::{AuthorizationError, AuthorizedResourceServer, authorize};
pub use compose::compose;
pub use explain::{Because, ExplainedMember, MemberKind, explain};
pub use find::{Sought, find, find_evenly};
pub use judge::{InactiveReason, Judgement, is_good_at, judge, reason_against};
pub use own::{compose_own, is_good_own, judge_own};
pub use pairwise::PairwiseSubjects;
pub use record::record;
pub use secure::{Echo, Encryption, Means, SecureError, SecuredAnswer, secure};
pub use statement_memory::StatementMemory;

#[cfg(test)]
pub(crate) mod fixtures;

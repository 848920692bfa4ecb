//! What is recorded: one event for each decision, free of secrets, tokens and
//! personal data.

use avouch_jose::SignatureAlgorithm;
use avouch_oauth::negotiate::ResponseFormat;
use thiserror::Error;

use crate::AuthenticationFailure;
use crate::id::{ClientId, GrantId, ResourceServerId, StatementId, TokenId};
use crate::introspection::{Encryption, InactiveReason};
use crate::issuance::Disclosure;
use crate::storage::{Cause, Revoked};
use crate::time::Timestamp;

/// A decision that was made.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A caller presented credentials that prove nothing.
    AuthenticationFailed {
        /// When.
        at: Timestamp,
        /// The `client_id` that was claimed, if somebody is registered under it.
        caller: Option<&'a str>,
        /// The private reason.
        reason: AuthenticationFailure,
    },
    /// An authenticated caller asked for what it may not have.
    Refused {
        /// When.
        at: Timestamp,
        /// Its `client_id`.
        caller: &'a str,
        /// What it may not do.
        reason: &'static str,
    },
    /// A question about a token was answered.
    Introspected {
        /// The instant the answer is true of.
        at: Timestamp,
        /// Who asked.
        resource_server: &'a ResourceServerId,
        /// The revision of its profile.
        profile: u32,
        /// The revision of its release policy.
        policy: u32,
        /// About which token, if it is one of ours.
        token: Option<&'a TokenId>,
        /// What was answered, and why.
        answer: Answer,
        /// In which form.
        format: ResponseFormat,
        /// Signed with what; `None` for plain JSON.
        signed_with: Option<SignatureAlgorithm>,
        /// Encrypted with what, and to which key, if it was.
        encrypted_with: Option<&'a Encryption>,
        /// The `jti` of the statement, where it has one.
        statement: Option<&'a StatementId>,
    },
    /// A client was told about a token of its own.
    OwnTokenIntrospected {
        /// The instant the answer is true of.
        at: Timestamp,
        /// Who asked.
        client: &'a ClientId,
        /// About which token, if it is one of ours.
        token: Option<&'a TokenId>,
        /// What was answered, and why.
        answer: Answer,
    },
    /// An access token was issued.
    TokenIssued {
        /// When.
        at: Timestamp,
        /// To whom.
        client: &'a ClientId,
        /// Under which grant.
        grant: &'a GrantId,
        /// Its `jti`.
        token: &'a TokenId,
        /// Who ordered it, if not the client itself: as in `Administered`.
        ordered_by: Option<&'a str>,
        /// What can be read in it, if it is a JWT.
        disclosure: Option<&'a Disclosure>,
    },
    /// A resource server got a token for itself.
    CallerTokenIssued {
        /// When.
        at: Timestamp,
        /// To whom.
        resource_server: &'a ResourceServerId,
        /// Its name.
        token: &'a TokenId,
    },
    /// Something was revoked.
    Revoked {
        /// When.
        at: Timestamp,
        /// Who asked: a `client_id`, or `administrator`.
        by: &'a str,
        /// `token`, `grant`, `client`, `subject` or `everything`.
        what: &'static str,
        /// Its name, where that is no personal data; of everything, until when it was issued:
        /// `now`, or the `NumericDate` that was named.
        name: Option<&'a str>,
        /// What became of it.
        outcome: Revoked,
    },
    /// A record was made, changed or removed.
    Administered {
        /// When.
        at: Timestamp,
        /// Who asked: `administrator` at the admin socket, a `client_id`, or the name of an
        /// initial access token.
        by: &'a str,
        /// What was done, such as `client added`.
        what: &'static str,
        /// The name of the record.
        name: &'a str,
    },
}

/// What an RS was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// `active: true`.
    Active,
    /// `active: false`, and the reason it was not told.
    Inactive(InactiveReason),
}

/// Takes events. Behind it may stand a log line or a ledger on another machine,
/// so it is awaited and may fail; what it guards must not happen if it fails.
pub trait Recorder: Send + Sync {
    /// Records one event. When it returns `Ok` the event is as safe as this
    /// recorder promises to keep it.
    fn record(&self, event: &Event<'_>) -> impl Future<Output = Result<(), RecordError>> + Send;
}

/// An event could not be recorded.
#[derive(Debug, Error)]
#[error("the event could not be recorded: {0}")]
pub struct RecordError(#[source] pub Cause);

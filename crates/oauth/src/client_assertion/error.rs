//! Why a client assertion is not taken.

use super::{AssertionAlgorithm, CLIENT_ASSERTION_TYPE};
use crate::error::ErrorCode;
use crate::issuer::Issuer;
use crate::media_type::CLIENT_AUTHENTICATION_JWT_TYP;
use crate::proof::{ClaimError, MAX_CLOCK_SKEW};
use avouch_jose::mac::VerifyMacError;
use avouch_jose::strict_json::JsonError;
use avouch_jose::{KeyError, ParseError, SelectError, VerifyError};

/// What is wrong with a client assertion, roughly in the order of the checks. The text says what
/// to change and shows nothing that came with the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientAssertionError {
    /// `client_assertion_type` without `client_assertion`.
    #[error("client_assertion is missing: send it beside client_assertion_type")]
    NoAssertion,
    /// `client_assertion` without `client_assertion_type`, or beside another one.
    #[error("client_assertion_type must be {CLIENT_ASSERTION_TYPE}")]
    WrongType,
    /// `client_id` names another client than the assertion does.
    #[error(
        "client_id is not the client that the assertion names: leave it out, or send the value of sub"
    )]
    OtherClientId,
    /// Five parts.
    #[error("the client assertion is encrypted, which is not taken here: sign it only")]
    Encrypted,
    /// Not a compact JWS, too long, or under a header that is never taken.
    #[error("the client assertion is not a signed JWT that is taken here: {0}")]
    Malformed(#[from] ParseError),
    /// Another kind of JWT: what was made for something else authenticates nobody.
    #[error(
        "the typ of the client assertion must be {CLIENT_AUTHENTICATION_JWT_TYP}, JWT or absent"
    )]
    WrongTyp,
    /// The payload is not one strict JSON object.
    #[error("the claims of the client assertion are not acceptable: {0}")]
    Claims(JsonError),
    /// A claim is missing or of the wrong type.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// `iss` and `sub` differ.
    #[error("iss and sub of the client assertion must both be the client_id")]
    IssuerIsNotSubject,
    /// It names another client than the one it is checked for. A mistake of the program, unless
    /// the caller got the client from elsewhere than the assertion.
    #[error("the client assertion names another client")]
    OtherClient,
    /// Not an algorithm of this client.
    #[error("{0} is not an algorithm that this client may authenticate with")]
    AlgorithmNotAllowed(AssertionAlgorithm),
    /// The client has no key that can have signed it. Where its keys are fetched, fetching them
    /// anew may help.
    #[error("no key of the client can be picked for the client assertion: {0}")]
    NoKey(#[from] SelectError),
    /// The key the client registered is not usable.
    #[error("the key of the client is not usable: {0}")]
    UnusableKey(#[from] KeyError),
    /// Changed on the way, or signed by somebody else.
    #[error("the signature of the client assertion is wrong: {0}")]
    Signature(#[from] VerifyError),
    /// The same, where the key is a secret.
    #[error("the client assertion is not authenticated with the secret of the client: {0}")]
    Mac(#[from] VerifyMacError),
    /// `aud` is missing or names something else.
    #[error("aud of the client assertion must be {expected}, the issuer, and nothing else")]
    WrongAudience {
        /// What it has to be.
        expected: Issuer,
    },
    /// `aud` names others beside: any of them could use the assertion here.
    #[error("aud of the client assertion names several: it must be {expected} alone")]
    SeveralAudiences {
        /// What it has to be.
        expected: Issuer,
    },
    /// `aud` is an array of one, which FAPI 2.0 does not allow.
    #[error("aud of the client assertion must be a string, not an array")]
    AudienceNotAString,
    /// Its end is past.
    #[error("the client assertion expired {ago} seconds ago: make a new one for each request")]
    Expired {
        /// In seconds.
        ago: u64,
    },
    /// Its end is so far that its `jti` would have to be remembered for too long.
    #[error("the client assertion lives too long: exp may be at most {max} seconds ahead")]
    LivesTooLong {
        /// In seconds.
        max: u64,
    },
    /// `nbf` is still to come.
    #[error(
        "the client assertion is good only in {ahead} seconds, more than the {MAX_CLOCK_SKEW} that clocks may differ"
    )]
    NotYetValid {
        /// In seconds.
        ahead: u64,
    },
    /// `iat` is in the future.
    #[error(
        "the client assertion is issued {ahead} seconds in the future, more than the {MAX_CLOCK_SKEW} that clocks may differ: set the clock of the client"
    )]
    FromTheFuture {
        /// In seconds.
        ahead: u64,
    },
}

impl ClientAssertionError {
    /// Whether this is a fault of the assertion itself, whoever is registered and with whatever
    /// keys: the sender may be told, for it learns nothing but what it sent. Faults that show
    /// after the signature was checked are of this kind too; only the client gets that far.
    pub fn is_of_the_client_itself(&self) -> bool {
        !matches!(
            self,
            Self::OtherClient
                | Self::AlgorithmNotAllowed(_)
                | Self::NoKey(_)
                | Self::UnusableKey(_)
                | Self::Signature(_)
                | Self::Mac(_)
        )
    }

    /// The code of the error answer: the request is malformed, or the client failed to
    /// authenticate.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoAssertion | Self::WrongType | Self::OtherClientId => ErrorCode::InvalidRequest,
            _ => ErrorCode::InvalidClient,
        }
    }
}

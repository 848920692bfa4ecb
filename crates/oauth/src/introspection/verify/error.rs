//! Why an answer must not be believed.

use avouch_jose::nested::UnnestError;
use avouch_jose::strict_json::JsonError;
use avouch_jose::{KeyError, ParseError, SelectError, SignatureAlgorithm, VerifyError};

/// Why an answer must not be believed, in the order of the checks. Shows no claim.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Five parts: encrypted, and no key to decrypt with was given.
    #[error("the answer is encrypted, and there is no key to decrypt it with")]
    Encrypted,
    /// Signed alone, where this RS is set up for encryption.
    #[error("the answer is not encrypted, and this resource server is set up for encryption")]
    NotEncrypted,
    /// It does not open, or what is inside is not signed.
    #[error("the answer cannot be decrypted: {0}")]
    Nested(#[from] UnnestError),
    /// Not a compact JWS, or one with an unacceptable header.
    #[error("the answer is not a signed JWT: {0}")]
    Malformed(#[from] ParseError),
    /// `typ` is missing or of another kind of JWT, perhaps an access token.
    #[error("the typ of the JWT is not that of an introspection answer")]
    WrongTyp,
    /// Signed with an algorithm that this RS did not settle on.
    #[error("the JWT is signed with {0}, which is not allowed here")]
    AlgorithmNotAllowed(SignatureAlgorithm),
    /// No key of the AS can have signed it. After a rotation, fetching the keys anew may help.
    #[error("no key of the authorization server can be picked: {0}")]
    NoKey(#[from] SelectError),
    /// The key the AS publishes is not usable.
    #[error("the key of the authorization server is not usable: {0}")]
    UnusableKey(#[from] KeyError),
    /// Changed on the way, or signed by somebody else.
    #[error("the signature is wrong: {0}")]
    Signature(#[from] VerifyError),
    /// The payload is not one strict JSON object.
    #[error("the claims are not acceptable: {0}")]
    Claims(JsonError),
    /// `iss` is missing or of another issuer, compared to the last slash.
    #[error("iss is not the expected issuer")]
    WrongIssuer,
    /// `aud` is missing or does not hold this RS: an answer meant for another.
    #[error("aud does not name this resource server")]
    WrongAudience,
    /// `iat` is missing or not a whole number of seconds.
    #[error("iat is missing or not a whole number of seconds")]
    NoIssuedAt,
    /// Made too long ago: perhaps replayed.
    #[error("the answer was made {age} seconds ago, too long for one just received")]
    TooOld {
        /// In seconds.
        age: u64,
    },
    /// Made in the future: a clock is wrong.
    #[error("the answer was made {ahead} seconds in the future: one of the clocks is wrong")]
    FromTheFuture {
        /// In seconds.
        ahead: u64,
    },
    /// A claim about the statement is not a string.
    #[error("{0} is not a string")]
    NotAString(&'static str),
    /// `token_introspection` is missing or not an object; a draft -08 answer looks like this.
    #[error("token_introspection is missing or not an object")]
    NoTokenIntrospection,
    /// `token_introspection` stands where an answer of draft -08 was expected.
    #[error("token_introspection has no place in the draft -08 answer that is expected here")]
    NotDraft08,
    /// `active` is missing or not a boolean.
    #[error("active is missing or not a boolean")]
    NoActive,
    /// An inactive token with further members.
    #[error("an inactive token must have no member but active")]
    InactiveWithMembers,
    /// A member of `token_introspection` has the wrong type.
    #[error("token_introspection is not acceptable: {0}")]
    Response(JsonError),
}

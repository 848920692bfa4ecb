//! JWS in compact serialization (RFC 7515 section 7.1), the only one a JWT may have.

pub mod self_signed;

mod header;
mod sign;
mod unverified;
mod verified;

pub use crate::{compact::MAX_TOKEN_LEN, critical::CriticalError};
pub use header::JwsHeader;
pub(crate) use sign::signing_input_of;
pub use sign::{append_signature, sign, signing_input};
pub(crate) use unverified::Parts;
pub use unverified::{ParseError, UnverifiedJws};
pub use verified::{VerifiedJws, VerifyError};

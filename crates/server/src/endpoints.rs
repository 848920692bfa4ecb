//! The public endpoints, a file each, all in the same order: the request,
//! errors and their mapping, the handler, tests.

pub(crate) mod client_secret;
pub(crate) mod introspection;
pub(crate) mod jwks;
pub(crate) mod metadata;
mod own_token;
pub(crate) mod registration;
pub(crate) mod registration_management;
pub(crate) mod revocation;
pub(crate) mod token;

use avouch_oauth::error::ErrorCode;
use avouch_oauth::form::{Form, FormError};

use crate::error_reply::ErrorReply;

/// Parses a form whose errors all look alike (RFC 6749 section 3.1).
fn parse_form<'a>(body: &'a [u8], repeatable: &[&str]) -> Result<Form<'a>, ErrorReply> {
    Form::parse(body, repeatable).map_err(|error: FormError| {
        ErrorReply::bad_request(ErrorCode::InvalidRequest, error.to_string())
    })
}

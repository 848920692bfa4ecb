//! How a registrant wants to prove itself.

use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_metadata::ClientMetadata;

use super::RegistrationError;

/// `token_endpoint_auth_method`, `client_secret_basic` for want of another
/// (RFC 7591 section 2).
pub(super) fn read(metadata: &ClientMetadata) -> Result<AuthenticationMethod, RegistrationError> {
    match metadata.token_endpoint_auth_method {
        None | Some(AuthenticationMethod::ClientSecretBasic) => {
            Ok(AuthenticationMethod::ClientSecretBasic)
        }
        Some(AuthenticationMethod::ClientSecretPost) => Ok(AuthenticationMethod::ClientSecretPost),
        Some(method) => Err(RegistrationError::metadata(format!(
            "token_endpoint_auth_method {method} is not supported; \
             use client_secret_basic or client_secret_post"
        ))),
    }
}

//! How a registrant wants to prove itself.

use avouch_jose::JwkSet;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::jwks_uri::JwksUri;

use super::{RegistrationContext, RegistrationError};
use crate::records::{ClientAuthentication, KeySource};

/// `token_endpoint_auth_method`, `client_secret_basic` for want of another
/// (RFC 7591 section 2), with what belongs to it. Keys that nothing is checked
/// with are not read.
pub(super) fn read(
    metadata: &ClientMetadata,
    context: &RegistrationContext<'_>,
) -> Result<ClientAuthentication, RegistrationError> {
    let method = metadata
        .token_endpoint_auth_method
        .unwrap_or(AuthenticationMethod::ClientSecretBasic);
    if !context.methods.contains(&method) {
        let names: Vec<_> = context.methods.iter().map(|one| one.as_str()).collect();
        return Err(RegistrationError::unsupported(
            "token_endpoint_auth_method",
            &names,
        ));
    }
    let keys = match method {
        AuthenticationMethod::PrivateKeyJwt => keys(metadata, context)?,
        _ => None,
    };
    let algorithm = metadata.token_endpoint_auth_signing_alg.as_deref();
    ClientAuthentication::new(method, algorithm, keys)
        .map_err(|error| RegistrationError::metadata(error.to_string()))
}

/// `jwks` or `jwks_uri`. That both are there was refused when the metadata was
/// read.
pub(super) fn keys(
    metadata: &ClientMetadata,
    context: &RegistrationContext<'_>,
) -> Result<Option<KeySource>, RegistrationError> {
    match (&metadata.jwks, &metadata.jwks_uri) {
        (Some(jwks), _) => JwkSet::from_registered_object(jwks.clone())
            .map(|set| Some(KeySource::Keys(set)))
            .map_err(|error| RegistrationError::metadata(format!("jwks: {error}"))),
        (None, Some(uri)) => {
            let uri = JwksUri::parse(uri)
                .map_err(|error| RegistrationError::metadata(error.to_string()))?;
            let allowed = context.jwks_uris.check(&uri);
            allowed.map_err(|why| RegistrationError::metadata(format!("jwks_uri {why}")))?;
            Ok(Some(KeySource::Uri(uri)))
        }
        (None, None) => Ok(None),
    }
}

//! How a registrant wants to prove itself.

use avouch_jose::JwkSet;
use avouch_oauth::auth_method::AuthenticationMethod;
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::jwks_uri::JwksUri;

use super::{RegistrationContext, RegistrationError};
use crate::records::{CertificateName, ClientAuthentication, KeySource, Particulars};

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
        AuthenticationMethod::PrivateKeyJwt | AuthenticationMethod::SelfSignedTlsClientAuth => {
            keys(metadata, context)?
        }
        _ => None,
    };
    let certificate_name = CertificateName::at_most_one([
        metadata.tls_client_auth_subject_dn.as_deref(),
        metadata.tls_client_auth_san_dns.as_deref(),
        metadata.tls_client_auth_san_uri.as_deref(),
        metadata.tls_client_auth_san_ip.as_deref(),
        metadata.tls_client_auth_san_email.as_deref(),
    ])
    .map_err(|error| RegistrationError::metadata(error.to_string()))?;
    let particulars = Particulars {
        algorithm: metadata.token_endpoint_auth_signing_alg.as_deref(),
        keys,
        certificate_name,
    };
    ClientAuthentication::new(method, particulars)
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

//! How an RS wants its answers encrypted (RFC 9701 section 6), and a key for it:
//! without one the AS could never answer (section 3).

use avouch_jose::{ContentEncryption, JwkSet, KeyManagementAlgorithm};
use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::jwks_uri::JwksUri;

use super::{RegistrationContext, RegistrationError};
use crate::records::{DEFAULT_ENCRYPTION, EncryptionProfileError, StatementEncryption};

/// `None` where nothing is asked for. Keys that nothing would be encrypted to are
/// not registered. `enc` without `alg` was refused when the metadata was read.
pub(super) fn read(
    metadata: &ClientMetadata,
    context: &RegistrationContext<'_>,
) -> Result<Option<StatementEncryption>, RegistrationError> {
    let Some(name) = &metadata.introspection_encrypted_response_alg else {
        if context.encrypted_only {
            return Err(RegistrationError::metadata(
                "this server gives encrypted answers only: send \
                 introspection_encrypted_response_alg and a key in jwks or jwks_uri",
            ));
        }
        return Ok(None);
    };
    let algorithm = name.parse::<KeyManagementAlgorithm>().map_err(|_| {
        RegistrationError::unsupported(
            "introspection_encrypted_response_alg",
            &KeyManagementAlgorithm::ALL.map(KeyManagementAlgorithm::name),
        )
    })?;
    let encryption = content_encryption(metadata)?;
    match (&metadata.jwks, &metadata.jwks_uri) {
        (Some(jwks), _) => JwkSet::from_registered_object(jwks.clone())
            .map_err(EncryptionProfileError::Keys)
            .and_then(|set| StatementEncryption::to_keys(algorithm, encryption, set))
            .map(Some)
            .map_err(|error| RegistrationError::metadata(error.to_string())),
        (None, Some(uri)) => {
            let uri = JwksUri::parse(uri)
                .map_err(|error| RegistrationError::metadata(error.to_string()))?;
            let allowed = context.jwks_uris.check(&uri);
            allowed.map_err(|why| RegistrationError::metadata(format!("jwks_uri {why}")))?;
            Ok(Some(StatementEncryption::to_uri(
                algorithm, encryption, uri,
            )))
        }
        (None, None) => Err(RegistrationError::metadata(
            EncryptionProfileError::KeySource.to_string(),
        )),
    }
}

fn content_encryption(metadata: &ClientMetadata) -> Result<ContentEncryption, RegistrationError> {
    let Some(name) = &metadata.introspection_encrypted_response_enc else {
        return Ok(DEFAULT_ENCRYPTION);
    };
    name.parse().map_err(|_| {
        RegistrationError::unsupported(
            "introspection_encrypted_response_enc",
            &ContentEncryption::ALL.map(ContentEncryption::name),
        )
    })
}

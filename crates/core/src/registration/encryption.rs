//! How an RS wants its answers encrypted (RFC 9701 section 6), and a key for it:
//! without one the AS could never answer (section 3).

use avouch_jose::{ContentEncryption, KeyManagementAlgorithm};
use avouch_oauth::client_metadata::ClientMetadata;

use super::{RegistrationContext, RegistrationError, client_authentication};
use crate::records::{DEFAULT_ENCRYPTION, EncryptionProfileError, KeySource, StatementEncryption};

/// `None` where nothing is asked for. `enc` without `alg` was refused when the metadata was read.
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
    let made = match client_authentication::keys(metadata, context)? {
        Some(KeySource::Keys(set)) => StatementEncryption::to_keys(algorithm, encryption, set),
        Some(KeySource::Uri(uri)) => Ok(StatementEncryption::to_uri(algorithm, encryption, uri)),
        None => Err(EncryptionProfileError::KeySource),
    };
    made.map(Some)
        .map_err(|error| RegistrationError::metadata(error.to_string()))
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

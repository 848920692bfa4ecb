//! What the form of a `jwks_uri` tells about whether it may be fetched, told where it is written.

use avouch_core::apply::ResourceServerDescription;
use avouch_core::records::{Recipient, StatementEncryption};

use super::error::AdminError;
use crate::app::App;

/// Refuses a `jwks_uri` that would never be fetched.
pub(super) fn check_published_keys(
    app: &App,
    description: &ResourceServerDescription,
) -> Result<(), AdminError> {
    let encryption = description.profile.encryption.as_ref();
    if let Some(Recipient::Uri(uri)) = encryption.map(StatementEncryption::recipient) {
        app.published_keys.check(uri).map_err(|error| {
            AdminError::bad_request(format!("{}: jwks_uri {error}", description.id))
        })?;
    }
    Ok(())
}

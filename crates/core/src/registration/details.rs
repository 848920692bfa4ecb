//! What people are shown: self-asserted, bounded, never trusted.

use avouch_oauth::client_metadata::ClientMetadata;
use avouch_oauth::resource::ResourceIdentifier;

use super::{MAX_ENTRIES, MAX_TEXT, RegistrationError};
use crate::records::PublicDetails;

/// Name, links and contacts.
pub(super) fn read(metadata: &ClientMetadata) -> Result<PublicDetails, RegistrationError> {
    let ClientMetadata {
        client_name,
        client_uri,
        contacts,
        tos_uri,
        policy_uri,
        ..
    } = metadata;
    if contacts.len() > MAX_ENTRIES {
        return Err(too_many());
    }
    let links = [client_uri, tos_uri, policy_uri];
    let texts = links.into_iter().chain([client_name]).flatten();
    for text in texts.chain(contacts) {
        bounded(text)?;
    }
    if !links.into_iter().flatten().all(|link| is_web_link(link)) {
        return Err(RegistrationError::metadata(
            "client_uri, tos_uri and policy_uri are http or https URLs",
        ));
    }
    Ok(PublicDetails {
        name: client_name.clone(),
        uri: client_uri.clone(),
        contacts: contacts.clone(),
        tos_uri: tos_uri.clone(),
        policy_uri: policy_uri.clone(),
    })
}

/// A text that is not too long.
pub(super) fn bounded(text: &str) -> Result<(), RegistrationError> {
    if text.len() > MAX_TEXT {
        return Err(RegistrationError::metadata(format!(
            "a text has at most {MAX_TEXT} characters"
        )));
    }
    Ok(())
}

/// A list with too many entries.
pub(super) fn too_many() -> RegistrationError {
    RegistrationError::metadata(format!("a list has at most {MAX_ENTRIES} entries"))
}

fn is_web_link(link: &str) -> bool {
    ResourceIdentifier::parse(link).is_ok_and(|uri| {
        uri.as_str().starts_with("https://") || uri.as_str().starts_with("http://")
    })
}

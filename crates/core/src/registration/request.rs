//! What is asked for, with the software statement's word over it.

use avouch_oauth::client_metadata::ClientMetadata;
use serde_json::{Map, Value};

use super::{RegistrationContext, RegistrationError, details, redirect_uris};
use crate::records::{Software, SoftwareStatement};

/// A request that has been read, for a client or an RS.
#[derive(Debug)]
pub(super) struct Request {
    /// The metadata; what a statement says has replaced what the registrant says.
    pub(super) metadata: ClientMetadata,
    /// What software it says it is.
    pub(super) software: Software,
}

impl Request {
    /// Reads a request. `kept` is the statement that was verified for this
    /// registration before: it stands as it stood, so that a registration
    /// outlives the statement it was made with.
    pub(super) fn read(
        mut members: Map<String, Value>,
        kept: Option<&SoftwareStatement>,
        context: &RegistrationContext<'_>,
    ) -> Result<Self, RegistrationError> {
        let statement = match members.remove("software_statement") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => match kept {
                Some(kept) if kept.text == text => Some(kept.clone()),
                _ if context.statements.are_supported() => {
                    Some(context.statements.verify(&text, context.now)?)
                }
                _ => None,
            },
            Some(_) => {
                return Err(RegistrationError::metadata(
                    "software_statement is a string",
                ));
            }
        };
        if let Some(statement) = &statement {
            members.extend(statement.metadata.clone());
        }
        let metadata = ClientMetadata::from_object(members)?;
        redirect_uris::check(&metadata.redirect_uris)?;
        let texts = [&metadata.software_id, &metadata.software_version];
        for text in texts.into_iter().flatten() {
            details::bounded(text)?;
        }
        let software = Software {
            id: metadata.software_id.clone(),
            version: metadata.software_version.clone(),
            statement,
        };
        Ok(Self { metadata, software })
    }
}

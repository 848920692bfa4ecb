//! A registration access token for a caller that an administrator chose.

use crate::opaque_token::TokenHash;
use crate::records::{
    Allowance, AllowedResources, Approval, Registration, RegistrationKinds, RegistrationTokens,
    ResourceSharing, Software,
};
use crate::storage::CallerRecord;

/// The registration after a token is handed out by an administrator: earlier
/// ones end. A caller that had no registration gets one that reaches what it
/// has now, and nothing more.
pub fn hand_out_registration_token(
    caller: &CallerRecord,
    current: Option<Registration>,
    token: TokenHash,
) -> Registration {
    let tokens = RegistrationTokens::new(token);
    match current {
        Some(current) => Registration { tokens, ..current },
        None => Registration {
            approval: Approval::Administrator,
            allowance: what_it_has(caller),
            narrowed: false,
            software: Software::default(),
            tokens,
        },
    }
}

fn what_it_has(caller: &CallerRecord) -> Allowance {
    let (kinds, resources) = match caller {
        CallerRecord::Client(client) => (RegistrationKinds::Clients, client.resources.clone()),
        CallerRecord::ResourceServer(server) => (
            RegistrationKinds::ResourceServers,
            AllowedResources::Only(server.resources.iter().cloned().collect()),
        ),
    };
    Allowance {
        kinds,
        resources,
        sharing: ResourceSharing::Exclusive,
    }
}

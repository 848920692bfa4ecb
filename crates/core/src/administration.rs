//! Who may administer the server over the network: a client that an
//! administrator chose for it, with an access token for the admin API.
//!
//! The right stands in the client's record and not in the token, which only
//! tells who asks: what an administrator takes from the record is gone at once.

use std::sync::Arc;

use avouch_oauth::resource::ResourceIdentifier;
use thiserror::Error;

use crate::introspection::{Sought, reason_against};
use crate::records::{AllowedResources, Approval, Client, FoundToken};
use crate::storage::{CallerRecord, CallerStore, RegistrationStore, StoreError};
use crate::time::Timestamp;

/// The scope value that allows everything the admin API offers over the network.
pub const ADMIN_SCOPE: &str = "admin";
/// The scope value that allows what changes nothing.
pub const ADMIN_READ_SCOPE: &str = "admin:read";
/// The scope value that allows ordering access tokens for subjects, and nothing else.
pub const ADMIN_ISSUE_SCOPE: &str = "admin:issue";

/// What an operation of the admin API does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRight {
    /// It looks.
    Read,
    /// It issues an access token for a subject: all that a login system needs, and a right to
    /// speak in anybody's name. So it is part of no other right but that to everything.
    Issue,
    /// It makes, changes or ends something else.
    Write,
}

impl AdminRight {
    /// The scope that is enough, as narrow as there is one.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Read => ADMIN_READ_SCOPE,
            Self::Issue => ADMIN_ISSUE_SCOPE,
            Self::Write => ADMIN_SCOPE,
        }
    }

    /// Whether one of these scope values gives the right.
    fn is_in(self, scope: &avouch_oauth::scope::Scope) -> bool {
        scope.contains(ADMIN_SCOPE) || scope.contains(self.scope())
    }
}

/// A client with a good token for the admin API.
#[derive(Debug)]
pub struct AdminClient<'a> {
    found: &'a FoundToken,
    client: Arc<Client>,
}

/// Why a token does not open the admin API.
#[derive(Debug, Error)]
pub enum AdminTokenError {
    /// It is none of ours, ended, or not for the admin API.
    #[error("the access token is not good for the admin API")]
    NotGood,
    /// Its client was never chosen by an administrator, or is no longer.
    #[error("the client is not one that administers")]
    NotChosen,
    /// The store could not say.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether an administrator listed the admin API for this client. `any`
/// resource does not include it.
pub fn is_listed(resources: &AllowedResources, admin: &ResourceIdentifier) -> bool {
    match resources {
        AllowedResources::Any => false,
        AllowedResources::Only(listed) => listed.contains(admin),
    }
}

/// Judges a token that is presented to the admin API. What it is bound to is
/// for the caller of this function to check.
///
/// Refused is a token with a subject, so that events name who acted, and the
/// client that registered itself: it could give itself the scope.
pub async fn admin_client<'a>(
    sought: &'a Sought,
    admin: &ResourceIdentifier,
    store: &(impl CallerStore + RegistrationStore),
    now: Timestamp,
) -> Result<AdminClient<'a>, AdminTokenError> {
    let Sought::Found(found) = sought else {
        return Err(AdminTokenError::NotGood);
    };
    let for_admin = found.token.audience.as_slice() == std::slice::from_ref(admin);
    if reason_against(found, now).is_some() || !for_admin || found.grant.subject.is_some() {
        return Err(AdminTokenError::NotGood);
    }
    let id = found.token.client.as_str();
    let Some(CallerRecord::Client(client)) = store.find_caller(id).await? else {
        return Err(AdminTokenError::NotGood);
    };
    let registration = store.registration_of(id).await?;
    let registered_itself =
        registration.is_some_and(|registration| registration.approval != Approval::Administrator);
    if registered_itself || !is_listed(&client.resources, admin) {
        return Err(AdminTokenError::NotChosen);
    }
    Ok(AdminClient { found, client })
}

impl AdminClient<'_> {
    /// The token and what it hangs on.
    pub const fn token(&self) -> &FoundToken {
        self.found
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Whether it may do this: by its token, and by its record as it is now.
    pub fn has(&self, right: AdminRight) -> bool {
        right.is_in(&self.found.token.scope) && right.is_in(&self.client.scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_resource_is_not_the_admin_api() {
        let admin = ResourceIdentifier::parse("https://admin.example").unwrap();
        let other = ResourceIdentifier::parse("https://admin.example/").unwrap();
        assert!(!is_listed(&AllowedResources::Any, &admin));
        assert!(!is_listed(
            &AllowedResources::Only(vec![other.clone()]),
            &admin
        ));
        let both = AllowedResources::Only(vec![other, admin.clone()]);
        assert!(is_listed(&both, &admin));
    }

    #[test]
    fn each_right_has_its_scope_and_only_admin_has_all() {
        let scope = |text: &str| avouch_oauth::scope::Scope::parse(text).unwrap();
        for (text, read, issue, write) in [
            ("admin", true, true, true),
            ("admin:read", true, false, false),
            ("admin:issue", false, true, false),
            ("admin:issue admin:read", true, true, false),
            ("admin:read admin", true, true, true),
            (
                "administer Admin admin:write admin:issues Admin:Issue pay",
                false,
                false,
                false,
            ),
        ] {
            let scope = scope(text);
            assert_eq!(AdminRight::Read.is_in(&scope), read, "{text}");
            assert_eq!(AdminRight::Issue.is_in(&scope), issue, "{text}");
            assert_eq!(AdminRight::Write.is_in(&scope), write, "{text}");
        }
    }
}

//! What an administrator takes away, its owner does not take back.

use crate::records::{Allowance, AllowedResources, Client, Registration, ResourceServer};
use crate::storage::CallerRecord;

/// The registration of a caller whose record an administrator changes, if that
/// takes something away. `None` if nothing was taken.
pub fn without_what_is_taken(
    current: &Registration,
    before: &CallerRecord,
    after: &CallerRecord,
) -> Option<Registration> {
    match (before, after) {
        (CallerRecord::Client(before), CallerRecord::Client(after)) => {
            without_taken_scope(current, before, after)
        }
        (CallerRecord::ResourceServer(before), CallerRecord::ResourceServer(after)) => {
            without_taken_resources(current, before, after)
        }
        // A kind never changes.
        _ => None,
    }
}

/// From then on it keeps what it has: all scope values but some cannot be said.
fn without_taken_scope(
    current: &Registration,
    before: &Client,
    after: &Client,
) -> Option<Registration> {
    let nothing_is_taken =
        before.scope.is_subset(&after.scope) && before.grant_types.is_subset(&after.grant_types);
    if nothing_is_taken || current.narrowed {
        return None;
    }
    Some(Registration {
        narrowed: true,
        ..current.clone()
    })
}

/// The registration of an RS whose resources an administrator changes: those
/// taken away are approved no longer. `None` if none was taken.
fn without_taken_resources(
    current: &Registration,
    before: &ResourceServer,
    after: &ResourceServer,
) -> Option<Registration> {
    let is_taken = |resource: &_| !after.resources.contains(resource);
    if !before.resources.iter().any(is_taken) {
        return None;
    }
    let resources = match &current.allowance.resources {
        // All but some cannot be said; so it is what it has now.
        AllowedResources::Any => after.resources.iter().cloned().collect(),
        AllowedResources::Only(approved) => approved
            .iter()
            .filter(|resource| !(before.resources.contains(resource) && is_taken(resource)))
            .cloned()
            .collect(),
    };
    Some(Registration {
        allowance: Allowance {
            resources: AllowedResources::Only(resources),
            ..current.allowance.clone()
        },
        ..current.clone()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::RegistrationKinds;
    use crate::registration::RegistrationError;
    use crate::registration::fixtures::{
        Desk, allowance, anything, client, only, resource_server, token,
    };
    use crate::storage::RegisteredCaller;

    const A: &str = "https://a.example";
    const B: &str = "https://b.example";
    const C: &str = "https://c.example";

    fn with_resources(server: &ResourceServer, resources: &[&str]) -> ResourceServer {
        let AllowedResources::Only(resources) = only(resources) else {
            panic!("only some were asked for")
        };
        ResourceServer {
            resources: resources.into_iter().collect(),
            ..server.clone()
        }
    }

    #[test]
    fn what_is_taken_away_is_approved_no_longer_and_the_rest_still_is() {
        let kinds = RegistrationKinds::ResourceServers;
        for (approved, after, expected) in [
            (only(&[A, B, C]), &[A][..], Some(only(&[A, C]))),
            (only(&[A, B, C]), &[C], Some(only(&[C]))),
            (AllowedResources::Any, &[A], Some(only(&[A]))),
            (only(&[A, B, C]), &[A, B], None),
            (only(&[A, B]), &[A, B, C], None),
            (AllowedResources::Any, &[A, B, C], None),
        ] {
            let right = token(allowance(kinds, approved));
            let made = Desk::new().register(&json!({"resource": [A, B]}), Some(&right));
            let made = made.unwrap().registered;
            let before = resource_server(&made);
            let after = with_resources(before, after);
            let taken = without_taken_resources(&made.registration, before, &after);
            let resources = taken.map(|taken| taken.allowance.resources);
            assert_eq!(resources, expected);
        }
    }

    #[test]
    fn a_client_takes_back_no_scope_and_no_grant_that_an_administrator_took() {
        let desk = Desk::new();
        let grants = json!(["client_credentials"]);
        let request = json!({"grant_types": grants, "scope": "pay sign"});
        let made = desk.register(&request, Some(&token(anything()))).unwrap();
        let made = made.registered;
        // Nobody has chosen for it yet: it may have what it could have registered with.
        let more = json!({"grant_types": grants, "scope": "pay sign more"});
        assert!(desk.update(&made, &more).is_ok());

        let before = client(&made);
        let changed = |scope: &str, keeps_grants: bool| {
            let mut after = before.clone();
            after.scope = avouch_oauth::Scope::parse(scope).unwrap();
            if !keeps_grants {
                after.grant_types.clear();
            }
            let after = CallerRecord::Client(after.into());
            let taken = without_what_is_taken(&made.registration, &made.caller, &after);
            taken.map(|registration| RegisteredCaller {
                caller: after,
                registration,
            })
        };
        assert_eq!(changed("pay sign", true), None);
        assert_eq!(changed("pay sign more", true), None);

        let narrowed = changed("pay", true).unwrap();
        let same = json!({"grant_types": grants, "scope": "pay"});
        let after = desk.update(&narrowed, &same).unwrap();
        // It does not forget by being updated.
        for current in [&narrowed, &after] {
            for request in [&request, &more] {
                let refused = desk.update(current, request);
                assert!(
                    matches!(refused, Err(RegistrationError::NotAllowed(_))),
                    "{request}"
                );
            }
        }
        let without_grant = changed("pay sign", false).unwrap();
        assert!(desk.update(&without_grant, &request).is_err());
        // What is taken is taken once; the approval stays what it was.
        let registration = &narrowed.registration;
        let again = without_what_is_taken(registration, &made.caller, &narrowed.caller);
        assert_eq!(again, None);
        assert_eq!(registration.approval, made.registration.approval);
    }

    #[test]
    fn nothing_else_of_a_registration_changes() {
        let made = Desk::new().register(&json!({"resource": [A, B]}), Some(&token(anything())));
        let made = made.unwrap().registered;
        let before = resource_server(&made);
        let after = with_resources(before, &[A]);
        let mut taken = without_taken_resources(&made.registration, before, &after).unwrap();
        taken.allowance.resources = AllowedResources::Any;
        assert_eq!(taken, made.registration);
    }
}

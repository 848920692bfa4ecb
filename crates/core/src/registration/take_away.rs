//! What an administrator takes away, its owner does not take back.

use crate::records::{Allowance, AllowedResources, Registration, ResourceServer};

/// The registration of an RS whose resources an administrator changes: those
/// taken away are approved no longer. `None` if none was taken.
pub fn without_taken_resources(
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
    use crate::registration::fixtures::{Desk, allowance, anything, only, resource_server, token};

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

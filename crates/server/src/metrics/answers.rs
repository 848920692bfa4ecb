//! Introspection answers by resource server: the one family with a label
//! from the database.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

/// The most resource servers that get series of their own.
pub const MOST_RESOURCE_SERVERS: usize = 10_000;

/// Stands for all resource servers beyond [`MOST_RESOURCE_SERVERS`]. A space,
/// so that it is no id.
const THE_REST: &str = "all others";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Answer {
    resource_server: String,
    outcome: &'static str,
    format: &'static str,
}

/// The counters, with a way to them that needs no owned label: the family's
/// own key holds a `String`, which would be one allocation an answer.
#[derive(Debug, Default)]
pub(super) struct Answers {
    family: Family<Answer, Counter>,
    handles: RwLock<HashMap<Box<str>, Handles>>,
}

/// The counters of one resource server. A handful at most, so a list.
type Handles = Vec<(&'static str, &'static str, Counter)>;

impl Answers {
    /// What the registry shows; shares its counters with `self`.
    pub(super) fn family(&self) -> Family<Answer, Counter> {
        self.family.clone()
    }

    pub(super) fn record(
        &self,
        resource_server: &str,
        outcome: &'static str,
        format: &'static str,
    ) {
        // A panic elsewhere cannot leave a map of counters half changed, so a
        // poisoned lock is still good.
        let handles = self.handles.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = find(&handles, resource_server, outcome, format) {
            counter.inc();
            return;
        }
        let full = handles.len() >= MOST_RESOURCE_SERVERS && !handles.contains_key(resource_server);
        drop(handles);
        let resource_server = if full { THE_REST } else { resource_server };
        self.first(resource_server, outcome, format).inc();
    }

    /// The counter of a label set that was not met before, or is being met by
    /// two threads at once.
    fn first(&self, resource_server: &str, outcome: &'static str, format: &'static str) -> Counter {
        let mut handles = self.handles.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = find(&handles, resource_server, outcome, format) {
            return counter.clone();
        }
        let answer = Answer {
            resource_server: resource_server.to_owned(),
            outcome,
            format,
        };
        let counter = self.family.get_or_create_owned(&answer);
        handles
            .entry(resource_server.into())
            .or_default()
            .push((outcome, format, counter.clone()));
        counter
    }
}

fn find<'h>(
    handles: &'h HashMap<Box<str>, Handles>,
    resource_server: &str,
    outcome: &str,
    format: &str,
) -> Option<&'h Counter> {
    let known = handles.get(resource_server)?;
    known
        .iter()
        .find(|(o, f, _)| *o == outcome && *f == format)
        .map(|(_, _, counter)| counter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_label_set_is_one_counter() {
        let answers = Answers::default();
        for _ in 0..3 {
            answers.record("rs-1", "active", "jwt");
        }
        answers.record("rs-1", "inactive", "jwt");
        answers.record("rs-2", "active", "jwt");
        let count = |resource_server: &str, outcome| {
            let resource_server = resource_server.to_owned();
            answers
                .family
                .get_or_create_owned(&Answer {
                    resource_server,
                    outcome,
                    format: "jwt",
                })
                .get()
        };
        assert_eq!(
            (
                count("rs-1", "active"),
                count("rs-1", "inactive"),
                count("rs-2", "active")
            ),
            (3, 1, 1)
        );
    }

    #[test]
    fn beyond_the_bound_the_rest_share_one_series() {
        let answers = Answers::default();
        for id in 0..MOST_RESOURCE_SERVERS + 5 {
            answers.record(&id.to_string(), "active", "json");
        }
        assert_eq!(
            answers.handles.read().unwrap().len(),
            MOST_RESOURCE_SERVERS + 1
        );
        let rest = Answer {
            resource_server: THE_REST.into(),
            outcome: "active",
            format: "json",
        };
        assert_eq!(answers.family.get_or_create_owned(&rest).get(), 5);
        answers.record("0", "active", "json");
        let first = Answer {
            resource_server: "0".into(),
            outcome: "active",
            format: "json",
        };
        assert_eq!(answers.family.get_or_create_owned(&first).get(), 2);
    }
}

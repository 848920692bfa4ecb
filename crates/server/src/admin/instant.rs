//! Instants as people read them.

use avouch_core::time::Timestamp;

/// RFC 3339, in UTC and whole seconds.
pub(super) fn rfc3339(instant: Timestamp) -> String {
    i64::try_from(instant.numeric_date())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map_or_else(
            || "an instant far off".to_owned(),
            |instant| instant.to_string(),
        )
}

//! Storage engines behind avouch-core's traits.

//! Lists in pages.

use avouch_core::storage::Page;
use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::Deserialize;

use super::error::AdminError;

/// Entries in a page that names no limit.
pub(super) const USUAL: u32 = 100;
/// The most entries in a page.
pub(super) const LARGEST: u32 = 1_000;

/// Which page was asked for.
pub(super) struct Wanted {
    after: Option<String>,
    limit: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameters {
    after: Option<String>,
    limit: Option<u32>,
}

impl<S: Send + Sync> FromRequestParts<S> for Wanted {
    type Rejection = AdminError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AdminError> {
        let Query(Parameters { after, limit }) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| AdminError::bad_request(error.body_text()))?;
        let limit = limit.unwrap_or(USUAL);
        if !(1..=LARGEST).contains(&limit) {
            return Err(AdminError::bad_request(format!(
                "limit is between 1 and {LARGEST}"
            )));
        }
        Ok(Self { after, limit })
    }
}

impl Wanted {
    /// What to ask the store for: one more than wanted, to see whether the
    /// list goes on.
    pub(super) fn page(&self) -> Page<'_> {
        Page {
            after: self.after.as_deref(),
            limit: self.limit + 1,
        }
    }

    /// Cuts what the store gave to the page. Returns the id to go on after.
    pub(super) fn cut<T>(&self, entries: &mut Vec<T>, id: impl Fn(&T) -> String) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if entries.len() <= limit {
            return None;
        }
        entries.truncate(limit);
        entries.last().map(id)
    }
}

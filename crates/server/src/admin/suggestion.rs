//! "Did you mean": what somebody may have meant by an id that names nothing.

use avouch_core::storage::{CallerStore, Page};

use super::error::AdminError;
use crate::app::App;

/// How many ids are looked at; a hint is not worth reading a whole table.
const LOOKED_AT: u32 = 1_000;

/// 404 for a client, to somebody who may not look what others there are.
pub(super) fn no_such_client_untold(id: &str) -> AdminError {
    unknown("client", id, [].into_iter())
}

/// 404 for a client, with the nearest id there is.
pub(super) async fn no_such_client(app: &App, id: &str) -> AdminError {
    let page = Page {
        after: None,
        limit: LOOKED_AT,
    };
    // Without the list there is an answer all the same, only without a hint.
    let clients = app.store.list_clients(page).await.unwrap_or_default();
    unknown(
        "client",
        id,
        clients.iter().map(|client| client.id.as_str()),
    )
}

/// The same for a resource server.
pub(super) async fn no_such_resource_server(app: &App, id: &str) -> AdminError {
    let page = Page {
        after: None,
        limit: LOOKED_AT,
    };
    let servers = app
        .store
        .list_resource_servers(page)
        .await
        .unwrap_or_default();
    unknown(
        "resource server",
        id,
        servers.iter().map(|server| server.id.as_str()),
    )
}

fn unknown<'a>(kind: &str, id: &str, known: impl Iterator<Item = &'a str>) -> AdminError {
    let id: String = id.chars().take(avouch_core::id::MAX_LENGTH).collect();
    AdminError::not_found(match nearest(&id, known) {
        Some(near) => format!("there is no {kind} {id}; did you mean {near}?"),
        None => format!("there is no {kind} {id}"),
    })
}

/// The candidate that is close enough to be what was meant: one slip in three
/// letters.
fn nearest<'a>(id: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|candidate| (strsim::damerau_levenshtein(id, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn one_slip_in_three_letters_is_near() {
        let known = ["shop", "bank"];
        assert_eq!(nearest("shpo", known.into_iter()), Some("shop"));
        assert_eq!(nearest("insurance", known.into_iter()), None);
        assert_eq!(nearest("x", [].into_iter()), None);
    }
}

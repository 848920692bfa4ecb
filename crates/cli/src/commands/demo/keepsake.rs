//! Keeping the demo's statements, to be looked at and verified afterwards.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use avouch_resource_server::Introspected;

use super::narrator::Narrator;
use super::stage::Provider;
use crate::output::Failure;

/// The file of the published keys.
const KEYS: &str = "keys.json";

/// Writes each statement to a file named for its resource server, and the
/// published keys beside them.
pub(super) fn keep(
    tell: Narrator,
    folder: &Path,
    statements: &[(&Provider, &Introspected)],
) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("{}: {error}", folder.display()));
    DirBuilder::new()
        .mode(0o700)
        .create(folder)
        .map_err(failed)?;
    let at = folder.display();
    for (provider, answer) in statements {
        fs::write(folder.join(format!("{}.jwt", provider.id)), answer.jwt())?;
        fs::write(folder.join(KEYS), provider.keys.to_json())?;
        tell.command(
            &format!(
                "avouch verify --jwks {at}/{KEYS} --issuer {issuer} --audience {id} {at}/{id}.jwt",
                issuer = provider.issuer,
                id = provider.id,
            ),
            "",
        )?;
    }
    Ok(())
}

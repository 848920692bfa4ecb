//! What a restore takes back.

use avouch_core::time::Timestamp;
use avouch_store::{Manifest, RolledBack};

use crate::commands::human::{count, instant};
use crate::output::{self, Failure};

/// Names that are listed; of more, the number is told.
const LISTED: usize = 10;

/// What is known before it is done.
pub(super) struct Account<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) now: Timestamp,
    pub(super) before: Option<Timestamp>,
    /// From the file that is replaced, if it can be read.
    pub(super) known: Option<RolledBack>,
}

impl Account<'_> {
    /// Says it on standard error.
    pub(super) fn say(&self) -> Result<(), Failure> {
        let (made, now) = (
            instant(self.manifest.made_at.numeric_date()),
            instant(self.now.numeric_date()),
        );
        output::note(format!(
            "the backup is of {made}: what happened from then to now, {now}, is taken back:"
        ))?;
        match &self.known {
            Some(known) => exactly(known)?,
            None => in_general()?,
        }
        if let Some(before) = self.before {
            return output::note(format!(
                "no token issued until {} will be good",
                instant(before.numeric_date())
            ));
        }
        output::note(
            "to let no such token be good again: --revoke-issued-before now; everybody then asks \
             for a new one",
        )
    }
}

/// By the file that is replaced.
fn exactly(known: &RolledBack) -> Result<(), Failure> {
    let mut nothing = true;
    let mut item = |there: bool, text: String| -> Result<(), Failure> {
        if there {
            nothing = false;
            output::note(format!("  - {text}"))?;
        }
        Ok(())
    };
    let number = |number: u64, text: &str| (number > 0, format!("{} {text}", count(number)));
    let names =
        |names: &[String], text: &str| (!names.is_empty(), format!("{text}: {}", list(names)));
    for (there, text) in [
        number(known.revoked_tokens, "revoked tokens are good again"),
        number(
            known.revocations,
            "revocations of all tokens of a grant, client or subject, or of everything, never were",
        ),
        names(&known.removed_callers, "removed, and there again"),
        names(&known.suspended, "suspended, and in good standing again"),
        names(
            &known.changed_policies,
            "their profiles and release policies are the older ones again",
        ),
        names(
            &known.changed_secrets,
            "their secrets are the older ones again, what was renewed is refused",
        ),
        names(
            &known.withdrawn_keys,
            "signing keys that were withdrawn sign or are published again; if others may hold one, \
             rotate with avouch key rotate ALG --at-once",
        ),
        names(
            &known.new_keys,
            "signing keys are gone, and what they signed can be verified with no published key",
        ),
        names(
            &known.new_callers,
            "registered since, and not known any more",
        ),
        number(
            known.new_tokens,
            "tokens issued since are not known any more",
        ),
        number(
            known.initial_access_tokens,
            "initial access tokens are as they were: withdrawn ones work, used ones again",
        ),
        number(
            known.used_proofs,
            "used proofs could be used once more until they expire",
        ),
    ] {
        item(there, text)?;
    }
    if nothing {
        output::note("  nothing that the replaced file would know of")?;
    }
    Ok(())
}

/// Where nothing can be read but the backup.
fn in_general() -> Result<(), Failure> {
    for text in [
        "revocations: tokens that were revoked since are good again, clients and resource servers \
         that were removed are there again, suspended ones in good standing",
        "secrets and registrations: what was renewed, registered or changed since is gone, what it \
         replaced works again; initial access tokens that were withdrawn or used, too",
        "signing keys: those made since are gone, and what they signed can be verified with no \
         published key; those withdrawn since sign or are published again (if others may hold one: \
         avouch key rotate ALG --at-once)",
        "used proofs: client assertions and DPoP proofs used since could be used once more until \
         they expire",
    ] {
        output::note(format!("  - {text}"))?;
    }
    Ok(())
}

fn list(names: &[String]) -> String {
    let listed = names.get(..LISTED).unwrap_or(names).join(", ");
    match names.len().saturating_sub(LISTED) {
        0 => listed,
        more => format!("{listed} and {more} more"),
    }
}

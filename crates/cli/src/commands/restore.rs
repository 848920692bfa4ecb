//! `avouch restore`: put a backup in the place of a server's data.
//!
//! A backup knows nothing of what was revoked after it was made. That is said
//! before anything is done, as exactly as the file that is replaced allows.

mod account;

use std::path::PathBuf;
use std::process::ExitCode;

use avouch_core::storage::IssuedBefore;
use avouch_core::time::{Clock, Timestamp};
use avouch_server::config::{self, Config};
use avouch_server::{
    DATABASE_FILE, StartError, SystemClock, open_everything_sealed, take_data_folder,
};
use avouch_store::{RestoreError, RevokedBefore, StagedBackup};
use clap::Args;
use serde_json::json;

use self::account::Account;
use super::backup::{as_json, contents, keys};
use super::consent::{Consent, nothing_changed};
use super::human::{count, instant, read_instant};
use super::running_server::{CONFIG, in_a_database};
use crate::output::{self, Failure};
use crate::progress::Progress;

/// Options of `avouch restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  avouch restore --config avouch.toml monday.backup                  where there is no data
  avouch restore --config avouch.toml monday.backup --replace
  avouch restore --config avouch.toml monday.backup --replace --revoke-issued-before now

WHAT WAS REVOKED AFTER THE BACKUP WAS MADE IS GOOD AGAIN, unless you say --revoke-issued-before:
with `now` no token in the backup is good any more, whatever any clock said, and everybody asks for
a new one. With an instant, only tokens that bear a later one are.

The server must not run. The backup is checked from end to end, and every key in it is opened with
the sealing key of the configuration, before anything is touched. What was there goes aside, into a
file beside it, and is never removed.")]
pub(crate) struct Arguments {
    /// The backup
    #[arg(value_name = "FILE")]
    backup: PathBuf,

    /// Configuration file of the server [env: AVOUCH_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// There may be data already: it goes aside
    #[arg(long)]
    replace: bool,

    /// End every access token, token of a resource server and initial access token that was issued
    /// at or before then: `now`, `backup` for when the backup was made, or an instant such as
    /// 2026-11-22T02:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = when)]
    revoke_issued_before: Option<When>,

    #[command(flatten)]
    consent: Consent,

    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// An instant, as it is said on a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Now,
    Backup,
    At(Timestamp),
}

impl When {
    /// Until when tokens are ended, as it is told and as it is done. A token in the backup may bear
    /// any instant: by `now` it ends all the same.
    fn ended(self, now: Timestamp, backup: Timestamp) -> (Timestamp, IssuedBefore) {
        match self {
            Self::Now => (now, IssuedBefore::Now),
            Self::Backup => (backup, IssuedBefore::Instant(backup)),
            Self::At(at) => (at, IssuedBefore::Instant(at)),
        }
    }
}

fn when(text: &str) -> Result<When, String> {
    match text {
        "now" => Ok(When::Now),
        "backup" => Ok(When::Backup),
        text => read_instant(text).map(When::At).ok_or_else(|| {
            "say now, backup, or an instant such as 2026-11-22T02:00:00Z".to_owned()
        }),
    }
}

/// Does it.
pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let now = SystemClock.now();
    let config = configuration(&arguments)?;
    if config.database.url.is_some() {
        return Err(in_a_database(
            "restore it with the database's own tools; docs/storage.md says what to do after",
        ));
    }
    // Before anything is made, so that a wrong path leaves nothing.
    config.load_sealing_keys()?;
    let folder = &config.data.folder;
    let _folder = take_data_folder(folder).map_err(|error| match error {
        StartError::FolderInUse(_) => Failure::new(format!(
            "a server runs on the data folder {}; nothing was changed",
            folder.display()
        ))
        .next("stop it, restore, and start it again"),
        error => Failure::new(error),
    })?;
    let data = folder.join(DATABASE_FILE);
    let mut progress = Progress::new();
    progress.doing("copying and checking the backup");
    let staged = StagedBackup::stage(&arguments.backup, &data, arguments.replace);
    drop(progress);
    let staged = staged.map_err(refused)?;
    let manifest = staged.manifest().clone();
    let ended = arguments.revoke_issued_before;
    let ended = ended.map(|when| when.ended(now, manifest.made_at));
    let before = ended.map(|(before, _)| before);
    if before.is_some_and(|before| before > now) {
        return Err(Failure::new(
            "--revoke-issued-before is an instant to come: tokens would be dead when they are issued",
        ));
    }

    let store = staged.open()?;
    let opened = open_everything_sealed(&config, &store)
        .await
        .map_err(|error| {
            Failure::new(format!("the backup is sound, but of no use here: {error}"))
                .next(format!("it takes {}; nothing was changed", keys(&manifest)))
        })?;
    drop(store);
    let account = Account {
        manifest: &manifest,
        now,
        before,
        known: staged.rolled_back(now),
    };
    if !arguments.json {
        account.say()?;
    }
    let what = format!(
        "the backup becomes the data of this server{}",
        if data.exists() {
            "; what is there now goes aside"
        } else {
            ""
        }
    );
    if !arguments.consent.given(&what)? {
        return nothing_changed();
    }
    let revoked = match ended {
        None => None,
        Some((_, issued)) => Some(staged.open()?.revoke_issued_before(issued, now).await?),
    };
    let known = account.known.clone();
    let aside = staged.put_in_place(&suffix(now)).map_err(refused)?;

    if arguments.json {
        output::json(&json!({
            "restored": data,
            "replaced": aside,
            "manifest": as_json(&manifest),
            "opened_with_the_sealing_key": opened,
            "rolled_back": known,
            "revoked_issued_before": before.map(Timestamp::numeric_date),
            "revoked": revoked.map(|revoked| json!({
                "access_tokens": revoked.access_tokens,
                "caller_tokens": revoked.caller_tokens,
                "initial_access_tokens": revoked.initial_access_tokens,
                "issued_later": revoked.later,
            })),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format!("restored: {}", data.display()))?;
    output::line(format!(
        "  {}; {opened} keys and secrets opened with the sealing key",
        contents(&manifest)
    ))?;
    if let Some(aside) = aside {
        output::line(format!("  what was there is {}", aside.display()))?;
    }
    if let Some((before, revoked)) = before.zip(revoked) {
        said_revoked(before, &revoked)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn configuration(arguments: &Arguments) -> Result<Config, Failure> {
    let named = arguments.config.clone();
    let file = named.or_else(|| {
        let set = std::env::var_os(CONFIG).filter(|value| !value.is_empty());
        set.map(PathBuf::from)
    });
    let file = file.ok_or_else(|| {
        Failure::new("it is not said which server the backup is for").next(format!(
            "name its configuration with --config FILE or {CONFIG}: it says where the data is, and \
             which sealing key opens the keys in the backup"
        ))
    })?;
    Ok(config::load(&file)?)
}

fn refused(error: RestoreError) -> Failure {
    let next = match &error {
        RestoreError::Exists(_) => {
            "add --replace to put it aside, into a file beside it; nothing was changed"
        }
        RestoreError::Unsound(_) => "try an older backup; nothing was changed",
        RestoreError::Data(_) | RestoreError::File { .. } => return Failure::new(error),
    };
    Failure::new(error).next(next)
}

/// What the name of the replaced file ends with.
fn suffix(now: Timestamp) -> String {
    let compact: String = instant(now.numeric_date())
        .chars()
        .filter(|c| !matches!(c, '-' | ':'))
        .collect();
    format!(".replaced-{compact}")
}

fn said_revoked(before: Timestamp, revoked: &RevokedBefore) -> Result<(), Failure> {
    output::line(format!(
        "  revoked, as issued until {}: {} access tokens, {} tokens of resource servers, {} initial \
         access tokens",
        instant(before.numeric_date()),
        count(revoked.access_tokens),
        count(revoked.caller_tokens),
        count(revoked.initial_access_tokens),
    ))?;
    if revoked.later > 0 {
        output::note(format!(
            "{} access tokens bear a later instant and stay good",
            count(revoked.later)
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_said_in_words_or_as_rfc_3339_has_it() {
        assert_eq!(when("now"), Ok(When::Now));
        assert_eq!(when("backup"), Ok(When::Backup));
        let at = Timestamp::from_secs(1_000_000_000);
        assert_eq!(when("2001-09-09T01:46:40Z"), Ok(When::At(at)));
        assert_eq!(when("2001-09-09T03:46:40+02:00"), Ok(When::At(at)));
        for text in ["", "yesterday", "2001-09-09", "1000000000"] {
            assert!(when(text).is_err(), "{text}");
        }
        assert_eq!(suffix(at), ".replaced-20010909T014640Z");
    }
}

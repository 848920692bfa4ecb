//! Secrets that are shown this once: to standard output, or into a new file
//! for its owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use avouch_oauth::secret::IssuedSecret;
use clap::Args;

use crate::output::{self, Failure};

/// Where a fresh secret goes.
#[derive(Debug, Args)]
pub(crate) struct SecretOption {
    /// Write the secret into this new file, for its owner alone, instead of printing it
    #[arg(long, value_name = "PATH")]
    secret_file: Option<PathBuf>,
}

/// A place for a secret, had before anything is done that could not be undone.
pub(crate) enum Place {
    /// Standard output.
    Output,
    /// A file just made, empty.
    File(PathBuf, File),
}

impl SecretOption {
    /// Makes the file, if there is to be one; fails if there is one already.
    pub(crate) fn prepare(&self) -> Result<Place, Failure> {
        let Some(path) = &self.secret_file else {
            return Ok(Place::Output);
        };
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path);
        let file = file.map_err(|error| {
            Failure::new(format!("{}: {error}", path.display()))
                .next("nothing was done; name a file that does not exist yet")
        })?;
        Ok(Place::File(path.clone(), file))
    }
}

impl Place {
    /// Puts the secret there, and says so.
    pub(crate) fn put(self, secret: &str) -> Result<(), Failure> {
        match self {
            Self::Output => {
                output::line(secret)?;
                output::note("this is shown once: keep it where only its owner can read it")
            }
            Self::File(path, mut file) => {
                writeln!(file, "{secret}").and_then(|()| file.sync_all())?;
                output::note(format!("written to {}", path.display()))
            }
        }
    }

    /// The same for a caller that may have been given none.
    pub(crate) fn put_if_any(self, secret: Option<&IssuedSecret>) -> Result<(), Failure> {
        if let Some(secret) = secret {
            return self.put(secret.expose());
        }
        self.give_up();
        output::note("it has no secret: it proves itself with a key of its own")
    }

    /// Takes an empty file away again, after what was to fill it failed.
    pub(crate) fn give_up(self) {
        if let Self::File(path, _) = self {
            // If it stays, it is empty and harmless, and the failure that led
            // here is the one to report.
            drop(fs::remove_file(path));
        }
    }
}

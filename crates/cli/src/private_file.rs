//! Files with a secret in them: for their owner alone.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use avouch_server::private_file::{self, NotUsable};
use zeroize::Zeroizing;

use crate::output::Failure;

/// Reads a text that its owner alone can read.
pub(crate) fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    let at = path.display();
    let bytes = private_file::read(path, u16::MAX).map_err(|reason| match reason {
        NotUsable::Unreadable(error) => Failure::new(format!("{at}: {error}")),
        NotUsable::NotAFile => Failure::new(format!("{at}: it is not a regular file")),
        NotUsable::OpenToOthers(mode) => Failure::new(format!(
            "{at}: others than its owner have access to it (its mode is {mode:04o}), so it is not \
             used"
        ))
        .next(format!(
            "chmod 600 {at}; if others may have read it, have a new one made"
        )),
    })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Failure::new(format!("{at}: it is not text"))),
    }
}

/// Writes a text, with a line end behind it, to a file that is not there yet.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        file.write_all(b"\n")?;
    }
    // What a key seals is durable, so it has to be.
    file.sync_all()
}

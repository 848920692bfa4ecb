//! Files with a secret in them: for their owner alone.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

/// Why such a file is not used.
#[derive(Debug)]
pub enum NotUsable {
    /// It cannot be read.
    Unreadable(io::Error),
    /// It is a folder, a socket or the like.
    NotAFile,
    /// Others than its owner have access to it; these are its permission bits.
    OpenToOthers(u32),
}

/// Reads at most `longest` bytes of `path`, which must be a regular file that its owner alone has
/// access to.
pub fn read(path: &Path, longest: u16) -> Result<Zeroizing<Vec<u8>>, NotUsable> {
    // Looked at before it is opened, for opening a pipe would wait for ever ...
    let metadata = path.metadata().map_err(NotUsable::Unreadable)?;
    if !metadata.is_file() {
        return Err(NotUsable::NotAFile);
    }
    // ... and its mode once it is open, so that the file judged is the file read.
    let file = File::open(path).map_err(NotUsable::Unreadable)?;
    let metadata = file.metadata().map_err(NotUsable::Unreadable)?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(NotUsable::OpenToOthers(mode));
    }
    // Room for all that may come, so that no growth leaves copies behind.
    let mut content = Zeroizing::new(Vec::with_capacity(usize::from(longest) + 32));
    file.take(longest.into())
        .read_to_end(&mut content)
        .map_err(NotUsable::Unreadable)?;
    Ok(content)
}

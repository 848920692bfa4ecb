//! The data folder: for one server and one user alone.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use tokio::net::UnixListener;
use tracing::warn;

use crate::start::StartError;

/// Held by the server whose data folder it is.
const FOLDER_LOCK: &str = "server.lock";

/// Made for its owner alone. One that is there already and open to others is not ours to close,
/// but whoever may write there administers the server.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return DirBuilder::new().recursive(true).mode(0o700).create(folder);
    }
    let mode = fs::metadata(folder)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        warn!(
            folder = %folder.display(),
            mode = %format_args!("{mode:04o}"),
            "the data folder is open to others than its owner; whoever may write there \
             administers the server: chmod 700 it"
        );
    }
    Ok(())
}

/// One server for each folder, whatever it stores where: its admin socket is there. The system
/// frees the lock when the process ends, however it ends.
pub(crate) fn lock(folder: &Path) -> Result<File, StartError> {
    let at_folder = |error| StartError::Folder {
        folder: folder.to_owned(),
        error,
    };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join(FOLDER_LOCK))
        .map_err(at_folder)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::FolderInUse(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(at_folder(error)),
    }
}

/// A socket for the owner of the data folder alone: its file mode is the guard.
pub(crate) fn private_socket(path: &Path) -> io::Result<UnixListener> {
    // Left behind by a server that was killed. None is alive: the folder's lock
    // was ours to take.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Made where nobody else can come, and moved into place once its mode says so: whoever could
    // connect in between would administer the server.
    let nursery = path.with_extension("making");
    match fs::remove_dir_all(&nursery) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    DirBuilder::new().mode(0o700).create(&nursery)?;
    let made = nursery.join("socket");
    let listener = UnixListener::bind(&made)?;
    fs::set_permissions(&made, fs::Permissions::from_mode(0o600))?;
    fs::rename(&made, path)?;
    fs::remove_dir(&nursery)?;
    Ok(listener)
}

//! The source tree: where it is, and which files are ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The workspace root, with no trailing slash.
///
/// Known from where this crate was compiled; a moved checkout is recompiled.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Every file below `start`, sorted, skipping what a build or a package manager
/// put there. A folder that does not exist holds no files.
pub fn files(start: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![start.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() && !is_foreign(&entry.file_name().to_string_lossy()) {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn is_foreign(folder: &str) -> bool {
    matches!(folder, "target" | ".git" | "node_modules" | "__pycache__")
}

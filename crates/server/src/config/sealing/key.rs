//! Reading one sealing key.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::SealingKey;
use crate::private_file::{self, NotUsable};

/// More than any spelling of a key takes, white space included.
const LONGEST_TEXT: u16 = 1024;

/// Why a text is not a sealing key.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTextError {
    /// Not 32 bytes in either spelling.
    #[error(
        "this is not a key of 32 bytes, written as 64 hexadecimal digits or 43 characters of \
         base64url"
    )]
    Malformed,
    /// One byte, 32 times.
    #[error("this is a placeholder, not a random key")]
    Placeholder,
}

/// Why a file gives no sealing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read.
    #[error("cannot read the sealing key file {path}: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is a folder, a socket or the like.
    #[error("the sealing key file {path} is not a regular file", path = .path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Others than its owner have access to it.
    #[error(
        "the sealing key file {path} is open to others than its owner (mode {mode:04o}); \
         run: chmod 600 '{path}'", path = .path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds something else.
    #[error("the sealing key file {path}: {source}", path = .path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with the text.
        source: KeyTextError,
    },
}

/// Reads the key in `path`, which must be a regular file that its owner alone
/// has access to.
pub(super) fn from_file(path: &Path) -> Result<SealingKey, KeyFileError> {
    let text = private_file::read(path, LONGEST_TEXT).map_err(|reason| {
        let path = path.to_owned();
        match reason {
            NotUsable::Unreadable(source) => KeyFileError::Unreadable { path, source },
            NotUsable::NotAFile => KeyFileError::NotAFile { path },
            NotUsable::OpenToOthers(mode) => KeyFileError::OpenToOthers { path, mode },
        }
    })?;
    from_text(&text).map_err(|source| KeyFileError::Content {
        path: path.to_owned(),
        source,
    })
}

/// Reads a key from its text: 64 hexadecimal digits or 43 characters of
/// base64url (one `=` may follow), white space around it allowed.
pub(super) fn from_text(text: &[u8]) -> Result<SealingKey, KeyTextError> {
    let text = text.trim_ascii();
    let mut key = SealingKey::default();
    let read = match text.len() {
        64 => from_hex(text, &mut key),
        43 | 44 => from_base64url(text, &mut key),
        _ => None,
    };
    read.ok_or(KeyTextError::Malformed)?;
    if key.iter().all(|byte| Some(byte) == key.first()) {
        return Err(KeyTextError::Placeholder);
    }
    Ok(key)
}

fn from_hex(text: &[u8], key: &mut [u8; 32]) -> Option<()> {
    let digit = |b: u8| {
        char::from(b)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    for (byte, pair) in key.iter_mut().zip(text.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(())
}

fn from_base64url(text: &[u8], key: &mut [u8; 32]) -> Option<()> {
    let text = if text.len() == 44 {
        text.strip_suffix(b"=")?
    } else {
        text
    };
    let length = URL_SAFE_NO_PAD.decode_slice(text, key).ok()?;
    (length == 32).then_some(())
}

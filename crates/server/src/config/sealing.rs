//! `[sealing]`

mod key;
mod unavailable;

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use zeroize::Zeroizing;

pub use key::{KeyFileError, KeyTextError};
pub use unavailable::NoSealingKey;

use super::conflict::Conflict;
use super::text;

/// The key under which the signing keys are sealed in the database.
///
/// It is 32 random bytes written as 64 hexadecimal digits or as 43 characters
/// of base64url; `openssl rand -hex 32` makes one. Exactly one of `key_file`
/// and `key_env` says where it is. It is never written into this file.
///
/// To replace it, name the old file in `previous_key_files` and the new one in
/// `key_file`: what is read is opened with either, what is written is sealed
/// with the new one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SealingConfig {
    /// File that holds the key. It must be readable by its owner alone.
    #[serde(deserialize_with = "key_file", skip_serializing_if = "Option::is_none")]
    #[schemars(example = "/etc/avouch/sealing.key")]
    pub key_file: Option<PathBuf>,
    /// Name of the environment variable that holds the key.
    #[serde(deserialize_with = "key_env", skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"AVOUCH_SEALING_KEY")]
    pub key_env: Option<String>,
    /// Files that hold earlier keys, newest first, under the same rule as
    /// `key_file`. Needed until everything sealed under them is sealed anew.
    #[serde(deserialize_with = "key_files")]
    #[schemars(example = ["/etc/avouch/sealing-2025.key"])]
    pub previous_key_files: Vec<PathBuf>,
}

/// A sealing key: 32 bytes that are wiped from memory when dropped.
pub type SealingKey = Zeroizing<[u8; 32]>;

/// Why the sealing keys cannot be had. Nothing here repeats a key.
#[derive(Debug, thiserror::Error)]
pub enum SealingKeyError {
    /// Neither or both of `key_file` and `key_env` are set.
    #[error("exactly one of `sealing.key_file` and `sealing.key_env` must be set")]
    NotOneSource,
    /// The variable is unset.
    #[error("the environment variable {0}, named by `sealing.key_env`, is not set")]
    Unset(String),
    /// The variable holds something else.
    #[error("the environment variable {0}, named by `sealing.key_env`: {1}")]
    Variable(String, #[source] KeyTextError),
    /// A file is missing, open to others, or holds something else.
    #[error(transparent)]
    File(#[from] KeyFileError),
}

impl SealingConfig {
    /// Reads the key in force and the earlier ones, newest first.
    pub fn load_keys(&self) -> Result<(SealingKey, Vec<SealingKey>), SealingKeyError> {
        self.load_keys_with(|name| env::var_os(name))
    }

    fn load_keys_with(
        &self,
        variable: impl FnOnce(&str) -> Option<OsString>,
    ) -> Result<(SealingKey, Vec<SealingKey>), SealingKeyError> {
        let current = match (&self.key_file, &self.key_env) {
            (Some(file), None) => key::from_file(file)?,
            (None, Some(name)) => {
                let text = variable(name).ok_or_else(|| SealingKeyError::Unset(name.clone()))?;
                let text = Zeroizing::new(text.into_encoded_bytes());
                key::from_text(&text)
                    .map_err(|error| SealingKeyError::Variable(name.clone(), error))?
            }
            _ => return Err(SealingKeyError::NotOneSource),
        };
        let previous = self
            .previous_key_files
            .iter()
            .map(|file| key::from_file(file));
        Ok((current, previous.collect::<Result<_, _>>()?))
    }

    pub(super) fn conflicts(&self, found: &mut Vec<Conflict>) {
        const KEYS: &[&str] = &["sealing.key_file", "sealing.key_env"];
        match (&self.key_file, &self.key_env) {
            (Some(_), Some(_)) => found.push(Conflict {
                keys: KEYS,
                message: "`key_file` and `key_env` are both set; leave one of them out".into(),
            }),
            (None, None) => found.push(Conflict {
                keys: KEYS,
                message: "no sealing key is named; make one with `openssl rand -hex 32`, store it \
                          in a file only the server can read, and set `key_file` in [sealing] to \
                          its path (or `key_env` to the environment variable that holds it)"
                    .into(),
            }),
            _ => {}
        }
    }
}

fn key_file<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
    let path = text::path(from)?;
    not_a_key(&path).map_err(de::Error::custom)?;
    Ok(Some(path))
}

fn key_files<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    #[derive(Deserialize)]
    struct KeyFile(#[serde(deserialize_with = "key_file")] Option<PathBuf>);

    let files = Vec::<KeyFile>::deserialize(from)?;
    Ok(files.into_iter().filter_map(|KeyFile(path)| path).collect())
}

fn key_env<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(from)?;
    not_a_key(Path::new(&name)).map_err(de::Error::custom)?;
    let mut bytes = name.bytes();
    let starts_well = bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if starts_well && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        Ok(Some(name))
    } else {
        // Not repeated: it may be a mangled key.
        Err(de::Error::custom(
            "this is not the name of an environment variable; write one such as AVOUCH_SEALING_KEY",
        ))
    }
}

/// Refuses a key pasted where its place is asked for, before any message
/// repeats it.
fn not_a_key(text: &Path) -> Result<(), &'static str> {
    match key::from_text(text.as_os_str().as_encoded_bytes()) {
        Ok(_) | Err(KeyTextError::Placeholder) => Err(
            "this looks like the key itself, which must not stand in this file; store it in a \
             file of its own, and treat it as exposed if others have seen this one",
        ),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! Tokens and secrets come from files or standard input, so that they need
//! never stand on a command line, where every user of the machine can read them.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::output::Failure;

/// The most octets a file may have: as much as the server takes of a description.
const LONGEST: u64 = 1 << 20;

/// Reads a token or secret from a file, or from standard input for `-`; white
/// space around it is dropped.
pub(crate) fn secret(source: &Path) -> Result<Zeroizing<String>, Failure> {
    let text = read(source)?;
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Failure::new(format!("{} is empty", name(source))));
    }
    Ok(Zeroizing::new(trimmed.to_owned()))
}

/// Reads a whole text from a file, or from standard input for `-`.
pub(crate) fn read(source: &Path) -> Result<Zeroizing<String>, Failure> {
    if source == Path::new("-") {
        return read_from(io::stdin().lock(), source);
    }
    let file = fs::File::open(source);
    let file = file.map_err(|error| Failure::new(format!("{}: {error}", name(source))))?;
    read_from(file, source)
}

/// Reads a whole text from what was opened as this source.
pub(crate) fn read_from(opened: impl Read, source: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    // One more than may be, to tell the longest from one that is cut.
    let reading = opened.take(LONGEST + 1).read_to_string(&mut text);
    reading.map_err(|error| Failure::new(format!("{}: {error}", name(source))))?;
    if text.len() as u64 > LONGEST {
        return Err(Failure::new(format!(
            "{} is longer than {LONGEST} bytes; nothing of it was used",
            name(source)
        )));
    }
    Ok(text)
}

/// Why a file holds no private key that can be used: often it holds a set of them.
pub(crate) fn no_private_jwk(file: &Path, text: &str, error: &dyn std::error::Error) -> Failure {
    let is_set =
        serde_json::from_str(text).is_ok_and(|json: Map<String, Value>| json.contains_key("keys"));
    if is_set {
        return Failure::new(format!(
            "{}: this is a JWK Set; one JWK is wanted, not a set: an element of its keys",
            name(file)
        ));
    }
    Failure::new(format!("{}: {error}", name(file)))
}

/// What messages call a source. A token that was given in the place of its
/// file is not said again.
fn name(source: &Path) -> String {
    let text = source.display().to_string();
    let is_token = ["avt_", "avi_", "ey"]
        .iter()
        .any(|prefix| text.starts_with(prefix));
    match text.as_str() {
        "-" => "standard input".to_owned(),
        text if is_token && text.len() > 40 => {
            "this looks like a token; name the file that holds it, or - for standard input"
                .to_owned()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_used_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("big");
        let longest = usize::try_from(LONGEST).unwrap();
        fs::write(&file, "x".repeat(longest)).unwrap();
        assert_eq!(read(&file).unwrap().len(), longest);
        fs::write(&file, "x".repeat(longest + 1)).unwrap();
        let failure = read(&file).unwrap_err();
        assert!(format!("{failure:?}").contains("longer than"));
    }

    #[test]
    fn a_token_in_the_place_of_its_file_is_not_said_again() {
        let token = "avt_mcPN-thoq06xzB8Ej3fGWtsEYPBYNYf9SYZhYbLW7uvRvw0cvQ9sT0oH";
        let failure = secret(Path::new(token)).unwrap_err();
        assert!(!format!("{failure:?}").contains("mcPN"));
        let failure = secret(Path::new("missing.txt")).unwrap_err();
        assert!(format!("{failure:?}").contains("missing.txt"));
    }
}

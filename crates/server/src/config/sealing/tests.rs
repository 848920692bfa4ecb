use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;

use super::*;

const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
const BASE64URL: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn counting() -> [u8; 32] {
    std::array::from_fn(|index| u8::try_from(index).unwrap())
}

fn from_env(text: &str) -> Result<(SealingKey, Vec<SealingKey>), SealingKeyError> {
    let config = SealingConfig {
        key_env: Some("KEY".into()),
        ..SealingConfig::default()
    };
    config.load_keys_with(|name| (name == "KEY").then(|| text.into()))
}

#[test]
fn both_spellings_give_the_same_key() {
    for text in [
        HEX.to_owned(),
        format!(" {HEX}\r\n"),
        BASE64URL.to_owned(),
        format!("{BASE64URL}=\n"),
    ] {
        assert_eq!(*from_env(&text).unwrap().0, counting(), "{text}");
    }
}

#[test]
fn what_is_no_key_is_refused_and_not_repeated() {
    let long = format!("{HEX}00");
    let standard_alphabet = BASE64URL.replace("AAEC", "++//");
    let bits_left_over = format!("{}9", &BASE64URL[..42]);
    for text in [
        "",
        "secret",
        &HEX[1..],
        &long,
        &HEX.replace(['f', 'F'], "g"),
        &standard_alphabet,
        &bits_left_over,
    ] {
        let message = from_env(text).unwrap_err().to_string();
        assert!(message.starts_with("the environment variable KEY, named by `sealing.key_env`: this is not a key of 32 bytes"));
        assert!(text.is_empty() || !message.contains(text), "{text}");
    }
    assert!(
        from_env(&"00".repeat(32))
            .unwrap_err()
            .to_string()
            .contains("this is a placeholder")
    );
}

#[test]
fn an_unset_variable_and_a_double_source_are_refused() {
    let mut config = SealingConfig {
        key_env: Some("KEY".into()),
        ..SealingConfig::default()
    };
    let unset = config.load_keys_with(|_| None).unwrap_err();
    assert!(matches!(unset, SealingKeyError::Unset(name) if name == "KEY"));
    config.key_file = Some("/nowhere".into());
    let both = config.load_keys_with(|_| Some(HEX.into())).unwrap_err();
    assert!(matches!(both, SealingKeyError::NotOneSource));
}

#[test]
fn a_file_of_its_owner_is_read_and_one_open_to_others_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (new, old) = (folder.path().join("new"), folder.path().join("old"));
    for (path, text) in [
        (&new, HEX),
        (
            &old,
            "11223344556677889900aabbccddeeff11223344556677889900aabbccddeeff",
        ),
    ] {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
    }
    let config = SealingConfig {
        key_file: Some(new.clone()),
        previous_key_files: vec![old],
        ..SealingConfig::default()
    };
    let (current, previous) = config.load_keys().unwrap();
    assert_eq!(*current, counting());
    assert_eq!(previous.len(), 1);
    assert_eq!(previous[0][0], 0x11);

    for mode in [0o640, 0o604, 0o620] {
        fs::set_permissions(&new, Permissions::from_mode(mode)).unwrap();
        let message = config.load_keys().unwrap_err().to_string();
        let expected = format!(
            "the sealing key file {path} is open to others than its owner (mode {mode:04o}); run: chmod 600 '{path}'",
            path = new.display()
        );
        assert_eq!(message, expected);
    }
}

#[test]
fn a_folder_and_a_missing_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = |path: PathBuf| SealingConfig {
        key_file: Some(path),
        ..SealingConfig::default()
    };
    let error = config(folder.path().to_owned()).load_keys().unwrap_err();
    assert!(matches!(
        error,
        SealingKeyError::File(KeyFileError::NotAFile { .. })
    ));
    let error = config(folder.path().join("missing"))
        .load_keys()
        .unwrap_err();
    assert!(matches!(
        error,
        SealingKeyError::File(KeyFileError::Unreadable { .. })
    ));
}

proptest! {
    #[test]
    fn reading_a_key_never_panics(text in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = key::from_text(&text);
    }

    #[test]
    fn every_key_reads_back(mut bytes in any::<[u8; 32]>()) {
        bytes[1] = bytes[0].wrapping_add(1);
        let text = URL_SAFE_NO_PAD.encode(bytes);
        prop_assert_eq!(*key::from_text(text.as_bytes()).unwrap(), bytes);
    }
}

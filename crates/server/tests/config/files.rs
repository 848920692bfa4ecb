//! Reading from disk.

use std::fs;

use avouch_server::config::{self, ConfigError};

use super::LEAST;

#[test]
fn a_file_is_read_and_its_name_stands_in_messages() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("avouch.toml");
    fs::write(&path, LEAST).unwrap();
    assert_eq!(
        config::load(&path).unwrap().issuer.as_str(),
        "https://as.example.com"
    );

    fs::write(&path, "isuer = 1").unwrap();
    let message = config::load(&path).unwrap_err().to_string();
    let expected = format!(
        "{}:1:1: unknown key `isuer` at the top of the file; did you mean `issuer`?\n",
        path.display()
    );
    assert!(message.starts_with(&expected), "{message}");
}

#[test]
fn what_cannot_be_a_configuration_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("avouch.toml");
    assert!(matches!(
        config::load(&path),
        Err(ConfigError::Unreadable { .. })
    ));
    assert!(matches!(
        config::load(folder.path()),
        Err(ConfigError::Unreadable { .. })
    ));

    fs::write(&path, b"issuer = \"\xff\"").unwrap();
    let message = config::load(&path).unwrap_err().to_string();
    assert!(message.ends_with("it is not UTF-8 text"), "{message}");

    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(matches!(
        config::load(&path),
        Err(ConfigError::TooLong { .. })
    ));
}

//! The example and the manual say what the code does.

use std::path::Path;
use std::{env, fs};

use avouch_server::config::{self, Config};

use super::LEAST;

#[test]
fn the_example_is_the_least_file_with_documentation() {
    let least = Config::parse(LEAST, "avouch.toml").unwrap();
    assert_eq!(Config::parse(&config::example(), "example").unwrap(), least);
}

#[test]
fn the_defaults_commented_out_in_the_example_are_the_defaults() {
    let mut text = String::new();
    for line in config::example().lines() {
        // A key is commented out with `#`, prose with `# `. Keys without a
        // default show an example, and would change the configuration.
        let key = line
            .strip_prefix('#')
            .filter(|key| !key.is_empty() && !key.starts_with(' '));
        let is_example = |key: &str| {
            [
                "key_env",
                "listen",
                "trust_anchors_file",
                "certificate_file",
                "key_file",
                "url",
                "password_file",
                "ca_file",
            ]
            .iter()
            .any(|name| key.starts_with(name))
        };
        match key {
            Some(key) if is_example(key) => {}
            Some(key) => text.push_str(key),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    assert!(text.contains("\nkeep_after_use = 2592000\n"));
    let least = Config::parse(LEAST, "avouch.toml").unwrap();
    assert_eq!(Config::parse(&text, "example").unwrap(), least);
}

#[test]
fn the_schema_knows_every_section_and_forbids_unknown_keys() {
    let schema = config::schema();
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"].as_object().unwrap().len(), 19);
    assert_eq!(schema["required"], serde_json::json!(["issuer", "data"]));
}

#[test]
fn the_manual_in_docs_is_the_one_from_the_field_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let manual = config::reference();
    if env::var_os("AVOUCH_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &manual).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == manual,
        "docs/configuration.md is out of date; run: \
         AVOUCH_BLESS=1 cargo test -p avouch-server --test config"
    );
}

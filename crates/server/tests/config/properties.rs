//! Whatever the text, there is a configuration or a reason.

use avouch_server::config::{self, Config, ConfigError};
use proptest::prelude::*;

/// Reads, and checks what holds for every text.
fn check(text: &str) -> Result<(), TestCaseError> {
    match Config::parse(text, "text") {
        Ok(config) => {
            let printed = config.to_toml().unwrap_or_default();
            prop_assert_eq!(Config::parse(&printed, "printed").ok(), Some(config));
        }
        Err(ConfigError::Refused(refused)) => prop_assert!(!refused.problems().is_empty()),
        Err(other) => prop_assert!(false, "{other}"),
    }
    Ok(())
}

/// A line that is nearly right.
fn line() -> impl Strategy<Value = String> {
    let names = "(issuer|listen|data|sealing|tokens|keys|folder|address|key_file|body|level|x)";
    let values = r#"("[a-z0-9:/.]{0,12}"|-?[0-9]{1,30}|[0-9]\.5|true|\[\]|\["RS256", 1\]|\{\}|\{ a = 1 \}|1979-05-27)"#;
    prop_oneof![
        names.prop_map(|name| format!("[{name}]")),
        names.prop_map(|name| format!("[[{name}]]")),
        (names, values).prop_map(|(name, value)| format!("{name} = {value}")),
        (names, names, values).prop_map(|(one, two, value)| format!("{one}.{two} = {value}")),
    ]
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,80}") {
        check(&text)?;
    }

    #[test]
    fn nearly_right_lines(lines in proptest::collection::vec(line(), 0..8)) {
        check(&lines.join("\n"))?;
    }

    #[test]
    fn the_example_with_one_place_overwritten(at in any::<prop::sample::Index>(), with in "\\PC{0,3}") {
        let example = config::example();
        let at = example.floor_char_boundary(at.index(example.len()));
        let rest = example[at..].chars().skip(1).collect::<String>();
        check(&format!("{}{with}{rest}", &example[..at]))?;
    }
}

#[test]
fn deep_nesting_is_refused() {
    for text in [
        format!("issuer = {}", "[".repeat(100_000)),
        format!("issuer = {}", "{a=".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
    ] {
        assert!(Config::parse(&text, "text").is_err());
    }
}

//! `[log]`

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What the server writes to standard error. No token, secret or claim is
/// ever among it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` for people, `json` for log collectors: one object a line.
    pub format: LogFormat,
    /// What is worth a line: `off`, `error`, `warn`, `info`, `debug` or
    /// `trace`, and exceptions by module, as in `info,avouch_store=debug`.
    pub level: LogLevel,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "documented at the field, which is what the manual shows"
)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// A level, and exceptions from it by module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct LogLevel {
    text: String,
    targets: Targets,
}

impl LogLevel {
    /// What is let through.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }
}

impl Default for LogLevel {
    fn default() -> Self {
        let targets = Targets::new().with_default(LevelFilter::INFO);
        Self {
            text: "info".into(),
            targets,
        }
    }
}

impl From<LogLevel> for String {
    fn from(level: LogLevel) -> Self {
        level.text
    }
}

/// Not a level, nor a list of levels by module.
#[derive(Debug, thiserror::Error)]
#[error("`{part}` is neither a level (off, error, warn, info, debug, trace) nor `module=level`")]
pub struct LogLevelError {
    part: String,
}

impl TryFrom<String> for LogLevel {
    type Error = LogLevelError;

    fn try_from(text: String) -> Result<Self, LogLevelError> {
        let mut targets = Targets::new();
        for part in text.split(',').map(str::trim) {
            let wrong = || LogLevelError {
                part: part.to_owned(),
            };
            // Read here, not by the library: it takes a bare word that is no
            // level, such as `inof`, for a module to be traced in full.
            match part.split_once('=') {
                None => targets = targets.with_default(level(part).ok_or_else(wrong)?),
                Some((module, name)) if is_module(module) => {
                    targets = targets.with_target(module, level(name).ok_or_else(wrong)?);
                }
                Some(_) => return Err(wrong()),
            }
        }
        Ok(Self { text, targets })
    }
}

fn level(name: &str) -> Option<LevelFilter> {
    // The library would also take numbers and the empty text.
    let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
    if word {
        LevelFilter::from_str(name).ok()
    } else {
        None
    }
}

fn is_module(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_:-".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tracing::Level;

    #[test]
    fn levels_by_module_override_the_default() {
        let level = LogLevel::try_from("warn, avouch_store=debug,hyper=off".to_owned()).unwrap();
        assert!(level.targets().would_enable("avouch_core", &Level::WARN));
        assert!(!level.targets().would_enable("avouch_core", &Level::INFO));
        assert!(
            level
                .targets()
                .would_enable("avouch_store::sqlite", &Level::DEBUG)
        );
        assert!(!level.targets().would_enable("hyper", &Level::ERROR));
    }

    #[test]
    fn the_default_says_what_its_text_says() {
        assert_eq!(
            LogLevel::default(),
            LogLevel::try_from("info".to_owned()).unwrap()
        );
    }

    #[test]
    fn a_misspelt_level_is_refused() {
        for bad in [
            "inof",
            "",
            "info,",
            "3",
            "a=b",
            "=info",
            "avouch[x]=info",
            "x=",
        ] {
            assert!(LogLevel::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _ = LogLevel::try_from(text);
        }
    }
}

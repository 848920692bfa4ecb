//! Setting up the log: lines on standard error, as text or JSON.
//!
//! What goes into a line is decided where it is written; tokens, secrets and
//! claims have types that do not print.

use std::env;
use std::io::{self, IsTerminal};

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::config::{LogConfig, LogFormat};

mod plain;
mod time;
mod together;

pub(crate) use together::together;

/// Sends everything logged in this process to standard error, as `config`
/// says. Colours are used on a terminal only, and not where `NO_COLOR` is set.
///
/// Fails if this process has set up a log before.
pub fn init(config: &LogConfig) -> Result<(), TryInitError> {
    let plain = env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty());
    let colour = if io::stderr().is_terminal() && !plain {
        Colour::Yes
    } else {
        Colour::No
    };
    subscriber(config, colour, together::lines()).try_init()
}

/// What [`init`] sets up, but without colours, and each line sent to `writer` at once.
pub fn to<W>(config: &LogConfig, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    subscriber(config, Colour::No, writer)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Colour {
    Yes,
    No,
}

fn subscriber<W>(
    config: &LogConfig,
    colour: Colour,
    writer: W,
) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match (config.format, colour) {
        (LogFormat::Text, Colour::Yes) => lines.with_ansi(true).boxed(),
        (LogFormat::Text, Colour::No) => {
            let lines = lines.with_ansi(false);
            lines.event_format(plain::Plain::new()).boxed()
        }
        (LogFormat::Json, _) => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(config.level.targets().clone()))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What one information and one debugging line look like.
    fn logged(format: LogFormat, level: &str) -> String {
        let config = LogConfig {
            format,
            level: level.to_owned().try_into().unwrap(),
        };
        let lines = Lines::default();
        let writer = lines.clone();
        tracing::subscriber::with_default(
            subscriber(&config, Colour::No, move || writer.clone()),
            || {
                tracing::info!(target: "avouch", status = 200, "answered");
                tracing::debug!(target: "avouch", "looked up");
            },
        );
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn text_is_one_plain_line_an_event() {
        let text = logged(LogFormat::Text, "info");
        assert!(
            text.ends_with(" INFO avouch: answered status=200\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 1);
        assert!(!text.contains('\x1b'));
    }

    #[test]
    fn json_is_one_object_a_line_with_the_fields_at_the_top() {
        let text = logged(LogFormat::Json, "info,avouch=debug");
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["message"], &lines[0]["status"]),
            (&"answered".into(), &200.into())
        );
        assert_eq!(lines[1]["level"], "DEBUG");
    }

    #[test]
    fn what_the_level_leaves_out_is_not_written() {
        assert_eq!(logged(LogFormat::Text, "trace,avouch=off"), "");
    }
}

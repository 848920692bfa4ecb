//! Lines as text, without colour.
//!
//! Two lines are written about every request, under targets of our own. They have the form that
//! `tracing_subscriber` gives every line, octet for octet, and are made without its detours.

use std::fmt::{self, Debug};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{Format, FormatEvent, FormatFields, Full, Writer};
use tracing_subscriber::fmt::time::FormatTime as _;
use tracing_subscriber::registry::LookupSpan;

use super::time::Rfc3339;

/// How the targets begin that only we write under: without message, and outside of spans.
const OURS: &str = "avouch::";

/// The form of lines that nobody reads on a terminal.
pub(super) struct Plain {
    /// That of all other lines.
    usual: Format<Full, Rfc3339>,
}

impl Plain {
    pub(super) fn new() -> Self {
        Self {
            usual: Format::default().with_timer(Rfc3339),
        }
    }
}

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        if !about.target().starts_with(OURS) {
            return self.usual.format_event(context, writer, event);
        }
        Rfc3339.format_time(&mut writer)?;
        writer.write_str(match *about.level() {
            Level::ERROR => " ERROR ",
            Level::WARN => "  WARN ",
            Level::INFO => "  INFO ",
            Level::DEBUG => " DEBUG ",
            Level::TRACE => " TRACE ",
        })?;
        writer.write_str(about.target())?;
        writer.write_char(':')?;
        let mut fields = Fields(writer.by_ref(), Ok(()));
        event.record(&mut fields);
        fields.1?;
        writer.write_char('\n')
    }
}

/// ` name=value` for each field.
struct Fields<'w>(Writer<'w>, fmt::Result);

impl Fields<'_> {
    fn field(
        &mut self,
        field: &Field,
        value: impl FnOnce(&mut Writer<'_>) -> fmt::Result,
    ) -> fmt::Result {
        self.1?;
        self.0.write_char(' ')?;
        self.0.write_str(field.name())?;
        self.0.write_char('=')?;
        value(&mut self.0)
    }
}

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, text: &str) {
        let plain = |octet: u8| matches!(octet, b' '..=b'~') && !matches!(octet, b'"' | b'\\');
        self.1 = self.field(field, |writer| {
            if text.bytes().all(plain) {
                writer.write_char('"')?;
                writer.write_str(text)?;
                writer.write_char('"')
            } else {
                write!(writer, "{text:?}")
            }
        });
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.1 = self.field(field, |writer| {
            writer.write_str(if value { "true" } else { "false" })
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.1 = self.field(field, |writer| write!(writer, "{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{debug, error, info, trace, warn};
    use tracing_subscriber::fmt::layer;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        /// Without the times.
        fn text(&self) -> String {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let lines = text.lines().map(|line| {
                let (time, rest) = line.split_at("2026-11-26T10:23:50.341303Z".len());
                assert!(time.ends_with('Z') && time.contains('T'), "{time}");
                rest
            });
            lines.collect::<Vec<_>>().join("\n")
        }
    }

    fn say() {
        let (odd, none) = ("a\"b\\c\nd\u{1b}[31m\u{e4}", None::<&str>);
        info!(target: "avouch::event", event = "asked", iat = 17_i64, none, some = Some("x"));
        info!(target: "avouch::request", method = %"POST", status = 200_u16, active = true);
        warn!(target: "avouch::event", odd, nothing = "");
        error!(target: "avouch::event", part = 0.5, quoted = ?"x");
        debug!(target: "avouch::event", negative = -1);
        trace!(target: "avouch::event", big = u64::MAX);
        info!(odd, "a message of another target, with \u{1b}[31m");
        let error = std::io::Error::other("broken");
        warn!(%error, problem = &error as &dyn std::error::Error, "another");
    }

    #[test]
    fn lines_are_what_tracing_subscriber_makes_of_them() {
        let (ours, theirs) = (Lines::default(), Lines::default());
        let (to_ours, to_theirs) = (ours.clone(), theirs.clone());
        let plain = layer().with_ansi(false).event_format(Plain::new());
        let usual = layer().with_ansi(false);
        let subscriber = tracing_subscriber::registry()
            .with(plain.with_writer(move || to_ours.clone()))
            .with(usual.with_writer(move || to_theirs.clone()));
        tracing::subscriber::with_default(subscriber, say);
        assert_eq!(ours.text(), theirs.text());
        assert_eq!(ours.text().lines().count(), 8, "{}", ours.text());
    }
}

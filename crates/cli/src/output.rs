//! What goes to the terminal: results to standard output, all else to standard
//! error. Colour only where a person looks.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

/// Why a command failed, said to a person: what is wrong and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    next: Option<String>,
}

impl Failure {
    /// A failure in one sentence.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self {
            message: plain(&message.to_string()),
            next: None,
        }
    }

    /// With what to do about it.
    #[must_use]
    pub(crate) fn next(mut self, next: impl fmt::Display) -> Self {
        self.next = Some(next.to_string());
        self
    }

    /// With the file that what is wrong stands in.
    #[must_use]
    pub(crate) fn within(mut self, file: &Path) -> Self {
        self.message = format!("{}: {}", file.display(), self.message);
        self
    }

    /// Says it on standard error; the exit code is 1.
    #[expect(clippy::print_stderr, reason = "this is where failures are said")]
    pub(crate) fn report(&self) -> ExitCode {
        let style = Style::of(&io::stderr());
        eprintln!("{}: {}", style.bad("error"), self.message);
        if let Some(next) = &self.next {
            eprintln!("  {next}");
        }
        ExitCode::FAILURE
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

/// Text from elsewhere, that could steer a terminal, as text alone: its control characters but the
/// line end are replaced.
pub(crate) fn plain(text: &str) -> String {
    let steers = |character: char| character.is_control() && character != '\n';
    text.replace(steers, "\u{fffd}")
}

/// Writes a line to standard output. A reader that has gone away is no failure
/// of ours: whoever pipes into `head` has seen enough.
pub(crate) fn line(text: impl fmt::Display) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a remark to standard error, so that it gets into no pipe.
pub(crate) fn note(text: impl fmt::Display) -> Result<(), Failure> {
    Ok(writeln!(io::stderr().lock(), "{text}")?)
}

/// Writes one JSON document to standard output, on one line.
pub(crate) fn json(document: &impl Serialize) -> Result<(), Failure> {
    Ok(line(serde_json::to_string(document)?)?)
}

/// How text is set off: with ANSI colours on a terminal, plainly elsewhere and
/// where `NO_COLOR` is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// The style for a stream.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: stream.is_terminal() && !refused,
        }
    }

    fn set(self, code: &str, text: impl fmt::Display) -> String {
        if self.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_string()
        }
    }

    /// What stands out.
    pub(crate) fn strong(self, text: impl fmt::Display) -> String {
        self.set("1", text)
    }

    /// What may be skipped.
    pub(crate) fn faint(self, text: impl fmt::Display) -> String {
        self.set("2", text)
    }

    /// What went well.
    pub(crate) fn good(self, text: impl fmt::Display) -> String {
        self.set("32", text)
    }

    /// What did not.
    pub(crate) fn bad(self, text: impl fmt::Display) -> String {
        self.set("31", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_steers_the_terminal() {
        let hostile = "gone\u{1b}[2J\u{9b}31m\r\x07\u{7f}\nnext line";
        let failure = Failure::new(hostile);
        assert_eq!(
            failure.message,
            "gone\u{fffd}[2J\u{fffd}31m\u{fffd}\u{fffd}\u{fffd}\nnext line"
        );
    }
}

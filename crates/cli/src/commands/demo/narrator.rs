//! How the story is told on a terminal.

use std::io;

use serde_json::Value;

use crate::output::{Style, line};

/// Tells the story on standard output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Narrator {
    style: Style,
}

impl Narrator {
    /// A narrator for standard output.
    pub(super) fn new() -> Self {
        Self {
            style: Style::of(&io::stdout()),
        }
    }

    /// Opens the story.
    pub(super) fn opening(self, text: &str) -> io::Result<()> {
        line(self.style.strong(text))
    }

    /// Opens a chapter.
    pub(super) fn chapter(self, number: u32, title: &str) -> io::Result<()> {
        line("")?;
        line(self.style.strong(format_args!("{number}. {title}")))
    }

    /// Adds what may be skipped.
    pub(super) fn aside(self, text: &str) -> io::Result<()> {
        line(format_args!("   {}", self.style.faint(text)))
    }

    /// Notes what turned out as it should.
    pub(super) fn good(self, text: &str) -> io::Result<()> {
        line(format_args!("   {} {text}", self.style.good("✓")))
    }

    /// Notes what was refused, as it should be: neither the sign nor the colour of a failure.
    pub(super) fn refused(self, text: &str) -> io::Result<()> {
        line(format_args!("   {} {text}", self.style.good("⊘")))
    }

    /// Shows a JSON document under a title.
    pub(super) fn document(self, title: &str, document: &Value) -> io::Result<()> {
        line(format_args!("   {}", self.style.faint(title)))?;
        for text in format!("{document:#}").lines() {
            line(format_args!("     {text}"))?;
        }
        Ok(())
    }

    /// Shows a command to run next.
    pub(super) fn command(self, command: &str, what: &str) -> io::Result<()> {
        line(format_args!(
            "   {}  {}",
            self.style.strong(command),
            self.style.faint(what)
        ))
    }
}

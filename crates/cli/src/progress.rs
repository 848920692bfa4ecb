//! How far a long command is, on standard error: a line that changes where a
//! person looks, and little or nothing elsewhere.

use std::io::{self, IsTerminal, Write};

use crate::commands::human::count;

/// The line. It is taken away when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    terminal: bool,
    said: String,
}

impl Progress {
    /// Nothing is said yet.
    pub(crate) fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            said: String::new(),
        }
    }

    /// So much of so much, in whole percent.
    pub(crate) fn at(&mut self, what: &str, done: u64, of: u64) {
        if self.terminal {
            let percent = done
                .saturating_mul(100)
                .checked_div(of)
                .unwrap_or(100)
                .min(100);
            self.say(format!("{what}: {percent} %"));
        }
    }

    /// So many of so many: a line that changes, or now and then a line where nobody looks.
    pub(crate) fn so_many(&mut self, what: &str, done: u64, of: u64) {
        let percent = done
            .saturating_mul(100)
            .checked_div(of)
            .unwrap_or(100)
            .min(100);
        let text = format!("{what}: {} of {}", count(done), count(of.max(done)));
        if self.terminal {
            self.say(format!("{text} ({percent} %)"));
            return;
        }
        // Twenty lines for each thing.
        let mark = format!("{what} {}", percent / 5);
        if self.said != mark {
            self.said = mark;
            let _ = writeln!(io::stderr().lock(), "{text}");
        }
    }

    /// What is being done, where how long it takes is not known.
    pub(crate) fn doing(&mut self, what: &str) {
        if self.terminal {
            self.say(format!("{what} …"));
        }
    }

    /// A line that cannot be written is no reason to stop.
    fn say(&mut self, text: String) {
        if self.said != text {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K{text}");
            self.said = text;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal && !self.said.is_empty() {
            let _ = write!(io::stderr().lock(), "\r\u{1b}[K");
        }
    }
}

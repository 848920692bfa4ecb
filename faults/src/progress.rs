//! How far a run is, for whoever waits.

use std::io::{IsTerminal, Write, stderr};

/// Says it on standard error: on a terminal in one line that changes, elsewhere now and then.
pub struct Progress {
    terminal: bool,
    what: String,
    told: usize,
}

impl Progress {
    /// For standard error as it is.
    pub fn start() -> Self {
        Self {
            terminal: stderr().is_terminal(),
            what: String::new(),
            told: 0,
        }
    }

    /// Another part begins.
    pub fn begin(&mut self, what: String) {
        self.what = what;
        self.told = 0;
        self.write(&format!("{} …", self.what));
    }

    /// So much of it is done.
    pub fn tell(&mut self, done: usize, of: usize, more: &str) {
        let tenth = done * 10 / of.max(1);
        if self.terminal || tenth > self.told {
            self.told = tenth;
            self.write(&format!("{}: {done} of {of}, {more}", self.what));
        }
    }

    /// It is at its end.
    pub fn end(&mut self, outcome: &str) {
        self.write(&format!("{}: {outcome}", self.what));
        if self.terminal {
            put("\n");
        }
    }

    fn write(&self, line: &str) {
        if self.terminal {
            put(&format!("\r\x1b[K   {line}"));
        } else {
            put(&format!("   {line}\n"));
        }
    }
}

/// Who does not read it misses nothing but this.
fn put(text: &str) {
    let mut output = stderr();
    let _ = output.write_all(text.as_bytes());
    let _ = output.flush();
}

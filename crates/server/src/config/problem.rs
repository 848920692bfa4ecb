//! What is wrong with a configuration, and where.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::PathBuf;

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {source}", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is longer than any configuration.
    #[error("the configuration file {path} is longer than {limit} bytes; is it the right one?", path = .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// The text is refused, for each of these reasons.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Everything wrong with one text; one line each when printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused {
    problems: Vec<Problem>,
}

impl Refused {
    /// In the order of the text; what has no place in it comes last.
    pub(super) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| {
            problem
                .position
                .map_or((true, None), |position| (false, Some(position)))
        });
        Self { problems }
    }

    /// The problems, in the order of the text. Never empty.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl std::error::Error for Refused {}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// One thing wrong, printed as `file:line:column: message`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file, or whatever name the text was given.
    pub origin: String,
    /// Where in the text; none for what is missing altogether.
    pub position: Option<Position>,
    /// What is wrong and what to do about it.
    pub message: String,
}

/// A place in a text. Both count from one, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Position {
    /// Where `span` begins in `text`.
    pub(super) fn of(span: &Range<usize>, text: &str) -> Self {
        let before = text
            .get(..text.floor_char_boundary(span.start))
            .unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before
                .get(line_start..)
                .map_or(0, |line| line.chars().count())
                + 1,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let text = "a = 1\nö = 2";
        assert_eq!(Position::of(&(0..1), text), Position { line: 1, column: 1 });
        assert_eq!(
            Position::of(&(9..10), text),
            Position { line: 2, column: 3 }
        );
        assert_eq!(
            Position::of(&(99..100), text),
            Position { line: 2, column: 6 }
        );
    }
}

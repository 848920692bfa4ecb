//! What was done to the servers, and what came of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::options::Engine;
use crate::record::Record;

/// Losses that are printed; all are counted.
const PRINTED: usize = 10;

/// The tally of one engine.
#[derive(Debug)]
pub struct Tally {
    /// Which.
    pub engine: Engine,
    /// How long it took.
    pub took: Duration,
    faults: BTreeMap<&'static str, usize>,
    kills: usize,
    acknowledged: usize,
    unknown: usize,
    refused: usize,
    lost: Vec<String>,
    wrong: Vec<String>,
    skipped: Vec<String>,
}

impl Tally {
    /// Nothing yet.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            took: Duration::ZERO,
            faults: BTreeMap::new(),
            kills: 0,
            acknowledged: 0,
            unknown: 0,
            refused: 0,
            lost: Vec::new(),
            wrong: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// A fault was injected.
    pub fn fault(&mut self, kind: &'static str) {
        *self.faults.entry(kind).or_default() += 1;
    }

    /// One that was a `kill -9`.
    pub fn kill(&mut self, kind: &'static str) {
        self.kills += 1;
        self.fault(kind);
    }

    /// How many of these.
    pub fn kills(&self) -> usize {
        self.kills
    }

    /// Something that was acknowledged is otherwise.
    pub fn lose(&mut self, what: &impl ToString) {
        self.lost.push(what.to_string());
    }

    /// A server did what none should, though nothing was lost by it.
    pub fn find_wrong(&mut self, what: &impl ToString) {
        self.wrong.push(what.to_string());
    }

    /// A fault cannot be injected here.
    pub fn skip(&mut self, what: String) {
        self.skipped.push(what);
    }

    /// Adds what a finished part of the run has on record.
    pub fn add(&mut self, record: &Record) {
        self.acknowledged += record.acknowledged();
        self.unknown += record.unknown();
        self.refused += record.refused();
        self.wrong.extend_from_slice(record.wrong());
    }

    /// Whether everything held.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.wrong.is_empty()
    }

    /// For people.
    pub fn table(&self) -> String {
        let mut table = String::new();
        let mut line = |name: &str, value: String| {
            // Nothing fails when text is written to text.
            let _ = writeln!(table, "  {name:<58}{value:>9}");
        };
        line(
            self.engine.name(),
            format!("{:.0} s", self.took.as_secs_f64()),
        );
        line("kills", self.kills.to_string());
        for (kind, times) in &self.faults {
            line(&format!("  {kind}"), times.to_string());
        }
        line("acknowledged writes", self.acknowledged.to_string());
        line("requests with an unknown outcome", self.unknown.to_string());
        line("  of these answered 503", self.refused.to_string());
        line("wrong answers", self.wrong.len().to_string());
        line("lost writes", self.lost.len().to_string());
        for (word, list) in [
            ("lost", &self.lost),
            ("wrong", &self.wrong),
            ("skipped", &self.skipped),
        ] {
            for what in list.iter().take(PRINTED) {
                let _ = writeln!(table, "  {word}: {what}");
            }
        }
        table
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({
            "engine": self.engine.name(),
            "seconds": self.took.as_secs_f64(),
            "kills": self.kills,
            "faults": self.faults,
            "acknowledged_writes": self.acknowledged,
            "unknown_outcomes": self.unknown,
            "refused": self.refused,
            "lost_writes": self.lost.len(),
            "lost": self.lost,
            "wrong": self.wrong,
            "skipped": self.skipped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Note, State};

    fn with(notes: impl IntoIterator<Item = Note>) -> Tally {
        let mut record = Record::default();
        for note in notes {
            record.take(note);
        }
        let mut tally = Tally::new(Engine::Sqlite);
        tally.add(&record);
        tally
    }

    #[test]
    fn what_was_lost_or_wrong_is_counted_told_and_fails_the_run() {
        let mut tally = with([]);
        assert!(tally.is_clean());
        tally.lose(&"a token");
        assert!(!tally.is_clean());
        assert_eq!(tally.json()["lost_writes"], 1);
        assert!(tally.table().contains("lost: a token"));
        let tally = with([Note::Wrong("a 500".to_owned())]);
        assert!(!tally.is_clean());
        assert!(tally.table().contains("wrong: a 500"));
    }

    #[test]
    fn what_is_unknown_is_not_acknowledged_and_not_lost() {
        let token = |state| Note::Tokens(vec!["t".to_owned()], state);
        let notes = [token(State::Issued), token(State::Unknown)];
        let tally = with(notes.into_iter().chain([Note::Unanswered, Note::Refused]));
        assert!(tally.is_clean());
        let told = tally.json();
        assert_eq!(told["acknowledged_writes"], 1);
        assert_eq!(told["unknown_outcomes"], 1);
        assert_eq!(told["refused"], 1);
    }

    #[test]
    fn a_skipped_fault_is_told_and_fails_nothing() {
        let mut tally = with([]);
        tally.skip("a full disk: no rights".to_owned());
        assert!(tally.is_clean());
        assert!(tally.table().contains("skipped: a full disk"));
    }
}

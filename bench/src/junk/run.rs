//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::Case;
use crate::load::Measured;
use crate::options::Options;
use crate::plot::{Bar, Bars};
use crate::report::{Circumstances, Published, Table, with_spread};
use crate::rounds::Rounds;
use crate::statistics::Figure;

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about.
    pub circumstances: Circumstances,
    /// One for each kind of string and form of answer; HTTP alone is the last.
    pub rows: Vec<Row>,
    /// Memory.
    pub flood: Flood,
}

/// Answers about one kind of string.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which, and the form of the answer.
    pub asked: String,
    /// Answers a second.
    pub rate: Figure,
    /// Microseconds of the server's CPU time for one answer.
    pub cpu_micros: Figure,
    /// The rate that CPU time allows, in parts of that of HTTP alone.
    pub of_floor: Figure,
}

/// The server's memory around a flood of strings of which none comes twice in one form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flood {
    /// Strings asked about.
    pub answers: u64,
    /// KiB that the process holds, before and after.
    pub resident_kibibytes: [u64; 2],
    /// KiB of that which are not of files.
    pub own_kibibytes: [u64; 2],
}

impl Flood {
    pub(super) fn new(answers: u64, resident: [u64; 2], own: [u64; 2]) -> Self {
        let kibibytes = |octets: [u64; 2]| octets.map(|octets| octets >> 10);
        Self {
            answers,
            resident_kibibytes: kibibytes(resident),
            own_kibibytes: kibibytes(own),
        }
    }
}

impl Run {
    pub(super) fn new(options: &Options, rounds: &Rounds, flood: Flood) -> Self {
        let floor = Case::ALL.iter().position(|case| *case == Case::Floor);
        let rows = Case::ALL.iter().enumerate().map(|(at, case)| Row {
            asked: case.name(),
            rate: rounds.figure(at, Measured::rate).rounded(0),
            cpu_micros: rounds.figure(at, Measured::cpu_micros).rounded(1),
            of_floor: rounds
                .compared(at, floor.unwrap_or(at), |case, floor| {
                    floor.cpu_micros() / case.cpu_micros()
                })
                .rounded(3),
        });
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            rows: rows.collect(),
            flood,
        }
    }
}

impl Published for Run {
    const NAME: &'static str = "junk";

    fn part(&self) -> String {
        let mut table = Table::new(&["asked about", "a second", "CPU µs", "of HTTP alone"]);
        for row in &self.rows {
            table.push(vec![
                row.asked.clone(),
                format!("{:.0}", row.rate.median),
                format!("{:.1}", row.cpu_micros.median),
                with_spread(row.of_floor, 2),
            ]);
        }
        let about = &self.circumstances;
        let mebibytes = |kibibytes: u64| kibibytes as f64 / 1024.0;
        let [before, after] = self.flood.resident_kibibytes.map(mebibytes);
        let [own_before, own_after] = self.flood.own_kibibytes.map(mebibytes);
        format!(
            "{}; medians, and the lowest and highest round in brackets. Then {} more strings, none of them twice in \
             one form: the server held {before:.1} MiB before and {after:.1} MiB after, of that \
             {own_before:.1} and {own_after:.1} MiB of its own, without mapped files.\n\n{}\n\
             ![Server CPU time of an answer about a string that was never issued]\
             (performance/{}.svg)\n",
            about.told(&format!("{} live tokens in SQLite", about.tokens)),
            self.flood.answers,
            table.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bars = self.rows.iter().map(|row| Bar {
            label: row.asked.clone(),
            parts: vec![row.cpu_micros.median],
            note: format!(
                "{:.1} µs, {:.2} of HTTP alone",
                row.cpu_micros.median, row.of_floor.median
            ),
        });
        Bars {
            title: "Server CPU time of an answer about a string that was never issued",
            parts: &["one answer"],
            bars: bars.collect(),
        }
        .svg()
    }
}

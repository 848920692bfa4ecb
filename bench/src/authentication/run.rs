//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use crate::options::Options;
use crate::plot::{Bar, Bars};
use crate::report::{Circumstances, Published, Table, with_spread};
use crate::statistics::Figure;

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about.
    pub circumstances: Circumstances,
    /// One for each way, connection and form of answer.
    pub rows: Vec<Row>,
}

/// One way to authenticate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub way: String,
    /// What it went over.
    pub transport: String,
    /// The form of the answers.
    pub form: String,
    /// How many answers, in all rounds.
    pub answers: u64,
    /// Microseconds of the server's CPU time for one answer.
    pub cpu_micros: Figure,
    /// How much of it `client_secret_basic` would not have taken.
    pub added_micros: Figure,
    /// It, in parts of what `client_secret_basic` took.
    pub ratio: Figure,
    /// How much of its core the server used.
    pub busy: Figure,
}

impl Run {
    pub(super) fn new(options: &Options, rows: Vec<Row>) -> Self {
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            rows,
        }
    }

    /// The same row in the other form of answer.
    fn other_form(&self, row: &Row) -> Option<&Row> {
        self.rows.iter().find(|other| {
            other.way == row.way && other.transport == row.transport && other.form != row.form
        })
    }

    /// One row for each way and connection.
    fn plain_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.form == "JSON")
    }
}

impl Published for Run {
    const NAME: &'static str = "authentication";

    fn part(&self) -> String {
        let mut table = Table::new(&[
            "the caller proves itself by",
            "over",
            "JSON: µs",
            "added µs",
            "ratio",
            "ES256: µs",
            "added µs",
            "ratio",
        ]);
        for row in self.plain_rows() {
            let figures = |row: &Row| {
                [
                    format!("{:.1}", row.cpu_micros.median),
                    format!("{:+.1}", row.added_micros.median),
                    with_spread(row.ratio, 2),
                ]
            };
            let mut line = vec![row.way.clone(), row.transport.clone()];
            line.extend(figures(row));
            line.extend(self.other_form(row).map(figures).unwrap_or_default());
            table.push(line);
        }
        let about = &self.circumstances;
        format!(
            "{}; medians, and for the ratio the lowest and highest round in brackets:\n\n{}\n\
             ![Server CPU time of one introspection, by how the caller proves itself]\
             (performance/{}.svg)\n",
            about.told(&format!("{} live tokens", about.tokens)),
            table.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bars = self.plain_rows().filter_map(|row| {
            let signed = self.other_form(row)?;
            let (whole, added) = (signed.cpu_micros.median, signed.added_micros.median);
            Some(Bar {
                label: format!("{}; {}", row.way, row.transport),
                parts: vec![whole - added.max(0.0), added.max(0.0)],
                note: format!("{whole:.0} µs, ×{:.2}", signed.ratio.median),
            })
        });
        Bars {
            title: "Server CPU time of one introspection answered with an ES256 statement",
            parts: &[
                "what client_secret_basic takes over such a connection",
                "what is added",
            ],
            bars: bars.collect(),
        }
        .svg()
    }
}

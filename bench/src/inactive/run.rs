//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::tokens::{Dead, Group};
use crate::options::Options;
use crate::plot::{Bar, Bars};
use crate::report::{Circumstances, Published, Table};
use crate::statistics::{Draw, Figure, above, difference_of_medians, quantile};

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about.
    pub circumstances: Circumstances,
    /// One for each reason.
    pub rows: Vec<Row>,
}

/// Tokens that are dead for one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The reason.
    pub reason: String,
    /// Whether the strings were made by the server: of others it is not claimed that they look alike.
    pub genuine: bool,
    /// In JSON.
    pub json: Timing,
    /// As a statement.
    pub statement: Timing,
}

/// The times of the answers of one form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Microseconds from the question to the answer: the median, and half of all answers.
    pub micros: Figure,
    /// Microseconds that the median lies above that of expired tokens, with the interval that 95 %
    /// of resampled runs lie in.
    pub difference: Figure,
    /// How often an answer is slower than one about an expired token: 0.5 if that is even.
    pub slower: f64,
}

impl Run {
    pub(super) fn new(options: &Options, groups: &[Group], times: &[[Vec<f64>; 2]]) -> Self {
        let reference = groups.iter().position(|group| group.dead == Dead::Expired);
        let mut draw = Draw::new(2);
        let rows = groups.iter().zip(times).map(|(group, of)| {
            let mut timing = |form: usize| {
                let reference = reference.and_then(|at| times.get(at));
                Timing::of(&of[form], reference.map_or(&[], |of| &of[form]), &mut draw)
            };
            Row {
                reason: group.name(),
                genuine: group.dead.is_genuine(),
                json: timing(0),
                statement: timing(1),
            }
        });
        let rows = rows.collect();
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            rows,
        }
    }

    /// How far the genuine token that stands out most is from being even, in either form.
    fn furthest(&self) -> f64 {
        let genuine = self.rows.iter().filter(|row| row.genuine);
        let distances = genuine.flat_map(|row| [row.json.slower, row.statement.slower]);
        distances
            .map(|slower| (slower - 0.5).abs())
            .fold(0.0, f64::max)
    }
}

impl Timing {
    fn of(times: &[f64], reference: &[f64], draw: &mut Draw) -> Self {
        let micros = Figure {
            median: quantile(times, 0.5),
            low: quantile(times, 0.25),
            high: quantile(times, 0.75),
        };
        let slower = above(times, reference);
        Self {
            micros: micros.rounded(1),
            difference: difference_of_medians(times, reference, draw).rounded(2),
            slower: (slower * 1e3).round() / 1e3,
        }
    }

    fn cells(&self) -> [String; 3] {
        let Figure { median, low, high } = self.micros;
        let by = self.difference;
        [
            format!("{median:.1} ({low:.1} to {high:.1})"),
            format!("{:+.2} ({:+.2} to {:+.2})", by.median, by.low, by.high),
            format!("{:.3}", self.slower),
        ]
    }
}

impl Published for Run {
    const NAME: &'static str = "inactive";

    fn part(&self) -> String {
        let mut table = Table::new(&[
            "why the token is inactive",
            "JSON: µs",
            "beside expired",
            "slower",
            "ES256: µs",
            "beside expired",
            "slower",
        ]);
        for row in &self.rows {
            let mut line = vec![row.reason.clone()];
            line.extend(row.json.cells());
            line.extend(row.statement.cells());
            table.push(line);
        }
        let about = &self.circumstances;
        format!(
            "`{}`, {}, {} answers of each reason and form in random order, among {} live tokens. \
             Microseconds from question to answer: the median, and half of the answers in \
             brackets. \"beside expired\": how much the median is above that of expired tokens, \
             with its 95 % interval. \"slower\": how often an answer is slower than one about an \
             expired token; 0.5 says nothing. Among genuine tokens, the furthest from it is off by \
             {:.3}.\n\n{}\n\
             ![How often an answer is slower than one about an expired token]\
             (performance/{}.svg)\n",
            about.command,
            about.processor,
            about.rounds,
            about.tokens,
            self.furthest(),
            table.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bars = self.rows.iter().map(|row| Bar {
            label: row.reason.clone(),
            parts: vec![row.json.slower],
            note: format!("{:.3}", row.json.slower),
        });
        Bars {
            title: "How often an inactive answer is slower than one about an expired token (JSON)",
            parts: &["0.5 tells nothing"],
            bars: bars.collect(),
        }
        .svg()
    }
}

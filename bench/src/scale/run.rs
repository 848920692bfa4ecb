//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::{CASES, FEW, STATEMENTS, Size};
use crate::engine::Engine;
use crate::load::Measured;
use crate::options::Options;
use crate::plot::{Bar, Bars};
use crate::report::{Circumstances, Published, Table, with_spread};
use crate::request::Form;
use crate::rounds::Rounds;
use crate::statistics::Figure;

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about; its tokens are the many.
    pub circumstances: Circumstances,
    /// Few tokens.
    pub few: usize,
    /// One for each engine and each thing that was done.
    pub rows: Vec<Row>,
}

/// One thing on one engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// What was done.
    pub what: String,
    /// Where the tokens are.
    pub engine: Engine,
    /// Among few tokens.
    pub few: Column,
    /// Among many.
    pub many: Column,
    /// The rate among many in parts of that among few.
    pub rate_ratio: Figure,
    /// The rate that CPU time allows among many in parts of that among few.
    pub cpu_ratio: Figure,
}

/// One thing in one database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// How often a second.
    pub rate: Figure,
    /// Microseconds of CPU time each.
    pub cpu_micros: Figure,
}

impl Run {
    pub(super) fn new(options: &Options, rows: Vec<Row>) -> Self {
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            few: FEW.min(options.tokens),
            rows,
        }
    }
}

/// What came out on one engine: of look-ups by size, of answers by [`CASES`].
pub(super) fn rows(engine: Engine, look_ups: &Rounds, answers: &Rounds) -> Vec<Row> {
    let what = "look-up alone".to_owned();
    let sizes = Size::ALL.map(|size| Size::ALL.iter().position(|other| *other == size));
    let mut rows = vec![row(what, engine, look_ups, sizes)];
    for form in [Form::Json, Form::Jwt] {
        let at = |size| CASES.iter().position(|case| *case == (size, form));
        let what = match form {
            Form::Json => "JSON",
            Form::Jwt => STATEMENTS.name(),
        };
        rows.push(row(what.to_owned(), engine, answers, Size::ALL.map(at)));
    }
    rows
}

fn row(what: String, engine: Engine, rounds: &Rounds, at: [Option<usize>; 2]) -> Row {
    // A case that is not there has no rounds.
    let [few, many] = at.map(|place| place.unwrap_or(usize::MAX));
    let column = |case: usize| Column {
        rate: rounds.figure(case, Measured::rate).rounded(0),
        cpu_micros: rounds.figure(case, Measured::cpu_micros).rounded(2),
    };
    let rate = |many: &Measured, few: &Measured| many.rate() / few.rate();
    let cpu = |many: &Measured, few: &Measured| few.cpu_micros() / many.cpu_micros();
    Row {
        what,
        engine,
        few: column(few),
        many: column(many),
        rate_ratio: rounds.compared(many, few, rate).rounded(3),
        cpu_ratio: rounds.compared(many, few, cpu).rounded(3),
    }
}

impl Published for Run {
    const NAME: &'static str = "scale";

    fn part(&self) -> String {
        let (few, many) = (self.few, self.circumstances.tokens);
        let mut table = Table::new(&[
            "what",
            "engine",
            &format!("{few}: a second"),
            "CPU µs",
            &format!("{many}: a second"),
            "CPU µs",
            "ratio of rates",
            "ratio by CPU time",
        ]);
        for row in &self.rows {
            table.push(vec![
                row.what.clone(),
                row.engine.name().to_owned(),
                format!("{:.0}", row.few.rate.median),
                format!("{:.1}", row.few.cpu_micros.median),
                format!("{:.0}", row.many.rate.median),
                format!("{:.1}", row.many.cpu_micros.median),
                with_spread(row.rate_ratio, 2),
                with_spread(row.cpu_ratio, 2),
            ]);
        }
        let about = &self.circumstances;
        format!(
            "{}; medians, and the lowest and highest round in brackets; 1 is as fast \
             as among {few}:\n\n{}\n\
             ![How fast tokens are found among many](performance/{}.svg)\n",
            about.told(&format!(
                "{few} live tokens beside {many}, nothing kept in memory"
            )),
            table.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bars = self.rows.iter().map(|row| Bar {
            label: format!("{}, {}", row.what, row.engine.name()),
            parts: vec![row.rate_ratio.median],
            note: format!("{:.2}", row.rate_ratio.median),
        });
        let title = format!(
            "The rate among {} tokens in parts of that among {}",
            self.circumstances.tokens, self.few
        );
        Bars {
            title: &title,
            parts: &["1 is as fast"],
            bars: bars.collect(),
        }
        .svg()
    }
}

//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::Case;
use super::parts::Part;
use super::rows::Kind;
use crate::engine::Engine;
use crate::load::Measured;
use crate::options::Options;
use crate::plot::{Bar, Bars};
use crate::report::{Circumstances, Published, Table, with_spread};
use crate::rounds::Rounds;
use crate::statistics::{Figure, quantile};

/// All figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How they came about.
    pub circumstances: Circumstances,
    /// The server's memory at the end, in MiB.
    pub resident_mebibytes: u64,
    /// One for each form of answer.
    pub rows: Vec<Row>,
    /// The bare server under the same load.
    pub floor: Floor,
    /// What the limit is made of.
    pub parts: Vec<PartFigure>,
}

/// The bare server, which answers everything with the same octets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Floor {
    /// As much load as it takes.
    pub column: Column,
    /// At 70 % of that.
    pub latency: Latency,
}

/// Microseconds from when a question was due to its answer, at 70 % of capacity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half of all took no longer.
    pub p50_micros: Figure,
    /// All but one in a hundred took no longer.
    pub p99_micros: Figure,
    /// The second in parts of the first.
    pub ratio: Figure,
}

/// A part, measured alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartFigure {
    /// Its name.
    pub name: String,
    /// Microseconds of CPU time.
    pub micros: Figure,
}

/// Answers of one form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub answer: String,
    /// Every request another token.
    pub spread: Column,
    /// The same few tokens over and over.
    pub hot: Column,
    /// Every request another token, at 70 % of capacity.
    pub latency: Latency,
    /// Microseconds of the parts together.
    pub limit_micros: Figure,
    /// The rate in parts of what the signature alone would allow; none for JSON.
    pub of_signing: Option<Figure>,
    /// The rate in parts of what all parts together would allow.
    pub of_attainable: Figure,
    /// The rate of hot tokens in parts of that of HTTP alone.
    pub hot_of_floor: Figure,
}

/// Answers of one form under as much load as the server takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Answers a second.
    pub rate: Figure,
    /// Microseconds of the server's CPU time for one answer.
    pub cpu_micros: Figure,
    /// How much of its core the server used.
    pub busy: Figure,
}

impl Run {
    pub(super) fn new(
        options: &Options,
        kinds: &[Kind],
        cases: &[Case],
        rounds: &Rounds,
        resident: u64,
    ) -> Self {
        let figures = Figures { cases, rounds };
        let rows = kinds.iter().enumerate();
        let rows = rows.map(|(at, kind)| figures.row(at, *kind)).collect();
        let part = |name: String, case: &Case| PartFigure {
            name,
            micros: rounds
                .figure(figures.at(case), Measured::cpu_micros)
                .rounded(1),
        };
        let floor = part("HTTP".to_owned(), &Case::Floor);
        let look_ups = Engine::ALL.map(|engine| {
            let name = format!("look-up in {}", engine.name());
            part(name, &Case::LookUp(engine))
        });
        let parts = Part::ALL.map(|one| part(one.name().to_owned(), &Case::Part(one)));
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            resident_mebibytes: resident >> 20,
            rows,
            floor: Floor {
                column: figures.column(figures.at(&Case::Floor)),
                latency: figures.latency(figures.at(&Case::FloorLatency)),
            },
            parts: std::iter::once(floor)
                .chain(look_ups)
                .chain(parts)
                .collect(),
        }
    }
}

struct Figures<'a> {
    cases: &'a [Case],
    rounds: &'a Rounds,
}

impl Figures<'_> {
    fn at(&self, case: &Case) -> usize {
        let place = self.cases.iter().position(|other| other == case);
        // A case that is not there has no rounds.
        place.unwrap_or(usize::MAX)
    }

    fn row(&self, row: usize, kind: Kind) -> Row {
        let (spread, hot) = (self.at(&Case::Spread(row)), self.at(&Case::Hot(row)));
        let floor = self.at(&Case::Floor);
        let mut parts = vec![floor, self.at(&Case::LookUp(kind.engine()))];
        parts.extend(kind.parts().map(|part| self.at(&Case::Part(part))));
        let signature = kind.parts().find(|part| matches!(part, Part::Signature(_)));
        let of = |parts: &[usize], case: usize| {
            self.rounds.together(parts, case, |parts, case| {
                let limit: f64 = parts.iter().map(|part| part.cpu_micros()).sum();
                limit / case.cpu_micros()
            })
        };
        let limit = self.rounds.together(&parts, spread, |parts, _| {
            parts.iter().map(|part| part.cpu_micros()).sum()
        });
        Row {
            answer: kind.name().to_owned(),
            spread: self.column(spread),
            hot: self.column(hot),
            latency: self.latency(self.at(&Case::Latency(row))),
            limit_micros: limit.rounded(1),
            of_signing: signature.map(|part| of(&[self.at(&Case::Part(part))], spread).rounded(3)),
            of_attainable: of(&parts, spread).rounded(3),
            hot_of_floor: of(&[floor], hot).rounded(3),
        }
    }

    fn latency(&self, case: usize) -> Latency {
        let at = |measured: &Measured, part: f64| {
            let latencies = measured.latencies.iter();
            let micros: Vec<_> = latencies.map(|one| one.as_secs_f64() * 1e6).collect();
            quantile(&micros, part)
        };
        let ratio = |measured: &Measured| at(measured, 0.99) / at(measured, 0.5);
        Latency {
            p50_micros: self.rounds.figure(case, |one| at(one, 0.5)).rounded(0),
            p99_micros: self.rounds.figure(case, |one| at(one, 0.99)).rounded(0),
            ratio: self.rounds.figure(case, ratio).rounded(1),
        }
    }

    fn column(&self, case: usize) -> Column {
        let busy = |one: &Measured| one.cpu.as_secs_f64() / one.wall.as_secs_f64();
        Column {
            rate: self.rounds.figure(case, Measured::rate).rounded(0),
            cpu_micros: self.rounds.figure(case, Measured::cpu_micros).rounded(1),
            busy: self.rounds.figure(case, busy).rounded(2),
        }
    }
}

impl Column {
    /// The cells of a table: answers a second, how busy that was, and CPU time.
    fn cells(&self) -> [String; 3] {
        [
            format!("{:.0}", self.rate.median),
            format!("{:.2}", self.busy.median),
            format!("{:.1}", self.cpu_micros.median),
        ]
    }
}

impl Latency {
    /// The cells of a table: the half, all but one in a hundred, and these beside those.
    fn cells(&self) -> [String; 3] {
        [
            format!("{:.0}", self.p50_micros.median),
            format!("{:.0}", self.p99_micros.median),
            with_spread(self.ratio, 1),
        ]
    }
}

impl Published for Run {
    const NAME: &'static str = "introspection";

    fn part(&self) -> String {
        let mut table = Table::new(&[
            "answer",
            "spread: a second",
            "busy",
            "CPU µs",
            "of signing",
            "of attainable",
            "p50 µs",
            "p99 µs",
            "p99 of p50",
            "hot: a second",
            "CPU µs",
            "of HTTP alone",
        ]);
        let none = || "-".to_owned();
        for row in &self.rows {
            let mut cells = vec![row.answer.clone()];
            cells.extend(row.spread.cells());
            cells.push(row.of_signing.map_or_else(none, |of| with_spread(of, 2)));
            cells.push(with_spread(row.of_attainable, 2));
            cells.extend(row.latency.cells());
            cells.push(format!("{:.0}", row.hot.rate.median));
            cells.push(format!("{:.1}", row.hot.cpu_micros.median));
            cells.push(with_spread(row.hot_of_floor, 2));
            table.push(cells);
        }
        let mut cells = vec!["HTTP alone".to_owned()];
        cells.extend(self.floor.column.cells());
        cells.extend([none(), none()]);
        cells.extend(self.floor.latency.cells());
        cells.extend([none(), none(), none()]);
        table.push(cells);
        let mut parts = Table::new(&["part alone", "CPU µs"]);
        for part in &self.parts {
            parts.push(vec![part.name.clone(), with_spread(part.micros, 1)]);
        }
        let about = &self.circumstances;
        format!(
            "{}; medians, and the lowest and highest round in brackets; latencies at 70 % of capacity; \
             \"busy\" is the part of its core that the server used; {} MiB of memory at the end, on \
             SQLite:\n\n{}\n{}\n\
             ![Server CPU time of one introspection beside the limit](performance/{}.svg)\n",
            about.told(&format!(
                "{} live tokens in SQLite and in PostgreSQL",
                about.tokens
            )),
            self.resident_mebibytes,
            table.markdown(),
            parts.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bars = self.rows.iter().map(|row| {
            let (whole, limit) = (row.spread.cpu_micros.median, row.limit_micros.median);
            Bar {
                label: row.answer.clone(),
                parts: vec![limit.min(whole), (whole - limit).max(0.0)],
                note: format!(
                    "{whole:.0} µs, {:.2} of attainable",
                    row.of_attainable.median
                ),
            }
        });
        Bars {
            title: "Server CPU time of one introspection, every request about another token",
            parts: &["HTTP, look-up, signature, encryption alone", "the rest"],
            bars: bars.collect(),
        }
        .svg()
    }
}

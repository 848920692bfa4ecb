//! The figures of a run, and what is written about them.

use serde::{Deserialize, Serialize};

use super::Case;
use crate::introspection::rows::Kind;
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
    /// Who the peer is.
    pub peer: String,
    /// One for each form of answer.
    pub rows: Vec<Row>,
}

/// Answers of one form. Every rate is of answers a second, avouch's of one core.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub answer: String,
    /// avouch, every request another token.
    pub spread: Figure,
    /// avouch, the same few over and over.
    pub hot: Figure,
    /// The peer on one core, every request another token.
    pub peer_spread: Figure,
    /// The peer on one core, the same few over and over.
    pub peer_hot: Figure,
    /// The peer on all cores, every request another token.
    pub peer_unpinned: Figure,
    /// How many of its cores the peer used on all of them.
    pub peer_unpinned_busy: Figure,
    /// avouch's rate by the peer's in the same round: spread, both on one core.
    pub spread_ratio: Figure,
    /// The same of the hot ones.
    pub hot_ratio: Figure,
    /// avouch on one core by the peer on all: spread.
    pub unpinned_ratio: Figure,
}

impl Run {
    pub(super) fn new(
        options: &Options,
        peer: String,
        kinds: &[Kind],
        cases: &[Case],
        rounds: &Rounds,
    ) -> Self {
        let figures = Figures { cases, rounds };
        let rows = kinds.iter().enumerate();
        Self {
            circumstances: Circumstances::of(Self::NAME, options),
            peer,
            rows: rows.map(|(at, kind)| figures.row(at, *kind)).collect(),
        }
    }
}

struct Figures<'a> {
    cases: &'a [Case],
    rounds: &'a Rounds,
}

impl Figures<'_> {
    fn at(&self, case: Case) -> usize {
        let place = self.cases.iter().position(|other| *other == case);
        // A case that is not there has no rounds.
        place.unwrap_or(usize::MAX)
    }

    fn row(&self, row: usize, kind: Kind) -> Row {
        let rate = |case| self.rounds.figure(self.at(case), Measured::rate).rounded(0);
        let ratio = |one, base| {
            let ratio = |one: &Measured, base: &Measured| one.rate() / base.rate();
            let (one, base) = (self.at(one), self.at(base));
            self.rounds.compared(one, base, ratio).rounded(2)
        };
        let busy = |one: &Measured| one.cpu.as_secs_f64() / one.wall.as_secs_f64();
        let unpinned = self.at(Case::PeerUnpinned(row));
        Row {
            answer: kind.name().to_owned(),
            spread: rate(Case::Spread(row)),
            hot: rate(Case::Hot(row)),
            peer_spread: rate(Case::PeerSpread(row)),
            peer_hot: rate(Case::PeerHot(row)),
            peer_unpinned: rate(Case::PeerUnpinned(row)),
            peer_unpinned_busy: self.rounds.figure(unpinned, busy).rounded(2),
            spread_ratio: ratio(Case::Spread(row), Case::PeerSpread(row)),
            hot_ratio: ratio(Case::Hot(row), Case::PeerHot(row)),
            unpinned_ratio: ratio(Case::Spread(row), Case::PeerUnpinned(row)),
        }
    }
}

impl Published for Run {
    const NAME: &'static str = "peers";

    fn part(&self) -> String {
        let mut table = Table::new(&[
            "answer",
            "spread: avouch",
            "peer",
            "ratio",
            "hot: avouch",
            "peer",
            "ratio",
            "peer on all cores",
            "cores used",
            "ratio",
        ]);
        let whole = |figure: Figure| format!("{:.0}", figure.median);
        for row in &self.rows {
            table.push(vec![
                row.answer.clone(),
                whole(row.spread),
                whole(row.peer_spread),
                with_spread(row.spread_ratio, 1),
                whole(row.hot),
                whole(row.peer_hot),
                with_spread(row.hot_ratio, 1),
                whole(row.peer_unpinned),
                format!("{:.2}", row.peer_unpinned_busy.median),
                with_spread(row.unpinned_ratio, 1),
            ]);
        }
        let about = &self.circumstances;
        format!(
            "{}; beside {}; answers a second, medians, and for the ratios the lowest and highest round in \
             brackets:\n\n{}\n\
             ![How many times as many answers avouch gives](performance/{}.svg)\n",
            about.told(&format!("{} live tokens on either side", about.tokens)),
            self.peer,
            table.markdown(),
            Self::NAME,
        )
    }

    fn plot(&self) -> String {
        let bars = self.rows.iter().flat_map(|row| {
            let bar = |walk: &str, ratio: Figure| Bar {
                label: format!("{}, {walk}", row.answer),
                parts: vec![ratio.median],
                note: format!("{:.1}", ratio.median),
            };
            [
                bar("spread", row.spread_ratio),
                bar("hot", row.hot_ratio),
                bar("spread, peer on all cores", row.unpinned_ratio),
            ]
        });
        Bars {
            title: "Answers of avouch for one of oidc-provider, in the same time",
            parts: &["avouch on one core, always"],
            bars: bars.collect(),
        }
        .svg()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Rounds;

    #[test]
    fn every_ratio_is_of_the_cases_it_names() {
        let kind = Kind::ALL[0];
        let cases = super::super::cases(1);
        // Answers in one second, in the order of the cases: avouch spread and hot, then the peer.
        let rates = [[600, 660], [900, 990], [100, 110], [90, 99], [150, 150]];
        let rounds = Rounds::of_rates(&rates);
        let row = Figures {
            cases: &cases,
            rounds: &rounds,
        }
        .row(0, kind);
        let exactly = |value| Figure::of(&[value]);
        assert_eq!(row.spread_ratio, exactly(6.0));
        assert_eq!(row.hot_ratio, exactly(10.0));
        assert_eq!(row.unpinned_ratio, Figure::of(&[4.0, 4.4]).rounded(2));
        assert_eq!(row.peer_hot, Figure::of(&[90.0, 99.0]).rounded(0));
    }
}

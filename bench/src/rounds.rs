//! Cases measured in turns.
//!
//! A machine drifts: other programs come and go, its clock follows its temperature. Cases that are
//! compared are measured one after the other, all of them in every round, in an order of its own
//! for each round, so that the drift meets all alike; a ratio is made within a round, and the
//! median of the rounds counts.

use crate::load::Measured;
use crate::statistics::{Draw, Figure};
use crate::{Failure, say};

/// All rounds of all cases: `of[case][round]`.
pub struct Rounds {
    of: Vec<Vec<Measured>>,
}

/// Measures every case in every round.
pub async fn in_turns<C>(
    cases: &[C],
    rounds: usize,
    name: impl Fn(&C) -> String,
    measure: impl AsyncFn(&C) -> Result<Measured, Failure>,
) -> Result<Rounds, Failure> {
    let mut of: Vec<Vec<Measured>> = cases.iter().map(|_| Vec::new()).collect();
    let mut draw = Draw::new(0);
    for round in 1..=rounds {
        let mut order: Vec<_> = cases.iter().zip(&mut of).collect();
        draw.shuffle(&mut order);
        for (place, (case, measured)) in order.into_iter().enumerate() {
            let name = name(case);
            let one = measure(case)
                .await
                .map_err(|error| format!("{name}: {error}"))?;
            say(&format!(
                "  round {round} of {rounds}, {:>2} of {}: {name}: {} answers, {:.1} µs",
                place + 1,
                cases.len(),
                one.answers,
                one.cpu_micros(),
            ));
            measured.push(one);
        }
    }
    Ok(Rounds { of })
}

impl Rounds {
    /// A figure of one case.
    pub fn figure(&self, case: usize, figure: impl Fn(&Measured) -> f64) -> Figure {
        let values: Vec<_> = self.rounds(case).iter().map(figure).collect();
        Figure::of(&values)
    }

    /// A figure made of two cases in the same round.
    pub fn compared(
        &self,
        case: usize,
        base: usize,
        figure: impl Fn(&Measured, &Measured) -> f64,
    ) -> Figure {
        let pairs = self.rounds(case).iter().zip(self.rounds(base));
        let values: Vec<_> = pairs.map(|(one, base)| figure(one, base)).collect();
        Figure::of(&values)
    }

    /// A figure made of several cases and one more in the same round.
    pub fn together(
        &self,
        several: &[usize],
        case: usize,
        figure: impl Fn(&[&Measured], &Measured) -> f64,
    ) -> Figure {
        let rounds = self.rounds(case).iter().enumerate();
        let values: Vec<_> = rounds
            .map(|(round, one)| {
                let of_round = |case: &usize| self.rounds(*case).get(round);
                let several: Vec<_> = several.iter().filter_map(of_round).collect();
                figure(&several, one)
            })
            .collect();
        Figure::of(&values)
    }

    /// Answers of one case, in all rounds together.
    pub fn answers(&self, case: usize) -> u64 {
        self.rounds(case).iter().map(|round| round.answers).sum()
    }

    fn rounds(&self, case: usize) -> &[Measured] {
        self.of.get(case).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
impl Rounds {
    /// So many answers in a second, of each case in each round.
    pub(crate) fn of_rates<const N: usize>(rates: &[[u64; N]]) -> Self {
        let measured = |answers| Measured {
            answers,
            wall: std::time::Duration::from_secs(1),
            ..Measured::default()
        };
        let of = rates.iter().map(|case| case.map(measured).to_vec());
        Self { of: of.collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn took(micros: u64) -> Measured {
        Measured {
            answers: 1,
            cpu: Duration::from_micros(micros),
            wall: Duration::from_secs(1),
            ..Measured::default()
        }
    }

    #[test]
    fn a_ratio_is_made_within_its_round() {
        // The machine slows down to half its speed; the ratio does not move.
        let rounds = Rounds {
            of: vec![
                [10, 11, 20].map(took).to_vec(),
                [30, 33, 60].map(took).to_vec(),
            ],
        };
        let ratio = rounds.compared(1, 0, |one, base| one.cpu_micros() / base.cpu_micros());
        assert!((ratio.low - 3.0).abs() < 1e-9 && (ratio.high - 3.0).abs() < 1e-9);
        let cpu = rounds.figure(0, Measured::cpu_micros);
        assert!((cpu.median - 11.0).abs() < 1e-9);
        assert_eq!(rounds.answers(0), 3);
    }

    #[test]
    fn every_case_has_every_round() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let cases = [1, 2, 3];
        let measured = in_turns(&cases, 4, u64::to_string, async |case| Ok(took(*case)));
        let rounds = runtime.block_on(measured).unwrap();
        for (place, case) in cases.iter().enumerate() {
            let figure = rounds.figure(place, Measured::cpu_micros);
            assert!((figure.median - *case as f64).abs() < 1e-9);
            assert_eq!(rounds.answers(place), 4);
        }
    }
}

//! Figures made of figures.

use serde::{Deserialize, Serialize};

/// A figure that was measured several times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The median of the rounds.
    pub median: f64,
    /// The lowest of them.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

impl Figure {
    /// Of several rounds; zero of none.
    pub fn of(rounds: &[f64]) -> Self {
        Self {
            median: quantile(rounds, 0.5),
            low: quantile(rounds, 0.0),
            high: quantile(rounds, 1.0),
        }
    }

    /// With this many digits after the point, as it is kept and printed.
    #[must_use]
    pub fn rounded(self, digits: i32) -> Self {
        let scale = 10_f64.powi(digits);
        let round = |value: f64| (value * scale).round() / scale;
        Self {
            median: round(self.median),
            low: round(self.low),
            high: round(self.high),
        }
    }
}

/// The value below which this part of the values lies, between the two nearest; zero of none.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile_of_sorted(&sorted, part)
}

/// [`quantile`] of values that are in order already.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place within the list"
)]
pub fn quantile_of_sorted(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = part.clamp(0.0, 1.0) * last as f64;
    let (below, rest) = (place.floor(), place.fract());
    let at = |index: f64| sorted.get(index as usize).copied().unwrap_or_default();
    at(below) + rest * (at((below + 1.0).min(last as f64)) - at(below))
}

/// How often a value of `one` is above a value of `other`, ties counting half: the
/// effect size of the Mann-Whitney test. 0.5 if neither tells anything about which it is from.
pub fn above(one: &[f64], other: &[f64]) -> f64 {
    let mut other = other.to_vec();
    other.sort_by(f64::total_cmp);
    let wins: f64 = one
        .iter()
        .map(|value| {
            let below = other.partition_point(|one| one < value);
            let not_above = other.partition_point(|one| one <= value);
            f64::midpoint(below as f64, not_above as f64)
        })
        .sum();
    wins / (one.len() as f64 * other.len() as f64)
}

/// How far the median of `one` lies above that of `other`, with the interval that holds 95 % of
/// what the same question gives on samples drawn from these (bootstrap percentiles).
pub fn difference_of_medians(one: &[f64], other: &[f64], draw: &mut Draw) -> Figure {
    const RESAMPLES: usize = 1_000;
    let difference = |one: &[f64], other: &[f64]| quantile(one, 0.5) - quantile(other, 0.5);
    let mut differences: Vec<f64> = (0..RESAMPLES)
        .map(|_| difference(&draw.resample(one), &draw.resample(other)))
        .collect();
    differences.sort_by(f64::total_cmp);
    Figure {
        median: difference(one, other),
        low: quantile_of_sorted(&differences, 0.025),
        high: quantile_of_sorted(&differences, 0.975),
    }
}

/// Numbers that look random and are the same each time (xorshift64*): for order and resampling.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// A sequence of its own for each seed.
    pub const fn new(seed: u64) -> Self {
        // Zero would stay zero.
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `bound`, which must not be zero.
    #[expect(clippy::cast_possible_truncation, reason = "below a `usize`")]
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        ((u128::from(mixed) * bound as u128) >> 64) as usize
    }

    /// The same values in another order.
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }

    fn resample(&mut self, values: &[f64]) -> Vec<f64> {
        (0..values.len())
            .filter_map(|_| values.get(self.below(values.len())).copied())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn quantiles_lie_between_the_nearest_values() {
        let values = [4.0, 1.0, 3.0, 2.0];
        assert!(close(quantile(&values, 0.5), 2.5));
        assert!(close(quantile(&values, 0.0), 1.0) && close(quantile(&values, 1.0), 4.0));
        assert!(close(quantile(&[], 0.5), 0.0) && close(quantile(&[7.0], 0.9), 7.0));
    }

    #[test]
    fn a_figure_is_the_median_with_its_extremes() {
        let figure = Figure::of(&[3.0, 1.004, 2.0]).rounded(2);
        assert!(close(figure.median, 2.0) && close(figure.low, 1.0) && close(figure.high, 3.0));
    }

    #[test]
    fn the_effect_size_says_how_well_two_samples_are_told_apart() {
        assert!(close(above(&[3.0, 4.0], &[1.0, 2.0]), 1.0));
        assert!(close(above(&[1.0, 2.0], &[3.0, 4.0]), 0.0));
        assert!(close(above(&[1.0, 2.0], &[1.0, 2.0]), 0.5));
    }

    #[test]
    fn a_difference_that_is_there_is_in_its_interval_and_zero_is_not() {
        let mut draw = Draw::new(1);
        let one: Vec<f64> = (0..500).map(|_| 100.0 + draw.below(100) as f64).collect();
        let other: Vec<f64> = (0..500).map(|_| 130.0 + draw.below(100) as f64).collect();
        let difference = difference_of_medians(&other, &one, &mut draw);
        assert!(
            difference.low > 10.0 && difference.high < 50.0,
            "{difference:?}"
        );
        assert!(difference.low <= difference.median && difference.median <= difference.high);
    }

    #[test]
    fn numbers_are_drawn_evenly_and_shuffling_loses_nothing() {
        let mut draw = Draw::new(0);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            counts[draw.below(10)] += 1;
        }
        assert!(
            counts.iter().all(|count| (800..1_200).contains(count)),
            "{counts:?}"
        );
        let mut values: Vec<_> = (0..100).collect();
        draw.shuffle(&mut values);
        assert_ne!(values, (0..100).collect::<Vec<_>>());
        values.sort_unstable();
        assert_eq!(values, (0..100).collect::<Vec<_>>());
    }
}

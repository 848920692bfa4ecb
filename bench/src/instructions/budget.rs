//! How many instructions may be taken: `bench/instructions.toml`.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::Failure;

/// What the head of the file says to whoever reads it.
const HEAD: &str = "\
# Instructions of one introspection, JSON, everything in memory. `cargo xtask bench instructions` compares, and
# `--renew` writes the counts anew; how they are taken is in docs/performance.md. A tolerance is a part of the count,
# and yours to change: `--renew` keeps it.

";

/// What a new budget allows, as a part of the count. A step may differ by some 2 % between two runs:
/// tokens, secrets and pseudonyms are random, and not all texts take as long.
const TOLERANCE: f64 = 0.05;

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budgets {
    /// What the counts were taken with: with another compiler they are others.
    pub(super) taken_with: TakenWith,
    /// By name.
    pub(super) budget: BTreeMap<String, Budget>,
}

/// What decides over counts beside the code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TakenWith {
    /// As it calls itself.
    pub(super) compiler: String,
    /// As it calls itself.
    pub(super) valgrind: String,
    /// As the system calls it: libc and AWS-LC pick code by it.
    pub(super) processor: String,
}

impl fmt::Display for TakenWith {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            compiler,
            valgrind,
            processor,
        } = self;
        write!(f, "{compiler}, {valgrind}, {processor}")
    }
}

/// What one thing may take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budget {
    /// Counted when this was written.
    pub(super) instructions: u64,
    /// How much more or less passes, as a part of them.
    pub(super) tolerance: f64,
}

/// How a count stands to its budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As many as there should be.
    Within,
    /// More than there may be.
    Over,
    /// So few that the budget guards nothing any more.
    Under,
}

impl Budget {
    /// Judges a count.
    pub(super) fn judge(self, counted: u64) -> Verdict {
        let (counted, budget) = (counted as f64, self.instructions as f64);
        if counted > budget * (1.0 + self.tolerance) {
            Verdict::Over
        } else if counted < budget * (1.0 - self.tolerance) {
            Verdict::Under
        } else {
            Verdict::Within
        }
    }
}

impl Budgets {
    /// Reads the file.
    pub(super) fn read(text: &str) -> Result<Self, Failure> {
        let budgets: Self = toml::from_str(text)?;
        let is_part = |budget: &Budget| (0.0..1.0).contains(&budget.tolerance);
        match budgets.budget.iter().find(|(_, budget)| !is_part(budget)) {
            Some((name, _)) => Err(format!("{name}: a tolerance is at least 0 and below 1").into()),
            None => Ok(budgets),
        }
    }

    /// The same for these counts; tolerances stay.
    pub(super) fn renewed(&self, taken_with: TakenWith, counts: &[(String, u64)]) -> Self {
        let renewed = counts.iter().map(|(name, instructions)| {
            let known = self.budget.get(name);
            let budget = Budget {
                instructions: *instructions,
                tolerance: known.map_or(TOLERANCE, |budget| budget.tolerance),
            };
            (name.clone(), budget)
        });
        Self {
            taken_with,
            budget: renewed.collect(),
        }
    }

    /// The file, most instructions first.
    pub(super) fn write(&self) -> Result<String, Failure> {
        let mut text = HEAD.to_owned();
        let taken_with = toml::to_string(&self.taken_with)?;
        write!(text, "[taken_with]\n{taken_with}\n[budget]\n")?;
        let mut budgets: Vec<_> = self.budget.iter().collect();
        budgets.sort_by_key(|(_, budget)| std::cmp::Reverse(budget.instructions));
        for (name, budget) in budgets {
            let (instructions, tolerance) = (budget.instructions, budget.tolerance);
            writeln!(
                text,
                "{name:?} = {{ instructions = {instructions}, tolerance = {tolerance} }}"
            )?;
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_within_its_tolerance_or_not() {
        let budget = Budget {
            instructions: 1_000,
            tolerance: 0.02,
        };
        let verdicts = [979, 980, 1_000, 1_020, 1_021].map(|counted| budget.judge(counted));
        let expected = [
            Verdict::Under,
            Verdict::Within,
            Verdict::Within,
            Verdict::Within,
            Verdict::Over,
        ];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn renewing_keeps_tolerances_and_forgets_what_is_not_counted() {
        let budget = |instructions, tolerance| Budget {
            instructions,
            tolerance,
        };
        let before = Budgets {
            budget: [
                ("judge".to_owned(), budget(90, 0.5)),
                ("gone".to_owned(), budget(1, 0.1)),
            ]
            .into(),
            ..Budgets::default()
        };
        let taken_with = TakenWith {
            compiler: "rustc 1".into(),
            valgrind: "valgrind-3".into(),
            processor: "8086".into(),
        };
        let counts = [("judge".to_owned(), 100), ("a \"new\" one".to_owned(), 7)];
        let renewed = before.renewed(taken_with, &counts);
        let written = renewed.write().unwrap();
        assert_eq!(Budgets::read(&written).unwrap(), renewed);
        assert_eq!(renewed.budget.get("judge"), Some(&budget(100, 0.5)));
        assert_eq!(
            renewed.budget.get("a \"new\" one"),
            Some(&budget(7, TOLERANCE))
        );
        assert_eq!(renewed.budget.len(), 2);
    }

    #[test]
    fn the_file_in_the_tree_is_one() {
        let budgets = Budgets::read(include_str!("../../instructions.toml")).unwrap();
        assert!(budgets.budget.contains_key(super::super::ALL));
        assert_eq!(
            budgets.write().unwrap(),
            include_str!("../../instructions.toml")
        );
    }
}

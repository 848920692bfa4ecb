//! `docs/conformance.md`, written from the rows and the tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rows::{Catalogue, Part, Plan, Row};
use super::scan::{RowTests, by_row};
use crate::steps::Failure;

const PREAMBLE: &str = "\
# Conformance

Every requirement of the catalogue and how it stands. Written by `cargo xtask conformance` from
[conformance.toml](conformance.toml) and the tests; not edited by hand.

- **met**: shown by the tests named; a test bears the ID of its row.
- **open**: comes with the capability named; where part of it already has tests, they are named too.
- **divergence**: not followed, for the reason given in [divergences.md](divergences.md).

";

/// The whole document; fails on a test that names no row.
pub fn render(catalogue: &Catalogue, tests: &RowTests) -> Result<String, Failure> {
    let shown = by_row(catalogue.rows(), tests)?;
    let tests_of = |row: &Row| shown.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);

    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in catalogue.rows() {
        *counts.entry(standing(row, tests_of(row)).0).or_default() += 1;
    }
    let count = |state| counts.get(state).copied().unwrap_or_default();

    let mut out = PREAMBLE.to_owned();
    line(&mut out, "| met | open | divergence | all |");
    line(&mut out, "|---|---|---|---|");
    let (met, open, divergence) = (count(MET), count(OPEN), count(DIVERGENCE));
    line(
        &mut out,
        &format!(
            "| {met} | {open} | {divergence} | {} |",
            met + open + divergence
        ),
    );
    for part in &catalogue.parts {
        table(&mut out, part, tests_of);
    }
    Ok(out)
}

const MET: &str = "met";
const OPEN: &str = "open";
const DIVERGENCE: &str = "divergence";

fn table<'a>(out: &mut String, part: &Part, tests_of: impl Fn(&Row) -> &'a [&'a str]) {
    line(out, &format!("\n## {}\n", part.title));
    line(out, "| ID | about | state | where |");
    line(out, "|---|---|---|---|");
    for row in &part.rows {
        let (state, place) = standing(row, tests_of(row));
        line(
            out,
            &format!("| {} | {} | {state} | {place} |", row.id, row.about),
        );
    }
}

/// A row's state, and where to look for it.
fn standing(row: &Row, tests: &[&str]) -> (&'static str, String) {
    let names = tests
        .iter()
        .map(|test| format!("`{test}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match &row.plan {
        Plan::Differ { anchor } => (
            DIVERGENCE,
            format!("[divergences.md](divergences.md#{anchor})"),
        ),
        Plan::Meet { with, .. } if tests.is_empty() => (OPEN, with.clone()),
        Plan::Meet {
            rest: Some(rest), ..
        } => (OPEN, format!("partly: {names}; rest with {rest}")),
        Plan::Meet { rest: None, .. } => (MET, names),
    }
}

fn line(out: &mut String, text: &str) {
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_met_open_partly_open_or_a_divergence() {
        let catalogue = Catalogue::parse(
            r#"
            [capabilities]
            now = ""
            later = ""
            [[part]]
            title = "A"
            row = [
              { id = "A-01", about = "one", with = "now" },
              { id = "A-02", about = "two", with = "now" },
              { id = "A-03", about = "three", with = "now", rest = "later" },
              { id = "A-04", about = "four", differs = "why" },
            ]"#,
        )
        .unwrap();
        let tests = ["row_a_02_x", "row_a_02_y", "row_a_03"]
            .map(str::to_owned)
            .into();
        let document = render(&catalogue, &tests).unwrap();
        for expected in [
            "| 1 | 2 | 1 | 4 |",
            "| A-01 | one | open | now |",
            "| A-02 | two | met | `row_a_02_x`, `row_a_02_y` |",
            "| A-03 | three | open | partly: `row_a_03`; rest with later |",
            "| A-04 | four | divergence | [divergences.md](divergences.md#why) |",
        ] {
            assert!(
                document.lines().any(|line| line == expected),
                "{expected}\n{document}"
            );
        }
    }
}

//! Finding the tests named after rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::Row;
use crate::steps::Failure;
use crate::tree;

/// The names of all tests that begin with `row_`.
pub type RowTests = BTreeSet<String>;

/// Looks through every Rust file below `crates/*/{src,tests}`, `xtask/tests` and `tests`.
pub fn row_tests(root: &Path) -> Result<RowTests, Failure> {
    let mut found = RowTests::new();
    for folder in ["crates", "xtask/tests", "tests"] {
        let files =
            tree::files(&root.join(folder)).map_err(|error| format!("{folder}: {error}"))?;
        for file in files
            .iter()
            .filter(|file| file.extension().is_some_and(|ending| ending == "rs"))
        {
            let source =
                fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let names = in_source(&source).map_err(|why| format!("{}: {why}", file.display()))?;
            found.extend(names);
        }
    }
    Ok(found)
}

/// The row tests of one file. A function of such a name that is never run would
/// be a false promise, so it is an error.
fn in_source(source: &str) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    let mut attributes = String::new();
    for line in source.lines().map(str::trim) {
        let inside_attribute = attributes.matches('[').count() > attributes.matches(']').count();
        if line.starts_with("#[") || inside_attribute {
            attributes.push_str(line);
            continue;
        }
        if line.starts_with("//") {
            continue;
        }
        if let Some(name) = row_function(line) {
            if !attributes.contains("test") {
                return Err(format!(
                    "`{name}` is named like the test of a row but is no test"
                ));
            }
            if attributes.contains("#[ignore") {
                return Err(format!("`{name}` is ignored, so it shows nothing"));
            }
            names.push(name.to_owned());
        }
        attributes.clear();
    }
    Ok(names)
}

fn row_function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let name = line.strip_prefix("fn ")?;
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    let name = &name[..end];
    name.starts_with("row_").then_some(name)
}

/// The tests of each row, by the row's ID; a test that fits no row is an error.
///
/// The longest fitting ID wins: `row_9701_5_10_x` belongs to `9701-5-10`.
pub fn by_row<'a>(
    rows: impl Iterator<Item = &'a Row>,
    tests: &'a RowTests,
) -> Result<BTreeMap<&'a str, Vec<&'a str>>, Failure> {
    let prefixes: Vec<(String, &str)> = rows
        .map(|row| (row.test_prefix(), row.id.as_str()))
        .collect();
    let mut shown: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for test in tests {
        let fits = |prefix: &str| {
            test.strip_prefix(prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        let row = prefixes
            .iter()
            .filter(|(prefix, _)| fits(prefix))
            .max_by_key(|(prefix, _)| prefix.len());
        match row {
            Some((_, id)) => shown.entry(id).or_default().push(test),
            None => return Err(format!("the test `{test}` names no row of the catalogue")),
        }
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::super::rows::Plan;
    use super::*;

    #[test]
    fn row_tests_are_found_by_name() {
        let source = "
            #[test]
            fn row_a_01_shows() {}
            #[tokio::test(
                start_paused = true,
            )]
            #[expect(lint, reason = \"not ignored\")]
            // why
            async fn row_a_02() {}
            fn helper() {}
            // fn row_a_03() {}
            proptest! {
                #[test]
                fn row_a_04_holds(x in 0..9) {}
            }";
        assert_eq!(
            in_source(source).unwrap(),
            ["row_a_01_shows", "row_a_02", "row_a_04_holds"]
        );
    }

    #[test]
    fn what_never_runs_shows_nothing() {
        assert!(
            in_source("#[test]\n#[ignore]\nfn row_a_01() {}")
                .unwrap_err()
                .contains("ignored")
        );
        assert!(
            in_source("#[test]\nfn other() {}\nfn row_a_01() {}")
                .unwrap_err()
                .contains("no test")
        );
    }

    #[test]
    fn the_longest_id_wins_and_a_stranger_is_refused() {
        let row = |id: &str| Row {
            id: id.into(),
            about: String::new(),
            plan: Plan::Meet {
                with: String::new(),
                rest: None,
            },
        };
        let rows = [row("A-1"), row("A-1-02")];
        let tests = RowTests::from(["row_a_1_02_x".to_owned(), "row_a_1_other".to_owned()]);
        let shown = by_row(rows.iter(), &tests).unwrap();
        assert_eq!(shown["A-1-02"], ["row_a_1_02_x"]);
        assert_eq!(shown["A-1"], ["row_a_1_other"]);

        let stranger = RowTests::from(["row_a_10".to_owned()]);
        assert!(
            by_row(rows.iter(), &stranger)
                .unwrap_err()
                .contains("row_a_10")
        );
    }
}

//! `docs/conformance.md` says what the tests show, about exactly the catalogue's rows.

use std::collections::BTreeSet;
use std::path::Path;

use xtask::conformance::{self, Catalogue};
use xtask::tree;

#[test]
fn the_document_is_what_the_tests_show() {
    let expected = conformance::generate().unwrap();
    let written = std::fs::read_to_string(tree::root().join(conformance::DOCUMENT)).unwrap();
    if let Some((is, should)) = written
        .lines()
        .zip(expected.lines())
        .find(|(is, should)| is != should)
    {
        panic!("run `cargo xtask conformance`:\n  is     {is}\n  should {should}");
    }
    assert_eq!(
        written.len(),
        expected.len(),
        "run `cargo xtask conformance`"
    );
}

/// The catalogue itself is not part of the repository; where it is at hand, the
/// list of rows must be its list.
#[test]
fn the_rows_are_those_of_the_catalogue() {
    let Some(vectors) = std::env::var_os("AVOUCH_EXTRA_VECTORS") else {
        eprintln!("skipped: AVOUCH_EXTRA_VECTORS is not set");
        return;
    };
    let Ok(source) = std::fs::read_to_string(Path::new(&vectors).join("../requirements.md")) else {
        eprintln!("skipped: no requirements.md beside AVOUCH_EXTRA_VECTORS");
        return;
    };
    let theirs: BTreeSet<&str> = source.lines().filter_map(id_of_table_line).collect();
    let rows = std::fs::read_to_string(tree::root().join(conformance::ROWS)).unwrap();
    let rows = Catalogue::parse(&rows).unwrap();
    let ours: BTreeSet<&str> = rows.rows().map(|row| row.id.as_str()).collect();
    assert!(
        theirs.len() > 300,
        "the catalogue was not understood: {} rows",
        theirs.len()
    );
    assert_eq!(
        ours.difference(&theirs).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "not in the catalogue"
    );
    assert_eq!(
        theirs.difference(&ours).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "missing here"
    );
}

/// The first cell of a table line, if it looks like an ID: no spaces, ending in `-` and two digits.
fn id_of_table_line(line: &str) -> Option<&str> {
    let cell = line.strip_prefix("| ")?.split(" | ").next()?;
    let (head, number) = cell.rsplit_once('-')?;
    let is_id = number.len() == 2
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !head.is_empty()
        && !cell.contains([' ', '`']);
    is_id.then_some(cell)
}

//! `cargo xtask conformance`: which requirement is met, and by which test.
//!
//! `docs/conformance.toml` lists every row of the catalogue; a test whose name
//! begins with a row's ID shows it. From the two, `docs/conformance.md` is
//! written, and the house test `xtask/tests/conformance.rs` keeps it true.

use std::fs;

use crate::say;
use crate::steps::Failure;
use crate::tree;

pub mod document;
pub mod rows;
pub mod scan;

pub use rows::{Catalogue, Row};

/// The generated document, from the workspace root.
pub const DOCUMENT: &str = "docs/conformance.md";
/// The rows, from the workspace root.
pub const ROWS: &str = "docs/conformance.toml";
/// Where each deviation is told, from the workspace root.
pub const DIVERGENCES: &str = "docs/divergences.md";

/// `cargo xtask conformance`.
pub fn command() -> Result<(), Failure> {
    let path = tree::root().join(DOCUMENT);
    fs::write(&path, generate()?).map_err(|error| format!("{}: {error}", path.display()))?;
    say(&format!("wrote {DOCUMENT}"));
    Ok(())
}

/// The document as it should be now, or what is wrong with its sources: a test
/// of an unknown row, a row listed twice, a divergence told nowhere.
pub fn generate() -> Result<String, Failure> {
    let root = tree::root();
    let read = |name: &str| {
        fs::read_to_string(root.join(name)).map_err(|error| format!("{name}: {error}"))
    };
    let catalogue = Catalogue::parse(&read(ROWS)?)?;
    catalogue.check_divergences(&read(DIVERGENCES)?)?;
    let tests = scan::row_tests(&root)?;
    document::render(&catalogue, &tests)
}

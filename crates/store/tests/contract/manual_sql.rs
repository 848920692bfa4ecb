//! What `docs/storage.md` has operators type, for the tests of each engine.

/// The SQL in the manual for operators that holds this text.
pub(crate) fn manual_sql(holds: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/storage.md");
    let page = std::fs::read_to_string(page).unwrap();
    let mut examples = page.split("```sql\n").skip(1);
    let example = examples.find_map(|rest| {
        let example = rest.split("```").next()?;
        example.contains(holds).then(|| example.to_owned())
    });
    example.unwrap()
}

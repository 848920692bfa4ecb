//! No table is forgotten by a move: each is moved, or made anew by the engine
//! that receives.

use std::collections::BTreeSet;
use std::fs;

/// What the records of a move come from and go into.
const MOVED: &[&str] = &[
    "access_grant",
    "access_token",
    "access_token_profile_revision",
    "caller",
    "caller_secret",
    "caller_token",
    "client",
    "initial_access_token",
    "jwt_profile_revision",
    "registration",
    "registration_token",
    "release_policy_revision",
    "resource",
    "resource_server",
    "server_epoch",
    "server_secret",
    "signing_key",
    "subject_epoch",
    "used_proof",
];

/// What follows from them.
const DERIVED: &[&str] = &["audience_scope", "proof_owner"];

/// What an engine keeps for itself: of changes that are over nobody has to hear.
const OWN: &[&str] = &["change", "change_lane"];

fn tables(engine: &str) -> BTreeSet<String> {
    let folder = format!("{}/migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(folder).unwrap();
    let sql = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let named = |sql: String| {
        let lines = sql.lines().filter_map(|line| {
            let rest = line.strip_prefix("CREATE TABLE ")?;
            rest.split_whitespace().next().map(str::to_owned)
        });
        lines.collect::<Vec<_>>()
    };
    sql.flat_map(named).collect()
}

#[test]
fn every_table_is_moved_or_follows_from_what_is() {
    let known: BTreeSet<String> = MOVED.iter().chain(DERIVED).map(|&t| t.to_owned()).collect();
    for engine in ["sqlite", "postgres"] {
        let mut tables = tables(engine);
        for own in OWN {
            assert_eq!(tables.remove(*own), engine == "postgres", "{own}");
        }
        assert_eq!(tables, known, "{engine}: say here what a move does with it");
    }
}

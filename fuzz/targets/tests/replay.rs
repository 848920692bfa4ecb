//! Every target runs on every input that is kept; what the fuzzer found once stays found.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper may panic: that is how a test fails"
)]
#![expect(
    clippy::print_stdout,
    reason = "shown of tests that fail alone: which input did it"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz_targets::TARGETS;

/// Together; small enough to be cloned and replayed by everyone.
const MAX_CORPUS_LEN: u64 = 1_000_000;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn names(folder: &str) -> BTreeSet<String> {
    let stem = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    entries(&fuzz().join(folder)).iter().map(stem).collect()
}

fn replay(name: &str) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let inputs = entries(&fuzz().join("corpus").join(name));
    assert!(!inputs.is_empty(), "no inputs are kept for {name}");
    for input in inputs {
        let data = fs::read(&input).unwrap();
        println!("{name}: {}", input.display());
        target(&data);
    }
    target(b"");
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        const REPLAYED: &[&str] = &[$(stringify!($name)),*];
    };
}

replays! {
    accept access_token authorization certificate certificate_name client_assertion client_metadata dpop form
    forwarded_certificate freshness json jwe jwk jwk_set jws mac own_token protected_resource registration
    self_signed server_metadata software_statement statement uri
}

#[test]
fn every_target_is_replayed_and_has_a_program_and_inputs() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(
        targets.iter().eq(REPLAYED),
        "the list of replays is not that of the targets"
    );
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("fuzz_targets"), targets);
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    for name in &targets {
        let program =
            fs::read_to_string(fuzz().join("fuzz_targets").join(name).with_extension("rs"));
        let call = format!("|data: &[u8]| fuzz_targets::{name}(data)");
        assert!(
            program.unwrap().contains(&call),
            "{name} runs something else"
        );
        assert!(
            manifest.contains(&format!("name = \"{name}\"\n")),
            "{name} is not built"
        );
    }
}

#[test]
fn the_inputs_are_small() {
    let mut total = 0;
    for folder in entries(&fuzz().join("corpus")) {
        for input in entries(&folder) {
            total += fs::metadata(&input).unwrap().len();
        }
    }
    assert!(total < MAX_CORPUS_LEN, "the corpus holds {total} octets");
}

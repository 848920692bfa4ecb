//! What a script has to say held: every algorithm the server has, but for those `not-shared.json`
//! says its library does not know, and every row of a table of refusals.

use std::collections::BTreeSet;
use std::fs;

use avouch_jose::{ContentEncryption, KeyManagementAlgorithm, MacAlgorithm, SignatureAlgorithm};
use avouch_server::config::AlgorithmName;
use serde_json::{Map, Value};

const CURVES: [&str; 4] = ["P-256", "P-384", "P-521", "X25519"];

fn table(file: &str) -> Value {
    serde_json::from_slice(&fs::read(super::folder().join(file)).unwrap()).unwrap()
}

/// Names a library does not know, each with the reason.
struct NotShared(Map<String, Value>);

impl NotShared {
    fn with(library: &str) -> Self {
        let table = table("not-shared.json");
        let Some(names) = table[library].as_object().cloned() else {
            panic!("{library} is not in not-shared.json")
        };
        for (name, reason) in &names {
            let given = reason.as_str().is_some_and(|reason| !reason.is_empty());
            assert!(given, "{name} is not shared with {library}: why?");
        }
        Self(names)
    }

    fn knows(&self, name: &str) -> bool {
        !self.0.contains_key(name)
    }

    fn key_management(&self) -> impl Iterator<Item = KeyManagementAlgorithm> {
        let all = KeyManagementAlgorithm::ALL.into_iter();
        all.filter(|algorithm| self.knows(algorithm.name()))
    }

    /// The kinds of key an algorithm is used with.
    fn kinds(&self, algorithm: KeyManagementAlgorithm) -> Vec<&'static str> {
        if algorithm.is_rsa() {
            return vec!["RSA"];
        }
        let curves = CURVES.into_iter();
        curves.filter(|curve| self.knows(curve)).collect()
    }
}

/// Signed with every algorithm that the server has a key for.
pub(super) fn signatures(library: &str) -> BTreeSet<String> {
    let shared = NotShared::with(library);
    AlgorithmName::USUAL
        .map(AlgorithmName::algorithm)
        .iter()
        .filter(|algorithm| shared.knows(algorithm.name()))
        .map(|algorithm| format!("verifies {algorithm}"))
        .collect()
}

/// Every algorithm of client assertions: those are signed or authenticated by others, so that there
/// are more than the server has keys for.
pub(super) fn assertions(library: &str) -> BTreeSet<String> {
    let shared = NotShared::with(library);
    let signatures = SignatureAlgorithm::ALL.map(SignatureAlgorithm::name);
    let macs = MacAlgorithm::ALL.map(MacAlgorithm::name);
    signatures
        .iter()
        .chain(&macs)
        .filter(|name| shared.knows(name))
        .map(|name| format!("authenticates with {name}"))
        .collect()
}

/// Every algorithm of `DPoP` proofs.
pub(super) fn proofs(library: &str) -> BTreeSet<String> {
    let shared = NotShared::with(library);
    SignatureAlgorithm::ALL
        .map(SignatureAlgorithm::name)
        .iter()
        .filter(|name| shared.knows(name))
        .map(|name| format!("binds with {name}"))
        .collect()
}

/// Signed with every algorithm; encrypted with every algorithm, to every kind of key, in every way.
pub(super) fn statements(library: &str) -> BTreeSet<String> {
    let shared = NotShared::with(library);
    let mut expected = signatures(library);
    for algorithm in shared.key_management() {
        for kind in shared.kinds(algorithm) {
            for encryption in ContentEncryption::ALL {
                if shared.knows(encryption.name()) {
                    expected.insert(format!("decrypts {algorithm} {kind} {encryption}"));
                }
            }
        }
    }
    expected
}

/// Every key management algorithm.
pub(super) fn published_keys(library: &str) -> BTreeSet<String> {
    NotShared::with(library)
        .key_management()
        .map(|algorithm| format!("decrypts {algorithm} with a published key"))
        .collect()
}

/// Every row of a table of refusals.
pub(super) fn refusals(file: &str) -> BTreeSet<String> {
    let table = table(file);
    let rows = table.as_array().unwrap();
    let what = |row: &Value| format!("refused: {}", row["what"].as_str().unwrap());
    let expected: BTreeSet<String> = rows.iter().map(what).collect();
    assert_eq!(expected.len(), rows.len(), "each row has a name of its own");
    expected
}

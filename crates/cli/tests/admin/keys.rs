//! `avouch key`.

use crate::stage::Stage;

#[test]
fn keys_are_listed_and_rotated() {
    let it = Stage::set();
    let listed = it.run(&["key", "list"]).well();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("ES256      statements  active"), "{listed}");
    let made = it.run(&["key", "rotate", "ES256"]).well();
    assert!(made.starts_with("made the ES256 key "), "{made}");
    let listed = it.run(&["key", "list"]).well();
    assert!(
        listed.contains("next") && listed.contains("signs from 20"),
        "{listed}"
    );

    let error = it.run(&["key", "rotate", "ES256"]).badly();
    assert!(
        error.contains("signs from 20") && error.contains("--at-once"),
        "{error}"
    );

    let made = it
        .run(&["key", "rotate", "ES256", "--at-once", "--json"])
        .json();
    assert_eq!(made["life"], "active");
    let lives: Vec<_> = it.run(&["key", "list", "--json"]).json()["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["life"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(lives, ["retired", "retired", "active"]);
    let error = it.run(&["key", "rotate", "RS256"]).badly();
    assert!(error.contains("names ES256"), "{error}");
    assert_eq!(it.run(&["key", "rotate", "none"]).code, 2);
}

#[test]
fn keys_for_access_tokens_are_rotated_by_themselves() {
    let it = Stage::set();
    let rotate =
        |algorithm: &str| it.run(&["key", "rotate", algorithm, "--purpose", "access_tokens"]);
    let error = rotate("ES256").badly();
    assert!(error.contains("tokens.signing_algorithm"), "{error}");
    assert!(rotate("RS256").well().starts_with("made the RS256 key "));
    let listed = it.run(&["key", "list"]).well();
    assert!(
        listed.contains("RS256      access tokens  active"),
        "{listed}"
    );
    assert!(
        listed.contains("ES256      statements     active"),
        "{listed}"
    );
}

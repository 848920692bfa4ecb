//! `avouch config`: without any server.

use crate::stage::avouch;

#[test]
fn a_file_is_checked_printed_and_explained() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("avouch.toml");
    let file = path.to_str().unwrap();
    let example = avouch(&["config", "example"], &[], "").well();
    std::fs::write(&path, &example).unwrap();
    let checked = avouch(&["config", "check", file], &[], "").well();
    assert_eq!(checked, format!("{file}: sound\n"));
    assert_eq!(
        avouch(&["config", "check"], &[("AVOUCH_CONFIG", &path)], "").code,
        0
    );
    let printed = avouch(&["config", "print", file], &[], "").well();
    assert!(printed.contains("keep_after_use = 2592000"), "{printed}");
    let schema = avouch(&["config", "schema"], &[], "").json();
    assert_eq!(schema["additionalProperties"], false);

    std::fs::write(&path, example.replace("issuer =", "isuer =")).unwrap();
    let error = avouch(&["config", "check", file], &[], "").badly();
    assert!(error.contains("did you mean `issuer`?"), "{error}");
}

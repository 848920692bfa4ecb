//! `avouch apply`.

use serde_json::{Value, json};

use crate::stage::{Stage, avouch};

const PARTIES: &str = r#"
[[resource_server]]
id = "pay"
resources = ["https://pay.example"]
profile = { signing_algorithm = "ES256" }
policy = { claims = ["iban"] }

[[client]]
id = "shop"
scope = "pay"
resources = ["https://pay.example"]
"#;

/// How the additions are shown.
const ADDED: &str = r#"+ resource server pay
    authentication: "client_secret_basic"
    resources: ["https://pay.example"]
    shared: false
    profile.signing_algorithm: "ES256"
    profile.forms: "json_or_jwt"
    profile.legacy: "off"
    policy.scopes: "all"
    policy.claims: ["iban"]
    policy.subject: "pairwise"
+ client shop
    authentication: "client_secret_basic"
    scope: "pay"
    resources: ["https://pay.example"]
"#;

#[test]
fn a_description_is_shown_then_carried_out_and_changes_only_what_differs() {
    let it = Stage::set();
    let file = it.write("parties.toml", PARTIES);
    let shown = it.run(&["apply", "-f", &file, "--dry-run"]).well();
    // What a new record may learn is shown before it is added.
    assert_eq!(shown, ADDED);
    it.run(&["client", "show", "shop"]).badly();

    let done = it.run(&["apply", "-f", &file, "--yes"]).well();
    let secrets = done.strip_prefix(ADDED).unwrap();
    for (line, id) in secrets.lines().zip(["pay", "shop"]) {
        let (named, secret) = line.split_once(' ').unwrap();
        assert_eq!((named, secret.len()), (id, 43), "{done}");
    }

    let changed = it.write(
        "changed.toml",
        &PARTIES.replace("[\"iban\"]", "[\"iban\", \"name\"]"),
    );
    let done = it.run(&["apply", "-f", &changed, "-y"]).well();
    assert_eq!(
        done,
        "~ resource server pay\n    weaker: policy.claims: [\"iban\"] -> [\"iban\",\"name\"]\n= client shop\n"
    );
    let again = it.run(&["apply", "-f", &changed]);
    assert!(
        again.err.contains("everything is as described"),
        "{again:?}"
    );
}

#[test]
fn nothing_is_done_without_a_yes() {
    let it = Stage::set();
    let file = it.write("parties.toml", PARTIES);
    for answer in ["", "y\n"] {
        let refused = it.run_with(&["apply", "-f", &file], answer);
        assert_eq!(refused.code, 1);
        assert!(
            refused.err.contains("--yes") && refused.err.contains("--dry-run"),
            "{refused:?}"
        );
    }
    it.run(&["client", "show", "shop"]).badly();
    let done = it.run_with(&["apply", "-f", "-", "--yes"], PARTIES);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn json_goes_in_and_out() {
    let it = Stage::set();
    let file = it.write("one.json", r#"{"client": [{"id": "shop"}]}"#);
    let planned = it
        .run(&["apply", "-f", &file, "--dry-run", "--json"])
        .json();
    assert_eq!(planned["changes"][0]["current"], "absent");
    let applied = it.run(&["apply", "-f", &file, "--yes", "--json"]).json();
    assert_eq!(applied["changes"], planned["changes"]);
    assert_eq!(applied["secrets"][0]["client_id"], "shop");
    let again = it.run(&["apply", "-f", &file, "--json"]).json();
    assert_eq!(again["secrets"], json!([]));
}

#[test]
fn secrets_go_into_a_file_where_asked() {
    let it = Stage::set();
    let file = it.write("parties.toml", PARTIES);
    let secrets = it.path("secrets");
    let done = it.run(&[
        "apply",
        "-f",
        &file,
        "-y",
        "--secret-file",
        secrets.to_str().unwrap(),
    ]);
    assert_eq!(done.well(), ADDED);
    let text = std::fs::read_to_string(secrets).unwrap();
    assert!(
        text.starts_with("pay ") && text.contains("\nshop "),
        "{}",
        text.len()
    );
}

#[test]
fn a_conflict_midway_is_told_to_the_letter() {
    let it = Stage::set();
    // An id that was in use is spent, which shows only when it is written.
    it.run(&["client", "add", "spent"]).well();
    it.run(&["client", "remove", "spent", "-y"]).well();
    let spent = format!("{PARTIES}\n[[client]]\nid = \"spent\"\n[[client]]\nid = \"last\"\n");
    let file = it.write("parties.toml", &spent);
    let done = it.run(&["apply", "-f", &file, "--yes"]);
    assert_eq!(done.code, 1);
    for line in [
        "error: the id is taken",
        "  written: resource server pay, client shop\n",
        "  not written: client spent\n",
        "  not tried: client last\n",
    ] {
        assert!(done.err.contains(line), "{line} in {}", done.err);
    }
    assert!(
        done.out.lines().any(|line| line.starts_with("pay ")),
        "its secret is not lost"
    );
}

#[test]
fn a_resource_that_is_taken_is_told_before_anything_is_written() {
    let it = Stage::set();
    let thief = "[[resource_server]]\nid = \"thief\"\nresources = [\"https://pay.example\"]\n\
                 profile = { signing_algorithm = \"ES256\" }\n[[client]]";
    let file = it.write("parties.toml", &PARTIES.replace("[[client]]", thief));
    for how in ["--yes", "--dry-run"] {
        let error = it.run(&["apply", "-f", &file, how]).badly();
        assert!(
            error.contains("thief: ") && error.contains("shared = true"),
            "{error}"
        );
    }
    let listed = it.run(&["resource-server", "list"]).well();
    assert!(!listed.contains("pay"), "{listed}");
}

#[test]
fn a_file_that_is_no_description_is_refused_with_its_place() {
    let it = Stage::set();
    let file = it.write("bad.toml", "[[client]]\nid = \"a\"\nscop = \"x\"\n");
    let error = it.run(&["apply", "-f", &file, "-y"]).badly();
    assert!(
        error.contains("line 3") && error.contains("scop"),
        "{error}"
    );
    let file = it.write("bad.json", r#"{"client": [], "client": []}"#);
    let error = it.run(&["apply", "-f", &file, "-y"]).badly();
    assert!(error.contains("occurs twice"), "{error}");
    let error = it.run(&["apply", "-f", "/nowhere", "-y"]).badly();
    assert!(error.contains("/nowhere"), "{error}");
}

#[test]
fn the_example_can_be_applied_and_is_the_one_in_the_documents() {
    let it = Stage::set();
    let example = avouch(&["apply", "--example"], &[], "").well();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/parties.md");
    let page = std::fs::read_to_string(page).unwrap();
    assert!(page.contains(&format!("```toml\n{example}```")), "{page}");
    let file = it.write("parties.toml", &example);
    it.run(&["apply", "-f", &file, "--yes"]).well();
    let again = it.run(&["apply", "-f", &file, "--yes"]);
    assert!(
        again.err.contains("everything is as described"),
        "{again:?}"
    );
}

/// The settings that are commented out, as if they were not: those that need no mention and those
/// that do not go with the others.
fn with_all_settings(example: &str) -> Value {
    let is_setting = |rest: &str| {
        rest.split_once(" = ")
            .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let lines = example.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if is_setting(rest) => rest,
        _ => line,
    });
    toml::from_str(&lines.collect::<Vec<_>>().join("\n")).unwrap()
}

/// Every property of a schema that a description lacks.
fn missing(schema: &Value, schemas: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    let schema = name.map_or(schema, |name| &schemas[name]);
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for (property, schema) in properties {
        let at = format!("{at}.{property}");
        match value.get(property) {
            Some(value) => missing(schema, schemas, value, &at, found),
            None => found.push(at),
        }
    }
}

#[test]
fn the_example_names_every_setting() {
    let mut example = with_all_settings(&avouch(&["apply", "--example"], &[], "").well());
    // The details of the two are of one kind, and explained once.
    let details = example["resource_server"][0]["details"].clone();
    example["client"][0]["details"] = details;
    let api = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let api: Value = serde_json::from_str(&std::fs::read_to_string(api).unwrap()).unwrap();
    let schemas = &api["components"]["schemas"];
    let mut found = Vec::new();
    for (kind, name) in [
        ("client", "ClientDescription"),
        ("resource_server", "ResourceServerDescription"),
    ] {
        let schema = &schemas[name];
        assert!(schema["properties"].is_object(), "{name}");
        missing(schema, schemas, &example[kind][0], kind, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

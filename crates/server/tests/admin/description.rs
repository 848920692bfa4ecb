//! The `OpenAPI` description is true of the server and of the file in docs.

use std::path::Path;
use std::{env, fs};

use avouch_server::admin;
use axum::body::Body;
use http::Request;
use serde_json::Value;

use crate::harness::Harness;

#[test]
fn the_file_in_docs_is_the_one_from_the_route_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut text = serde_json::to_string_pretty(&admin::openapi()).unwrap();
    text.push('\n');
    if env::var_os("AVOUCH_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "docs/openapi.json is out of date; run: \
         AVOUCH_BLESS=1 cargo test -p avouch-server --test admin"
    );
}

#[tokio::test]
async fn the_server_serves_its_description() {
    let it = Harness::start().await;
    assert_eq!(
        it.get("/admin/v1/openapi.json").await.expect(200),
        admin::openapi()
    );
}

#[tokio::test]
async fn the_server_answers_what_is_described_and_nothing_else() {
    const METHODS: [&str; 5] = ["get", "post", "put", "delete", "patch"];
    let it = Harness::start().await;
    let openapi = admin::openapi();
    for (path, operations) in openapi["paths"].as_object().unwrap() {
        for method in METHODS {
            let request = Request::builder()
                .method(method.to_uppercase().as_str())
                .uri(path.replace("{id}", "nothing"))
                .header("host", "admin")
                .header("content-length", "0");
            let answer = it.send(request.body(Body::empty()).unwrap()).await;
            let text = answer.text.clone();
            let missing = answer.status.as_u16() == 405 || text.contains("no such endpoint");
            let described = operations.get(method);
            assert_eq!(missing, described.is_none(), "{method} {path}: {text}");
            if let Some(operation) = described {
                let status = answer.status.as_str();
                assert!(
                    operation["responses"].get(status).is_some(),
                    "{method} {path}: {status}"
                );
            }
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_operation_says_what_it_is_for() {
    let openapi = admin::openapi();
    let mut references = Vec::new();
    collect(&openapi, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(openapi.pointer(pointer).is_some(), "{reference}");
    }
    let mut names = std::collections::BTreeSet::new();
    for operations in openapi["paths"].as_object().unwrap().values() {
        for operation in operations.as_object().unwrap().values() {
            assert!(!operation["summary"].as_str().unwrap().is_empty());
            assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()));
        }
    }
}

fn collect<'v>(value: &'v Value, references: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(reference) if name == "$ref" => references.push(reference),
                    _ => collect(value, references),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[test]
fn the_page_on_storage_names_the_files_that_are_there() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/storage.md");
    let page = fs::read_to_string(page).unwrap();
    let file = avouch_server::DATABASE_FILE;
    for named in [
        format!("| `{file}` |"),
        format!("`{file}-wal`, `{file}-shm`"),
        format!("sqlite3 -readonly {file} "),
    ] {
        assert!(page.contains(&named), "{named}");
    }
    let named = page.matches(file).count() + page.matches("avouch.toml").count();
    let others = page.matches("avouch.").count() - named;
    assert_eq!(others, 0, "the page names a file of another name");
}

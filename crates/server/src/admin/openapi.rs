//! `GET /admin/v1/openapi.json`: the description, made from the same table as
//! the routes and from the very types that are read and written.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use avouch_oauth::media_type;
use axum::response::Response;
use http::StatusCode;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::api::ErrorAnswer;
use super::operation::Operation;
use super::page;
use crate::respond::respond;

const PATH: &str = "/admin/v1/openapi.json";

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get(PATH, "describe", describe)
            .summary("This description")
            .answers::<Map<String, Value>>(200),
    ]
}

async fn describe() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi().to_string());
    respond(StatusCode::OK, media_type::JSON, TEXT.as_str())
}

/// The `OpenAPI` 3.1 description of the admin API.
pub fn openapi() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let error = generator.subschema_for::<ErrorAnswer>();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in super::operations() {
        let described = describe_one(&operation, &error.clone().to_value(), &mut generator);
        paths
            .entry(operation.path)
            .or_default()
            .insert(operation.method.to_owned(), described);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "avouch admin API",
            "version": "1",
            "description": "HTTP and JSON over the Unix socket admin.sock in the data folder, whose \
                file mode is the guard, and over TCP where admin.listen is set, for access tokens. \
                All times are seconds since 1970 UTC.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{
            "url": "http://admin",
            "description": "over the socket; the host name means nothing",
        }, {
            "url": "http://127.0.0.1:8081",
            "description": "over TCP, under admin.url of the configuration",
        }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": security_schemes(),
        },
    })
}

/// How callers over TCP are known. At the socket nobody asks.
fn security_schemes() -> Value {
    json!({
        "dpop": {
            "type": "http", "scheme": "DPoP",
            "description": "Over TCP: an access token for the admin API that is bound to a key, and a \
                proof in the DPoP header (RFC 9449)",
        },
        "bearer": {
            "type": "http", "scheme": "Bearer",
            "description": "Over TCP: an access token for the admin API that is bound to the client \
                certificate of the connection (RFC 8705); bound to nothing only where \
                admin.bearer_tokens is set",
        },
    })
}

fn describe_one(operation: &Operation, error: &Value, generator: &mut SchemaGenerator) -> Value {
    let mut described = Map::new();
    described.insert("operationId".into(), operation.name.into());
    described.insert("summary".into(), operation.summary.into());
    let scope = operation.right.scope();
    described.insert(
        "security".into(),
        json!([{}, {"dpop": [scope]}, {"bearer": [scope]}]),
    );
    let parameters = parameters(operation);
    if !parameters.is_empty() {
        described.insert("parameters".into(), parameters.into());
    }
    if let Some(schema) = operation.request {
        let content = content(&schema(generator).to_value());
        described.insert(
            "requestBody".into(),
            json!({"required": true, "content": content}),
        );
    }
    let mut responses = Map::new();
    let well = match operation.answer {
        Some(schema) => json!({
            "description": "Done", "content": content(&schema(generator).to_value()),
        }),
        None => json!({"description": "Done; no content"}),
    };
    responses.insert(operation.status.to_string(), well);
    for status in operation.errors {
        let meaning = meaning(*status);
        responses.insert(
            status.to_string(),
            json!({"description": meaning, "content": content(error)}),
        );
    }
    responses.insert(
        "401".into(),
        json!({
            "description": "Over TCP: there is no access token that is good here; WWW-Authenticate \
                says why",
            "content": content(error),
        }),
    );
    responses.insert(
        "403".into(),
        json!({
            "description": format!(
                "Over TCP: the scope {scope} is missing, or this is for the socket alone"
            ),
            "content": content(error),
        }),
    );
    responses.insert(
        "429".into(),
        json!({
            "description": "Over TCP: too many failures from this address; Retry-After says how \
                long to wait",
            "content": content(error),
        }),
    );
    responses.insert(
        "default".into(),
        json!({
            "description": "500 a fault of the server; 503 the store is away, try again",
            "content": content(error),
        }),
    );
    described.insert("responses".into(), responses.into());
    Value::Object(described)
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut parameters = Vec::new();
    if operation.path.contains("{id}") {
        parameters.push(json!({
            "name": "id", "in": "path", "required": true, "schema": {"type": "string"},
        }));
    }
    if operation.pages {
        parameters.push(json!({
            "name": "after", "in": "query", "schema": {"type": "string"},
            "description": "The last id of the page before: `next` in its answer",
        }));
        parameters.push(json!({
            "name": "limit", "in": "query", "description": "The most entries to answer",
            "schema": {
                "type": "integer", "minimum": 1, "maximum": page::LARGEST,
                "default": page::USUAL,
            },
        }));
    }
    if operation.may_weaken {
        parameters.push(json!({
            "name": "allow_weaker", "in": "query", "schema": {"type": "boolean", "default": false},
            "description": "Carry it out even if it takes encryption from a resource server",
        }));
    }
    parameters
}

fn content(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed, or asks for what cannot be",
        404 => "There is no such thing",
        409 => "It is there already, or belongs to another",
        413 => "The body is too long",
        415 => "The body is not sent as application/json",
        _ => "It failed",
    }
}

//! The OpenAPI 3.1 document, made from the table of operations.

use std::sync::LazyLock;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::input::{Field, Place};
use super::operation::{self, Auth, Body, Declared, Operation};
use super::public;
use super::shape::{Schemas, describe};
use crate::sorted::gathered;

/// The document as it is served.
pub static TEXT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// The document.
pub fn document() -> Value {
    let mut schemas = Schemas::default();
    let mut paths = Map::new();
    for item in operation::PATHS.iter() {
        let operations = item.operations.iter().map(|operation| {
            let verb = operation.verb.as_str().to_ascii_lowercase();
            (verb, describe_operation(operation, &mut schemas))
        });
        paths.insert(item.path.to_owned(), Value::Object(gathered(operations)));
    }
    let mut components = Map::new();
    let mut named = schemas.into_json();
    if let Value::Object(named) = &mut named {
        named.insert("Error".to_owned(), error_schema());
        named.insert("InvalidRequest".to_owned(), invalid_schema());
    }
    components.insert("schemas".to_owned(), named);
    components.insert("securitySchemes".to_owned(), security_schemes());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "mikrelay",
            "version": public::VERSION,
            "description": "Sells access to MikroTik hotspots from captive portals.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": components,
    })
}

fn describe_operation(operation: &Operation, schemas: &mut Schemas) -> Value {
    let mut made = Map::new();
    made.insert("operationId".to_owned(), operation_id(operation).into());
    made.insert("summary".to_owned(), operation.summary.into());
    made.insert("tags".to_owned(), json!([operation.tag]));
    if let Some(security) = security(operation.auth) {
        made.insert("security".to_owned(), security);
    }
    let elsewhere = operation.fields.iter().filter(|field| field.place != Place::Body);
    let parameters: Vec<_> = elsewhere.map(|field| parameter(field, schemas)).collect();
    if !parameters.is_empty() {
        made.insert("parameters".to_owned(), parameters.into());
    }
    if operation.has_body() {
        made.insert("requestBody".to_owned(), request_body(operation, schemas));
    }
    let responses = operation.statuses().into_iter().map(|status| {
        let declared = operation.answers.iter().find(|answer| answer.status == status);
        (status.to_string(), response(status, declared, schemas))
    });
    made.insert("responses".to_owned(), Value::Object(gathered(responses)));
    made.into()
}

/// `get_api_v1_config_public`: stable, and unique by construction.
pub(super) fn operation_id(operation: &Operation) -> String {
    let path = operation.path.trim_matches('/').replace(['/', '-'], "_");
    let path = path.replace(['{', '}'], "");
    let verb = operation.verb.as_str().to_ascii_lowercase();
    format!("{verb}_{}", if path.is_empty() { "root" } else { &path })
}

fn field_schema(field: &Field, schemas: &mut Schemas) -> Value {
    let mut schema = (field.schema)(schemas);
    if let (Some(default), Value::Object(schema)) = (field.default, &mut schema)
        && let Ok(default) = serde_json::from_str::<Value>(default)
    {
        schema.insert("default".to_owned(), default);
    }
    describe(&mut schema, field.doc);
    schema
}

fn parameter(field: &Field, schemas: &mut Schemas) -> Value {
    let mut made = json!({
        "name": field.shown_name(),
        "in": field.place.as_str(),
        "required": field.required || field.place == Place::Path,
        "schema": field_schema(field, schemas),
    });
    describe(&mut made, field.doc);
    made
}

fn request_body(operation: &Operation, schemas: &mut Schemas) -> Value {
    match operation.body {
        Body::Fields => {
            let fields = || operation.fields.iter().filter(|field| field.place == Place::Body);
            let properties: Map<_, _> =
                gathered(fields().map(|field| (field.shown_name().to_owned(), field_schema(field, schemas))));
            let required: Vec<_> = fields().filter(|field| field.required).map(Field::shown_name).collect();
            let schema = json!({"type": "object", "properties": properties, "required": required});
            json!({"required": true, "content": {"application/json": {"schema": schema}}})
        }
        Body::Raw => json!({"required": false, "content": {"application/json": {"schema": {}}}}),
        Body::Upload { .. } => {
            let file = json!({"type": "string", "contentMediaType": "application/octet-stream"});
            let schema = json!({"type": "object", "properties": {"file": file}, "required": ["file"]});
            json!({"required": true, "content": {"multipart/form-data": {"schema": schema}}})
        }
    }
}

fn response(status: u16, declared: Option<&Declared>, schemas: &mut Schemas) -> Value {
    let schema = match declared.and_then(|answer| answer.schema) {
        Some(schema) => schema(schemas),
        None if status == 422 => json!({"$ref": "#/components/schemas/InvalidRequest"}),
        None => json!({"$ref": "#/components/schemas/Error"}),
    };
    let doc = declared.map_or(usual(status), |answer| answer.doc);
    let mut made = json!({"description": doc, "content": {"application/json": {"schema": schema}}});
    if let (Some((name, doc)), Value::Object(made)) = (header(status), &mut made) {
        let header = json!({"description": doc, "required": status == 405, "schema": {"type": "string"}});
        made.insert("headers".to_owned(), json!({ name: header }));
    }
    made
}

fn header(status: u16) -> Option<(&'static str, &'static str)> {
    match status {
        401 => Some(("WWW-Authenticate", "`Bearer`")),
        405 => Some(("Allow", "The methods of this path")),
        429 | 503 => Some(("Retry-After", "Seconds to wait")),
        _ => None,
    }
}

/// What a status means where an operation says nothing else.
pub(super) fn usual(status: u16) -> &'static str {
    match status {
        400 => "The request is broken",
        401 => "The key or session is not valid",
        403 => "A key or session is missing, or it may not do this",
        404 => "There is no such thing",
        405 => "The path has no such method",
        408 => "The body did not arrive in time",
        413 => "The body is too large",
        415 => "The body is compressed or otherwise encoded",
        422 => "Fields are missing or wrong; all of them are listed",
        429 => "Too often",
        500 => "Something failed here",
        503 => "Busy; ask again",
        _ => "Refused",
    }
}

fn security(auth: Auth) -> Option<Value> {
    match auth {
        Auth::Open => None,
        Auth::Key => Some(json!([{"routerKey": []}, {"routerKeyBearer": []}])),
        Auth::Session | Auth::Client | Auth::Super => Some(json!([{"session": []}])),
    }
}

fn security_schemes() -> Value {
    json!({
        "routerKey": {"type": "apiKey", "in": "header", "name": "X-API-Key",
            "description": "A router's key, `jwt_…`"},
        "routerKeyBearer": {"type": "http", "scheme": "bearer", "description": "The same key as a bearer token"},
        "session": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "What `POST /api/v1/auth/login` gives"},
    })
}

fn error_schema() -> Value {
    json!({"type": "object", "required": ["detail"], "properties": {
        "detail": {"type": "string", "description": "A sentence for people"}}})
}

fn invalid_schema() -> Value {
    let one = json!({"type": "object", "required": ["type", "loc", "msg"], "properties": {
        "type": {"type": "string", "description": "What is wrong, for programs"},
        "loc": {"type": "array", "items": {"type": ["string", "integer"]}, "description": "Where it is"},
        "msg": {"type": "string", "description": "A sentence for people"},
        "input": {},
        "ctx": {"type": "object"}}});
    json!({"type": "object", "required": ["detail"], "properties": {
        "detail": {"anyOf": [{"type": "array", "items": one}, {"type": "string"}]}}})
}

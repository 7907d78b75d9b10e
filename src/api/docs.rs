//! The document for people: one page, made from the table of operations, that needs no script and nothing from
//! elsewhere.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use data_encoding::BASE64;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use serde_json::{Value, json};

use super::input::Field;
use super::openapi;
use super::operation::{self, Auth, Operation};
use super::shape::Schemas;
use crate::packed::packed;

/// The page, and the policy that lets it use its own style.
pub struct Page {
    pub html: Bytes,
    pub policy: String,
}

/// The page as it is served.
pub static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let hash = BASE64.encode(digest(&SHA256, STYLE.as_bytes()).as_ref());
    Page {
        html: render().into(),
        policy: format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'"),
    }
});

fn render() -> String {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(crate::html::write_value);
    let page = Serde(Contents {
        style: &STYLE,
        groups: groups(),
    });
    let rendered = environment.render_str(packed!("templates/api-docs.html"), page);
    // The template is part of the program, and a test renders it.
    rendered.unwrap_or_else(|error| {
        tracing::error!("the page of the API cannot be made: {error}");
        "<!doctype html><title>API</title><a href=\"/openapi.json\">openapi.json</a>".to_owned()
    })
}

#[derive(Serialize)]
struct Contents {
    style: &'static str,
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: &'static str,
    operations: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: String,
    verb: &'static str,
    path: &'static str,
    summary: &'static str,
    auth: &'static str,
    fields: Vec<Row>,
    answers: Vec<Outcome>,
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    other_name: Option<&'static str>,
    place: &'static str,
    kind: String,
    required: bool,
    default: Option<&'static str>,
    doc: &'static str,
}

#[derive(Serialize)]
struct Outcome {
    status: u16,
    doc: &'static str,
    /// What it looks like, where it is not the usual error.
    example: Option<String>,
}

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for operation in operation::all() {
        let entry = entry(operation);
        match groups.iter_mut().find(|group| group.name == operation.tag) {
            Some(group) => group.operations.push(entry),
            None => groups.push(Group {
                name: operation.tag,
                operations: vec![entry],
            }),
        }
    }
    groups
}

fn entry(operation: &Operation) -> Entry {
    let answers = operation.statuses().into_iter().map(|status| {
        let declared = operation.answers.iter().find(|answer| answer.status == status);
        Outcome {
            status,
            doc: declared.map_or(openapi::usual(status), |answer| answer.doc),
            example: declared.and_then(|answer| answer.schema).map(example),
        }
    });
    Entry {
        id: openapi::operation_id(operation),
        verb: operation.verb.as_str(),
        path: operation.path,
        summary: operation.summary,
        auth: match operation.auth {
            Auth::Open => "open to everybody",
            Auth::Key => "router key",
            Auth::Session => "session",
            Auth::Client => "session of a company's administrator",
            Auth::Super => "session of the relay's administrator",
        },
        fields: operation.fields.iter().map(row).collect(),
        answers: answers.collect(),
    }
}

fn row(field: &Field) -> Row {
    Row {
        name: field.shown_name(),
        other_name: field.alias.map(|_| field.name),
        place: field.place.as_str(),
        kind: kind(&(field.schema)(&mut Schemas::default())),
        required: field.required,
        // Other defaults are words of the program; the documentation of the field says them.
        default: field
            .default
            .filter(|default| serde_json::from_str::<Value>(default).is_ok()),
        doc: field.doc.trim(),
    }
}

/// A schema in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
        return words.join(" or ");
    }
    if let Some(first) = schema.pointer("/anyOf/0") {
        return kind(first);
    }
    if schema.get("format").and_then(Value::as_str) == Some("email") {
        return "e-mail".to_owned();
    }
    let name = schema
        .get("type")
        .and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match name {
        Some("array") => format!("list of {}", schema.get("items").map_or_else(String::new, kind)),
        Some("string") => "text".to_owned(),
        Some(name) => name.to_owned(),
        None => "any JSON".to_owned(),
    }
}

/// An answer of this schema with types in the places of values.
fn example(schema: fn(&mut Schemas) -> Value) -> String {
    let mut schemas = Schemas::default();
    let schema = schema(&mut schemas);
    let named = schemas.into_json();
    serde_json::to_string_pretty(&sample(&schema, &named, 0)).unwrap_or_default()
}

fn sample(schema: &Value, named: &Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return json!("…");
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return named
            .get(name)
            .map_or(Value::Null, |schema| sample(schema, named, depth + 1));
    }
    if let Some(members) = schema.get("properties").and_then(Value::as_object) {
        let members = members
            .iter()
            .map(|(name, schema)| (name.clone(), sample(schema, named, depth + 1)));
        return Value::Object(members.collect());
    }
    match schema.get("items") {
        Some(items) => json!([sample(items, named, depth + 1)]),
        None => match schema.get("anyOf").and_then(|either| either.get(0)) {
            Some(first) => sample(first, named, depth + 1),
            None => json!(kind(schema)),
        },
    }
}

const DEEPEST: usize = 8;
static STYLE: LazyLock<&str> = LazyLock::new(|| packed!("templates/api-docs.css"));

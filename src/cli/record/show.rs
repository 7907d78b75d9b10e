//! Shows business records: to people as tables and lines, to programs as JSON with the keys of the business file.

use std::io::Write;

use anyhow::Result;
use serde_json::Value;

use super::super::fault::unknown;
use super::super::order::print_json;
use super::super::table::{Table as Rows, or_dash, plain};
use super::fields::Table;
use crate::site::{self, KEEP, Record};
use crate::sorted::gathered;
use crate::store::Store;

/// The records that have these values.
pub(super) fn list(
    store: &Store,
    table: &Table,
    only: &[(&'static str, String)],
    json: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let all = stored(store);
    for (key, id) in only {
        if !all.iter().any(|it| it.kind.as_str() == *key && it.id() == id) {
            let known = all.iter().filter(|it| it.kind.as_str() == *key);
            return Err(unknown(key, id, known.map(Record::id)));
        }
    }
    let has = |record: &Record, (key, id): &(&str, String)| {
        record.get(key).and_then(toml::Value::as_str) == Some(id.as_str())
    };
    let wanted = |record: &&Record| record.kind == table.kind && only.iter().all(|one| has(record, one));
    let records: Vec<_> = all.iter().filter(wanted).collect();
    if json {
        return print_json(&records.into_iter().map(to_json).collect(), out);
    }
    if records.is_empty() {
        writeln!(out, "no {} yet; for example: {}", table.kind.as_str(), table.example)?;
        return Ok(());
    }
    let headings: Vec<_> = table
        .columns
        .iter()
        .map(|key| key.to_uppercase().replace('_', " "))
        .collect();
    let mut rows = Rows::new(&headings.iter().map(String::as_str).collect::<Vec<_>>());
    for record in records {
        let cell = |key: &&str| or_dash(record.get(key).map(told).as_deref());
        rows.row(table.columns.iter().map(cell).collect());
    }
    rows.print(out)?;
    Ok(())
}

/// One record with all its keys.
pub(super) fn show(store: &Store, table: &Table, id: &str, json: bool, out: &mut dyn Write) -> Result<()> {
    let record = known(store, table, id)?;
    if json {
        return print_json(&to_json(&record), out);
    }
    let width = record.fields().map(|(key, _)| key.len()).max().unwrap_or_default() + 2;
    for (key, value) in record.fields() {
        writeln!(out, "{:<width$}{}", format!("{key}:"), plain(&told(value)))?;
    }
    Ok(())
}

/// The stored record of this id.
pub(super) fn known(store: &Store, table: &Table, id: &str) -> Result<Record> {
    let mut all = stored(store);
    all.retain(|record| record.kind == table.kind);
    match all.iter().find(|record| record.id() == id.trim()) {
        Some(record) => Ok(record.clone()),
        None => Err(unknown(table.kind.as_str(), id, all.iter().map(Record::id))),
    }
}

fn stored(store: &Store) -> Vec<Record> {
    site::records(&store.directory())
}

/// A value as a person reads it.
pub(super) fn told(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) if text == KEEP => STORED.to_owned(),
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(list) => list.iter().map(told).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    }
}

fn to_json(record: &Record) -> Value {
    let fields = record.fields().map(|(key, value)| (key.to_owned(), json_of(value)));
    Value::Object(gathered(fields))
}

fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::Integer(number) => Value::from(*number),
        toml::Value::Boolean(is_on) => Value::from(*is_on),
        toml::Value::Array(list) => list.iter().map(json_of).collect(),
        toml::Value::String(text) => Value::from(text.as_str()),
        value => Value::from(value.to_string()),
    }
}

const STORED: &str = "(stored)";

//! One record of the business file as names and values, for whoever shows or changes a single one.

use std::fmt::Display;

use toml::Value;

use super::Kind;

/// The keys of a record in the file's order, its id first. A stored secret stands here as `(kept)`. No `Debug`: a new
/// secret may stand here too.
#[derive(Clone)]
pub struct Record {
    pub kind: Kind,
    pub(super) fields: Vec<(String, Value)>,
}

impl Record {
    pub fn new(kind: Kind, id: &str) -> Self {
        Self {
            kind,
            fields: vec![("id".to_owned(), Value::from(id))],
        }
    }

    pub fn id(&self) -> &str {
        self.get("id").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    pub fn fields(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Puts a value in place of the one there was, or takes it away.
    pub fn set(&mut self, name: &str, value: Option<Value>) {
        let place = self.fields.iter().position(|(known, _)| known == name);
        match (place.and_then(|place| self.fields.get_mut(place)), value) {
            (Some(known), Some(value)) => known.1 = value,
            (None, Some(value)) => self.fields.push((name.to_owned(), value)),
            (Some(_), None) => self.fields.retain(|(known, _)| known != name),
            (None, None) => {}
        }
    }

    pub(super) fn line(&mut self, name: &str, value: impl Into<Value>) {
        self.set(name, Some(value.into()));
    }

    pub(super) fn text(&mut self, name: &str, value: impl Display) {
        self.line(name, value.to_string());
    }

    pub(super) fn maybe(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }
}

//! `MIKRELAY_*` variables laid over the settings file. Names that mean nothing are refused: a misspelt
//! variable that is ignored in silence costs an evening.

use std::ffi::OsString;

use toml::{Table, Value};

use super::ConfigError;

/// Lays the variables over the table and returns the names of those that were used.
pub(super) fn lay_over(
    table: &mut Table,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<String>, ConfigError> {
    let mut used = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        let Some(rest) = name.strip_prefix("MIKRELAY_") else {
            continue;
        };
        let refused = |sentence: &str| ConfigError::Environment {
            name: name.to_owned(),
            sentence: sentence.to_owned(),
        };
        let value = value.into_string().map_err(|_| refused("its value is not UTF-8"))?;
        let key = KEYS.iter().find(|key| key.variable() == rest);
        let key = key.ok_or_else(|| refused("there is no such setting; see `mikrelay config example`"))?;
        let value = key.kind.read(&value).ok_or_else(|| refused(key.kind.wanted()))?;
        key.put(table, value);
        used.push(name.to_owned());
    }
    Ok(used)
}

struct Key {
    section: Option<&'static str>,
    name: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    /// Comma-separated.
    List,
    /// Comma-separated.
    Numbers,
    /// `true` or `false`.
    Flag,
}

impl Kind {
    fn read(self, text: &str) -> Option<Value> {
        Some(match self {
            Self::Text => Value::String(text.to_owned()),
            Self::Number => Value::Integer(text.trim().parse().ok()?),
            Self::List => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Array(parts.map(|part| Value::String(part.to_owned())).collect())
            }
            Self::Numbers => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Array(
                    parts
                        .map(|part| Some(Value::Integer(part.parse().ok()?)))
                        .collect::<Option<_>>()?,
                )
            }
            Self::Flag => Value::Boolean(text.trim().parse().ok()?),
        })
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Text => "a text is wanted",
            Self::Number => "a number is wanted",
            Self::List => "a list with commas is wanted",
            Self::Numbers => "numbers with commas between them are wanted",
            Self::Flag => "`true` or `false` is wanted",
        }
    }
}

impl Key {
    fn variable(&self) -> String {
        let name = self.name.to_ascii_uppercase();
        match self.section {
            Some(section) => format!("{}_{name}", section.to_ascii_uppercase()),
            None => name,
        }
    }

    fn put(&self, table: &mut Table, value: Value) {
        let target = match self.section {
            None => Some(table),
            Some(section) => {
                let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
                entry.as_table_mut()
            }
        };
        if let Some(target) = target {
            target.insert(self.name.to_owned(), value);
        }
    }
}

const fn key(section: Option<&'static str>, name: &'static str, kind: Kind) -> Key {
    Key { section, name, kind }
}

const MAIL: Option<&str> = Some("mail");
const TELEGRAM: Option<&str> = Some("telegram");
const OUTGOING: Option<&str> = Some("outgoing");
const API: Option<&str> = Some("api");
const TLS: Option<&str> = Some("tls");
const LOG: Option<&str> = Some("log");

/// Every setting; a test compares it with the example file.
const KEYS: [Key; 34] = [
    key(None, "listen", Kind::Text),
    key(None, "public_url", Kind::Text),
    key(None, "data_dir", Kind::Text),
    key(None, "master_key_file", Kind::Text),
    key(None, "trusted_proxies", Kind::List),
    key(TLS, "listen", Kind::Text),
    key(TLS, "cert_file", Kind::Text),
    key(TLS, "key_file", Kind::Text),
    key(TLS, "acme_domain", Kind::List),
    key(TLS, "acme_email", Kind::Text),
    key(TLS, "acme_directory", Kind::Text),
    key(TLS, "acme_ca_file", Kind::Text),
    key(TLS, "redirect", Kind::Flag),
    key(MAIL, "transport", Kind::Text),
    key(MAIL, "host", Kind::Text),
    key(MAIL, "port", Kind::Number),
    key(MAIL, "security", Kind::Text),
    key(MAIL, "user", Kind::Text),
    key(MAIL, "password", Kind::Text),
    key(MAIL, "password_file", Kind::Text),
    key(MAIL, "from", Kind::Text),
    key(MAIL, "folder", Kind::Text),
    key(MAIL, "ca_file", Kind::Text),
    key(TELEGRAM, "base_url", Kind::Text),
    key(OUTGOING, "allow", Kind::List),
    key(OUTGOING, "ports", Kind::Numbers),
    key(API, "pagos_secret_in_body", Kind::Flag),
    key(API, "cors_origins", Kind::List),
    key(API, "token_secrets", Kind::List),
    key(API, "session_hours", Kind::Number),
    key(API, "router_networks", Kind::List),
    key(API, "router_names", Kind::Flag),
    key(LOG, "format", Kind::Text),
    key(LOG, "filter", Kind::Text),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_stands_in_the_example() {
        for key in &KEYS {
            assert!(crate::config::Config::example().contains(key.name), "{}", key.name);
        }
    }
}

//! The business file as it is to be after an import: the stored one with records added and changed. It is read by
//! the business file's own reader, so that an import can write nothing that `apply` would refuse.

use std::collections::BTreeSet;
use std::path::Path;

use secrecy::SecretString;
use toml::{Table, Value};

use crate::company::{AccountKeys, Directory};
use crate::config::Fault;
use crate::site::{self, Site, SiteError};

/// Stored records with changes on top.
#[derive(Clone, Debug)]
pub struct Draft {
    table: Table,
    /// Kind and id of what was added or changed; only that is written.
    touched: BTreeSet<(&'static str, String)>,
    /// Accounts whose private key nobody has told yet.
    keyless: BTreeSet<String>,
}

impl Draft {
    pub fn of(directory: &Directory) -> Result<Self, SiteError> {
        let text = site::export(directory);
        let mut table: Table = toml::from_str(&text).map_err(|error| SiteError::Syntax(Fault::of(&error, &text)))?;
        for kind in KINDS {
            table.entry(kind).or_insert_with(|| Value::Array(Vec::new()));
        }
        let mut draft = Self {
            table,
            touched: BTreeSet::new(),
            keyless: BTreeSet::new(),
        };
        // The hotspots of a router that is kept for its orders alone are not exported.
        let hotspots = draft.ids("hotspot");
        if let Some(Value::Array(plans)) = draft.table.get_mut("plan") {
            let hotspot_of = |plan: &Value| {
                plan.as_table()
                    .and_then(|plan| text_of(plan, "hotspot"))
                    .map(str::to_owned)
            };
            plans.retain(|plan| hotspot_of(plan).is_some_and(|hotspot| hotspots.contains(&hotspot)));
        }
        Ok(draft)
    }

    pub fn add(&mut self, kind: &'static str, id: &str, values: Vec<(&str, Value)>) {
        let mut record = Table::new();
        record.insert("id".to_owned(), Value::from(id));
        record.extend(values.into_iter().map(|(name, value)| (name.to_owned(), value)));
        if let Some(Value::Array(records)) = self.table.get_mut(kind) {
            records.push(Value::Table(record));
        }
        self.touched.insert((kind, id.to_owned()));
    }

    /// The account has no private key for now: it is known by its public one and sells nothing.
    pub fn without_key(&mut self, account: &str) {
        self.keyless.insert(account.to_owned());
    }

    /// Sets a value; false if it was so already.
    pub fn set(&mut self, kind: &'static str, id: &str, name: &str, value: Value) -> bool {
        let Some(record) = self.record_mut(kind, id) else {
            return false;
        };
        if record.get(name) == Some(&value) {
            return false;
        }
        record.insert(name.to_owned(), value);
        self.touched.insert((kind, id.to_owned()));
        true
    }

    pub fn has(&self, kind: &str, id: &str) -> bool {
        self.records(kind).any(|record| text_of(record, "id") == Some(id))
    }

    /// A value as text.
    pub fn text(&self, kind: &str, id: &str, name: &str) -> Option<&str> {
        let mut records = self.records(kind);
        text_of(records.find(|record| text_of(record, "id") == Some(id))?, name)
    }

    /// The ids of the records of a kind whose value `name` is `text`.
    pub fn with(&self, kind: &str, name: &str, text: &str) -> Vec<String> {
        let fitting = self.records(kind).filter(|record| text_of(record, name) == Some(text));
        fitting
            .filter_map(|record| text_of(record, "id"))
            .map(str::to_owned)
            .collect()
    }

    pub fn ids(&self, kind: &str) -> Vec<String> {
        self.records(kind)
            .filter_map(|record| text_of(record, "id"))
            .map(str::to_owned)
            .collect()
    }

    /// An id that no record of the kind has: `wished`, else with `before` in front of it, else with a number.
    pub fn fresh(&self, kind: &str, wished: &str, before: &str) -> String {
        let wished = slug(wished);
        let longer = format!("{}-{wished}", slug(before));
        let numbered = (2..).map(|number: u32| format!("{longer}-{number}"));
        let mut ids = [wished, longer.clone()].into_iter().chain(numbered);
        ids.find(|id| !self.has(kind, id)).unwrap_or(longer)
    }

    pub fn is_changed(&self) -> bool {
        !self.touched.is_empty()
    }

    /// What is to be applied: checked as a whole, and only what was added or changed.
    pub fn site(&self) -> Result<Site, SiteError> {
        let text = self.table.to_string();
        let mut site = site::read(&text, Path::new("."))?;
        let touched = |kind: &'static str, id: &str| self.touched.contains(&(kind, id.to_owned()));
        site.companies.retain(|it| touched("company", it.id.as_str()));
        site.routers.retain(|it| touched("router", it.router.id.as_str()));
        site.hotspots.retain(|it| touched("hotspot", it.id.as_str()));
        site.accounts.retain(|it| touched("account", it.id.as_str()));
        site.plans.retain(|it| touched("plan", it.id.as_str()));
        for account in &mut site.accounts {
            if self.keyless.contains(account.id.as_str())
                && let AccountKeys::Conekta { private_key: key, .. }
                | AccountKeys::Mercadopago { access_token: key, .. } = &mut account.keys
            {
                *key = SecretString::default();
            }
        }
        Ok(site)
    }

    fn records(&self, kind: &str) -> impl Iterator<Item = &Table> {
        let records = self.table.get(kind).and_then(Value::as_array);
        records.into_iter().flatten().filter_map(Value::as_table)
    }

    fn record_mut(&mut self, kind: &str, id: &str) -> Option<&mut Table> {
        let records = self.table.get_mut(kind)?.as_array_mut()?;
        let mut records = records.iter_mut().filter_map(Value::as_table_mut);
        records.find(|record| text_of(record, "id") == Some(id))
    }
}

fn text_of<'t>(record: &'t Table, name: &str) -> Option<&'t str> {
    record.get(name)?.as_str()
}

/// A text as an id: `Été 1 Jour` is `ete-1-jour`.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' => 'a',
            'ç' => 'c',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ñ' => 'n',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        };
        if plain != '-' || !(slug.is_empty() || slug.ends_with('-')) {
            slug.push(plain);
        }
    }
    slug.truncate(SLUG_MAX);
    let slug = slug.trim_matches('-');
    if slug.is_empty() {
        "x".to_owned()
    } else {
        slug.to_owned()
    }
}

/// What `site_id`-like placeholders stand for until the operator tells the real one; never stored.
pub const KEY_WANTED: &str = "(wanted)";

const KINDS: [&str; 5] = ["company", "router", "hotspot", "account", "plan"];

/// Twice this and a number stay below an id's 64.
const SLUG_MAX: usize = 28;

//! `mikrelay audit list`: who changed what.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::key::known_company;
use super::open;
use super::order::print_json;
use super::table::{Table, moment, or_dash};
use crate::audit::Changed;
use crate::store::{AuditFilter, Store};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The latest changes
    List {
        /// Only those of this company
        #[arg(long)]
        company: Option<String>,
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// For programs
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let Self::List { company, limit, json } = self;
        list(&open(config)?, company.as_deref(), limit, json, out)
    }
}

/// The latest lines of the audit log, newest first.
pub fn list(store: &Store, company: Option<&str>, limit: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let company = company.map(|company| known_company(store, company)).transpose()?;
    let lines = store.read_now(|db| db.audits(&AuditFilter { company, limit }))?;
    if json {
        let lines = lines.iter().map(|audit| {
            let line = &audit.line;
            json!({
                "id": audit.id,
                "at": audit.at,
                "company": line.company,
                "user": line.user,
                "who": line.who,
                "act": line.act,
                "subject": line.subject,
                "changes": line.changes,
            })
        });
        return print_json(&Value::Array(lines.collect()), out);
    }
    let mut table = Table::new(&["AT", "WHO", "ACT", "COMPANY", "SUBJECT", "CHANGED"]);
    for audit in &lines {
        let line = &audit.line;
        let changed: Vec<_> = line
            .changes
            .fields()
            .map(|(field, changed)| told(field, changed))
            .collect();
        table.row(vec![
            moment(audit.at),
            line.who.clone(),
            line.act.clone(),
            or_dash(line.company.as_ref().map(|company| company.as_str())),
            line.subject.clone(),
            changed.join(", "),
        ]);
    }
    table.print(out)?;
    Ok(())
}

pub(super) fn told(field: &str, changed: &Changed) -> String {
    let or_nothing = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    match changed {
        Changed::Value { from: None, to } => format!("{field} {}", or_nothing(to)),
        Changed::Value { from, to } => format!("{field} {} -> {}", or_nothing(from), or_nothing(to)),
        Changed::SecretSet => format!("{field} (set)"),
        Changed::SecretCleared => format!("{field} (cleared)"),
    }
}

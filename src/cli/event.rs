//! `mikrelay event list|show|replay`: the inbox of webhooks. Shows no password and no token.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::fault::hinted;
use super::open;
use super::order::print_json;
use super::table::{Table, line, moment, or_dash, plain};
use crate::audit::{Actor, Changes};
use crate::company::Language;
use crate::event::Event;
use crate::ids::{EventId, OrderRef};
use crate::job::{Lane, NewJob, Task};
use crate::reason::fault_sentence;
use crate::sorted::Arrange;
use crate::store::{Db, EventFilter, Store, StoreError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The latest webhooks
    List {
        /// Only events that need attention or are not settled
        #[arg(long)]
        open: bool,
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// One webhook with its exact bytes
    Show {
        id: i64,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Settle a webhook again
    Replay { id: i64 },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let store = &open(config)?;
        match self {
            Self::List { open, limit, json } => list(store, open, limit, json, out),
            Self::Show { id, json } => show(store, id, json, out),
            Self::Replay { id } => replay(store, id, out),
        }
    }
}

/// The latest events; `only_open`: those not settled, those that somebody must look at, and those whose bytes changed
/// between deliveries.
pub fn list(store: &Store, only_open: bool, limit: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let limit = usize::try_from(limit)?;
    let events = store.read_now(|db| read_list(db, only_open, limit))?;
    if json {
        let events: Vec<_> = events
            .iter()
            .map(|(event, order)| event_json(event, order.as_ref()))
            .collect();
        return print_json(&Value::Array(events), out);
    }
    let mut table = Table::new(&[
        "ID", "RECEIVED", "GATEWAY", "ACCOUNT", "PROOF", "TIMES", "ORDER", "OUTCOME",
    ]);
    for (event, order) in &events {
        table.row(vec![
            event.id.to_string(),
            moment(event.event.received_at),
            event.event.gateway.as_str().to_owned(),
            event.event.account.to_string(),
            event.event.proof.as_str().to_owned(),
            event.deliveries.to_string(),
            or_dash(order.as_ref().map(OrderRef::as_str)),
            outcome(event),
        ]);
    }
    table.print(out)?;
    Ok(())
}

/// One event with its body, tokens hidden.
pub fn show(store: &Store, id: i64, json: bool, out: &mut dyn Write) -> Result<()> {
    let id = EventId(id);
    let found = store.read_now(|db| {
        let waits = db.open_job(&Task::Settle(id))?.and_then(|job| job.last_error);
        Ok(with_order(db, db.event(id)?)?.map(|(event, order)| (event, order, waits)))
    })?;
    let (event, order, waits) = found.ok_or_else(|| unknown(id))?;
    let body = visible_body(&event.event.body);
    if json {
        let mut all = event_json(&event, order.as_ref());
        if let Some(fields) = all.as_object_mut() {
            fields.insert("body".to_owned(), Value::String(body));
        }
        return print_json(&all, out);
    }
    line(out, "event", Some(event.id))?;
    line(
        out,
        "gateway",
        Some(format!("{} ({})", event.event.gateway.title(), event.event.account)),
    )?;
    line(out, "hotspot", Some(&event.event.hotspot))?;
    line(out, "proof", Some(event.event.proof.as_str()))?;
    line(out, "received", Some(moment(event.event.received_at)))?;
    line(out, "deliveries", Some(event.deliveries))?;
    line(out, "order", order)?;
    line(out, "outcome", Some(outcome(&event)))?;
    line(out, "last try", waits.as_deref())?;
    for fault in &event.event.params.faults {
        line(out, "parameter", Some(fault_sentence(Language::En, fault)))?;
    }
    line(out, "type", event.event.content_type.as_deref())?;
    if event.is_emptied {
        line(
            out,
            "body",
            Some("given up because the event is old; its key and digest are kept"),
        )?;
        return Ok(());
    }
    writeln!(out, "\n{}", escaped(&body))?;
    Ok(())
}

/// Settles an event once more.
pub fn replay(store: &Store, id: i64, out: &mut dyn Write) -> Result<()> {
    let id = EventId(id);
    let found = store.write_now(move |db| {
        let Some(event) = db.event(id)? else { return Ok(None) };
        if event.is_emptied {
            return Ok(Some(false));
        }
        db.reopen_event(id)?;
        let company = db
            .load_directory()?
            .accounts
            .get(&event.event.account)
            .map(|account| account.company.clone());
        let changes = Changes::none().value("outcome", event.outcome.as_deref(), None::<&str>);
        db.add_audit(&Actor::command("event replay").did(company.as_ref(), format!("event {id}"), changes))?;
        let lane = Lane::Account(event.event.account);
        db.add_job(&NewJob {
            task: Task::Settle(id),
            lane,
            due_at: db.now(),
        })?;
        Ok(Some(true))
    })?;
    match found {
        None => return Err(unknown(id)),
        Some(false) => {
            return Err(hinted(
                format!("event `{id}` is too old: its bytes were given up"),
                "`mikrelay order retry` lets its order go on",
            ));
        }
        Some(true) => writeln!(out, "event {id} is settled again")?,
    }
    Ok(())
}

fn unknown(id: EventId) -> anyhow::Error {
    hinted(
        format!("there is no event `{id}`"),
        "`mikrelay event list` shows the latest",
    )
}

type WithOrder = (Event, Option<OrderRef>);

fn read_list(db: &Db<'_>, only_open: bool, limit: usize) -> Result<Vec<WithOrder>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let mut events = if only_open {
        let mut open = db.events(&EventFilter {
            settled: Some(false),
            limit,
            ..EventFilter::default()
        })?;
        open.extend(db.events(&EventFilter {
            settled: Some(true),
            conflict: Some(true),
            limit,
            ..EventFilter::default()
        })?);
        open.extend(db.events(&EventFilter {
            settled: Some(true),
            conflict: Some(false),
            attention: true,
            limit,
            ..EventFilter::default()
        })?);
        open.arrange_by_key(|event| std::cmp::Reverse(event.id));
        open
    } else {
        db.events(&EventFilter {
            limit,
            ..EventFilter::default()
        })?
    };
    events.truncate(limit);
    events
        .into_iter()
        .filter_map(|event| with_order(db, Some(event)).transpose())
        .collect()
}

fn with_order(db: &Db<'_>, event: Option<Event>) -> Result<Option<WithOrder>, StoreError> {
    let Some(event) = event else { return Ok(None) };
    let order = db.order_of_event(event.id)?;
    Ok(Some((event, order)))
}

fn outcome(event: &Event) -> String {
    let settled = event.outcome.as_deref().unwrap_or("not settled yet");
    if event.conflict {
        format!("other bytes came later under its key; {settled}")
    } else {
        settled.to_owned()
    }
}

fn event_json(event: &Event, order: Option<&OrderRef>) -> Value {
    let stored = &event.event;
    let faults = stored.params.faults.iter().map(
        |fault| json!({ "name": fault.name, "sentence": fault_sentence(Language::En, fault), "flaw": fault.flaw }),
    );
    let faults: Vec<_> = faults.collect();
    json!({
        "id": event.id,
        "gateway": stored.gateway,
        "account": stored.account,
        "hotspot": stored.hotspot,
        "proof": stored.proof.as_str(),
        "key": stored.key,
        "received_at": stored.received_at,
        "content_type": stored.content_type,
        "deliveries": event.deliveries,
        "conflict": event.conflict,
        "order": order,
        "outcome": event.outcome,
        "settled_at": event.settled_at,
        "emptied": event.is_emptied,
        "faults": faults,
    })
}

/// The body as text. Where fields hold secrets it is written anew without them: only then is it not exact.
fn visible_body(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(body).into_owned();
    if let Ok(mut json) = serde_json::from_slice::<Value>(body) {
        return if hide(&mut json) { json.to_string() } else { text };
    }
    let secrets: Vec<_> = form_fields(&text)
        .filter(|(name, _)| is_secret(name))
        .map(|(_, value)| value.to_owned())
        .collect();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret.as_str(), HIDDEN);
    }
    text
}

/// Hides the values of secret fields, all of them; says whether there were any.
fn hide(json: &mut Value) -> bool {
    let mut hidden = false;
    match json {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) {
                    *value = Value::from(HIDDEN);
                    hidden = true;
                } else {
                    hidden |= hide(value);
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                hidden |= hide(value);
            }
        }
        _ => {}
    }
    hidden
}

fn form_fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').filter_map(|field| field.split_once('='))
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// A body for a terminal: line ends stay, other control characters are written out.
fn escaped(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.chars().map(escape).collect::<String>())
        .collect();
    lines.join("\n")
}

fn escape(c: char) -> String {
    if c.is_control() || plain(&c.to_string()).is_empty() {
        c.escape_default().to_string()
    } else {
        c.to_string()
    }
}

const HIDDEN: &str = "(hidden)";
/// Words in the names of fields whose values open something: CinetPay's `notify_token`, keys, passwords.
const SECRET_WORDS: [&str; 5] = ["token", "secret", "password", "apikey", "api_key"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_hidden_and_other_bodies_are_exact() {
        let body = br#"{ "notify_token":"nt_7c1e", "a": [{"api_key":"k1k1"}, {"secret": 5}],  "id": 7 }"#;
        assert_eq!(
            visible_body(body),
            r#"{"a":[{"api_key":"(hidden)"},{"secret":"(hidden)"}],"id":7,"notify_token":"(hidden)"}"#
        );
        assert_eq!(
            visible_body(br#"{"token":["a\/b"], "x": 1.0}"#),
            r#"{"token":"(hidden)","x":1.0}"#
        );
        assert_eq!(visible_body(br#"{ "id": 7.10 }"#), r#"{ "id": 7.10 }"#);
        assert_eq!(
            visible_body(b"cpm_trans_id=1&cpm_password=pp"),
            "cpm_trans_id=1&cpm_password=(hidden)"
        );
        assert_eq!(visible_body(b"\xff{"), "\u{fffd}{");
    }

    #[test]
    fn a_body_cannot_move_the_cursor() {
        assert_eq!(escaped("a\u{1b}[2J\nb\u{202e}c"), "a\\u{1b}[2J\nb\\u{202e}c");
    }
}

//! `mikrelay hook list|show|replay|secret|rotate`: the webhooks that the relay sends. The addresses of receivers are
//! shown without their queries, which may hold tokens.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::fault::hinted;
use super::key::known_company;
use super::order::print_json;
use super::table::{Table, line, moment, or_dash};
use super::{hook_endpoint, open};
use crate::audit::{Actor, Changes};
use crate::hook::{Delivery, Hook, HookState, Signer};
use crate::ids::{HookId, OrderRef};
use crate::job::{NewJob, Task};
use crate::payment::hooks::lane_to;
use crate::store::{HookFilter, Store};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The latest webhooks
    List {
        /// Only those that nobody took
        #[arg(long)]
        open: bool,
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// One webhook, its tries and its body
    Show {
        id: i64,
        /// Also show the code that it tells of
        #[arg(long)]
        voucher: bool,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Send a webhook again
    Replay { id: i64 },
    /// Print what signs a company's webhooks
    Secret {
        /// The company's id in the business file
        company: String,
    },
    /// Make a new secret; the old one signs as well for a while
    Rotate {
        /// The company's id in the business file
        company: String,
        /// For how many hours the old one still signs
        #[arg(long, default_value_t = 24)]
        keep_hours: u32,
    },
    /// Where a company's own webhooks go
    #[command(subcommand)]
    Endpoint(hook_endpoint::Command),
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let store = &open(config)?;
        match self {
            Self::List { open, limit, json } => list(store, open, limit, json, out),
            Self::Show { id, voucher, json } => show(store, id, voucher, json, out),
            Self::Replay { id } => replay(store, id, out),
            Self::Secret { company } => secret(store, &company, out),
            Self::Rotate { company, keep_hours } => rotate(store, &company, keep_hours, out),
            Self::Endpoint(command) => command.run(store, out),
        }
    }
}

/// The latest webhooks; `only_open`: those that nobody took.
pub fn list(store: &Store, only_open: bool, limit: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let filter = HookFilter {
        only_open,
        limit,
        ..HookFilter::default()
    };
    let hooks = store.read_now(|db| db.hooks(&filter))?;
    if json {
        let hooks: Vec<_> = hooks.iter().map(hook_json).collect();
        return print_json(&Value::Array(hooks), out);
    }
    let mut table = Table::new(&[
        "ID", "WRITTEN", "COMPANY", "TYPE", "ORDER", "TRIES", "STATE", "RECEIVER",
    ]);
    for hook in &hooks {
        table.row(vec![
            hook.id.to_string(),
            moment(hook.hook.created_at),
            hook.hook.company.to_string(),
            hook.hook.kind.clone(),
            or_dash(hook.hook.order.as_ref().map(OrderRef::as_str)),
            hook.tries.to_string(),
            standing(hook),
            receiver(&hook.hook.url),
        ]);
    }
    table.print(out)?;
    Ok(())
}

/// One webhook, its tries and its body; with `voucher` also the code that the body may tell of.
pub fn show(store: &Store, id: i64, voucher: bool, json: bool, out: &mut dyn Write) -> Result<()> {
    let id = HookId(id);
    let found = store.read_now(|db| {
        let Some(hook) = db.hook(id)? else { return Ok(None) };
        Ok(Some((hook, db.deliveries(id)?)))
    })?;
    let (mut hook, deliveries) = found.ok_or_else(|| unknown(id))?;
    if !voucher {
        hook.hook.body = without_code(hook.hook.body);
    }
    if json {
        let mut all = hook_json(&hook);
        if let Some(fields) = all.as_object_mut() {
            let tries = deliveries.iter().map(delivery_json).collect();
            fields.insert("deliveries".to_owned(), Value::Array(tries));
            fields.insert("body".to_owned(), Value::String(hook.hook.body));
        }
        return print_json(&all, out);
    }
    line(out, "webhook", Some(hook.id))?;
    line(out, "message id", Some(&hook.hook.message_id))?;
    line(out, "company", Some(&hook.hook.company))?;
    line(out, "type", Some(&hook.hook.kind))?;
    line(out, "order", hook.hook.order.as_ref())?;
    line(out, "receiver", Some(receiver(&hook.hook.url)))?;
    line(out, "written", Some(moment(hook.hook.created_at)))?;
    line(out, "state", Some(standing(&hook)))?;
    for delivery in &deliveries {
        let came = match (delivery.status, &delivery.error) {
            (Some(status), _) => format!("answered {status}"),
            (None, Some(error)) => error.clone(),
            (None, None) => "no answer".to_owned(),
        };
        let text = format!("{} {came} ({} ms)", moment(delivery.at), delivery.took_ms);
        line(out, "try", Some(text))?;
    }
    writeln!(out, "\n{}", hook.hook.body)?;
    Ok(())
}

/// Sends a webhook once more, with all its tries before it.
pub fn replay(store: &Store, id: i64, out: &mut dyn Write) -> Result<()> {
    let id = HookId(id);
    let found = store.write_now(move |db| {
        let Some(hook) = db.hook(id)? else { return Ok(false) };
        let Some(lane) = lane_to(&hook.hook.url) else {
            return Ok(false);
        };
        db.reopen_hook(id)?;
        let changes = Changes::none().value("state", Some(hook.state.as_str()), Some(HookState::Waiting.as_str()));
        let subject = format!("webhook {id}");
        db.add_audit(&Actor::command("hook replay").did(Some(&hook.hook.company), subject, changes))?;
        db.add_job(&NewJob {
            task: Task::Hook(id),
            lane,
            due_at: db.now(),
        })?;
        Ok(true)
    })?;
    if !found {
        return Err(unknown(id));
    }
    writeln!(out, "webhook {id} is sent again")?;
    Ok(())
}

/// What signs a company's webhooks; made at the first question.
pub fn secret(store: &Store, company: &str, out: &mut dyn Write) -> Result<()> {
    let company = known_company(store, company)?;
    let secrets = store.write_now(move |db| db.hook_secrets(&company, &Signer::company()))?;
    for secret in &secrets {
        writeln!(out, "{}", secret.expose_secret())?;
    }
    Ok(())
}

/// A new secret; the old one signs as well for some hours.
pub fn rotate(store: &Store, company: &str, keep_hours: u32, out: &mut dyn Write) -> Result<()> {
    let company = known_company(store, company)?;
    let keep = SignedDuration::from_hours(keep_hours.into());
    let secret = store.write_now(move |db| {
        let secret = db.rotate_hook_secret(&company, &Signer::company(), keep)?;
        let subject = format!("company {company}");
        let changes = Changes::none().secret("hook_secret", true);
        db.add_audit(&Actor::command("hook rotate").did(Some(&company), subject, changes))?;
        Ok(secret)
    })?;
    writeln!(out, "{}", secret.expose_secret())?;
    writeln!(
        out,
        "\nThe old secret signs as well for {keep_hours} h; give the new one to every receiver."
    )?;
    Ok(())
}

/// The body as it is sent, but for a code.
fn without_code(body: String) -> String {
    let Ok(mut event) = serde_json::from_str::<Value>(&body) else {
        return body;
    };
    let mut hidden = false;
    for pointer in ["/data/username", "/data/password"] {
        if let Some(value) = event.pointer_mut(pointer) {
            *value = Value::from("(hidden)");
            hidden = true;
        }
    }
    if hidden { event.to_string() } else { body }
}

fn unknown(id: HookId) -> anyhow::Error {
    hinted(
        format!("there is no webhook `{id}`"),
        "`mikrelay hook list` shows the latest",
    )
}

fn standing(hook: &Hook) -> String {
    match hook.state {
        HookState::Waiting => format!("waiting, next try {}", moment(hook.next_at)),
        state => state.as_str().to_owned(),
    }
}

/// Scheme, host and path.
pub(super) fn receiver(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn hook_json(hook: &Hook) -> Value {
    json!({
        "id": hook.id,
        "message_id": hook.hook.message_id,
        "company": hook.hook.company,
        "type": hook.hook.kind,
        "order": hook.hook.order,
        "receiver": receiver(&hook.hook.url),
        "created_at": hook.hook.created_at,
        "state": hook.state.as_str(),
        "state_at": hook.state_at,
        "tries": hook.tries,
        "next_at": (hook.state == HookState::Waiting).then_some(hook.next_at),
    })
}

fn delivery_json(delivery: &Delivery) -> Value {
    json!({
        "at": delivery.at,
        "took_ms": delivery.took_ms,
        "status": delivery.status,
        "error": delivery.error,
    })
}

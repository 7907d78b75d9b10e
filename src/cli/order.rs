//! `mikrelay order`: works beside a running relay, which is woken by the store.
//! Shows no secret, and the buyer's code only when asked for it.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::fault::hinted;
pub use super::retry::retry;
use super::table::{Table, line, moment, or_dash, plain};
use super::{ledger, open, refund};
use crate::company::Language;
use crate::event::Event;
use crate::ids::OrderRef;
use crate::job::Job;
use crate::message::{Message, MessageState};
use crate::order::{Order, State};
use crate::reason::Reason;
use crate::refund::Refund;
use crate::store::{Db, EventFilter, OrderFilter, Store, StoreError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The latest orders
    List {
        /// Only orders in this state, for example `stuck`; may be repeated
        #[arg(long, value_name = "STATE")]
        state: Vec<String>,
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// One order and its history
    Show {
        reference: String,
        /// Also show the code
        #[arg(long)]
        voucher: bool,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Let an order go on: a held or stuck one to the router, an unpaid one to the gateway
    Retry { reference: String },
    /// Give a payment back; says what it would do unless `--yes` is there
    Refund(refund::Args),
    /// Say that you gave a payment back in the gateway's dashboard: its code stops working
    Refunded {
        reference: String,
        /// The gateway's id of the payment, where an order was paid twice
        #[arg(long, value_name = "ID")]
        payment: Option<String>,
    },
    /// The last daily comparison of each account with its gateway
    Ledger {
        /// For programs
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let store = &open(config)?;
        match self {
            Self::List { state, limit, json } => list(store, &state, limit, json, out),
            Self::Show {
                reference,
                voucher,
                json,
            } => show(store, &reference, voucher, json, out),
            Self::Retry { reference } => retry(store, &reference, out),
            Self::Refund(wish) => refund::refund(store, &wish.into(), out),
            Self::Refunded { reference, payment } => refund::refunded(store, &reference, payment.as_deref(), out),
            Self::Ledger { json } => ledger::print(store, json, out),
        }
    }
}

/// The latest orders, in these states or in any.
pub fn list(store: &Store, states: &[String], limit: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let state = states.iter().map(|text| read_state(text)).collect::<Result<Vec<_>>>()?;
    let filter = OrderFilter {
        state,
        limit: usize::try_from(limit)?,
        ..OrderFilter::default()
    };
    let (orders, open) = if limit == 0 {
        (Vec::new(), Vec::new())
    } else {
        store.read_now(|db| Ok((db.orders(&filter)?, db.open_refunds(db.now())?)))?
    };
    if json {
        let orders = orders.iter().map(|order| {
            let mut all = order_json(order);
            put(
                &mut all,
                "open_refunds",
                open_of(order, &open).map(refund_json).collect(),
            );
            all
        });
        return print_json(&Value::Array(orders.collect()), out);
    }
    let mut table = Table::new(&[
        "REFERENCE",
        "STATE",
        "MADE",
        "AMOUNT",
        "PLAN",
        "HOTSPOT",
        "GATEWAY ID",
        "REASON",
    ]);
    for order in &orders {
        table.row(vec![
            order.reference.to_string(),
            order.state.as_str().to_owned(),
            moment(order.created_at),
            order.plan.price.to_string(),
            order.plan.label.clone(),
            order.hotspot.to_string(),
            or_dash(order.gateway_id.as_deref()),
            why(order, &open),
        ]);
    }
    table.print(out)?;
    Ok(())
}

fn open_of<'a>(order: &'a Order, open: &'a [Refund]) -> impl Iterator<Item = &'a Refund> {
    open.iter().filter(|refund| refund.payment.order == order.reference)
}

/// Why an order is where it is: money that is to go back says more than what held the order up before.
fn why(order: &Order, open: &[Refund]) -> String {
    let refunds: Vec<_> = open_of(order, open)
        .map(|refund| format!("refund {}", refund_line(refund)))
        .collect();
    if refunds.is_empty() {
        return order.reason.as_ref().map(Reason::to_string).unwrap_or_default();
    }
    refunds.join("; ")
}

/// One order with its history, its open jobs, its webhooks and its mails.
pub fn show(store: &Store, reference: &str, voucher: bool, json: bool, out: &mut dyn Write) -> Result<()> {
    let file = store.read_now(|db| read_file(db, reference))?;
    let file = file.ok_or_else(|| unknown(reference))?;
    if json {
        return print_json(&file_json(&file, voucher), out);
    }
    print_order(&file.order, out)?;
    if voucher {
        print_voucher(&file.order, out)?;
    }
    print_history(&file, out)
}

/// Everything the store knows about an order.
struct File {
    order: Order,
    steps: Vec<(jiff::Timestamp, String)>,
    jobs: Vec<(Job, Option<jiff::Timestamp>)>,
    events: Vec<Event>,
    mails: Vec<(Message, MessageState)>,
    refunds: Vec<Refund>,
}

fn read_file(db: &Db<'_>, reference: &str) -> Result<Option<File>, StoreError> {
    let Some(order) = find(db, reference)? else {
        return Ok(None);
    };
    let jobs = db.jobs_of_order(&order.reference)?.into_iter();
    let jobs = jobs
        .map(|job| Ok((db.due_at(job.id)?, job)))
        .map(|pair: Result<_, StoreError>| {
            let (due_at, job) = pair?;
            Ok((job, due_at))
        });
    let jobs = jobs.collect::<Result<_, StoreError>>()?;
    let filter = EventFilter {
        order: Some(order.reference.clone()),
        ..EventFilter::default()
    };
    let (steps, events) = (db.steps(&order.reference)?, db.events(&filter)?);
    let mails = db.messages_of_order(&order.reference)?;
    let refunds = db.refunds_of_order(&order.reference)?;
    Ok(Some(File {
        order,
        steps,
        jobs,
        events,
        mails,
        refunds,
    }))
}

/// By our reference, or by what the gateway's dashboard shows when only one order has it.
pub(super) fn find(db: &Db<'_>, text: &str) -> Result<Option<Order>, StoreError> {
    if let Some(order) = db.order(&OrderRef::new(text.trim().to_ascii_uppercase()))? {
        return Ok(Some(order));
    }
    let mut found = db.find_for_recovery(None, text)?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

fn read_state(text: &str) -> Result<State> {
    let state = State::from_text(&text.to_ascii_lowercase());
    state.ok_or_else(|| {
        let names = State::ALL.map(|state| format!("`{}`", state.as_str())).join(", ");
        hinted(
            format!("there is no state `{}`", plain(text)),
            format!("the states are {names}"),
        )
    })
}

pub(super) fn unknown(reference: &str) -> anyhow::Error {
    hinted(
        format!("there is no order `{}`", plain(reference)),
        "`mikrelay order list` shows the latest; the gateway's own id of a payment finds its order too",
    )
}

fn print_order(order: &Order, out: &mut dyn Write) -> Result<()> {
    line(out, "order", Some(&order.reference))?;
    line(out, "state", Some(order.state.as_str()))?;
    line(out, "reason", order.reason.as_ref())?;
    line(
        out,
        "what to do",
        order
            .reason
            .as_ref()
            .map(|reason| reason.remedy(Language::En, &order.reference)),
    )?;
    line(out, "amount", Some(order.plan.price))?;
    match &order.link {
        Some(link) => {
            line(out, "by link", Some(&link.reference_id))?;
            line(out, "company", Some(&order.company))?;
        }
        None => {
            let plan = format!("{} (profile {})", order.plan.label, order.plan.profile);
            line(out, "plan", Some(plan))?;
            line(out, "hotspot", Some(format!("{} of {}", order.hotspot, order.company)))?;
        }
    }
    line(out, "account", Some(format!("{} ({})", order.account, mode(order))))?;
    line(out, "gateway id", order.gateway_id.as_deref())?;
    line(out, "phone", order.buyer.phone.as_deref())?;
    line(out, "e-mail", order.buyer.email.as_deref())?;
    line(out, "mac", order.buyer.mac.as_deref())?;
    line(out, "ip", order.buyer.ip.as_deref())?;
    line(out, "made", Some(moment(order.created_at)))?;
    line(out, "paid", order.paid_at.map(moment))?;
    line(out, "provisioned", order.provisioned_at.map(moment))?;
    line(out, "delivered", order.delivered_at.map(moment))?;
    Ok(())
}

fn print_voucher(order: &Order, out: &mut dyn Write) -> Result<()> {
    match &order.voucher {
        Some(voucher) => {
            line(out, "username", Some(voucher.username.expose_secret()))?;
            line(out, "password", Some(voucher.password.expose_secret()))?;
        }
        None => line(out, "voucher", Some("none yet"))?,
    }
    Ok(())
}

fn print_history(file: &File, out: &mut dyn Write) -> Result<()> {
    for (at, text) in &file.steps {
        writeln!(out, "  {}  {}", moment(*at), plain(text))?;
    }
    for (job, due_at) in &file.jobs {
        let due = due_at.map_or_else(|| "soon".to_owned(), moment);
        let error = job
            .last_error
            .as_deref()
            .map(|error| format!(": {}", plain(error)))
            .unwrap_or_default();
        writeln!(
            out,
            "  to do: {} at {due}, tried {} times{error}",
            job.task.kind(),
            job.attempts
        )?;
    }
    for event in &file.events {
        let outcome = event.outcome.as_deref().unwrap_or("not settled yet");
        writeln!(out, "  webhook {}: {}", event.id, plain(outcome))?;
    }
    for refund in &file.refunds {
        writeln!(out, "  refund {}", plain(&refund_line(refund)))?;
    }
    for (mail, state) in &file.mails {
        writeln!(
            out,
            "  mail to {}: {}",
            plain(&mail.recipient),
            plain(&mail_state(state))
        )?;
    }
    Ok(())
}

fn refund_line(refund: &Refund) -> String {
    let payment = &refund.payment;
    let words = refund
        .words
        .as_deref()
        .map(|words| format!(": {words}"))
        .unwrap_or_default();
    let moment_of = refund.ended_at.or(refund.asked_at).unwrap_or(refund.wished_at);
    format!(
        "of {} (payment {}): {} {}, asked {} times{words}",
        payment.amount,
        payment.gateway_id,
        refund.standing.as_str(),
        moment(moment_of),
        refund.attempts
    )
}

fn refund_json(refund: &Refund) -> Value {
    json!({
        "gateway_id": refund.payment.gateway_id,
        "amount": refund.payment.amount.major_text(),
        "currency": refund.payment.amount.currency(),
        "reason": refund.reason,
        "wisher": refund.wisher,
        "second_payment": refund.is_extra,
        "standing": refund.standing,
        "words": refund.words,
        "attempts": refund.attempts,
        "wished_at": refund.wished_at,
        "asked_at": refund.asked_at,
        "ended_at": refund.ended_at,
    })
}

fn mail_state(state: &MessageState) -> String {
    match state {
        MessageState::Waiting => "waiting".to_owned(),
        MessageState::Sent(at) => format!("sent {}", moment(*at)),
        MessageState::Refused(reason) => format!("refused: {reason}"),
    }
}

fn mode(order: &Order) -> &'static str {
    match order.mode {
        crate::company::Mode::Live => "live",
        crate::company::Mode::Test => "test",
    }
}

pub(super) fn order_json(order: &Order) -> Value {
    json!({
        "reference": order.reference,
        "state": order.state,
        "reason": order.reason.as_ref().map(Reason::to_string),
        "reason_facts": order.reason,
        "company": order.company,
        "hotspot": order.hotspot,
        "account": order.account,
        "mode": order.mode,
        "reference_id": order.link.as_ref().map(|link| &link.reference_id),
        "plan": order.plan.plan,
        "label": order.plan.label,
        "profile": order.plan.profile,
        "amount": order.plan.price.major_text(),
        "currency": order.plan.price.currency(),
        "online": order.online,
        "mac": order.buyer.mac,
        "ip": order.buyer.ip,
        "phone": order.buyer.phone,
        "email": order.buyer.email,
        "gateway_id": order.gateway_id,
        "created_at": order.created_at,
        "paid_at": order.paid_at,
        "provisioned_at": order.provisioned_at,
        "delivered_at": order.delivered_at,
    })
}

fn file_json(file: &File, voucher: bool) -> Value {
    let mut all = order_json(&file.order);
    let steps = file
        .steps
        .iter()
        .map(|(at, text)| json!({ "at": at, "text": text }))
        .collect();
    let jobs = file.jobs.iter().map(|(job, due_at)| {
        json!({ "kind": job.task.kind(), "due_at": due_at, "attempts": job.attempts, "last_error": job.last_error })
    });
    let events = file
        .events
        .iter()
        .map(|event| json!({ "id": event.id, "outcome": event.outcome }));
    let mails = file
        .mails
        .iter()
        .map(|(mail, state)| json!({ "to": mail.recipient, "state": mail_state(state) }));
    put(&mut all, "steps", Value::Array(steps));
    put(&mut all, "jobs", Value::Array(jobs.collect()));
    put(&mut all, "events", Value::Array(events.collect()));
    put(&mut all, "mails", Value::Array(mails.collect()));
    put(&mut all, "refunds", file.refunds.iter().map(refund_json).collect());
    if voucher {
        let shown = file.order.voucher.as_ref().map(|voucher| {
            json!({ "username": voucher.username.expose_secret(), "password": voucher.password.expose_secret() })
        });
        put(&mut all, "voucher", shown.unwrap_or_default());
    }
    all
}

pub(super) fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}

pub(super) fn print_json(value: &Value, out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
#[path = "sales_tests.rs"]
mod tests;

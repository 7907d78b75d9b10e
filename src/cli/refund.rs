//! `mikrelay order refund|refunded`: gives a payment back, through the gateway's API or by the operator's own hand.
//! Works beside a running relay, which is woken by the store and does the asking.

use std::io::Write;

use anyhow::Result;
use clap::ValueEnum;

use super::fault::hinted;
use super::order::{find, unknown};
use super::retry::note;
use super::table::{line, plain};
use crate::audit::Changes;
use crate::company::Language;
use crate::notify::refund::steps;
use crate::order::{Order, State};
use crate::payment::refund::tell::notice_of;
use crate::payment::refund::wish::{self, CannotRefund, Plan};
use crate::refund::{Payment, Refund, RefundReason, Standing};
use crate::store::{Db, Store, StoreError};

/// What the operator wants given back.
pub struct Wish {
    pub reference: String,
    /// The gateway's id, where the order was paid twice.
    pub payment: Option<String>,
    pub reason: RefundReason,
    /// Without it nothing is done, only said.
    pub yes: bool,
}

/// What may be said after `order refund`.
#[derive(Debug, clap::Args)]
pub struct Args {
    reference: String,
    /// Really do it
    #[arg(long)]
    yes: bool,
    /// What the gateway is told
    #[arg(long, value_enum, default_value = "requested")]
    reason: Reason,
    /// The gateway's id of the payment, where an order was paid twice; its own payment when absent
    #[arg(long, value_name = "ID")]
    payment: Option<String>,
}

/// Why a payment goes back.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reason {
    /// The buyer wants his money back
    Requested,
    /// The code cannot be delivered
    Undeliverable,
    /// It was paid twice
    Duplicate,
}

impl From<Reason> for RefundReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Requested => Self::RequestedByClient,
            Reason::Undeliverable => Self::CannotBeFulfilled,
            Reason::Duplicate => Self::Duplicate,
        }
    }
}

impl From<Args> for Wish {
    fn from(args: Args) -> Self {
        Self {
            reference: args.reference,
            payment: args.payment,
            reason: args.reason.into(),
            yes: args.yes,
        }
    }
}

/// Says what a refund would do, and does it.
pub fn refund(store: &Store, wanted: &Wish, out: &mut dyn Write) -> Result<()> {
    if !wanted.yes {
        let (reference, payment) = (wanted.reference.clone(), wanted.payment.clone());
        let found = store.read_now(move |db| look(db, &reference, payment.as_deref()))?;
        let (order, plan, gateway) = found.ok_or_else(|| unknown(&wanted.reference))?;
        let payments = payments_of(store, &order)?;
        let plan = plan.map_err(|cannot| explained(&cannot, &payments))?;
        print_plan(&order, &plan, gateway, out)?;
        print_others(&plan, &payments, out)?;
        writeln!(out, "nothing is done yet; run the same command with `--yes` to do it")?;
        return Ok(());
    }
    let (reference, payment, reason) = (wanted.reference.clone(), wanted.payment.clone(), wanted.reason);
    let done = store.write_now(move |db| {
        let Some((mut order, plan, gateway)) = look(db, &reference, payment.as_deref())? else {
            return Ok(None);
        };
        let plan = match plan {
            Ok(plan) => plan,
            Err(cannot) => return Ok(Some(Err(cannot))),
        };
        let refund = wish::wish_of_operator(db, &mut order, &plan, reason)?;
        note(
            db,
            "order refund",
            &order,
            changes_of(&plan.payment).new_value("reason", told(reason)),
        )?;
        Ok(Some(Ok((order, plan, gateway, refund))))
    })?;
    let done = done.ok_or_else(|| unknown(&wanted.reference))?;
    let (order, plan, gateway, refund) = match done {
        Ok(done) => done,
        Err(cannot) => return Err(cannot_of(store, &wanted.reference, &cannot)),
    };
    print_plan(&order, &plan, gateway, out)?;
    print_begun(&order, &refund, out)
}

/// The operator gave a payment back himself.
pub fn refunded(store: &Store, reference: &str, payment: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let (wanted, payment) = (reference.to_owned(), payment.map(str::to_owned));
    let done = store.write_now(move |db| {
        let Some(mut order) = find(db, &wanted)? else {
            return Ok(None);
        };
        let directory = db.load_directory()?;
        let plan = match wish::plan_by_hand(db, &directory, &order, payment.as_deref())? {
            Ok(plan) => plan,
            Err(cannot) => return Ok(Some(Err(cannot))),
        };
        wish::given_back_by_hand(db, &mut order, &plan)?;
        note(db, "order refunded", &order, changes_of(&plan.payment))?;
        Ok(Some(Ok((order, plan))))
    })?;
    let done = done.ok_or_else(|| unknown(reference))?;
    let (order, plan) = match done {
        Ok(done) => done,
        Err(cannot) => return Err(cannot_of(store, reference, &cannot)),
    };
    let (amount, id) = (plan.payment.amount, plain(&plan.payment.gateway_id));
    if plan.is_extra {
        writeln!(
            out,
            "{}: the second payment {id} ({amount}) went back; the code goes on working",
            order.reference
        )?;
    } else if order.voucher.is_some() {
        writeln!(
            out,
            "{}: {amount} went back; its user is disabled on the router as soon as that answers",
            order.reference
        )?;
    } else {
        writeln!(out, "{}: {amount} went back; no code was made", order.reference)?;
    }
    Ok(())
}

/// What goes back.
fn changes_of(payment: &Payment) -> Changes {
    Changes::none()
        .new_value("payment", &payment.gateway_id)
        .new_value("amount", payment.amount)
}

fn told(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::RequestedByClient => "requested",
        RefundReason::CannotBeFulfilled => "undeliverable",
        RefundReason::Duplicate => "duplicate",
    }
}

fn payments_of(store: &Store, order: &Order) -> Result<Vec<Payment>> {
    let reference = order.reference.clone();
    Ok(store.read_now(move |db| db.payments_of_order(&reference))?)
}

fn cannot_of(store: &Store, reference: &str, cannot: &CannotRefund) -> anyhow::Error {
    let wanted = reference.to_owned();
    let order = store.read_now(move |db| find(db, &wanted)).ok().flatten();
    let payments = order.and_then(|order| payments_of(store, &order).ok());
    explained(cannot, &payments.unwrap_or_default())
}

/// Why nothing is given back; who mistyped a payment is told which ones there are.
fn explained(cannot: &CannotRefund, payments: &[Payment]) -> anyhow::Error {
    let sentence = match cannot {
        CannotRefund::NoSuchPayment(..) if !payments.is_empty() => {
            format!("{cannot}; what was paid for it: {}", listed(payments.iter()))
        }
        _ => cannot.to_string(),
    };
    hinted(sentence, "`mikrelay order show` tells what was paid and what went back")
}

/// Somebody who refunds an order that was paid twice may want only the second payment back.
fn print_others(plan: &Plan, payments: &[Payment], out: &mut dyn Write) -> Result<()> {
    let chosen = &plan.payment.gateway_id;
    let mut others = payments.iter().filter(|other| other.gateway_id != *chosen).peekable();
    if others.peek().is_none() {
        return Ok(());
    }
    writeln!(
        out,
        "this order has other payments: {}; `--payment` chooses which one goes back",
        listed(others)
    )?;
    Ok(())
}

fn listed<'a>(payments: impl Iterator<Item = &'a Payment>) -> String {
    let each = payments.map(|payment| format!("`{}` ({})", plain(&payment.gateway_id), payment.amount));
    each.collect::<Vec<_>>().join(", ")
}

type Looked = Option<(Order, Result<Plan, CannotRefund>, Option<crate::company::GatewayName>)>;

fn look(db: &Db<'_>, reference: &str, payment: Option<&str>) -> Result<Looked, StoreError> {
    let Some(order) = find(db, reference)? else {
        return Ok(None);
    };
    let directory = db.load_directory()?;
    let plan = wish::plan(db, &directory, &order, payment)?;
    let gateway = directory.accounts.get(&order.account).map(|account| account.gateway());
    Ok(Some((order, plan, gateway)))
}

fn print_plan(
    order: &Order,
    plan: &Plan,
    gateway: Option<crate::company::GatewayName>,
    out: &mut dyn Write,
) -> Result<()> {
    let gateway = gateway.ok_or_else(|| {
        hinted(
            format!("account `{}` is gone from the business records", order.account),
            "put it back, then refund the order",
        )
    })?;
    line(out, "order", Some(&order.reference))?;
    line(out, "plan", Some(&order.plan.label))?;
    line(out, "give back", Some(plan.payment.amount))?;
    line(out, "gateway", Some(gateway.title()))?;
    line(out, "payment", Some(plain(&plan.payment.gateway_id)))?;
    line(out, "code", Some(what_of_the_code(order, plan)))?;
    if plan.by_api {
        return Ok(());
    }
    writeln!(
        out,
        "{} gives no money back through its API; you do it:",
        gateway.title()
    )?;
    let notice = notice_of("", gateway, order, Some(&plan.payment), plan.is_extra);
    for step in steps(Language::En, &notice) {
        writeln!(out, "  {step}")?;
    }
    Ok(())
}

fn what_of_the_code(order: &Order, plan: &Plan) -> &'static str {
    match order.state {
        _ if plan.is_extra => "goes on working: this is a second payment",
        State::Provisioned | State::Delivered if plan.by_api => "stops working when the money went back",
        State::Provisioned | State::Delivered => "stops working when you say that the money went back",
        _ => "was not delivered, and is not delivered any more",
    }
}

fn print_begun(order: &Order, refund: &Refund, out: &mut dyn Write) -> Result<()> {
    let reference = &order.reference;
    match refund.standing {
        Standing::ByHand => writeln!(out, "{reference}: the steps are in a mail to the operator as well")?,
        _ => writeln!(
            out,
            "{reference}: the gateway is asked now; `mikrelay order show {reference}` tells how far it is"
        )?,
    }
    Ok(())
}

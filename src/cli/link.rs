//! `mikrelay link list|show`: payments by link, which programs ask for by `POST /pagos`. Addresses are shown without
//! their queries, which may hold tokens.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::hook::receiver;
use super::key::known_company;
use super::order::{find, order_json, print_json, put, unknown};
use super::table::{Table, line, moment, or_dash};
use super::{fault, open};
use crate::order::{LinkPayment, Order};
use crate::store::{OrderFilter, Store};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The latest payments by link
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
    /// One payment by link: who asked for it, and where buyer and result go
    Show {
        /// The order's reference, or what the gateway calls it
        reference: String,
        /// For programs
        #[arg(long)]
        json: bool,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let store = &open(config)?;
        match self {
            Self::List { company, limit, json } => list(store, company.as_deref(), limit, json, out),
            Self::Show { reference, json } => show(store, &reference, json, out),
        }
    }
}

fn list(store: &Store, company: Option<&str>, limit: u32, json: bool, out: &mut dyn Write) -> Result<()> {
    let filter = OrderFilter {
        company: company.map(|company| known_company(store, company)).transpose()?,
        by_link: true,
        limit: usize::try_from(limit)?,
        ..OrderFilter::default()
    };
    let orders = match limit {
        0 => Vec::new(),
        _ => store.read_now(|db| db.orders(&filter))?,
    };
    let links = orders.iter().filter_map(|order| Some((order, order.link.as_deref()?)));
    if json {
        return print_json(&links.map(|(order, link)| link_json(order, link)).collect(), out);
    }
    let mut table = Table::new(&[
        "ORDER",
        "STATE",
        "MADE",
        "AMOUNT",
        "COMPANY",
        "ACCOUNT",
        "REFERENCE ID",
        "TOLD TO",
    ]);
    for (order, link) in links {
        table.row(vec![
            order.reference.to_string(),
            order.state.as_str().to_owned(),
            moment(order.created_at),
            order.plan.price.to_string(),
            order.company.to_string(),
            order.account.to_string(),
            link.reference_id.clone(),
            or_dash(link.notification_url.as_deref().map(receiver).as_deref()),
        ]);
    }
    table.print(out)?;
    Ok(())
}

fn show(store: &Store, reference: &str, json: bool, out: &mut dyn Write) -> Result<()> {
    let order = store
        .read_now(|db| find(db, reference))?
        .ok_or_else(|| unknown(reference))?;
    let Some(link) = order.link.as_deref() else {
        return Err(fault::hinted(
            format!(
                "order `{}` is a sale on a hotspot, not a payment by link",
                order.reference
            ),
            format!("`mikrelay order show {}` shows it", order.reference),
        ));
    };
    if json {
        return print_json(&link_json(&order, link), out);
    }
    let name: Vec<_> = link
        .first_name
        .iter()
        .chain(&link.last_name)
        .map(String::as_str)
        .collect();
    line(out, "order", Some(&order.reference))?;
    line(out, "state", Some(order.state.as_str()))?;
    line(out, "reference id", Some(&link.reference_id))?;
    line(out, "amount", Some(order.plan.price))?;
    line(out, "company", Some(&order.company))?;
    line(out, "account", Some(&order.account))?;
    line(out, "gateway id", order.gateway_id.as_deref())?;
    line(out, "buyer", (!name.is_empty()).then(|| name.join(" ")))?;
    line(out, "goes on to", link.return_url.as_deref().map(receiver))?;
    line(out, "told to", link.notification_url.as_deref().map(receiver))?;
    line(out, "made", Some(moment(order.created_at)))?;
    line(out, "paid", order.paid_at.map(moment))?;
    Ok(())
}

fn link_json(order: &Order, link: &LinkPayment) -> Value {
    let mut all = order_json(order);
    put(&mut all, "return_url", json!(link.return_url.as_deref().map(receiver)));
    put(
        &mut all,
        "notification_url",
        json!(link.notification_url.as_deref().map(receiver)),
    );
    put(&mut all, "first_name", json!(link.first_name));
    put(&mut all, "last_name", json!(link.last_name));
    all
}

//! `mikrelay hook endpoint add|list|events|remove|secret|rotate`: where a company's own webhooks go. Addresses are
//! shown without their queries, which may hold tokens.

use std::io::Write;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::hook::receiver;
use super::key::known_company;
use super::order::print_json;
use super::table::{Table, line, moment};
use crate::hook::{Endpoint, EventKind, Signer};
use crate::ids::{CompanyId, EndpointId};
use crate::payment::hooks::lane_to;
use crate::secrets;
use crate::store::Store;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send a company's events to an address; its secret is shown
    Add {
        /// The company's id in the business file
        company: String,
        /// Where they are posted
        url: String,
        /// Only this event, for example `payment.succeeded`; may be repeated
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
    },
    /// The endpoints and what they are told of
    List {
        /// Only this company's
        #[arg(long)]
        company: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Change what an endpoint is told of; one that was gone hears again
    Events {
        id: String,
        /// Only this event; may be repeated; without it all
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
    },
    /// Forget an endpoint; what still waits for it is not sent
    Remove { id: String },
    /// Print what signs an endpoint's webhooks
    Secret { id: String },
    /// Make a new secret; the old one signs as well for a while
    Rotate {
        id: String,
        /// For how many hours the old one still signs
        #[arg(long, default_value_t = 24)]
        keep_hours: u32,
    },
}

impl Command {
    pub(super) fn run(self, store: &Store, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Add { company, url, event } => add(store, &company, &url, &event, out),
            Self::List { company, json } => list(store, company.as_deref(), json, out),
            Self::Events { id, event } => events(store, &id, &event, out),
            Self::Remove { id } => remove(store, &id, out),
            Self::Secret { id } => secret(store, &id, out),
            Self::Rotate { id, keep_hours } => rotate(store, &id, keep_hours, out),
        }
    }
}

/// A new endpoint; without `events` it gets all. Its secret is shown.
pub fn add(store: &Store, company: &str, url: &str, events: &[String], out: &mut dyn Write) -> Result<()> {
    let company = known_company(store, company)?;
    let (url, events) = (checked(url)?, kinds(events)?);
    let known = store.read_now(|db| db.endpoints(Some(&company)))?;
    if known.len() >= MOST_ENDPOINTS {
        bail!("the company `{company}` has {MOST_ENDPOINTS} endpoints already; remove one first");
    }
    let id = EndpointId::new(format!("ep_{}", secrets::random_token(ID_BITS)));
    let (own, stored) = (id.clone(), events.clone());
    let secrets = store.write_now(move |db| {
        db.add_endpoint(&Endpoint {
            id: own.clone(),
            company: company.clone(),
            url,
            events: stored,
            created_at: db.now(),
            gone_at: None,
        })?;
        db.hook_secrets(&company, &Signer::endpoint(&own))
    })?;
    line(out, "endpoint", Some(&id))?;
    line(out, "events", Some(names(&events)))?;
    for secret in &secrets {
        line(out, "secret", Some(secret.expose_secret()))?;
    }
    Ok(())
}

pub fn list(store: &Store, company: Option<&str>, json: bool, out: &mut dyn Write) -> Result<()> {
    let company = company.map(|company| known_company(store, company)).transpose()?;
    let endpoints = store.read_now(|db| db.endpoints(company.as_ref()))?;
    if json {
        let endpoints = endpoints.iter().map(endpoint_json).collect();
        return print_json(&Value::Array(endpoints), out);
    }
    let mut table = Table::new(&["ID", "COMPANY", "MADE", "STATE", "RECEIVER", "EVENTS"]);
    for endpoint in &endpoints {
        table.row(vec![
            endpoint.id.to_string(),
            endpoint.company.to_string(),
            moment(endpoint.created_at),
            endpoint.gone_at.map_or("active", |_| "gone").to_owned(),
            receiver(&endpoint.url),
            names(&endpoint.events),
        ]);
    }
    table.print(out)?;
    Ok(())
}

/// Changes what an endpoint is told of; one that was gone hears again.
pub fn events(store: &Store, id: &str, events: &[String], out: &mut dyn Write) -> Result<()> {
    let (endpoint, events) = (known(store, id)?, kinds(events)?);
    let (id, stored) = (endpoint.id, events.clone());
    store.write_now(move |db| db.set_endpoint_events(&id, &stored))?;
    line(out, "events", Some(names(&events)))?;
    Ok(())
}

/// Forgets an endpoint; what still waits for it is not sent.
pub fn remove(store: &Store, id: &str, out: &mut dyn Write) -> Result<()> {
    let id = known(store, id)?.id;
    let shown = id.clone();
    store.write_now(move |db| db.remove_endpoint(&id))?;
    writeln!(out, "endpoint {shown} is removed")?;
    Ok(())
}

/// What signs an endpoint's webhooks.
pub fn secret(store: &Store, id: &str, out: &mut dyn Write) -> Result<()> {
    let (company, signer) = signer_of(store, id)?;
    for secret in store.write_now(move |db| db.hook_secrets(&company, &signer))? {
        writeln!(out, "{}", secret.expose_secret())?;
    }
    Ok(())
}

/// A new secret; the old one signs as well for some hours.
pub fn rotate(store: &Store, id: &str, keep_hours: u32, out: &mut dyn Write) -> Result<()> {
    let (company, signer) = signer_of(store, id)?;
    let keep = SignedDuration::from_hours(keep_hours.into());
    let secret = store.write_now(move |db| db.rotate_hook_secret(&company, &signer, keep))?;
    writeln!(out, "{}", secret.expose_secret())?;
    writeln!(out, "\nThe old secret signs as well for {keep_hours} h.")?;
    Ok(())
}

fn signer_of(store: &Store, id: &str) -> Result<(CompanyId, Signer)> {
    let endpoint = known(store, id)?;
    Ok((endpoint.company, Signer::endpoint(&endpoint.id)))
}

fn known(store: &Store, id: &str) -> Result<Endpoint> {
    let wanted = EndpointId::new(id.trim());
    let found = store.read_now(|db| db.endpoint(&wanted))?;
    found.with_context(|| format!("there is no endpoint `{wanted}`; see `mikrelay hook endpoint list`"))
}

/// Whether it may be called is judged at each call; here only its form.
fn checked(text: &str) -> Result<String> {
    let wrong = "write the endpoint as `https://shop.example.net/hooks`, without user name and password";
    let url = Url::parse(text.trim()).ok().context(wrong)?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if !plain || lane_to(url.as_str()).is_none() {
        bail!(wrong);
    }
    Ok(url.into())
}

fn kinds(events: &[String]) -> Result<Vec<EventKind>> {
    if events.is_empty() {
        return Ok(EventKind::ALL.to_vec());
    }
    let mut kinds = Vec::new();
    for text in events {
        let kind = EventKind::from_text(text.trim());
        let kind =
            kind.with_context(|| format!("there is no event `{text}`; there are: {}", names(&EventKind::ALL)))?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    Ok(kinds)
}

fn names(events: &[EventKind]) -> String {
    let names: Vec<_> = events.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

fn endpoint_json(endpoint: &Endpoint) -> Value {
    let events: Vec<_> = endpoint.events.iter().map(|kind| kind.as_str()).collect();
    json!({
        "id": endpoint.id,
        "company": endpoint.company,
        "receiver": receiver(&endpoint.url),
        "events": events,
        "created_at": endpoint.created_at,
        "gone_at": endpoint.gone_at,
    })
}

/// Unique in a relay; it is no secret.
const ID_BITS: usize = 60;
/// Each is a webhook for each event of every sale.
const MOST_ENDPOINTS: usize = 20;

//! `mikrelay hook endpoint add|list|events|remove|secret|rotate`: where a company's own webhooks go. Addresses are
//! shown without their queries, which may hold tokens.

use std::io::Write;

use anyhow::Result;
use clap::Subcommand;
use jiff::SignedDuration;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::fault;
use super::hook::receiver;
use super::key::known_company;
use super::order::print_json;
use super::table::{Table, line, moment, plain};
use crate::audit::{Actor, Changes};
use crate::hook::{Endpoint, EventKind, Signer};
use crate::ids::EndpointId;
use crate::payment::hooks::lane_to;
use crate::secrets;
use crate::store::{Db, Store, StoreError};

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
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Change what an endpoint is told of; one that was gone hears again
    #[command(visible_alias = "set")]
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
        return Err(fault::hinted(
            format!("the company `{company}` has {MOST_ENDPOINTS} endpoints already"),
            "`mikrelay hook endpoint remove` makes room",
        ));
    }
    let id = EndpointId::new(format!("ep_{}", secrets::random_token(ID_BITS)));
    let (own, stored) = (id.clone(), events.clone());
    let secrets = store.write_now(move |db| {
        let endpoint = Endpoint {
            id: own.clone(),
            company: company.clone(),
            url,
            events: stored,
            created_at: db.now(),
            gone_at: None,
        };
        db.add_endpoint(&endpoint)?;
        let changes = Changes::none()
            .new_value("receiver", receiver(&endpoint.url))
            .new_value("events", names(&endpoint.events));
        note(db, "add", &endpoint, changes)?;
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
    let stored = events.clone();
    store.write_now(move |db| {
        db.set_endpoint_events(&endpoint.id, &stored)?;
        let changes = Changes::none()
            .value("events", Some(names(&endpoint.events)), Some(names(&stored)))
            .value(
                "state",
                endpoint.gone_at.map(|_| "gone"),
                endpoint.gone_at.map(|_| "active"),
            );
        note(db, "events", &endpoint, changes)
    })?;
    line(out, "events", Some(names(&events)))?;
    Ok(())
}

/// Forgets an endpoint; what still waits for it is not sent.
pub fn remove(store: &Store, id: &str, out: &mut dyn Write) -> Result<()> {
    let endpoint = known(store, id)?;
    let shown = endpoint.id.clone();
    store.write_now(move |db| {
        db.remove_endpoint(&endpoint.id)?;
        let changes = Changes::none().value("receiver", Some(receiver(&endpoint.url)), None::<&str>);
        note(db, "remove", &endpoint, changes)
    })?;
    writeln!(out, "endpoint {shown} is removed")?;
    Ok(())
}

/// What signs an endpoint's webhooks.
pub fn secret(store: &Store, id: &str, out: &mut dyn Write) -> Result<()> {
    let endpoint = known(store, id)?;
    let signer = Signer::endpoint(&endpoint.id);
    for secret in store.write_now(move |db| db.hook_secrets(&endpoint.company, &signer))? {
        writeln!(out, "{}", secret.expose_secret())?;
    }
    Ok(())
}

/// A new secret; the old one signs as well for some hours.
pub fn rotate(store: &Store, id: &str, keep_hours: u32, out: &mut dyn Write) -> Result<()> {
    let endpoint = known(store, id)?;
    let keep = SignedDuration::from_hours(keep_hours.into());
    let secret = store.write_now(move |db| {
        let secret = db.rotate_hook_secret(&endpoint.company, &Signer::endpoint(&endpoint.id), keep)?;
        note(db, "rotate", &endpoint, Changes::none().secret("hook_secret", true))?;
        Ok(secret)
    })?;
    writeln!(out, "{}", secret.expose_secret())?;
    writeln!(out, "\nThe old secret signs as well for {keep_hours} h.")?;
    Ok(())
}

/// Writes down what became of an endpoint. Its address is told without the query, which may hold a token.
fn note(db: &Db<'_>, act: &str, endpoint: &Endpoint, changes: Changes) -> Result<(), StoreError> {
    let (actor, subject) = (
        Actor::command(format!("hook endpoint {act}")),
        format!("endpoint {}", endpoint.id),
    );
    db.add_audit(&actor.did(Some(&endpoint.company), subject, changes))
}

fn known(store: &Store, id: &str) -> Result<Endpoint> {
    let wanted = EndpointId::new(id.trim());
    let all = store.read_now(|db| db.endpoints(None))?;
    let ids = || all.iter().map(|endpoint| endpoint.id.as_str());
    let found = all.iter().find(|endpoint| endpoint.id == wanted);
    found
        .cloned()
        .ok_or_else(|| fault::unknown_of("endpoint", "hook endpoint", id, ids()))
}

/// Whether it may be called is judged at each call; here only its form.
fn checked(text: &str) -> Result<String> {
    let is_plain =
        |url: &Url| matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    let url = Url::parse(text.trim()).ok().filter(is_plain);
    let url = url.filter(|url| lane_to(url.as_str()).is_some()).ok_or_else(|| {
        fault::hinted(
            "this is no address that webhooks can be sent to",
            "write the endpoint as `https://shop.example.net/hooks`, without user name and password",
        )
    })?;
    Ok(url.into())
}

fn kinds(events: &[String]) -> Result<Vec<EventKind>> {
    if events.is_empty() {
        return Ok(EventKind::ALL.to_vec());
    }
    let mut kinds = Vec::new();
    for text in events {
        let unknown = || {
            let hint = format!("there are: {}", names(&EventKind::ALL));
            fault::hinted(format!("there is no event `{}`", plain(text)), hint)
        };
        let kind = EventKind::from_text(text.trim()).ok_or_else(unknown)?;
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

//! `mikrelay key make|router|list|revoke`: the keys of the API. A key is shown once, when it is made; the store keeps its
//! digest.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::fault::{hinted, unknown};
use super::load;
use super::order::print_json;
use super::table::{Table, line, moment, plain};
use crate::api_key::{ApiKey, KEY_PREFIX, KeyKind};
use crate::app;
use crate::audit::{Actor, Changes};
use crate::ids::{ApiKeyId, CompanyId, RouterId};
use crate::payment::router_keys::{self, KeyWish, MakeKeyError};
use crate::secrets;
use crate::secrets::tokens::Tokens;
use crate::store::{Db, Store, StoreError};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a key for a company's programs; it is shown once
    #[command(visible_alias = "add")]
    Make {
        /// The company's id in the business file
        company: String,
        /// Who will hold it
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Make a key for the portal pages of a router; it is shown once
    Router {
        /// The router's id in the business file
        router: String,
        /// What it is for
        #[arg(long, default_value = "")]
        name: String,
        /// For how many days it opens the router
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
        /// End all other keys of the router in the same moment
        #[arg(long)]
        replace: bool,
    },
    /// All keys
    List {
        /// Only those of this company
        #[arg(long)]
        company: Option<String>,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// One key, as far as it may be shown
    Show {
        /// The id that `key list` shows
        id: String,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// End a key at once
    #[command(visible_alias = "remove")]
    Revoke {
        /// The id that `key list` shows
        id: String,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let config = load(config)?;
        let (store, master) = app::open_store(&config)?;
        match self {
            Self::Make { company, name } => make(&store, &company, &name, out),
            Self::Router {
                router,
                name,
                days,
                replace,
            } => {
                let wish = KeyWish {
                    name: name.trim().to_owned(),
                    lifetime: SignedDuration::from_hours(i64::from(days) * 24),
                    replacing: replace,
                };
                let tokens = router_keys::tokens(&master, &config.api.token_secrets);
                make_for_router(&store, tokens, &router, wish, out)
            }
            Self::List { company, json } => list(&store, company.as_deref(), json, out),
            Self::Show { id, json } => show(&store, &id, json, out),
            Self::Revoke { id } => revoke(&store, &id, out),
        }
    }
}

/// Makes a key for a company and shows it.
pub fn make(store: &Store, company: &str, name: &str, out: &mut dyn Write) -> Result<()> {
    let company = known_company(store, company)?;
    let (owner, name) = (company.clone(), name.trim().to_owned());
    let (key, shown) = store.write_now(move |db| {
        let made = add(db, owner, name)?;
        note(db, "key make", &made.0.company, None, Some(&made.0.id))?;
        Ok(made)
    })?;
    line(out, "id", Some(&key.id))?;
    line(out, "company", Some(&company))?;
    line(out, "name", Some(&key.name))?;
    line(out, "key", Some(shown.expose_secret()))?;
    writeln!(
        out,
        "\nThe key is shown only now. Programs send it as `Authorization: Bearer <key>`."
    )?;
    writeln!(
        out,
        "What signs the notifications they get: `mikrelay hook secret {company}`"
    )?;
    Ok(())
}

/// Makes a key for a router's portal and shows it.
pub fn make_for_router(store: &Store, tokens: Tokens, router: &str, wish: KeyWish, out: &mut dyn Write) -> Result<()> {
    let id = RouterId::new(router.trim());
    let directory = store.directory();
    let Some(router) = directory.routers.get(&id).cloned() else {
        return Err(unknown(
            "router",
            id.as_str(),
            directory.routers.keys().map(RouterId::as_str),
        ));
    };
    let make = move |db: &Db<'_>| match router_keys::make(db, &tokens, &router, &wish) {
        Ok((made, ended)) => {
            note(db, "key router", &router.company, ended.last(), Some(&made.key.id))?;
            Ok(Ok((made, ended)))
        }
        Err(MakeKeyError::Store(error)) => Err(error),
        Err(MakeKeyError::Token(error)) => Ok(Err(error)),
    };
    let (made, ended) = store.write_now(make)??;
    line(out, "id", Some(&made.key.id))?;
    line(out, "company", Some(&made.key.company))?;
    line(out, "router", Some(&id))?;
    line(out, "name", Some(&made.key.name))?;
    line(out, "until", made.key.expires_at.map(moment).as_ref())?;
    for key in &ended {
        line(out, "revoked", Some(key))?;
    }
    // Longer than what a line may show.
    writeln!(out, "{:<14}{}", "key:", made.shown.expose_secret())?;
    writeln!(
        out,
        "\nThe key is shown only now. The portal sends it as `X-API-Key: <key>`; it is public and opens this router's\n\
         catalogue, sales and the visitors' own devices, nothing else."
    )?;
    Ok(())
}

/// Draws a key and keeps it: what is known of it, and the key itself.
pub(super) fn add(db: &Db<'_>, company: CompanyId, name: String) -> Result<(ApiKey, SecretString), StoreError> {
    let secret: SecretString = format!("{KEY_PREFIX}{}", secrets::random_token(KEY_BITS)).into();
    let key = ApiKey {
        id: ApiKeyId::new(format!("key-{}", secrets::random_token(ID_BITS))),
        company,
        kind: KeyKind::Company,
        name,
        created_at: db.now(),
        expires_at: None,
        last_used_at: None,
        revoked_at: None,
        router: None,
        secret_id: None,
        use_count: 0,
    };
    db.add_api_key(&key, &secret)?;
    Ok((key, secret))
}

/// All keys, or those of one company.
pub fn list(store: &Store, company: Option<&str>, json: bool, out: &mut dyn Write) -> Result<()> {
    let company = company.map(|company| known_company(store, company)).transpose()?;
    let keys = store.read_now(|db| db.api_keys(company.as_ref()))?;
    if json {
        let keys: Vec<_> = keys.iter().map(key_json).collect();
        return print_json(&Value::Array(keys), out);
    }
    let mut table = Table::new(&["ID", "COMPANY", "ROUTER", "NAME", "MADE", "LAST USED", "USES", "STATE"]);
    let now = store.read_now(|db| Ok(db.now()))?;
    for key in &keys {
        table.row(vec![
            key.id.to_string(),
            key.company.to_string(),
            key.router.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            key.name.clone(),
            moment(key.created_at),
            key.last_used_at.map_or_else(|| "-".to_owned(), moment),
            match key.kind {
                KeyKind::Router => key.use_count.to_string(),
                KeyKind::Company => "-".to_owned(),
            },
            standing(key, now),
        ]);
    }
    table.print(out)?;
    Ok(())
}

fn show(store: &Store, id: &str, json: bool, out: &mut dyn Write) -> Result<()> {
    let (keys, now) = store.read_now(|db| Ok((db.api_keys(None)?, db.now())))?;
    let found = keys.iter().find(|key| key.id.as_str() == id.trim());
    let key = found.ok_or_else(|| unknown("key", id, keys.iter().map(|key| key.id.as_str())))?;
    if json {
        return print_json(&key_json(key), out);
    }
    line(out, "id", Some(&key.id))?;
    line(out, "company", Some(&key.company))?;
    line(out, "router", key.router.as_ref())?;
    line(out, "name", Some(&key.name))?;
    line(out, "made", Some(moment(key.created_at)))?;
    line(out, "last used", key.last_used_at.map(moment))?;
    line(out, "state", Some(standing(key, now)))?;
    Ok(())
}

fn standing(key: &ApiKey, now: Timestamp) -> String {
    match (key.revoked_at, key.expires_at) {
        (Some(at), _) => format!("revoked {}", moment(at)),
        (None, Some(end)) if end <= now => format!("expired {}", moment(end)),
        (None, Some(end)) => format!("valid until {}", moment(end)),
        (None, None) => "valid".to_owned(),
    }
}

/// Ends a key at once.
pub fn revoke(store: &Store, id: &str, out: &mut dyn Write) -> Result<()> {
    let wanted = ApiKeyId::new(id.trim());
    let revoked = store.write_now(move |db: &Db<'_>| -> Result<bool, StoreError> {
        let revoked = db.revoke_api_key(&wanted)?;
        let keys = if revoked { db.api_keys(None)? } else { Vec::new() };
        if let Some(key) = keys.iter().find(|key| key.id == wanted) {
            note(db, "key revoke", &key.company, Some(&wanted), None)?;
        }
        Ok(revoked)
    })?;
    if !revoked {
        return Err(hinted(
            format!("there is no valid key `{}`", plain(id)),
            "`mikrelay key list` shows all, and which of them are valid",
        ));
    }
    writeln!(out, "key {} is revoked", plain(id))?;
    Ok(())
}

/// Writes down that a key began or ended.
fn note(
    db: &Db<'_>,
    act: &str,
    company: &CompanyId,
    ended: Option<&ApiKeyId>,
    begun: Option<&ApiKeyId>,
) -> Result<(), StoreError> {
    let changes = Changes::none().value("api_key", ended, begun);
    db.add_audit(&Actor::command(act).did(Some(company), format!("company {company}"), changes))
}

/// The company of the business file that is meant.
pub(super) fn known_company(store: &Store, text: &str) -> Result<CompanyId> {
    let company = CompanyId::new(text.trim());
    let directory = store.directory();
    if !directory.companies.contains_key(&company) {
        return Err(unknown(
            "company",
            text,
            directory.companies.keys().map(CompanyId::as_str),
        ));
    }
    Ok(company)
}

fn key_json(key: &ApiKey) -> Value {
    json!({
        "id": key.id,
        "company": key.company,
        "kind": key.kind,
        "router": key.router,
        "name": key.name,
        "use_count": key.use_count,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    })
}

/// As many as its digest has.
const KEY_BITS: usize = 256;
/// Enough for ids never to meet; short enough to be typed.
const ID_BITS: usize = 40;

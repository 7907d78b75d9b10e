//! Changes one business record: each change is one write with its line in the audit log.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use secrecy::ExposeSecret;

use super::super::ask;
use super::super::audit::told;
use super::super::fault::{hinted, unknown};
use super::super::table::plain;
use super::fields::{Form, Table};
use super::{Given, Value};
use crate::audit::{Actor, Changes};
use crate::company::Directory;
use crate::ids::{CompanyId, PlanId};
use crate::order::State;
use crate::site::{self, Kind, Record, Related, SiteError};
use crate::store::{Db, OrderFilter, Store, StoreError};

/// Makes a record.
pub(super) fn add(
    store: &Store,
    table: &'static Table,
    id: &str,
    given: Vec<Given>,
    out: &mut dyn Write,
) -> Result<()> {
    let mut record = Record::new(table.kind, id.trim());
    let kind = table.kind.as_str();
    if find(&store.directory(), table.kind, record.id()).is_some() {
        return Err(hinted(
            format!("there is a {kind} `{}` already", plain(id)),
            format!(
                "`mikrelay {kind} set {0}` changes it, `mikrelay {kind} show {0}` shows it",
                plain(id)
            ),
        ));
    }
    let secrets = take_over(&mut record, &given)?;
    if table.kind == Kind::Router && record.get("user").is_some() && secrets.is_empty() {
        // The router's user is no use without it.
        let password = ask::ask_secret("password")?;
        record.set("password", Some(password.expose_secret().into()));
    }
    put(store, table, record, secrets, "add", out)
}

/// Changes what was said of a record.
pub(super) fn set(
    store: &Store,
    table: &'static Table,
    id: &str,
    given: Vec<Given>,
    out: &mut dyn Write,
) -> Result<()> {
    let mut record = super::show::known(store, table, id)?;
    let secrets = take_over(&mut record, &given)?;
    put(store, table, record, secrets, "set", out)
}

/// Takes a record away; what belongs to it only with `yes`.
pub(super) fn remove(store: &Store, table: &'static Table, id: &str, yes: bool, out: &mut dyn Write) -> Result<()> {
    let record = super::show::known(store, table, id)?;
    let (kind, id) = (table.kind, record.id().to_owned());
    let shown = format!("{} `{}`", kind.as_str(), plain(&id));
    let own = record.clone();
    let removed = store.write_now(move |db| remove_in(db, &own, yes));
    let removed = match removed {
        Err(StoreError::Related { .. }) => {
            return Err(hinted(
                format!("{shown} cannot go: orders or users need it, or something that belongs to it"),
                "without plans nothing is sold there: `mikrelay plan list` and `mikrelay plan remove`",
            ));
        }
        removed => removed?,
    };
    match removed {
        Removed::Gone(related) => {
            for (kind, id) in &related.goes {
                writeln!(out, "{} `{}` is removed", kind.as_str(), plain(id))?;
            }
            writeln!(out, "{shown} is removed")?;
            Ok(())
        }
        Removed::OnlySeller(plans) => Err(hinted(
            format!("{shown} cannot go: it alone sells {}", listed("plan", &plans)),
            "name another seller with `mikrelay plan set --account`, or remove these plans",
        )),
        Removed::Needed { related, orders } => {
            let mut needed: Vec<_> = related
                .goes
                .iter()
                .map(|(kind, id)| format!("{} `{id}`", kind.as_str()))
                .collect();
            if orders > 0 {
                needed.push(format!("{orders} orders that are not finished"));
            }
            Err(hinted(
                format!("{shown} was not removed: {} belong to it", plain(&needed.join(", "))),
                match kind {
                    Kind::Plan => "`--yes` removes it; its orders keep their copy and go on".to_owned(),
                    _ => format!("`mikrelay {} remove {id} --yes` removes them too", kind.as_str()),
                },
            ))
        }
    }
}

enum Removed {
    Gone(Related),
    OnlySeller(Vec<String>),
    Needed { related: Related, orders: usize },
}

fn remove_in(db: &Db<'_>, record: &Record, yes: bool) -> Result<Removed, StoreError> {
    let directory = db.load_directory()?;
    let (kind, id) = (record.kind, record.id());
    let related = site::needs(&directory, kind, id);
    if !related.only_seller_of.is_empty() {
        return Ok(Removed::OnlySeller(related.only_seller_of));
    }
    let orders = if kind == Kind::Plan { unfinished(db, id)? } else { 0 };
    if !yes && (orders > 0 || !related.goes.is_empty()) {
        return Ok(Removed::Needed { related, orders });
    }
    let company = company_of(&directory, record);
    let gone = site::remove(kind, id, db)?;
    let names: Vec<_> = gone
        .goes
        .iter()
        .map(|(kind, id)| format!("{} {id}", kind.as_str()))
        .collect();
    let changes = Changes::none().value("id", Some(id), None::<&str>).value(
        "with",
        (!names.is_empty()).then(|| names.join(", ")),
        None::<&str>,
    );
    // A company that is gone is no one's any more.
    let company = company.filter(|_| kind != Kind::Company);
    db.add_audit(&actor(kind, "remove").did(company.as_ref(), subject(record), changes))?;
    Ok(Removed::Gone(gone))
}

/// Orders of a plan that may still get a code.
fn unfinished(db: &Db<'_>, plan: &str) -> Result<usize, StoreError> {
    let plan = PlanId::new(plan);
    let state = vec![State::Waiting, State::Paid, State::Held, State::Stuck, State::Refunding];
    let orders = db.orders(&OrderFilter {
        state,
        ..OrderFilter::default()
    })?;
    Ok(orders
        .iter()
        .filter(|order| order.plan.plan.as_ref() == Some(&plan))
        .count())
}

/// Puts what was said into the record; answers the keys of the secrets among it.
fn take_over(record: &mut Record, given: &[Given]) -> Result<Vec<&'static str>> {
    let mut secrets = Vec::new();
    for Given { field, value } in given {
        let value = match value {
            Value::File(file) => {
                secrets.push(field.key);
                secret(record, field.key, field.form, file)?;
                continue;
            }
            Value::Texts(texts) => texts,
        };
        let texts: Vec<_> = value
            .iter()
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .collect();
        let Some(last) = texts.last() else {
            if field.needed {
                return Err(hinted(
                    format!("`--{}` is empty", field.flag),
                    format!("a {} cannot be without it", record.kind.as_str()),
                ));
            }
            record.set(field.key, None);
            if record.kind == Kind::Router && field.key == "user" {
                record.set("password", None);
            }
            continue;
        };
        let wrong = |what: &str| {
            hinted(
                format!("`--{}` is {what}, not `{}`", field.flag, plain(last)),
                field.help,
            )
        };
        let value: toml::Value = match field.form {
            Form::List => texts.into(),
            Form::Number => last.parse::<i64>().map_err(|_| wrong("a whole number"))?.into(),
            Form::Switch => last.parse::<bool>().map_err(|_| wrong("`true` or `false`"))?.into(),
            _ => (*last).into(),
        };
        record.set(field.key, Some(value));
    }
    Ok(secrets)
}

/// A secret in a file is left to the reader of business files; `-` is standard input, or asks at a terminal.
fn secret(record: &mut Record, key: &str, form: Form, file: &Path) -> Result<()> {
    record.set(key, None);
    let named = format!("{key}_file");
    if file.as_os_str().is_empty() {
        record.set(&named, None);
    } else if file != Path::new("-") {
        record.set(&named, Some(file.display().to_string().into()));
    } else if form == Form::Secrets {
        let text = ask::ask_lines(key)?;
        let lines: Vec<_> = text.expose_secret().lines().map(toml::Value::from).collect();
        record.set(key, Some(toml::Value::Array(lines)));
    } else {
        record.set(key, Some(ask::ask_secret(key)?.expose_secret().into()));
    }
    Ok(())
}

fn put(
    store: &Store,
    table: &'static Table,
    record: Record,
    secrets: Vec<&'static str>,
    verb: &'static str,
    out: &mut dyn Write,
) -> Result<()> {
    let (kind, shown) = (record.kind.as_str(), plain(record.id()));
    check_names(&store.directory(), &record, table)?;
    let written = store.write_now(move |db| put_in(db, &record, &secrets, verb))?;
    let changes = written.map_err(|error| explained(error, &format!("{kind} `{shown}`")))?;
    if changes.is_empty() {
        writeln!(out, "{kind} `{shown}`: nothing changed")?;
        return Ok(());
    }
    if verb == "add" {
        writeln!(out, "{kind} `{shown}` is made")?;
        return Ok(());
    }
    let changed: Vec<_> = changes.fields().map(|(field, changed)| told(field, changed)).collect();
    writeln!(out, "{kind} `{shown}`: {}", plain(&changed.join(", ")))?;
    Ok(())
}

fn put_in(
    db: &Db<'_>,
    record: &Record,
    secrets: &[&'static str],
    verb: &str,
) -> Result<Result<Changes, SiteError>, StoreError> {
    let before = find(&db.load_directory()?, record.kind, record.id());
    let summary = match site::put(record, Path::new(""), db) {
        Err(SiteError::Store(error)) => return Err(error),
        Err(error) => return Ok(Err(error)),
        Ok(summary) => summary,
    };
    if summary.unchanged == 1 {
        return Ok(Ok(Changes::none()));
    }
    let directory = db.load_directory()?;
    let after = find(&directory, record.kind, record.id());
    let changes = changes(before.as_ref(), after.as_ref(), secrets);
    let company = company_of(&directory, record);
    db.add_audit(&actor(record.kind, verb).did(company.as_ref(), subject(record), changes.clone()))?;
    Ok(Ok(changes))
}

/// What became of each key.
fn changes(before: Option<&Record>, after: Option<&Record>, secrets: &[&'static str]) -> Changes {
    let keys = [before, after]
        .into_iter()
        .flatten()
        .flat_map(Record::fields)
        .map(|(key, _)| key);
    let mut changes = Changes::none();
    for key in keys {
        let text = |record: Option<&Record>| record.and_then(|record| record.get(key)).map(super::show::told);
        changes = if secrets.contains(&key) {
            changes.secret(key, after.is_some_and(|record| record.get(key).is_some()))
        } else {
            changes.value(key, text(before), text(after))
        };
    }
    changes
}

/// The faults of a record as one error.
fn explained(error: SiteError, shown: &str) -> anyhow::Error {
    let flaws = match error {
        SiteError::Faults(flaws) => flaws,
        // A word that the file's format does not know; its line is of no file that anybody sees.
        SiteError::Syntax(fault) => {
            return hinted(format!("{shown}: {}", plain(&fault.sentence)), NOTHING_CHANGED);
        }
        error => return error.into(),
    };
    let lines: Vec<_> = flaws
        .iter()
        .map(|flaw| format!("{} `{}`: {}", flaw.kind, plain(&flaw.id), plain(&flaw.sentence)))
        .collect();
    hinted(lines.join("\n"), NOTHING_CHANGED)
}

/// Whoever names a record that is not there is told which one he may have meant.
fn check_names(directory: &Directory, record: &Record, table: &Table) -> Result<()> {
    let all = site::records(directory);
    for field in table.fields {
        let kind = match field.form {
            Form::Owner => field.key,
            Form::List if field.key == "accounts" => "account",
            _ => continue,
        };
        let known = || all.iter().filter(|it| it.kind.as_str() == kind).map(Record::id);
        for id in record.get(field.key).into_iter().flat_map(ids) {
            if !known().any(|it| it == id) {
                return Err(unknown(kind, id, known()));
            }
        }
    }
    Ok(())
}

fn ids(value: &toml::Value) -> Vec<&str> {
    match value {
        toml::Value::Array(list) => list.iter().filter_map(toml::Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

fn find(directory: &Directory, kind: Kind, id: &str) -> Option<Record> {
    let mut records = site::records(directory);
    records.retain(|record| record.kind == kind && record.id() == id);
    records.pop()
}

/// Whose record it is.
fn company_of(directory: &Directory, record: &Record) -> Option<CompanyId> {
    let text = |key: &str| {
        record
            .get(key)
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let of_router = |id: &str| {
        directory
            .routers
            .values()
            .find(|it| it.id.as_str() == id)
            .map(|it| it.company.clone())
    };
    let of_hotspot = |id: &str| {
        let hotspot = directory.hotspots.values().find(|it| it.id.as_str() == id)?;
        of_router(hotspot.router.as_str())
    };
    match record.kind {
        Kind::Company => Some(CompanyId::new(record.id())),
        Kind::Router | Kind::Account => Some(CompanyId::new(text("company"))),
        Kind::Hotspot => of_router(&text("router")),
        Kind::Plan => of_hotspot(&text("hotspot")),
    }
}

fn actor(kind: Kind, verb: &str) -> Actor {
    Actor::command(format!("{} {verb}", kind.as_str()))
}

fn subject(record: &Record) -> String {
    format!("{} {}", record.kind.as_str(), record.id())
}

fn listed(kind: &str, ids: &[String]) -> String {
    let each: Vec<_> = ids.iter().map(|id| format!("{kind} `{}`", plain(id))).collect();
    each.join(", ")
}

const NOTHING_CHANGED: &str = "nothing was changed; correct it and say it again";

//! Writes the stored business records as a business file. A secret is written as `(kept)`, which `apply`
//! understands as "what is stored stays".

use std::fmt::Write;

use super::Kind;
use super::record::Record;
use super::secret::KEEP;
use crate::company::{Account, AccountKeys, Company, Directory, Hotspot, LinkPolicy, Mode, Router, RouterTls};
use crate::plan::{DataLimit, Plan};
use crate::sorted::Arrange;

/// The whole business file.
pub fn export(directory: &Directory) -> String {
    format!("{HEAD}{}", print(&records(directory)))
}

/// The records of a business file, each below its heading.
pub(super) fn print(records: &[Record]) -> String {
    let mut text = String::new();
    for record in records {
        let _ = write!(text, "\n[[{}]]\n", record.kind.as_str());
        for (name, value) in &record.fields {
            let _ = writeln!(text, "{name} = {value}");
        }
    }
    text
}

/// All records, in the order in which they may refer to each other.
pub fn records(directory: &Directory) -> Vec<Record> {
    let mut all = Vec::new();
    sorted(&directory.companies).for_each(|it| company(&mut all, it));
    // What was deleted and is only kept for its orders is no business any more.
    let is_here = |router: &Router| router.card.removed_at.is_none();
    let routers = sorted(&directory.routers).filter(|it| is_here(it));
    routers.for_each(|it| router(&mut all, it));
    let hotspots = sorted(&directory.hotspots).filter(|it| directory.router_of(it).is_none_or(is_here));
    hotspots.for_each(|it| hotspot(&mut all, it));
    sorted(&directory.accounts).for_each(|it| account(&mut all, it));
    sorted(&directory.plans).for_each(|it| plan(&mut all, it));
    all
}

fn sorted<K: Ord, V>(records: &std::collections::HashMap<K, V>) -> impl Iterator<Item = &V> {
    let mut records: Vec<_> = records.iter().collect();
    records.arrange_by_key(|(id, _)| *id);
    records.into_iter().map(|(_, record)| record)
}

fn company(all: &mut Vec<Record>, company: &Company) {
    let mut record = Record::new(Kind::Company, company.id.as_str());
    record.text("name", &company.name);
    record.text("country", &company.country);
    record.text("language", company.language.code());
    record.text("timezone", &company.timezone);
    record.maybe("notify_email", company.notify_email.as_ref());
    all.push(record);
}

fn router(all: &mut Vec<Record>, router: &Router) {
    let mut record = Record::new(Kind::Router, router.id.as_str());
    record.text("company", &router.company);
    record.text("address", &router.address);
    let tls = match &router.tls {
        RouterTls::Off => "off".to_owned(),
        RouterTls::Webpki => "webpki".to_owned(),
        RouterTls::Pinned(pin) => format!("sha256:{}", data_encoding::HEXLOWER.encode(pin)),
    };
    record.text("tls", tls);
    if let Some(credentials) = &router.credentials {
        record.text("user", &credentials.user);
        record.text("password", KEEP);
    }
    // It stands in webhook addresses, so it is shown; it opens nothing but the ear for unsigned calls.
    record.text("access_uuid", &router.access_uuid);
    all.push(record);
}

fn hotspot(all: &mut Vec<Record>, hotspot: &Hotspot) {
    let mut record = Record::new(Kind::Hotspot, hotspot.id.as_str());
    record.text("router", &hotspot.router);
    record.text("label", hotspot.label.trim_start_matches('/'));
    record.text("name", &hotspot.name);
    record.maybe("dns_name", hotspot.dns_name.as_ref());
    record.text("mode", hotspot.style.mode.as_str());
    record.line("length", i64::from(hotspot.style.length));
    record.text("alphabet", hotspot.style.alphabet.as_str());
    record.text("prefix", &hotspot.style.prefix);
    let links = match hotspot.links {
        LinkPolicy::Plans => "plans",
        LinkPolicy::Open => "open",
    };
    record.text("links", links);
    record.line("mikhmon_records", hotspot.mikhmon.records);
    record.text("mikhmon_batch", hotspot.mikhmon.batch.as_str());
    record.line("mikhmon_expiry", hotspot.mikhmon.expiry);
    all.push(record);
}

fn account(all: &mut Vec<Record>, account: &Account) {
    let mut record = Record::new(Kind::Account, account.id.as_str());
    record.text("company", &account.company);
    record.text("gateway", account.gateway().as_str());
    let mode = match account.mode {
        Mode::Live => "live",
        Mode::Test => "test",
    };
    record.text("mode", mode);
    record.maybe("base_url", account.base_url.as_ref());
    keys(&mut record, &account.keys);
    if let Some(hours) = account.refunds.undelivered_after_h {
        record.line("refund_undelivered_after_h", i64::from(hours));
    }
    if account.refunds.paid_twice {
        record.line("refund_paid_twice", true);
    }
    all.push(record);
}

fn keys(record: &mut Record, keys: &AccountKeys) {
    match keys {
        AccountKeys::Fedapay {
            public_key,
            secret_key,
            webhook_secrets,
        } => {
            record.maybe("public_key", public_key.as_ref());
            kept(record, "secret_key", secret_key.is_some());
            kept_list(record, !webhook_secrets.is_empty());
        }
        AccountKeys::CinetpayV2 {
            site_id,
            webhook_secrets,
            ..
        } => {
            record.text("site_id", site_id);
            kept(record, "api_key", true);
            kept_list(record, !webhook_secrets.is_empty());
        }
        AccountKeys::CinetpayV1 { .. } => {
            kept(record, "api_key", true);
            kept(record, "api_password", true);
        }
        AccountKeys::Feexpay {
            shop, callback_header, ..
        } => {
            record.text("site_id", shop);
            kept(record, "token", true);
            kept(record, "callback_header", callback_header.is_some());
        }
        AccountKeys::Conekta {
            public_key,
            webhook_keys,
            methods,
            ..
        } => {
            record.maybe("public_key", public_key.as_ref());
            kept(record, "secret_key", true);
            if !webhook_keys.is_empty() {
                record.line("webhook_secrets", texts(webhook_keys.iter().map(String::as_str)));
            }
            record.line("methods", texts(methods.iter().map(|method| method.as_str())));
        }
        AccountKeys::Mercadopago {
            public_key,
            webhook_secrets,
            checkout,
            ..
        } => {
            record.maybe("public_key", public_key.as_ref());
            kept(record, "secret_key", true);
            kept_list(record, !webhook_secrets.is_empty());
            record.text("checkout", checkout.as_str());
        }
    }
}

fn texts<'a>(list: impl Iterator<Item = &'a str>) -> Vec<toml::Value> {
    list.map(toml::Value::from).collect()
}

fn kept(record: &mut Record, name: &str, present: bool) {
    if present {
        record.text(name, KEEP);
    }
}

fn kept_list(record: &mut Record, present: bool) {
    if present {
        record.line("webhook_secrets", vec![toml::Value::from(KEEP)]);
    }
}

fn plan(all: &mut Vec<Record>, plan: &Plan) {
    let mut record = Record::new(Kind::Plan, plan.id.as_str());
    record.text("hotspot", &plan.hotspot);
    if !plan.accounts.is_empty() {
        record.line("accounts", texts(plan.accounts.iter().map(|id| id.as_str())));
    }
    record.text("label", &plan.label);
    record.text("profile", &plan.profile);
    record.text("price", plan.price.major_text());
    record.text("currency", plan.price.currency());
    record.text("time", plan.time.to_routeros());
    record.text("data", data_text(plan.data));
    all.push(record);
}

/// The largest unit that says it exactly, as a person writes it.
fn data_text(limit: DataLimit) -> String {
    let units = [("G", 1 << 30), ("M", 1 << 20), ("k", 1 << 10)];
    let fitting = units
        .iter()
        .find(|(_, size)| !limit.is_none() && limit.bytes.is_multiple_of(*size));
    fitting.map_or_else(
        || limit.to_routeros(),
        |(unit, size)| format!("{}{unit}", limit.bytes / size),
    )
}

const HEAD: &str =
    "# Written by `mikrelay export`. Secrets stay in the store: `(kept)` tells `apply` to leave them as they are.\n";

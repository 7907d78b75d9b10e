//! Writes the stored business records as a business file. A secret is written as `(kept)`, which `apply`
//! understands as "what is stored stays".

use std::fmt::{Display, Write};

use super::secret::KEEP;
use crate::company::{Account, AccountKeys, Company, Directory, Hotspot, LinkPolicy, Mode, Router, RouterTls};
use crate::plan::Plan;

/// The whole business file.
pub fn export(directory: &Directory) -> String {
    let mut text = String::from(HEAD);
    sorted(&directory.companies).for_each(|it| company(&mut text, it));
    // What was deleted and is only kept for its orders is no business any more.
    let is_here = |router: &Router| router.card.removed_at.is_none();
    let routers = sorted(&directory.routers).filter(|it| is_here(it));
    routers.for_each(|it| router(&mut text, it));
    let hotspots = sorted(&directory.hotspots).filter(|it| directory.router_of(it).is_none_or(is_here));
    hotspots.for_each(|it| hotspot(&mut text, it));
    sorted(&directory.accounts).for_each(|it| account(&mut text, it));
    sorted(&directory.plans).for_each(|it| plan(&mut text, it));
    text
}

fn sorted<K: Ord, V>(records: &std::collections::HashMap<K, V>) -> impl Iterator<Item = &V> {
    let mut records: Vec<_> = records.iter().collect();
    records.sort_by_key(|(id, _)| *id);
    records.into_iter().map(|(_, record)| record)
}

/// One record: a heading and its lines.
struct Record<'a>(&'a mut String);

impl<'a> Record<'a> {
    fn new(text: &'a mut String, kind: &str) -> Self {
        let _ = write!(text, "\n[[{kind}]]\n");
        Self(text)
    }

    fn line(&mut self, name: &str, value: impl Into<toml::Value>) {
        let _ = writeln!(self.0, "{name} = {}", value.into());
    }

    fn text(&mut self, name: &str, value: impl Display) {
        self.line(name, value.to_string());
    }

    fn maybe(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }
}

fn company(text: &mut String, company: &Company) {
    let mut record = Record::new(text, "company");
    record.text("id", &company.id);
    record.text("name", &company.name);
    record.text("country", &company.country);
    record.text("language", company.language.code());
    record.text("timezone", &company.timezone);
    record.maybe("notify_email", company.notify_email.as_ref());
}

fn router(text: &mut String, router: &Router) {
    let mut record = Record::new(text, "router");
    record.text("id", &router.id);
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
}

fn hotspot(text: &mut String, hotspot: &Hotspot) {
    let mut record = Record::new(text, "hotspot");
    record.text("id", &hotspot.id);
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
}

fn account(text: &mut String, account: &Account) {
    let mut record = Record::new(text, "account");
    record.text("id", &account.id);
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
}

fn keys(record: &mut Record<'_>, keys: &AccountKeys) {
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

fn kept(record: &mut Record<'_>, name: &str, present: bool) {
    if present {
        record.text(name, KEEP);
    }
}

fn kept_list(record: &mut Record<'_>, present: bool) {
    if present {
        record.line("webhook_secrets", vec![toml::Value::from(KEEP)]);
    }
}

fn plan(text: &mut String, plan: &Plan) {
    let mut record = Record::new(text, "plan");
    record.text("id", &plan.id);
    record.text("hotspot", &plan.hotspot);
    if !plan.accounts.is_empty() {
        record.line("accounts", texts(plan.accounts.iter().map(|id| id.as_str())));
    }
    record.text("label", &plan.label);
    record.text("profile", &plan.profile);
    record.text("price", plan.price.major_text());
    record.text("currency", plan.price.currency());
    record.text("time", plan.time.to_routeros());
    record.text("data", plan.data.to_routeros());
}

const HEAD: &str =
    "# Written by `mikrelay export`. Secrets stay in the store: `(kept)` tells `apply` to leave them as they are.\n";

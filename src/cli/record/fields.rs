//! What can be said of each business record: the keys of the business file, as options of the command line. What a value
//! must be is the business file's affair (`site`); here is only how it is written.

use super::Noun;
use crate::site::Kind;

/// A kind of record and its keys, the id left out.
#[derive(Debug)]
pub struct Table {
    pub kind: Kind,
    pub fields: &'static [Field],
    /// Which keys `list` shows to people.
    pub columns: &'static [&'static str],
    /// What makes a first one.
    pub example: &'static str,
}

/// One key.
#[derive(Debug)]
pub struct Field {
    /// In the business file and in JSON.
    pub key: &'static str,
    /// On the command line.
    pub flag: &'static str,
    pub value: &'static str,
    pub form: Form,
    /// A record cannot be without it.
    pub needed: bool,
    pub help: &'static str,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    /// The id of another record; `list` can be narrowed to it.
    Owner,
    Number,
    /// `true` or `false`.
    Switch,
    /// Several, by repeating the option.
    List,
    /// Never an argument: the first line of a file, or typed.
    Secret,
    /// Several, one on a line of a file.
    Secrets,
}

const fn field(
    key: &'static str,
    flag: &'static str,
    value: &'static str,
    form: Form,
    needed: bool,
    help: &'static str,
) -> Field {
    Field {
        key,
        flag,
        value,
        form,
        needed,
        help,
    }
}

const fn text(key: &'static str, flag: &'static str, value: &'static str, help: &'static str) -> Field {
    field(key, flag, value, Form::Text, false, help)
}

const fn needed(key: &'static str, flag: &'static str, value: &'static str, help: &'static str) -> Field {
    field(key, flag, value, Form::Text, true, help)
}

const fn owner(key: &'static str, help: &'static str) -> Field {
    field(key, key, "ID", Form::Owner, true, help)
}

const fn secret(key: &'static str, flag: &'static str, help: &'static str) -> Field {
    field(key, flag, "FILE", Form::Secret, false, help)
}

#[derive(Debug)]
pub struct Company;
#[derive(Debug)]
pub struct Router;
#[derive(Debug)]
pub struct Hotspot;
#[derive(Debug)]
pub struct Account;
#[derive(Debug)]
pub struct Plan;

impl Noun for Company {
    const TABLE: &'static Table = &COMPANY;
}

impl Noun for Router {
    const TABLE: &'static Table = &ROUTER;
}

impl Noun for Hotspot {
    const TABLE: &'static Table = &HOTSPOT;
}

impl Noun for Account {
    const TABLE: &'static Table = &ACCOUNT;
}

impl Noun for Plan {
    const TABLE: &'static Table = &PLAN;
}

/// All of them, as they may refer to each other.
pub const TABLES: [&Table; 5] = [&COMPANY, &ROUTER, &HOTSPOT, &ACCOUNT, &PLAN];

static COMPANY: Table = Table {
    kind: Kind::Company,
    fields: &[
        needed("name", "name", "TEXT", "What people know it as"),
        needed(
            "country",
            "country",
            "CODE",
            "Two letters such as BJ: gives the currency, the form of phone numbers and the time zone",
        ),
        text("language", "language", "CODE", "Of mails and pages: fr, en, es or pt"),
        text(
            "timezone",
            "timezone",
            "NAME",
            "Such as Africa/Porto-Novo; the country's when absent",
        ),
        text("notify_email", "notify-email", "ADDRESS", "Who is told of sales"),
    ],
    columns: &["id", "name", "country", "language", "timezone", "notify_email"],
    example: "mikrelay company add cyber-awa --name \"Cyber Awa\" --country BJ",
};

static ROUTER: Table = Table {
    kind: Kind::Router,
    fields: &[
        owner("company", "The company it belongs to"),
        needed(
            "address",
            "address",
            "HOST:PORT",
            "Where its API is reached, such as 10.99.0.2:8728",
        ),
        text(
            "tls",
            "tls",
            "HOW",
            "off, webpki, or sha256: and the fingerprint of its certificate",
        ),
        text(
            "user",
            "user",
            "NAME",
            "Who the relay logs in as; learnt from a callback when absent",
        ),
        secret(
            "password",
            "password-file",
            "Where that user's password is; - asks for it",
        ),
        text(
            "access_uuid",
            "access-uuid",
            "TEXT",
            "What unsigned callbacks must show; made when absent",
        ),
    ],
    columns: &["id", "company", "address", "tls", "user"],
    example: "mikrelay router add cotonou-1 --company cyber-awa --address 10.99.0.2:8728 --user relay --password-file -",
};

static HOTSPOT: Table = Table {
    kind: Kind::Hotspot,
    fields: &[
        owner("router", "The router it is on"),
        needed(
            "label",
            "label",
            "TEXT",
            "The last part of its callback addresses; no other hotspot has it",
        ),
        needed("name", "name", "TEXT", "The hotspot server's exact name on the router"),
        text("dns_name", "dns-name", "HOST", "The dns-name of its server profile"),
        text("mode", "mode", "MODE", "How codes look: vc (one text), up (two) or pin"),
        field(
            "length",
            "length",
            "NUMBER",
            Form::Number,
            false,
            "Characters of a code, 3 to 16",
        ),
        text(
            "alphabet",
            "alphabet",
            "NAME",
            "Characters of a code: lower, upper, upplow, mix, mix1 or mix2",
        ),
        text("prefix", "prefix", "TEXT", "What each code begins with"),
        text(
            "links",
            "links",
            "POLICY",
            "plans: links name a plan; open: what a link says is sold",
        ),
        field(
            "mikhmon_records",
            "mikhmon-records",
            "BOOL",
            Form::Switch,
            false,
            "Write a sale record on the router where Mikhmon writes none: true or false",
        ),
        text(
            "mikhmon_batch",
            "mikhmon-batch",
            "WORD",
            "What shares a line in Mikhmon's list of batches: day or sale",
        ),
        field(
            "mikhmon_expiry",
            "mikhmon-expiry",
            "BOOL",
            Form::Switch,
            false,
            "End codes where Mikhmon's script cannot: true or false",
        ),
    ],
    columns: &["id", "router", "label", "name", "dns_name", "mode", "links"],
    example: "mikrelay hotspot add cotonou-1-main --router cotonou-1 --label hotspot1 --name hotspot1",
};

static ACCOUNT: Table = Table {
    kind: Kind::Account,
    fields: &[
        owner("company", "The company it belongs to"),
        needed(
            "gateway",
            "gateway",
            "NAME",
            "fedapay, cinetpay, feexpay, conekta or mercadopago",
        ),
        text("mode", "mode", "MODE", "live or test"),
        text(
            "base_url",
            "base-url",
            "URL",
            "Another address of the gateway's API, for simulators",
        ),
        text("public_key", "public-key", "KEY", "The key that pages may show"),
        text("site_id", "site-id", "ID", "CinetPay's site, FeexPay's shop"),
        secret(
            "secret_key",
            "secret-key-file",
            "Of FedaPay; Conekta's private key; Mercado Pago's access token",
        ),
        field(
            "webhook_secrets",
            "webhook-secrets-file",
            "FILE",
            Form::Secrets,
            false,
            "What webhooks are signed with, one on a line; Conekta: public keys",
        ),
        secret("api_key", "api-key-file", "Of CinetPay"),
        secret("api_password", "api-password-file", "Of CinetPay's API v1"),
        secret("token", "token-file", "Of FeexPay"),
        secret(
            "callback_header",
            "callback-header-file",
            "Of FeexPay's webhooks, written Name: value",
        ),
        field(
            "methods",
            "method",
            "NAME",
            Form::List,
            false,
            "What Conekta's page offers: card, cash or bank_transfer; may be repeated",
        ),
        text("checkout", "checkout", "API", "Of Mercado Pago: preferences or orders"),
        field(
            "refund_undelivered_after_h",
            "refund-undelivered-after-h",
            "HOURS",
            Form::Number,
            false,
            "Give money back when no router took the order in so many hours",
        ),
        field(
            "refund_paid_twice",
            "refund-paid-twice",
            "BOOL",
            Form::Switch,
            false,
            "Give a second payment of an order back: true or false",
        ),
    ],
    columns: &["id", "company", "gateway", "mode", "base_url"],
    example: "mikrelay account add awa-fedapay --company cyber-awa --gateway fedapay --secret-key-file - --webhook-secrets-file wh.txt",
};

static PLAN: Table = Table {
    kind: Kind::Plan,
    fields: &[
        owner("hotspot", "Where it is sold"),
        field(
            "accounts",
            "account",
            "ID",
            Form::List,
            false,
            "Which account may sell it; may be repeated; all of the company's when absent",
        ),
        needed("label", "label", "TEXT", "What buyers read"),
        needed(
            "profile",
            "profile",
            "NAME",
            "The exact name of a user profile on the router",
        ),
        needed("price", "price", "AMOUNT", "In whole units, such as 100 or 12.50"),
        text("currency", "currency", "CODE", "Such as XOF; the country's when absent"),
        text(
            "time",
            "time",
            "TIME",
            "How long it lasts, such as 4h or 1d12h; 0 is without end",
        ),
        text(
            "data",
            "data",
            "SIZE",
            "How much may be used, such as 500M or 1G; 0 is without end",
        ),
    ],
    columns: &[
        "id", "hotspot", "label", "profile", "price", "currency", "time", "data", "accounts",
    ],
    example: "mikrelay plan add 4h --hotspot cotonou-1-main --label \"4 heures\" --profile 4H --price 100 --time 4h",
};

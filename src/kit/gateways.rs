//! What to type into the gateways' dashboards, as one page to follow, copy from and print.
//!
//! It says of a dashboard only what its owner's documentation or the hosted product's guide says; where neither does, it
//! says what to look for. Facts: `gateways-west-africa.md` 2 to 4, `gateways-latin-america.md` 2.7, 2.8 and 3.7.
//! It holds no key and no password. The access UUID stands in the address where calls carry no signature, because there
//! they are not heard without it.

use minijinja::Error;
use percent_encoding::utf8_percent_encode;
use serde::Serialize;
use url::Url;

use super::STEP;
use super::offer::{HotspotOffer, Offer};
use super::render::{TEXTS, render};
use crate::company::{Account, AccountKeys, Company, Directory, GatewayName, Language, Mode, Router};
use crate::language::Value;
use crate::pages;

#[derive(Serialize)]
struct Page<'a> {
    style: &'static str,
    company: &'a str,
    router: &'a str,
    public_url: &'a str,
    /// Gateways call `https` addresses only.
    insecure: bool,
    accounts: Vec<AccountView<'a>>,
    hotspots: Vec<HotspotView<'a>>,
}

#[derive(Serialize)]
struct AccountView<'a> {
    id: &'a str,
    gateway: &'static str,
    is_test: bool,
    /// The menu where it happens, for the drawing.
    menu: String,
    steps: Vec<Step>,
}

#[derive(Default, Serialize)]
struct Step {
    number: usize,
    text: String,
    /// Names to find in the dashboard.
    words: Vec<&'static str>,
    /// What is copied, each with what it is for where there are several.
    values: Vec<(String, String)>,
    note: Option<String>,
    /// Where it goes, for the drawing.
    field: Option<Field>,
}

#[derive(Serialize)]
struct Field {
    label: String,
    kind: &'static str,
    hint: &'static str,
}

#[derive(Serialize)]
struct HotspotView<'a> {
    label: &'a str,
    settings: Vec<(&'static str, String)>,
}

/// The page for what a router sells. `public_url` is the relay's.
pub fn gateways_page(
    directory: &Directory,
    offer: &Offer<'_>,
    public_url: &Url,
    language: Language,
) -> Result<String, Error> {
    let accounts = offer.accounts();
    let views = accounts.iter().map(|account| {
        let guide = Guide {
            account,
            public_url,
            language,
            calls: calls(account, offer, public_url),
            steps: Vec::new(),
        };
        guide.write()
    });
    let hotspots = offer.hotspots.iter().map(|hotspot| HotspotView {
        label: &hotspot.hotspot.label,
        settings: settings(directory, offer.company, offer.router, hotspot),
    });
    let page = Page {
        style: &pages::render::STYLE,
        company: &offer.company.name,
        router: offer.router.shown_name(),
        public_url: public_url.as_str(),
        insecure: public_url.scheme() != "https",
        accounts: views.collect(),
        hotspots: hotspots.collect(),
    };
    render("gateways.html", language, &page)
}

/// The webhook's address for each hotspot that the account sells on, with the hotspot's label.
fn calls(account: &Account, offer: &Offer<'_>, public_url: &Url) -> Vec<(String, String)> {
    let sells = |hotspot: &&HotspotOffer<'_>| hotspot.accounts.iter().any(|other| other.id == account.id);
    let hotspots = offer.hotspots.iter().filter(sells);
    let address = |hotspot: &HotspotOffer<'_>| {
        let label = &hotspot.hotspot.label;
        let mut url = format!(
            "{}/pay_callback/{}/{}",
            public_url.as_str().trim_end_matches('/'),
            account.gateway().as_str(),
            utf8_percent_encode(label, STEP)
        );
        if !is_signed(account) {
            url.push_str(&format!("?k={}", offer.router.access_uuid));
        }
        (label.clone(), url)
    };
    hotspots.map(address).collect()
}

/// Whether the account's webhooks prove themselves; others are heard only with the access UUID (design 4).
fn is_signed(account: &Account) -> bool {
    match &account.keys {
        AccountKeys::Fedapay { webhook_secrets, .. }
        | AccountKeys::CinetpayV2 { webhook_secrets, .. }
        | AccountKeys::Mercadopago { webhook_secrets, .. } => !webhook_secrets.is_empty(),
        AccountKeys::Conekta { webhook_keys, .. } => !webhook_keys.is_empty(),
        AccountKeys::CinetpayV1 { .. } | AccountKeys::Feexpay { .. } => false,
    }
}

/// The `mik*` settings that may stay in a dashboard, with the hotspot's own values: never the router's user and password.
/// Table: facts `mikhmon.md` 8.
fn settings(
    directory: &Directory,
    company: &Company,
    router: &Router,
    offer: &HotspotOffer<'_>,
) -> Vec<(&'static str, String)> {
    let (hotspot, style) = (offer.hotspot, &offer.hotspot.style);
    let currency = offer.plans.first().map(|plan| plan.price.currency());
    let currency = currency.unwrap_or_else(|| directory.currency_of(company));
    let mut settings = vec![
        ("mikaccessuuid", router.access_uuid.clone()),
        ("mikserver", hotspot.name.clone()),
        ("mikusermode", style.mode.as_str().to_owned()),
        ("miknamelength", style.length.to_string()),
        ("mikcharacter", style.alphabet.as_str().to_owned()),
        ("mikuserprefix", style.prefix.clone()),
        ("mikcurrency", currency.code().to_owned()),
        ("mikdnsname", hotspot.dns_name.clone().unwrap_or_default()),
        ("miknotifemail", company.notify_email.clone().unwrap_or_default()),
    ];
    settings.retain(|(_, value)| !value.is_empty());
    settings
}

/// Writes the steps for one account.
struct Guide<'a> {
    account: &'a Account,
    public_url: &'a Url,
    language: Language,
    calls: Vec<(String, String)>,
    steps: Vec<Step>,
}

impl<'a> Guide<'a> {
    fn write(mut self) -> AccountView<'a> {
        let gateway = self.account.gateway();
        let menu = match &self.account.keys {
            AccountKeys::Fedapay { .. } => self.fedapay(),
            AccountKeys::CinetpayV2 { .. } => self.cinetpay("cinetpay-keys-legacy", "webhook_secrets = [\"…\"]"),
            AccountKeys::CinetpayV1 { .. } => self.cinetpay("cinetpay-keys", "api_password = \"…\""),
            AccountKeys::Feexpay { callback_header, .. } => {
                self.feexpay(callback_header.as_ref().map(|header| header.name.as_str()))
            }
            AccountKeys::Conekta { .. } => self.conekta(),
            AccountKeys::Mercadopago { .. } => self.mercadopago(),
        };
        let account = self.account;
        self.say("step-apply", &[("account", account.id.as_str())])
            .values
            .push((String::new(), "mikrelay apply site.toml".to_owned()));
        self.say("step-return", &[]);
        AccountView {
            id: account.id.as_str(),
            gateway: gateway.title(),
            is_test: account.mode == Mode::Test,
            menu,
            steps: self.steps,
        }
    }

    fn fedapay(&mut self) -> String {
        self.open("step-open");
        self.url("step-url");
        self.events(&[
            "transaction.approved",
            "transaction.transferred",
            "transaction.declined",
            "transaction.canceled",
            "transaction.updated",
        ]);
        let label = self.text("draw-errors");
        self.say("fedapay-errors", &[]).field = Some(Field::new(label, "off", ""));
        let label = self.text("draw-ssl");
        self.say("fedapay-ssl", &[]).field = Some(Field::new(label, "off", ""));
        let label = self.text("draw-headers");
        self.say("step-headers", &[]).field = Some(Field::new(label, "text", "—"));
        self.secret("fedapay-secret", "wh_…", "webhook_secrets = [\"wh_…\"]");
        let host = self.public_url.host_str().unwrap_or_default().to_owned();
        self.say("fedapay-domain", &[]).values.push((String::new(), host));
        self.text("draw-webhooks")
    }

    /// Both generations are told the address with each payment.
    fn cinetpay(&mut self, keys: &'static str, setting: &str) -> String {
        self.open("step-open-keys");
        self.secret(keys, "••••••••", setting);
        self.url("step-url-optional");
        self.calls.truncate(1);
        self.text("draw-integration")
    }

    fn feexpay(&mut self, header: Option<&str>) -> String {
        self.open("step-open");
        self.url("step-url");
        self.events(&["transaction.successful", "transaction.failed"]);
        let label = self.text("draw-header");
        let step = match header {
            Some(name) => {
                let step = self.say("feexpay-header-set", &[("name", name)]);
                step.values.push((String::new(), name.to_owned()));
                step
            }
            None => {
                let step = self.say("feexpay-header", &[]);
                step.values
                    .push((String::new(), "callback_header = \"NAME: VALUE\"".to_owned()));
                step
            }
        };
        step.field = Some(Field::new(label, "text", "••••••••"));
        self.say("feexpay-keys", &[]);
        self.text("draw-webhooks")
    }

    fn conekta(&mut self) -> String {
        self.open("step-open");
        self.url("step-url");
        self.events(&[
            "order.paid",
            "order.declined",
            "order.expired",
            "order.refunded",
            "order.partially_refunded",
            "order.charged_back",
        ]);
        let ask = "curl https://api.conekta.io/webhook_keys -H 'Authorization: Bearer KEY_PRIVATE' \
                   -H 'Accept: application/vnd.conekta-v2.2.0+json' -H 'Content-Type: application/json' \
                   -d '{\"active\":true}'";
        self.say("conekta-key", &[])
            .values
            .push((String::new(), ask.to_owned()));
        self.secret(
            "conekta-secret",
            "-----BEGIN PUBLIC KEY-----",
            "webhook_secrets = [\"\"\"\n-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n\"\"\"]",
        );
        self.text("draw-webhooks")
    }

    fn mercadopago(&mut self) -> String {
        self.open("mercadopago-open");
        self.calls.truncate(1);
        self.url("step-url");
        let label = self.text("draw-events");
        self.say("mercadopago-topics", &[]).field = Some(Field::new(label, "list", ""));
        self.secret("mercadopago-secret", "••••••••", "webhook_secrets = [\"…\"]");
        self.text("draw-webhooks")
    }

    /// Where to begin, and in which of the dashboard's two modes.
    fn open(&mut self, key: &'static str) {
        let mode = match self.account.mode {
            Mode::Live => self.text("open-live"),
            Mode::Test => self.text("open-test"),
        };
        let gateway = self.account.gateway();
        let step = self.say(key, &[("gateway", gateway.title())]);
        // Mercado Pago has no test mode of accounts that a key would show.
        step.note = (gateway != GatewayName::Mercadopago).then_some(mode);
    }

    fn url(&mut self, key: &'static str) {
        let mut calls = self.calls.clone();
        if let [(label, _)] = calls.as_mut_slice() {
            label.clear();
        }
        let note = (calls.len() > 1).then(|| self.text("step-url-several"));
        let label = self.text("draw-url");
        let step = self.say(key, &[]);
        step.values = calls;
        step.note = note;
        step.field = Some(Field::new(label, "text", "https://…/pay_callback/…"));
    }

    fn events(&mut self, words: &[&'static str]) {
        let label = self.text("draw-events");
        let step = self.say("step-events", &[]);
        step.words = words.to_vec();
        step.field = Some(Field::new(label, "list", ""));
    }

    /// What the dashboard shows and `site.toml` wants.
    fn secret(&mut self, key: &'static str, hint: &'static str, setting: &str) {
        let label = self.text("draw-secret");
        let note = is_signed(self.account).then(|| self.text("secret-known"));
        let step = self.say(key, &[]);
        step.values.push((String::new(), setting.to_owned()));
        step.note = note;
        step.field = Some(Field::new(label, "secret", hint));
    }

    fn say(&mut self, key: &'static str, values: &[(&str, &str)]) -> &mut Step {
        let values: Vec<_> = values.iter().map(|(name, text)| (*name, Value::from(*text))).collect();
        let step = Step {
            number: self.steps.len() + 1,
            text: TEXTS.get(self.language, key, &values),
            ..Step::default()
        };
        self.steps.push_mut(step)
    }

    fn text(&self, key: &'static str) -> String {
        TEXTS.get(self.language, key, &[])
    }
}

impl Field {
    fn new(label: String, kind: &'static str, hint: &'static str) -> Self {
        Self { label, kind, hint }
    }
}

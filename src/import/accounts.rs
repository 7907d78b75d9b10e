//! The gateway accounts that a page's keys name. A page holds public keys; a private one in it has been everybody's.

use secrecy::ExposeSecret;
use toml::Value;

use super::draft::{Draft, KEY_WANTED, slug};
use super::find::Button;
use super::link::{Field, is_macro};
use super::places::{Notes, Place};
use crate::company::{AccountKeys, Directory, GatewayName};
use crate::site;
use crate::sorted::Arrange;

/// Finds or makes the account of a button. `None` where the page does not say enough; the doubts say what is missing.
pub fn find(
    draft: &mut Draft,
    directory: &Directory,
    place: &Place,
    button: &Button,
    notes: &mut Notes,
) -> Option<String> {
    let field = |field| button.fields.get(field).filter(|text| !is_macro(text));
    let gateway = button.gateway;
    let (wanted, site) = match gateway {
        GatewayName::Fedapay | GatewayName::Conekta | GatewayName::Mercadopago => (Field::PublicKey, None),
        GatewayName::Cinetpay => (Field::ApiKey, Some(field(Field::SiteId))),
        GatewayName::Feexpay => (Field::Token, Some(field(Field::SiteId))),
    };
    let key = field(wanted);
    if let Some(known) = known(directory, place, button, key, site.flatten(), notes) {
        return Some(known);
    }
    let title = gateway.title();
    let (Some(key), Some(site)) = (key, site.map_or(Some(""), |site| site)) else {
        notes.doubt(
            button.line,
            format!(
                "the {title} button does not name its account ({}); its plan is sold by any account of the company",
                match gateway {
                    GatewayName::Cinetpay => "`api_key` and `siteid`",
                    GatewayName::Feexpay => "`token` and `siteid`",
                    _ => "`pub_key`",
                }
            ),
        );
        return None;
    };
    if let Some(made) = made_now(draft, place, gateway, key, site) {
        return Some(made);
    }
    if is_private(key) && wanted == Field::PublicKey {
        // Told once for the page; such a key must not be stored as a public one.
        return None;
    }
    if site::is_sample(key) || site::is_sample(site) {
        notes.doubt(
            button.line,
            format!("the {title} key is the sample of a documentation; no account is made of it, and its plan is sold by any account of the company"),
        );
        return None;
    }
    Some(make(draft, place, button, (key, site), notes))
}

/// An account of the company that the store has already.
fn known(
    directory: &Directory,
    place: &Place,
    button: &Button,
    key: Option<&str>,
    site: Option<&str>,
    notes: &mut Notes,
) -> Option<String> {
    let own = directory.accounts.values();
    let mut own: Vec<_> = own
        .filter(|account| account.company.as_str() == place.company && account.gateway() == button.gateway)
        .collect();
    own.arrange_by(|a, b| a.id.cmp(&b.id));
    let found = own.into_iter().find(|account| match &account.keys {
        AccountKeys::CinetpayV2 { site_id, .. } => site.is_some_and(|site| site == site_id),
        AccountKeys::CinetpayV1 { api_key, .. } => key == Some(api_key.expose_secret()),
        AccountKeys::Feexpay { shop, .. } => site.is_some_and(|site| site == shop),
        keys => key.is_some() && keys.public_key() == key,
    })?;
    let stored = match &found.keys {
        AccountKeys::CinetpayV2 { api_key: secret, .. } | AccountKeys::Feexpay { token: secret, .. } => Some(secret),
        _ => None,
    };
    if let (Some(stored), Some(key)) = (stored, key)
        && stored.expose_secret() != key
    {
        notes.doubt(
            button.line,
            format!(
                "account `{}` has another key than the page; the stored one stays",
                found.id
            ),
        );
    }
    Some(found.id.to_string())
}

/// An account that an earlier button of the page has made.
fn made_now(draft: &Draft, place: &Place, gateway: GatewayName, key: &str, site: &str) -> Option<String> {
    let own = draft.with("account", "company", &place.company).into_iter();
    let mut own = own.filter(|id| draft.text("account", id, "gateway") == Some(gateway.as_str()));
    own.find(|id| match gateway {
        GatewayName::Cinetpay | GatewayName::Feexpay => draft.text("account", id, "site_id") == Some(site),
        _ => draft.text("account", id, "public_key") == Some(key),
    })
}

fn make(draft: &mut Draft, place: &Place, button: &Button, (key, site): (&str, &str), notes: &mut Notes) -> String {
    let gateway = button.gateway;
    let title = gateway.title();
    let is_test = ["_sandbox_", "_test_"].iter().any(|word| key.contains(word)) || key.starts_with("test_");
    let id = account_id(draft, &place.company, gateway);
    let mut values = vec![
        ("company", Value::from(place.company.as_str())),
        ("gateway", Value::from(gateway.as_str())),
        ("mode", Value::from(if is_test { "test" } else { "live" })),
    ];
    if is_test {
        notes.doubt(
            button.line,
            format!("the {title} key is of the sandbox: account `{id}` takes play money only"),
        );
    }
    match gateway {
        GatewayName::Cinetpay => {
            values.extend([("site_id", Value::from(site)), ("api_key", Value::from(key))]);
            notes.doubt(button.line, told_key(title, "api_key"));
            notes.todo(format!(
                "account `{id}`: give CinetPay's Secret Key, so that its calls are checked: \
                 `mikrelay account set {id} --webhook-secrets-file -`"
            ));
        }
        GatewayName::Feexpay => {
            values.extend([("site_id", Value::from(site)), ("token", Value::from(key))]);
            notes.doubt(button.line, told_key(title, "token"));
        }
        GatewayName::Fedapay => {
            values.push(("public_key", Value::from(key)));
            notes.todo(format!(
                "account `{id}` cannot sell yet: the page has only its public key. Give its secret key and its webhook's \
                 secret, which are asked for: `mikrelay account set {id} --secret-key-file - --webhook-secrets-file -`"
            ));
        }
        GatewayName::Conekta | GatewayName::Mercadopago => {
            values.extend([
                ("public_key", Value::from(key)),
                ("secret_key", Value::from(KEY_WANTED)),
            ]);
            draft.without_key(&id);
            notes.todo(format!(
                "account `{id}` cannot sell yet: the page has only its public key. Give its private key, which is asked for: \
                 `mikrelay account set {id} --secret-key-file -`"
            ));
        }
    }
    draft.add("account", &id, values);
    id
}

/// `awa-fedapay`, then `awa-fedapay-2`.
fn account_id(draft: &Draft, company: &str, gateway: GatewayName) -> String {
    let first = format!("{}-{}", slug(company), gateway.as_str());
    let numbered = (2..).map(|number: u32| format!("{first}-{number}"));
    let mut ids = std::iter::once(first.clone()).chain(numbered);
    ids.find(|id| !draft.has("account", id)).unwrap_or(first)
}

fn told_key(title: &str, name: &str) -> String {
    format!(
        "{title}'s `{name}` is a secret, and everybody could read it in this page: make a new one in {title}'s dashboard, and give \
         it to `mikrelay account set`. The new page does not need it"
    )
}

/// Whether a key opens an account: it is no key for pages.
pub fn is_private(key: &str) -> bool {
    PRIVATE_BEGINNINGS.iter().any(|beginning| key.starts_with(beginning)) || is_access_token(key)
}

/// Mercado Pago's access tokens count on with digits; its public keys are UUIDs. Facts: `gateways-latin-america.md`.
fn is_access_token(key: &str) -> bool {
    let rest = key.strip_prefix("APP_USR-").or_else(|| key.strip_prefix("TEST-"));
    rest.and_then(|rest| rest.split('-').next())
        .is_some_and(|first| first.len() >= 10 && first.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The lines on which a private key or a password stands, and what it is.
pub fn private_keys(page: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in page.lines().enumerate() {
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
        for word in words {
            let kind = if is_access_token(word) {
                "an access token of Mercado Pago"
            } else if word.eq_ignore_ascii_case("mikadminpass") {
                "the router's password (`mikadminpass`)"
            } else if word.starts_with("wh_") && is_private(word) {
                "a webhook's secret"
            } else if is_private(word) {
                "a private key"
            } else {
                continue;
            };
            if !found.contains(&(number + 1, kind)) {
                found.push((number + 1, kind));
            }
        }
    }
    found
}

/// FedaPay's and CinetPay's secret keys, and the secrets of FedaPay's webhooks.
const PRIVATE_BEGINNINGS: &[&str] = &[
    "sk_live_",
    "sk_sandbox_",
    "sk_test_",
    "wh_live_",
    "wh_sandbox_",
    "wh_test_",
];

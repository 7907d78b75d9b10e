//! The buy page: what one gets, what it costs, one button. Opening it changes nothing; the button makes the
//! order and sends the browser on with a redirect. The price shown and taken is the core's, never the link's.

use serde::Serialize;

use super::error::PageError;
use super::link::{self, BuyLink};
use super::render::render;
use super::{Page, Visit, format};
use crate::company::{GatewayName, Language, Mode};
use crate::gateway::{Network, PayMethod};
use crate::ids::{AccountId, OrderToken};
use crate::payment::Relay;
use crate::payment::checkout::{LinkTarget, Offer, OfferAccount, PlaceError, PlaceOrder, Placed};
use crate::phone::Phone;
use crate::secrets::random_token;

/// Which buy page was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door<'a> {
    /// `/b/<plan>`.
    Plan(&'a str),
    /// `/buy-mikhmon…`.
    Old(GatewayName),
}

/// The page.
pub fn show(relay: &Relay, door: Door<'_>, visit: &Visit<'_>) -> Result<Page, PageError> {
    let link = read_link(door, visit)?;
    let offer = relay.offer(&link.query)?;
    let language = visit.language().unwrap_or(offer.language);
    let view = compose(&link, &offer, language, Typed::default(), random_token(NONCE_BITS));
    Ok(Page::html(view.render(language)?))
}

/// The button.
pub async fn press(relay: &Relay, door: Door<'_>, visit: &Visit<'_>) -> Result<Page, PageError> {
    let link = read_link(door, visit)?;
    let offer = relay.offer(&link.query)?;
    let language = visit.language().unwrap_or(offer.language);
    let typed = Typed::read(visit);
    match relay.place(wish(&link, &offer, language, &typed, visit)).await {
        Ok(Placed::Redirect { token, url }) if is_web_address(&url) => leave(relay, token, Some(url), visit).await,
        Ok(Placed::Redirect { token, .. } | Placed::Page { token }) | Err(PlaceError::GatewayDown { token }) => {
            leave(relay, token, None, visit).await
        }
        Err(PlaceError::Field { field, .. }) => {
            let typed = Typed {
                fault: Some(field_text(field)),
                fault_field: field,
                ..typed
            };
            let view = compose(&link, &offer, language, typed, random_token(NONCE_BITS));
            Ok(Page::again(view.render(language)?))
        }
        Err(PlaceError::Link(fault)) => Err(fault.into()),
        Err(PlaceError::Store(error)) => Err(error.into()),
    }
}

/// Sends the browser on and lets it remember what it bought.
async fn leave(relay: &Relay, token: OrderToken, url: Option<String>, visit: &Visit<'_>) -> Result<Page, PageError> {
    // Without its order's reference only the cookie is missing; the sale must not fail for that.
    let order = relay.order_view(&token).await.ok().flatten();
    let device = order.map(|order| relay.sign_device(&order.reference, visit.device()));
    let page = Page::see_other(url.unwrap_or_else(|| format!("/o/{token}")));
    Ok(Page { device, ..page })
}

fn read_link(door: Door<'_>, visit: &Visit<'_>) -> Result<BuyLink, PageError> {
    // A script may leave the link's parameters in the address and post only what is typed.
    let pairs = visit.form.or(&visit.query);
    match door {
        // The account comes from the address alone: in the form it is one choice among several.
        Door::Plan(plan) => Ok(link::read_short(
            plan,
            visit.query.first(&["account"]),
            &pairs,
            visit.language(),
        )),
        Door::Old(gateway) => link::read_old(gateway, &pairs, visit.language()),
    }
}

fn wish(link: &BuyLink, offer: &Offer, language: Language, typed: &Typed, visit: &Visit<'_>) -> PlaceOrder {
    let account = typed.account.clone().or_else(|| link.account.clone());
    let network = typed
        .network
        .clone()
        .or_else(|| guess_network(offer, account.as_ref(), typed.phone.as_deref()));
    let mut query = link.query.clone();
    query.language = Some(language);
    let nonce = typed.nonce.as_ref().filter(|_| !comes_from_elsewhere(visit));
    // The same form with another choice in it is another wish.
    let nonce = nonce.map(|nonce| format!("{nonce}/{:?}/{:?}/{:?}", account, typed.phone, network));
    PlaceOrder {
        link: query,
        account,
        phone: typed.phone.clone(),
        email: typed.email.clone(),
        network,
        otp: typed.otp.clone(),
        nonce,
    }
}

/// The network a number belongs to by its first digits, where the buyer left the choice to us.
fn guess_network(offer: &Offer, account: Option<&AccountId>, phone: Option<&str>) -> Option<String> {
    let chosen = offer
        .accounts
        .iter()
        .find(|candidate| account.is_none_or(|id| &candidate.id == id))?;
    let PayMethod::PhoneForm { networks } = &chosen.method else {
        return None;
    };
    if let [only] = networks.as_slice() {
        return Some(only.id.to_owned());
    }
    let phone = Phone::parse(phone?, &offer.country).ok()?;
    let fits = |network: &&Network| {
        network
            .prefixes
            .iter()
            .any(|prefix| phone.national().starts_with(prefix))
    };
    networks.iter().find(fits).map(|network| network.id.to_owned())
}

/// Another site's form could choose the nonce, and with it know the order's page.
fn comes_from_elsewhere(visit: &Visit<'_>) -> bool {
    visit
        .headers
        .get("sec-fetch-site")
        .is_some_and(|site| site == "cross-site")
}

fn is_web_address(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn field_text(field: &str) -> &'static str {
    match field {
        "phone" => "field-phone",
        "network" => "field-network",
        "otp" => "field-otp",
        "email" => "field-email",
        "account" => "field-account",
        _ => "field-other",
    }
}

/// What stands in the form's fields.
#[derive(Clone, Debug, Default)]
struct Typed {
    account: Option<AccountId>,
    phone: Option<String>,
    network: Option<String>,
    otp: Option<String>,
    email: Option<String>,
    nonce: Option<String>,
    /// Key of what has to be mended, and the field it is about.
    fault: Option<&'static str>,
    fault_field: &'static str,
}

impl Typed {
    fn read(visit: &Visit<'_>) -> Self {
        let field = |name: &str| visit.form.first(&[name]).map(str::to_owned);
        Self {
            account: field("account").map(AccountId::new),
            phone: field("phone"),
            network: field("network"),
            otp: field("otp"),
            email: field("email"),
            nonce: field("nonce"),
            fault: None,
            fault_field: "",
        }
    }
}

/// What the template is given.
#[derive(Serialize)]
struct BuyPage<'a> {
    company: &'a str,
    label: &'a str,
    time: Option<String>,
    data: Option<String>,
    price: String,
    price_differs: bool,
    action: String,
    hidden: Vec<(&'static str, String)>,
    accounts: Vec<Choice>,
    /// The fields for a phone number, where any choice wants them.
    phone_form: Option<PhoneForm>,
    knows_device: bool,
    unexpanded: String,
    phone: String,
    email: String,
    otp: String,
    fault: Option<&'static str>,
    fault_field: &'static str,
    #[serde(skip)]
    here: Option<String>,
}

#[derive(Serialize)]
struct Choice {
    id: String,
    gateway: &'static str,
    by_phone: bool,
    by_script: bool,
    chosen: bool,
}

#[derive(Serialize)]
struct PhoneForm {
    networks: Vec<NetworkChoice>,
    /// Whether a number's first digits can tell its network.
    can_guess: bool,
    otp_networks: String,
    /// What the buyer dials for his code, where that is known.
    otp_dial: Option<String>,
}

#[derive(Serialize)]
struct NetworkChoice {
    id: &'static str,
    title: &'static str,
    wants_otp: bool,
    chosen: bool,
}

impl BuyPage<'_> {
    fn render(&self, language: Language) -> Result<String, PageError> {
        Ok(render("buy.html", language, self.here.as_deref(), self)?)
    }
}

fn compose<'a>(link: &BuyLink, offer: &'a Offer, language: Language, typed: Typed, nonce: String) -> BuyPage<'a> {
    let accounts = accounts_of(link, offer);
    let first = accounts.first().map(|account| &account.id);
    let wished = typed
        .account
        .as_ref()
        .filter(|id| accounts.iter().any(|account| &account.id == *id))
        .or(first);
    let choices: Vec<_> = accounts.iter().map(|account| choice(account, wished)).collect();
    let short = first.and_then(|account| link.short_form(offer.plan.plan.as_ref(), account));
    let (action, mut hidden) = match &short {
        Some(form) => (form.action(), form.device.clone()),
        None => (old_action(link), link.old_fields()),
    };
    if let [only] = accounts.as_slice() {
        hidden.push(("account", only.id.to_string()));
    }
    hidden.push(("lang", language.code().to_owned()));
    hidden.push(("nonce", nonce));
    let plan = &offer.plan;
    BuyPage {
        company: &offer.company_name,
        label: &plan.label,
        time: format::time(language, plan.time),
        data: format::data(language, plan.data),
        price: plan.price.for_people(language),
        price_differs: offer.price_differs,
        action,
        hidden,
        phone_form: phone_form(&accounts, &typed, plan.price.major_text()),
        accounts: choices,
        knows_device: link.query.mac.is_some(),
        unexpanded: link.unexpanded.join(", "),
        phone: typed.phone.unwrap_or_default(),
        email: typed.email.unwrap_or_default(),
        otp: typed.otp.unwrap_or_default(),
        fault: typed.fault,
        fault_field: typed.fault_field,
        here: short.map(|form| form.href()),
    }
}

/// The accounts to choose from: the one the link names, or all that may sell for real. Play money is a choice
/// only where there is no other.
fn accounts_of<'a>(link: &BuyLink, offer: &'a Offer) -> Vec<&'a OfferAccount> {
    let all = &offer.accounts;
    let named = all.iter().find(|account| Some(&account.id) == link.account.as_ref());
    let live = all.iter().any(|account| account.mode == Mode::Live);
    named.map_or_else(
        || {
            all.iter()
                .filter(|account| !live || account.mode == Mode::Live)
                .collect()
        },
        |account| vec![account],
    )
}

fn choice(account: &OfferAccount, wished: Option<&AccountId>) -> Choice {
    Choice {
        id: account.id.to_string(),
        gateway: account.gateway.title(),
        by_phone: matches!(account.method, PayMethod::PhoneForm { .. }),
        by_script: matches!(account.method, PayMethod::CheckoutJs { .. }),
        chosen: wished == Some(&account.id),
    }
}

fn old_action(link: &BuyLink) -> String {
    match &link.query.target {
        LinkTarget::Old(old) => link::old_path(old.gateway).to_owned(),
        LinkTarget::Plan(plan) => link::short_path(plan),
    }
}

/// The networks of all choices that want a number; several accounts of one company offer the same ones.
fn phone_form(accounts: &[&OfferAccount], typed: &Typed, amount: String) -> Option<PhoneForm> {
    let mut networks: Vec<&Network> = Vec::new();
    for account in accounts {
        if let PayMethod::PhoneForm { networks: offered } = &account.method {
            networks.extend(
                offered
                    .iter()
                    .filter(|network| networks.iter().all(|known| known.id != network.id))
                    .collect::<Vec<_>>(),
            );
        }
    }
    if networks.is_empty() {
        return None;
    }
    let otp: Vec<_> = networks.iter().filter(|network| network.wants_otp).collect();
    let dial = otp
        .iter()
        .find(|network| network.id == ORANGE_BURKINA)
        .map(|_| format!("*144*4*6*{amount}#"));
    Some(PhoneForm {
        can_guess: networks.iter().any(|network| !network.prefixes.is_empty()),
        otp_networks: otp.iter().map(|network| network.title).collect::<Vec<_>>().join(", "),
        otp_dial: dial,
        networks: networks
            .iter()
            .map(|network| NetworkChoice {
                id: network.id,
                title: network.title,
                wants_otp: network.wants_otp,
                chosen: typed.network.as_deref() == Some(network.id),
            })
            .collect(),
    })
}

/// A page without a relay, for tests of how it looks.
#[cfg(test)]
pub(super) fn sample(
    link: &BuyLink,
    offer: &Offer,
    language: Language,
    form: &[(&str, &str)],
    fault_field: Option<&'static str>,
) -> String {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    let headers = http::HeaderMap::new();
    let typed = Typed::read(&Visit::new(&headers, None, body.as_bytes()));
    let typed = Typed {
        fault: fault_field.map(field_text),
        fault_field: fault_field.unwrap_or_default(),
        ..typed
    };
    compose(link, offer, language, typed, "nonce-of-the-form".to_owned())
        .render(language)
        .expect("a page")
}

/// Nobody can guess a form's nonce.
const NONCE_BITS: usize = 128;
/// FeexPay's name of the one network whose code is dialled for (facts: `gateways-west-africa.md` 4.2).
const ORANGE_BURKINA: &str = "orange_bf";

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::super::link::Pairs;
    use super::*;
    use crate::ids::{HotspotId, PlanId};
    use crate::money::{Currency, Money};
    use crate::order::PlanSnapshot;
    use crate::plan::{DataLimit, TimeLimit};

    fn offer(networks: &[(&'static str, &'static [&'static str])]) -> Offer {
        let network = |(id, prefixes): &(&'static str, &'static [&'static str])| Network {
            id,
            title: id,
            prefixes,
            wants_otp: false,
        };
        let method = PayMethod::PhoneForm {
            networks: networks.iter().map(network).collect(),
        };
        Offer {
            company_name: "Cyber Awa".to_owned(),
            country: "BJ".to_owned(),
            language: Language::Fr,
            hotspot: HotspotId::new("h"),
            dns_name: None,
            plan: PlanSnapshot {
                plan: Some(PlanId::new("4h")),
                label: "4 heures".to_owned(),
                profile: "4H".to_owned(),
                price: Money::from_minor(100, Currency::Xof),
                time: TimeLimit::default(),
                data: DataLimit::default(),
            },
            accounts: vec![OfferAccount {
                id: AccountId::new("feex"),
                gateway: GatewayName::Feexpay,
                mode: Mode::Live,
                method,
            }],
            price_differs: false,
        }
    }

    #[test]
    fn a_number_tells_its_network_where_it_can() {
        let offer = offer(&[("mtn", &["0166", "0197"]), ("moov", &["0195"])]);
        for (phone, expected) in [
            ("01 66 00 00 34", Some("mtn")),
            ("+229 01 97 00 00 34", Some("mtn")),
            ("95000034", Some("moov")),
            ("01 11 00 00 34", None),
            ("hello", None),
        ] {
            assert_eq!(guess_network(&offer, None, Some(phone)).as_deref(), expected, "{phone}");
        }
        assert_eq!(guess_network(&offer, None, None), None);
    }

    #[test]
    fn the_only_network_needs_no_choice() {
        let offer = offer(&[("mtn_cg", &[])]);
        assert_eq!(guess_network(&offer, None, Some("anything")).as_deref(), Some("mtn_cg"));
        assert_eq!(guess_network(&offer, Some(&AccountId::new("other")), None), None);
    }

    #[test]
    fn the_same_form_is_one_wish_and_another_choice_another() {
        let offer = offer(&[("mtn", &[])]);
        let link = link::read_short("4h", None, &Pairs::default(), None);
        let nonce = |body: &str, site: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("sec-fetch-site", site.parse().expect("a header"));
            let visit = Visit::new(&headers, None, body.as_bytes());
            wish(&link, &offer, Language::Fr, &Typed::read(&visit), &visit).nonce
        };
        let first = nonce("nonce=n&phone=0166000034", "same-origin");
        assert!(first.is_some());
        assert_eq!(nonce("nonce=n&phone=0166000034", "same-origin"), first);
        assert_ne!(nonce("nonce=n&phone=0166000035", "same-origin"), first);
        assert_eq!(
            nonce("nonce=n&phone=0166000034", "cross-site"),
            None,
            "another site may know the nonce"
        );
        assert_eq!(nonce("phone=0166000034", "same-origin"), None);
    }
}

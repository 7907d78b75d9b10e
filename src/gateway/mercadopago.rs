//! Mercado Pago: hosted checkouts of cards, wallets and cash in Latin America, by preferences and `/v1/payments`, or
//! by the newer orders where the account says `checkout = "orders"`.
//!
//! Promises: a notification only says which payment to ask about; a payment's own answer decides, and only if it
//! names our order. Creating and refunding carry an idempotency key that is the same for each try, so a try whose
//! answer was lost is repeated without harm or found again by our reference. Amounts never become floats.
//! Deliberately does not do: instalment choices on the hosted page, captures, partial refunds, payments split over several
//! cards (each half would be held as a wrong amount). Facts: `gateways-latin-america.md` 3.

mod charge;
mod least;
mod list;
mod notice;
mod order;
mod payment;
mod preference;
mod problem;
mod refund;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::answer;
use super::call::{Answer, Body, Call, Dialogue};
use super::{
    Authenticity, ChargeRequest, Gateway, GatewayError, Incoming, Lack, Notice, PayMethod, PaymentKey, PaymentRequest,
    RefundRequest, RefundState, Refusal, Report, Started, Told, Unreadable, signature,
};
use crate::company::{Account, AccountKeys, MercadopagoCheckout, Mode};
use crate::ids::OrderRef;
use crate::money::{Currency, Money};
use crate::reason::GatewayRule;

pub struct Mercadopago;

impl Gateway for Mercadopago {
    fn pay_method(&self, account: &Account, _country: &str) -> PayMethod {
        match Api::of(account) {
            Ok(_) => PayMethod::Redirect,
            Err(_) if account.keys.private_key().is_none() => PayMethod::Cannot {
                missing: Lack::OneOf(&["secret_key"]),
            },
            Err(_) => PayMethod::Cannot {
                missing: Lack::ForeignKeys,
            },
        }
    }

    fn can_ask(&self, account: &Account) -> bool {
        Api::of(account).is_ok()
    }

    fn authenticate(&self, account: &Account, incoming: Incoming<'_>, _: Timestamp) -> Result<Authenticity, Refusal> {
        match &account.keys {
            AccountKeys::Mercadopago { webhook_secrets, .. } => notice::authenticate(webhook_secrets, incoming),
            _ => Err(Refusal::Wrong),
        }
    }

    fn query_names(&self) -> &'static [&'static str] {
        &notice::QUERY_NAMES
    }

    fn event_key(&self, told: Told<'_>) -> String {
        notice::event_key(told)
    }

    fn read_notice(&self, _: &Account, told: Told<'_>) -> Result<Notice, Unreadable> {
        notice::read(told)
    }

    fn identify(&self, account: &Account, notice: &Notice) -> Option<Dialogue<Report>> {
        let named = Named::read(notice.gateway_id.as_deref()?)?;
        Some(match Api::of(account) {
            Ok(api) => look(api, named),
            Err(error) => answer::ended(error),
        })
    }

    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started> {
        let checked = Api::of(account).and_then(|api| check_currency(request.amount).map(|()| api));
        match checked {
            Ok(api) => {
                let wanted = request.clone();
                least::checked(api, request, move |api| match api.checkout {
                    MercadopagoCheckout::Orders => order::create(api, &wanted),
                    MercadopagoCheckout::Preferences => preference::create(api, &wanted),
                })
            }
            Err(error) => answer::ended(error),
        }
    }

    fn charge(&self, account: &Account, request: &ChargeRequest) -> Dialogue<Report> {
        match Api::of(account) {
            Ok(api) => charge::charge(&api, request),
            Err(error) => answer::ended(error),
        }
    }

    fn ask(&self, account: &Account, key: &PaymentKey) -> Dialogue<Report> {
        match Api::of(account) {
            Ok(api) => ask(api, key.clone()),
            Err(error) => answer::ended(error),
        }
    }

    fn list_paid(&self, account: &Account, since: Timestamp, until: Timestamp) -> Option<Dialogue<Vec<Report>>> {
        Api::of(account).ok().map(|api| list::paid(api, since, until))
    }

    fn can_refund(&self, account: &Account) -> bool {
        Api::of(account).is_ok()
    }

    fn refund(&self, account: &Account, request: &RefundRequest) -> Dialogue<RefundState> {
        match Api::of(account) {
            Ok(api) => refund::refund(api, request.clone()),
            Err(error) => answer::ended(error),
        }
    }
}

/// Where an account's calls go, and with what.
#[derive(Clone)]
struct Api {
    base: String,
    token: SecretString,
    checkout: MercadopagoCheckout,
    mode: Mode,
}

impl Api {
    fn of(account: &Account) -> Result<Self, GatewayError> {
        let AccountKeys::Mercadopago {
            access_token, checkout, ..
        } = &account.keys
        else {
            return Err(GatewayError::Misconfigured(FOREIGN_ACCOUNT.to_owned()));
        };
        if access_token.expose_secret().is_empty() {
            return Err(GatewayError::Misconfigured(NO_KEY.to_owned()));
        }
        let base = account.base_url.as_deref().unwrap_or(API);
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            token: access_token.clone(),
            checkout: *checkout,
            mode: account.mode,
        })
    }

    fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path, Body::Empty)
    }

    /// A call that makes or changes something; `key` is the same for each try of it.
    fn post(&self, path: &str, key: String, body: Body) -> Call {
        let mut call = self.call(Method::POST, path, body);
        call.headers.push(("x-idempotency-key", key));
        call
    }

    fn call(&self, method: Method, path: &str, body: Body) -> Call {
        Call {
            method,
            url: format!("{}/{path}", self.base),
            bearer: Some(self.token.clone()),
            headers: Vec::new(),
            body,
        }
    }
}

/// What an id that we keep, or that a notification names, stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Payment(String),
    /// A merchant order: a basket that leads to payments.
    Basket(String),
    Chargeback(String),
    Order(String),
}

impl Named {
    /// `None` for a preference's id, which no payment is found by.
    fn read(id: &str) -> Option<Self> {
        let all = |fits: fn(&u8) -> bool| !id.is_empty() && id.bytes().all(|byte| fits(&byte));
        if let Some(id) = id.strip_prefix(notice::BASKET) {
            return Some(Self::Basket(id.to_owned()));
        }
        if let Some(id) = id.strip_prefix(notice::CHARGEBACK) {
            return Some(Self::Chargeback(id.to_owned()));
        }
        if all(u8::is_ascii_digit) {
            return Some(Self::Payment(id.to_owned()));
        }
        all(u8::is_ascii_alphanumeric).then(|| Self::Order(id.to_owned()))
    }
}

/// Asks by the id if it leads to a payment of this order that decides something, else by our reference: a buyer who
/// was refused may have paid with his next try. A payment is a part of its order where the account makes those, and
/// the order is what we know by its id.
fn ask(api: Api, key: PaymentKey) -> Dialogue<Report> {
    let Some(named) = key.gateway_id.as_deref().and_then(Named::read) else {
        return ask_by_reference(api, key);
    };
    let is_order = matches!(named, Named::Order(_));
    let is_part = !is_order && api.checkout == MercadopagoCheckout::Orders;
    look(api.clone(), named).then(move |found| {
        let found = found.and_then(|report| about_order(report, &key));
        match found {
            Ok(report) if is_part => by_reference(api, key).then(move |whole| {
                Dialogue::Done(Ok(match whole {
                    Ok(whole) => order::with_word_of_payment(whole, &report.status),
                    Err(_) => report,
                }))
            }),
            Ok(report) if is_order || !payment::may_be_followed(&report.status) => Dialogue::Done(Ok(report)),
            Ok(report) => by_reference(api, key).then(|other| Dialogue::Done(Ok(other.unwrap_or(report)))),
            // A forged or confused notification named what is not ours; ours is looked up then.
            Err(GatewayError::NotFound) => ask_by_reference(api, key),
            Err(error) if problem::is_foreign(&error) => ask_by_reference(api, key),
            Err(error) => Dialogue::Done(Err(error)),
        }
    })
}

/// What an id leads to, whoever's order it is about.
fn look(api: Api, named: Named) -> Dialogue<Report> {
    match named {
        Named::Payment(id) => payment::look(&api, &id),
        Named::Basket(id) => preference::look_at_basket(api, &id),
        Named::Chargeback(id) => payment::look_at_chargeback(api, &id),
        Named::Order(id) => order::look(&api, &id),
    }
}

/// By our reference; where nothing was tried yet, the page is found again that a lost answer would have told.
fn ask_by_reference(api: Api, key: PaymentKey) -> Dialogue<Report> {
    let is_known = key.gateway_id.is_some();
    let (again, wanted) = (api.clone(), key.clone());
    by_reference(api, key).then(move |found| match found {
        Err(GatewayError::NotFound) if again.checkout == MercadopagoCheckout::Orders => {
            Dialogue::Done(Err(GatewayError::NotFound))
        }
        // The preference is there and nobody has tried to pay it.
        Err(GatewayError::NotFound) if is_known => Dialogue::Done(Ok(Report::of(super::PaymentStatus::Pending))),
        Err(GatewayError::NotFound) => preference::find_again(again, &wanted),
        other => Dialogue::Done(other),
    })
}

fn by_reference(api: Api, key: PaymentKey) -> Dialogue<Report> {
    match (api.checkout, key.gateway_id.as_deref()) {
        // The account was set to orders after this order's preference was made.
        (MercadopagoCheckout::Orders, Some(id)) if id.contains('-') => payment::search(api, key),
        // A card's payment is none of its orders.
        (MercadopagoCheckout::Orders, None) => order::search(api.clone(), key.clone()).then(move |found| match found {
            Err(GatewayError::NotFound) => payment::search(api, key),
            other => Dialogue::Done(other),
        }),
        (MercadopagoCheckout::Orders, Some(_)) => order::search(api, key),
        (MercadopagoCheckout::Preferences, _) => payment::search(api, key),
    }
}

/// Unlike the other gateways' payments, each of ours carries our reference: one without it is somebody else's.
fn about_order(report: Report, key: &PaymentKey) -> Result<Report, GatewayError> {
    match &report.order {
        Some(order) if *order == key.order => Ok(report),
        _ => Err(GatewayError::NotFound),
    }
}

/// A stable key for one purpose, in the shape of a random UUID, which is what the gateway's pages ask for.
fn idempotency_key(purpose: &str, parts: &[&str]) -> String {
    let text = format!("mikrelay/{purpose}/{}", parts.join("/"));
    let mut hex = signature::sha256_hex(text.as_bytes());
    hex.truncate(32);
    // Version 4, and the variant of all of today's UUIDs.
    hex.replace_range(12..13, "4");
    hex.replace_range(16..17, "a");
    for at in [20, 16, 12, 8] {
        hex.insert(at, '-');
    }
    hex
}

/// A moment as the API writes it: with an offset in digits.
fn moment(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00")
        .to_string()
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(time)
}

/// The callback's address with our reference, which the notification then brings back, and without the legacy
/// shape. The access UUID stays last, where `http_client` hides it.
fn notification_url(order: &OrderRef, notify_url: &str) -> Result<String, GatewayError> {
    let own = format!("source_news=webhooks&{}={order}", notice::OUR_REFERENCE);
    let url = match notify_url.split_once('?') {
        Some((path, query)) => format!("{path}?{own}&{query}"),
        None => format!("{notify_url}?{own}"),
    };
    if url.len() > NOTIFICATION_URL_CHARS {
        return Err(GatewayError::Rule(GatewayRule::AddressLength {
            max: NOTIFICATION_URL_CHARS,
        }));
    }
    Ok(url)
}

/// Refuses what the gateway is paid in nowhere, before it is asked.
fn check_currency(amount: Money) -> Result<(), GatewayError> {
    if CURRENCIES.contains(&amount.currency()) {
        return Ok(());
    }
    Err(GatewayError::Rule(GatewayRule::Currencies {
        codes: CURRENCIES.map(Currency::code).join(", "),
    }))
}

/// A success's object.
fn read<T: serde::de::DeserializeOwned>(answer: &Answer, what: &str) -> Result<T, GatewayError> {
    if !answer.status.is_success() {
        return Err(problem::failure(answer));
    }
    answer::read_object(&answer.body).map_err(|_| answer::senseless(what))
}

const API: &str = "https://api.mercadopago.com";
const FOREIGN_ACCOUNT: &str = "the account's keys are not Mercado Pago's";
const NO_KEY: &str = "its owner took its secret key away";
/// One for each of its countries (facts 3.10).
const CURRENCIES: [Currency; 7] = [
    Currency::Ars,
    Currency::Brl,
    Currency::Clp,
    Currency::Cop,
    Currency::Mxn,
    Currency::Pen,
    Currency::Uyu,
];
/// The longest it takes (facts 3.2).
const NOTIFICATION_URL_CHARS: usize = 248;
/// How long the link can be paid: as long as the order's page waits.
const LINK_LIVES: SignedDuration = SignedDuration::from_hours(24);
/// How long a store's voucher can be paid; facts 3.2 advise three days and more.
const VOUCHER_LIVES: SignedDuration = SignedDuration::from_hours(72);

#[cfg(test)]
#[path = "mercadopago_tests.rs"]
mod tests;

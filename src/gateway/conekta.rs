//! Conekta: one order per sale, paid on its hosted page by card, at a store's till or by bank transfer (SPEI).
//!
//! Promises: an order is asked about by its id or, where the answer to its creation was lost, found by our
//! reference, because Conekta has no idempotency key; only `paid` is money; amounts stay integers (centavos); a
//! refund is read before it is asked for, so that asking twice gives back once.
//! Deliberately does not do: customers, plans, captures, 3-D Secure challenges outside of its own page.
//! Facts: `gateways-latin-america.md` 2; version 2.2 is asked for, and nothing is read that 2.1 and 2.3 lack.

pub(super) mod charge;
mod list;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::answer;
use super::call::{Answer, Body, Call, Dialogue};
use super::conekta_order::{self as wire, Event, Order};
use super::{
    Authenticity, ChargeRequest, Gateway, GatewayError, Incoming, Lack, Notice, PayMethod, PaymentKey, PaymentRequest,
    PaymentStatus, RefundReason, RefundRequest, RefundState, Refusal, Report, Started, Told, Unreadable, signature,
};
use crate::company::{Account, AccountKeys, ConektaMethod, Language, Mode};
use crate::ids::OrderRef;
use crate::money::{Currency, Money};
use crate::reason::GatewayRule;

pub struct Conekta;

impl Gateway for Conekta {
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

    fn payable_for(&self, account: &Account) -> SignedDuration {
        let is_card_only = Api::of(account).is_ok_and(|api| api.methods == [ConektaMethod::Card]);
        if is_card_only { CARD_LIFE } else { VOUCHER_LIFE }
    }

    fn authenticate(
        &self,
        account: &Account,
        incoming: Incoming<'_>,
        _now: Timestamp,
    ) -> Result<Authenticity, Refusal> {
        let AccountKeys::Conekta { webhook_keys, .. } = &account.keys else {
            return Err(Refusal::Wrong);
        };
        // A company without a webhook key gets no signatures; the gateway is asked instead.
        if webhook_keys.is_empty() {
            return Ok(Authenticity::Unsigned);
        }
        signature::check_conekta(incoming.headers, webhook_keys, incoming.body)?;
        Ok(Authenticity::Signed)
    }

    fn event_key(&self, told: Told<'_>) -> String {
        let event: Result<Event, _> = answer::read_object(told.body);
        let id = event.ok().and_then(|event| event.id.owned());
        id.filter(|id| id.len() <= MAX_KEY)
            .unwrap_or_else(|| signature::sha256_hex(told.body))
    }

    fn read_notice(&self, _account: &Account, told: Told<'_>) -> Result<Notice, Unreadable> {
        answer::read_object::<Event>(told.body)?.notice()
    }

    fn start(&self, account: &Account, request: &PaymentRequest) -> Dialogue<Started> {
        let expires_at = request.created_at + self.payable_for(account);
        let checked = Api::of(account).and_then(|api| Ok((order(&api, request, expires_at)?, api)));
        match checked {
            Ok((body, api)) => {
                let call = api.call(Method::POST, "orders", Body::Json(body), request.language);
                let reference = request.order.clone();
                Dialogue::call(call, move |answer| {
                    Dialogue::Done(read_started(&api, &answer, &reference))
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
            Ok(api) => ask(api, key),
            Err(error) => answer::ended(error),
        }
    }

    fn list_paid(&self, account: &Account, since: Timestamp, _until: Timestamp) -> Option<Dialogue<Vec<Report>>> {
        Api::of(account).ok().map(|api| list::paid(api, since))
    }

    fn can_refund(&self, account: &Account) -> bool {
        Api::of(account).is_ok()
    }

    fn refund(&self, account: &Account, request: &RefundRequest) -> Dialogue<RefundState> {
        let api = match Api::of(account) {
            Ok(api) => api,
            Err(error) => return answer::ended(error),
        };
        let call = api.get(&order_path(request));
        let request = request.clone();
        Dialogue::call(call, move |answer| match read_order(&answer, &request.order) {
            Ok(order) => give_back(&api, &order, &request),
            Err(error) => answer::ended(error),
        })
    }
}

/// Where an account's calls go, and with what.
struct Api {
    base: String,
    key: SecretString,
    mode: Mode,
    methods: Vec<ConektaMethod>,
}

impl Api {
    fn of(account: &Account) -> Result<Self, GatewayError> {
        let AccountKeys::Conekta {
            private_key, methods, ..
        } = &account.keys
        else {
            return Err(GatewayError::Misconfigured(FOREIGN_ACCOUNT.to_owned()));
        };
        if private_key.expose_secret().is_empty() {
            return Err(GatewayError::Misconfigured(NO_KEY.to_owned()));
        }
        let base = account.base_url.as_deref().unwrap_or(API).trim_end_matches('/');
        Ok(Self {
            base: base.to_owned(),
            key: private_key.clone(),
            mode: account.mode,
            methods: methods.clone(),
        })
    }

    fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path, Body::Empty, Language::Es)
    }

    /// `language` is that of the messages meant for the buyer; Conekta has two.
    fn call(&self, method: Method, path: &str, body: Body, language: Language) -> Call {
        let spoken = if language == Language::Es { "es" } else { "en" };
        Call {
            method,
            url: format!("{}/{path}", self.base),
            bearer: Some(self.key.clone()),
            headers: vec![("accept", VERSION.to_owned()), ("accept-language", spoken.to_owned())],
            body,
        }
    }
}

/// The order as Conekta takes it, or the rule it breaks.
fn order(api: &Api, request: &PaymentRequest, expires_at: Timestamp) -> Result<serde_json::Value, GatewayError> {
    let centavos = fitting_amount(request.amount)?;
    let reference = request.order.as_str();
    let methods: Vec<_> = api.methods.iter().map(|method| method.as_str()).collect();
    // The search looks at mail addresses, and a buyer at a hotspot rarely gives one.
    let email = request.email.clone();
    let email = email.unwrap_or_else(|| format!("{}@{NO_MAIL_HOST}", reference.to_ascii_lowercase()));
    let phone = request.phone.as_deref();
    Ok(json!({
        "currency": request.amount.currency().code(),
        "customer_info": {
            "name": "Cliente WiFi",
            "email": email,
            "phone": phone.map_or_else(|| NO_PHONE.to_owned(), |digits| format!("+{digits}")),
        },
        "line_items": [{
            "name": request.description,
            "unit_price": centavos,
            "quantity": 1,
            "sku": reference,
        }],
        "checkout": {
            "type": "HostedPayment",
            "name": reference,
            "allowed_payment_methods": methods,
            "expires_at": expires_at.as_second(),
            "success_url": request.return_url,
            "failure_url": request.return_url,
            "redirection_time": REDIRECT_AFTER_S,
        },
        "metadata": { wire::REFERENCE: reference },
    }))
}

fn fitting_amount(amount: Money) -> Result<i64, GatewayError> {
    let rule = if amount.currency() != Currency::Mxn {
        GatewayRule::Currencies {
            codes: Currency::Mxn.code().to_owned(),
        }
    } else if amount.minor() < LEAST_CENTAVOS {
        GatewayRule::AtLeast {
            least: Money::from_minor(LEAST_CENTAVOS, Currency::Mxn),
        }
    } else {
        return Ok(amount.minor());
    };
    Err(GatewayError::Rule(rule))
}

fn read_started(api: &Api, answer: &Answer, reference: &OrderRef) -> Result<Started, GatewayError> {
    // A refused card answers 402 with the order inside: it exists, and may be paid later.
    if answer.status.as_u16() == 402
        && let Some(order) = wire::inside(answer).filter(|order| order.is_about(reference))
    {
        check_mode(api.mode, order.mode())?;
        return Ok(Started {
            gateway_id: order.id.owned(),
            pay_url: order.pay_url(),
            failed: Some(order.refusal().unwrap_or_else(|| wire::why_refused(answer))),
            raw: wire::inside_json(answer),
            ..Started::default()
        });
    }
    let order = read_order(answer, reference)?;
    check_mode(api.mode, order.mode())?;
    let gateway_id = order.id.owned().ok_or_else(|| answer::senseless("order id"))?;
    let pay_url = order.pay_url().ok_or_else(|| answer::senseless("`checkout.url`"))?;
    Ok(Started {
        gateway_id: Some(gateway_id),
        pay_url: Some(pay_url),
        raw: answer.json_object(),
        ..Started::default()
    })
}

/// The key alone decides whether the money is real, and no prefix tells.
fn check_mode(account: Mode, told: Option<Mode>) -> Result<(), GatewayError> {
    let sentence = match (account, told) {
        (Mode::Live, Some(Mode::Test)) => {
            "the private key is one of Conekta's test mode and the account is live: use the production key, or set \
             `mode = \"test\"`"
        }
        (Mode::Test, Some(Mode::Live)) => {
            "the private key takes real money and the account is a test: use the test key, or set `mode = \"live\"`"
        }
        _ => return Ok(()),
    };
    Err(GatewayError::Misconfigured(sentence.to_owned()))
}

fn ask(api: Api, key: &PaymentKey) -> Dialogue<Report> {
    let Some((order_id, _)) = key.gateway_id.as_deref().and_then(wire::parts) else {
        return find(api, key.clone(), |_, found| Dialogue::Done(found.report()));
    };
    let of_order = PaymentKey {
        gateway_id: Some(order_id.to_owned()),
        ..key.clone()
    };
    let wanted = key.gateway_id.clone();
    find(api, of_order, move |_, found| {
        let other = found.others().into_iter().find(|other| other.gateway_id == wanted);
        Dialogue::Done(other.ok_or(GatewayError::NotFound))
    })
}

/// Goes on with the order a key names: by its id, and where that is unknown or another's, by our reference.
fn find<T: 'static>(
    api: Api,
    key: PaymentKey,
    then: impl FnOnce(&Api, &Order) -> Dialogue<T> + Send + 'static,
) -> Dialogue<T> {
    let Some(id) = &key.gateway_id else {
        return search(api, key, then);
    };
    let call = api.get(&format!("orders/{}", answer::path_segment(id)));
    Dialogue::call(call, move |answer| match read_order(&answer, &key.order) {
        Ok(order) => then(&api, &order),
        // An unsigned webhook may have named a wrong id; ours is looked up then.
        Err(GatewayError::NotFound) => search(api, key, then),
        Err(error) => answer::ended(error),
    })
}

/// What the search covers is published in half a sentence only, so the orders of that quarter of an hour are
/// looked through where it finds nothing.
fn search<T: 'static>(
    api: Api,
    key: PaymentKey,
    then: impl FnOnce(&Api, &Order) -> Dialogue<T> + Send + 'static,
) -> Dialogue<T> {
    let reference = answer::path_segment(key.order.as_str());
    let call = api.get(&format!("orders?limit={SEARCHED}&search={reference}"));
    Dialogue::call(call, move |answer| match read_list(&answer, &key.order) {
        Ok((Some(order), _)) => then(&api, &order),
        Ok((None, _)) => look_through(api, key, then, None, 1),
        Err(error) => answer::ended(error),
    })
}

/// Page by page: an order that was not seen is not one that does not exist, and must not be made again.
fn look_through<T: 'static>(
    api: Api,
    key: PaymentKey,
    then: impl FnOnce(&Api, &Order) -> Dialogue<T> + Send + 'static,
    after: Option<&str>,
    page: usize,
) -> Dialogue<T> {
    let made_s = key.created_at.as_second();
    let mut path = format!(
        "orders?limit={}&created_at.gte={}&created_at.lte={}",
        list::PAGE,
        made_s - CLOCKS_DIFFER_S,
        made_s + MADE_WITHIN_S
    );
    if let Some(after) = after {
        path.push_str("&next=");
        path.push_str(&answer::path_segment(after));
    }
    Dialogue::call(api.get(&path), move |answer| match read_list(&answer, &key.order) {
        Ok((Some(order), _)) => then(&api, &order),
        Ok((None, None)) => answer::ended(GatewayError::NotFound),
        Ok((None, Some(next))) if page < MOST_PAGES => look_through(api, key, then, Some(&next), page + 1),
        Ok((None, Some(_))) => answer::ended(answer::senseless("end of the list of orders")),
        Err(error) => answer::ended(error),
    })
}

/// The order of an answer, if it is the one with our reference: an order without one is none of ours.
fn read_order(answer: &Answer, reference: &OrderRef) -> Result<Order, GatewayError> {
    if !answer.status.is_success() {
        return Err(wire::failure(answer));
    }
    let order: Order = answer::read_object(&answer.body).map_err(|_| answer::senseless("order"))?;
    if order.object.get() != Some("order") {
        return Err(answer::senseless("order"));
    }
    if order.is_about(reference) {
        Ok(order)
    } else {
        Err(GatewayError::NotFound)
    }
}

/// The order of a list that has our reference, of several the one that took money, else the newest; and what the next
/// page begins after.
fn read_list(answer: &Answer, reference: &OrderRef) -> Result<(Option<Order>, Option<String>), GatewayError> {
    if !answer.status.is_success() {
        return Err(wire::failure(answer));
    }
    let mut orders = wire::list(answer).map_err(|_| answer::senseless("list of orders"))?;
    let next = list::after(answer, &orders);
    orders.retain(|order| order.is_about(reference));
    let rank = |order: &Order| match order.status() {
        PaymentStatus::Pending | PaymentStatus::Unknown(_) => 1,
        PaymentStatus::Failed { .. } | PaymentStatus::Expired | PaymentStatus::Cancelled => 2,
        _ => 0,
    };
    // The first of the best, for the newest come first.
    let best = (0..orders.len()).min_by_key(|at| orders.get(*at).map_or(u8::MAX, rank));
    let at = best.unwrap_or_default();
    Ok(((at < orders.len()).then(|| orders.swap_remove(at)), next))
}

/// Asks for what is still missing of the wanted refund, and for nothing where it was made before.
fn give_back(api: &Api, order: &Order, request: &RefundRequest) -> Dialogue<RefundState> {
    let Some(paid) = order
        .money()
        .filter(|paid| paid.currency() == request.amount.currency())
    else {
        return answer::ended(answer::senseless("amount in the order's currency"));
    };
    let Some(refunded) = refunded_minor(order, request) else {
        return answer::ended(GatewayError::NotFound);
    };
    if refunded >= request.amount.minor() {
        return Dialogue::Done(Ok(RefundState::Done));
    }
    let charge = wire::parts(&request.gateway_id).map(|(_, charge)| charge.to_owned());
    match order.status() {
        _ if charge.is_some() => {}
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded => {}
        PaymentStatus::Refunded => return Dialogue::Done(Ok(RefundState::Done)),
        _ => {
            let word = order.payment_status.get().unwrap_or("not paid");
            let sentence = format!(
                "Conekta calls the order `{}`: there is no money to give back",
                answer::one_line(word)
            );
            return Dialogue::Done(Ok(RefundState::Refused(sentence)));
        }
    }
    let missing = request.amount.minor() - refunded;
    let mut body = json!({ "amount": missing, "reason": reason(request.reason) });
    // The guide wants the charge where not all of the order's money is given back.
    let is_part = missing < paid.minor() || order.overpaid().is_some();
    let charge = charge.or_else(|| order.paid_charge().filter(|_| is_part));
    if let (Some(charge), Some(fields)) = (charge, body.as_object_mut()) {
        fields.insert("charge_id".to_owned(), json!(charge));
    }
    let path = format!("{}/refunds", order_path(request));
    let call = api.call(Method::POST, &path, Body::Json(body), Language::Es);
    let request = request.clone();
    Dialogue::call(call, move |answer| Dialogue::Done(read_refund(&answer, &request)))
}

fn order_path(request: &RefundRequest) -> String {
    let order_id = wire::parts(&request.gateway_id).map_or(request.gateway_id.as_str(), |(order_id, _)| order_id);
    format!("orders/{}", answer::path_segment(order_id))
}

/// What of the payment went back, in centavos; `None` where the order has no such payment.
fn refunded_minor(order: &Order, request: &RefundRequest) -> Option<i64> {
    match wire::parts(&request.gateway_id) {
        Some((_, charge)) => order.overpaid()?.returned_minor(charge),
        None => Some(order.refunded_minor()),
    }
}

fn read_refund(answer: &Answer, request: &RefundRequest) -> Result<RefundState, GatewayError> {
    match read_order(answer, &request.order) {
        Ok(order) if refunded_minor(&order, request).is_some_and(|minor| minor >= request.amount.minor()) => {
            Ok(RefundState::Done)
        }
        Ok(_) => Ok(RefundState::Pending),
        Err(GatewayError::Refused(words)) => Ok(RefundState::Refused(words)),
        Err(error) => Err(error),
    }
}

fn reason(reason: RefundReason) -> &'static str {
    match reason {
        RefundReason::RequestedByClient => "requested_by_client",
        RefundReason::CannotBeFulfilled => "cannot_be_fulfilled",
        RefundReason::Duplicate => "duplicated_transaction",
    }
}

const API: &str = "https://api.conekta.io";
/// The version whose shapes this file was written from.
const VERSION: &str = "application/vnd.conekta-v2.2.0+json";
const FOREIGN_ACCOUNT: &str = "this is no Conekta account";
const NO_KEY: &str = "its owner took its secret key away";
/// The documented minimum of a card. Cash and transfers have one nobody published.
const LEAST_CENTAVOS: i64 = 300;
/// A card is paid while the buyer stands there; a day covers who comes back to the page.
const CARD_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// A reference may be carried to a store over a weekend. The page and its voucher share one expiry.
const VOUCHER_LIFE: SignedDuration = SignedDuration::from_hours(72);
/// Long enough to read that it worked, on a page that then goes back by itself.
const REDIRECT_AFTER_S: u32 = 4;
/// Required by the API; no mail is ever delivered there.
const NO_MAIL_HOST: &str = "example.com";
/// Required by the API; of the range that belongs to nobody.
const NO_PHONE: &str = "+5215555555555";
/// A reference names one order, or a few where one was made twice by hand.
const SEARCHED: u32 = 20;
/// A thousand orders within half an hour are more than a hotspot's worth.
const MOST_PAGES: usize = 10;
/// Our clock may be wrong by so much.
const CLOCKS_DIFFER_S: i64 = 600;
/// The call that makes an order is over long before.
const MADE_WITHIN_S: i64 = 900;
/// Event ids have 24 characters; a longer one is somebody's play and gets a digest.
const MAX_KEY: usize = 128;

#[cfg(test)]
#[path = "conekta_tests.rs"]
mod tests;

//! Conekta's orders API: hosted checkouts, direct charges with test tokens, refunds, search, webhook keys.
//! Facts: `gateways-latin-america.md` 2.
//!
//! Made up, because nothing is published: the details' codes for a refund that is too large or comes too
//! early, and which of several active webhook keys signs (the newest). Not imitated: customers, plans,
//! captures, instalments, and the sending of vouchers by mail.

use std::sync::Arc;

use data_encoding::BASE64;
use http::{HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::http::{Reply, Request};
use super::card_token::{CardToken, Outcome};
use super::conekta_keys::WebhookKeys;
use super::conekta_order::{self as order, Failure};
use super::conekta_refunds;
use super::desk::{Desk, Payment, has_bearer, json_body, text};
use super::{ConektaKeys, Quirk, SimStatus};

/// The company at Conekta: what it signs in with, and what its webhooks are signed with.
#[derive(Clone, Debug)]
pub struct Merchant {
    keys: ConektaKeys,
    pub webhook_keys: WebhookKeys,
}

impl Merchant {
    pub fn new(keys: ConektaKeys) -> Self {
        Self {
            keys,
            webhook_keys: WebhookKeys::default(),
        }
    }

    /// Bearer, or Basic with an empty password: both are documented and both are in use.
    fn is_shown_by(&self, request: &Request) -> bool {
        let key = &self.keys.private_key;
        let basic = format!("Basic {}", BASE64.encode(format!("{key}:").as_bytes()));
        has_bearer(request, key) || request.header("authorization") == Some(&basic)
    }
}

pub fn answer(desk: &Arc<Desk>, merchant: &Merchant, request: &Request) -> Reply {
    if !merchant.is_shown_by(request) {
        return unauthorized();
    }
    if !is_version_known(request) {
        return invalid("accept", "the version in `Accept` is not known");
    }
    match (&request.method, request.segments().as_slice()) {
        (&Method::POST, ["orders"]) => create(desk, &json_body(request)),
        (&Method::GET, ["orders"]) => list(desk, request),
        (&Method::GET, ["orders", id]) => match desk.ask(|payment| payment.id == *id) {
            Some(payment) => found(desk, &payment),
            None => not_found(),
        },
        (&Method::POST, ["orders", id, "refunds"]) => refund(desk, id, &json_body(request)),
        (&Method::POST, ["orders", id, "cancel"]) => cancel(desk, id),
        (&Method::POST, ["webhook_keys"]) => made(&merchant.webhook_keys.add(is_live(desk))),
        (&Method::GET, ["webhook_keys"]) => Reply::json(StatusCode::OK, &merchant.webhook_keys.list(is_live(desk))),
        (&Method::DELETE, ["webhook_keys", id]) => match merchant.webhook_keys.remove(id) {
            Some(removed) => made(&removed),
            None => not_found(),
        },
        _ => not_found(),
    }
}

pub fn proof(merchant: &Merchant, body: &[u8], is_genuine: bool) -> Vec<(String, String)> {
    let mut headers = vec![super::desk::json_type()];
    // A forged one is the signature of another body.
    let signed = if is_genuine { body } else { b"another body".as_slice() };
    if let Some(digest) = merchant.webhook_keys.sign(signed) {
        headers.push(("DIGEST".to_owned(), digest));
    }
    headers
}

/// The events that tell a payment's present status: one of its charge, if there is one, and one of the order.
pub fn events(desk: &Desk, payment: &Payment) -> Vec<String> {
    let is_live = is_live(desk);
    let word = order::word(payment).unwrap_or("created");
    let charge = order::charges(payment, is_live).pop().map(|charge| {
        let word = charge.get("status").and_then(Value::as_str).unwrap_or_default();
        let kind = match word {
            "pending_payment" => "charge.created".to_owned(),
            "charged_back" => "charge.chargeback.created".to_owned(),
            "pre_authorized" => "charge.preauthorized".to_owned(),
            word => format!("charge.{word}"),
        };
        event(&kind, &charge, is_live)
    });
    let told = event(
        &format!("order.{word}"),
        &order::body(payment, is_live, &desk.base_url),
        is_live,
    );
    charge.into_iter().chain([told]).collect()
}

fn event(kind: &str, object: &Value, is_live: bool) -> String {
    json!({
        "id": order::hex_id(),
        "object": "event",
        "type": kind,
        "livemode": is_live,
        "created_at": now_s(),
        "webhook_status": "pending",
        "webhook_logs": [],
        "data": { "object": object, "previous_attributes": {} },
    })
    .to_string()
}

pub fn is_live(desk: &Desk) -> bool {
    desk.has_quirk(Quirk::LiveMode)
}

pub fn now_s() -> i64 {
    Timestamp::now().as_second()
}

/// The 402 that carries an order whose charge was refused.
pub fn declined_with_order(desk: &Desk, payment: &Payment, failure: Failure) -> Reply {
    let mut body = error(
        "processing_error",
        &format!("conekta.errors.processing.charge.card_payment.{}", failure.code()),
        failure.message(),
        None,
    );
    if let Some(fields) = body.as_object_mut() {
        let data = order::body(payment, is_live(desk), &desk.base_url);
        fields.insert("data".to_owned(), data);
    }
    Reply::json(StatusCode::PAYMENT_REQUIRED, &body)
}

pub fn unauthorized() -> Reply {
    let body = error(
        "authentication_error",
        "conekta.errors.authentication.missing_key",
        "Acceso no autorizado.",
        None,
    );
    Reply::json(StatusCode::UNAUTHORIZED, &body)
}

/// The private key is good, and used from an address that is not on the company's list.
pub fn not_on_the_list() -> Reply {
    let body = error(
        "forbidden_error",
        "conekta.errors.forbidden.authentication.invalid_whitelist_access",
        "Acceso no permitido desde esta dirección.",
        None,
    );
    Reply::json(StatusCode::FORBIDDEN, &body)
}

pub fn too_many() -> Reply {
    let body = error(
        "rate_limit_error",
        "conekta.errors.rate_limit",
        "Demasiadas peticiones.",
        None,
    );
    let mut reply = Reply::json(StatusCode::TOO_MANY_REQUESTS, &body);
    reply.headers.insert("retry-after", HeaderValue::from_static("7"));
    reply
}

fn create(desk: &Arc<Desk>, fields: &Map<String, Value>) -> Reply {
    let wish = match order::Wish::read(fields, now_s()) {
        Ok(wish) => wish,
        Err((param, says)) => return invalid(param, says),
    };
    let mut payment = wish.payment();
    payment.extra.insert("asked".to_owned(), Value::Object(fields.clone()));
    let card = fields.get("charges").and_then(order::token_of);
    if let Some(card) = card
        && CardToken::read(card).is_some()
        && !desk.state().spent_tokens.insert(card.to_owned())
    {
        return token_is_spent();
    }
    let (id, token) = (payment.id.clone(), payment.token.clone());
    desk.add_another(payment);
    if desk.has_quirk(Quirk::DeclinesAtOnce) {
        return charge_at_once(desk, &id, &token, "tok_test_card_declined");
    }
    if let Some(card) = card {
        return charge_at_once(desk, &id, &token, card);
    }
    match desk.ask(|payment| payment.id == id) {
        Some(payment) => found(desk, &payment),
        None => not_found(),
    }
}

/// A direct charge with a token of the browser: one of `card_token`, or of old SDK tests.
fn charge_at_once(desk: &Arc<Desk>, id: &str, token: &str, card: &str) -> Reply {
    let named = CardToken::read(card);
    let failure = match (card, named.map(|named| named.outcome)) {
        ("tok_test_visa_4242", _) | (_, Some(Outcome::Paid)) => None,
        ("tok_test_card_declined", _) | (_, Some(Outcome::Declined)) => Some(Failure::Declined),
        ("tok_test_insufficient_funds", _) | (_, Some(Outcome::InsufficientFunds)) => Some(Failure::InsufficientFunds),
        (_, Some(Outcome::Fraud)) => Some(Failure::SuspectedFraud),
        (_, Some(open)) => {
            let url = format!("{}/3ds/{token}", desk.base_url);
            desk.change(token, |payment| hold(payment, open, &url));
            return told(desk, id);
        }
        (_, None) => {
            desk.state().payments.retain(|payment| payment.id != id);
            return nonexistent_token();
        }
    };
    desk.change(token, |payment| order::charge_card(payment, "4242", failure, now_s()));
    let reply = match (failure, desk.ask(|payment| payment.id == id)) {
        (Some(failure), Some(payment)) => {
            tell_charge(desk, &payment);
            declined_with_order(desk, &payment, failure)
        }
        _ => told(desk, id),
    };
    match named {
        Some(named) if named.is_lost => Reply::hang_up(),
        _ => reply,
    }
}

/// Nothing is taken yet: the bank wants to see the buyer, or somebody has to decide.
fn hold(payment: &mut Payment, outcome: Outcome, url: &str) {
    match outcome {
        Outcome::Challenge => order::challenge(payment, url),
        Outcome::Authorized => payment.status = SimStatus::Word("pre_authorized".to_owned()),
        _ => {
            order::charge_card(payment, "4242", None, now_s());
            payment.status = SimStatus::Pending;
        }
    }
}

/// The order as it is now, which its webhooks tell too.
fn told(desk: &Arc<Desk>, id: &str) -> Reply {
    let Some(payment) = desk.ask(|payment| payment.id == id) else {
        return not_found();
    };
    tell_charge(desk, &payment);
    found(desk, &payment)
}

fn tell_charge(desk: &Arc<Desk>, payment: &Payment) {
    if !desk.has_quirk(Quirk::SilentCharges) {
        desk.sender.spawn(desk, desk.errands_of(payment));
    }
}

/// Facts 2.6.
fn nonexistent_token() -> Reply {
    let code = "conekta.errors.parameter_validation.payment_method.token_id.nonexistent_token";
    let body = error(
        "parameter_validation_error",
        code,
        "El token no existe.",
        Some("charges.token_id"),
    );
    Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
}

fn token_is_spent() -> Reply {
    let code = "conekta.errors.processing.tokenization.used";
    let body = error("processing_error", code, "El token ya fue utilizado.", None);
    Reply::json(StatusCode::PAYMENT_REQUIRED, &body)
}

/// Newest first, in pages; `search` looks into everything a person would type.
fn list(desk: &Desk, request: &Request) -> Reply {
    let number = |name: &str| request.query_value(name).and_then(|text| text.parse::<i64>().ok());
    let search = request.query_value("search").unwrap_or_default();
    if !search.is_empty() && desk.has_quirk(Quirk::SearchIsBlind) {
        return Reply::json(StatusCode::OK, &page(&[], false, ""));
    }
    if desk.has_quirk(Quirk::ListsAreBehind) {
        return Reply::json(StatusCode::OK, &page(&[], false, ""));
    }
    let is_live = is_live(desk);
    let fits = |payment: &&Payment| {
        let created_at = payment
            .extra
            .get("created_at")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        let changed_at = payment.changed_at.as_second();
        number("created_at.gte").is_none_or(|from| created_at >= from)
            && number("created_at.lte").is_none_or(|to| created_at <= to)
            && number("updated_at.gte").is_none_or(|from| changed_at >= from)
            && number("updated_at.lte").is_none_or(|to| changed_at <= to)
            && request
                .query_value("payment_status")
                .is_none_or(|wanted| order::word(payment) == Some(&wanted))
            && (search.is_empty() || order::mentions(payment, &search))
    };
    let payments = desk.state().payments.clone();
    let all: Vec<_> = payments.iter().rev().filter(fits).collect();
    let start = request
        .query_value("next")
        .and_then(|id| all.iter().position(|payment| payment.id == id))
        .map_or(0, |at| at + 1);
    let limit = number("limit")
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(DEFAULT_PAGE)
        .clamp(1, LARGEST_PAGE);
    let shown: Vec<_> = all.iter().skip(start).take(limit).collect();
    let has_more = all.len() > start + shown.len();
    let last = shown.last().map(|payment| payment.id.clone()).unwrap_or_default();
    let bodies: Vec<_> = shown
        .iter()
        .map(|payment| order::body(payment, is_live, &desk.base_url))
        .collect();
    let next = format!("{}/orders?limit={limit}&next={last}", desk.base_url);
    Reply::json(StatusCode::OK, &page(&bodies, has_more, &next))
}

fn page(orders: &[Value], has_more: bool, next: &str) -> Value {
    json!({
        "object": "list",
        "has_more": has_more,
        "next_page_url": has_more.then_some(next),
        "previous_page_url": null,
        "data": orders,
    })
}

fn refund(desk: &Arc<Desk>, id: &str, fields: &Map<String, Value>) -> Reply {
    let amount = fields
        .get("amount")
        .and_then(Value::as_i64)
        .filter(|amount| *amount > 0);
    let Some(amount) = amount else {
        return invalid("amount", "El monto es requerido.");
    };
    if !text(fields, "reason").is_some_and(|reason| REFUND_REASONS.contains(&reason)) {
        return invalid("reason", "La razón no es válida.");
    }
    let Some(payment) = desk.ask(|payment| payment.id == id) else {
        return not_found();
    };
    if !matches!(payment.status, SimStatus::Paid | SimStatus::Settled) {
        return precondition("La orden no se puede reembolsar.");
    }
    let charge = text(fields, "charge_id");
    let paid = conekta_refunds::paid_charges(&payment);
    let is_known = charge.is_none_or(|charge| paid.iter().any(|paid| paid == charge));
    if !is_known || (charge.is_none() && paid.len() > 1) {
        return invalid("charge_id", "El cargo no es de la orden.");
    }
    if amount > conekta_refunds::balance(&payment, charge) {
        return invalid("amount", "El monto es mayor que el saldo de la orden.");
    }
    desk.change(&payment.token, |payment| {
        conekta_refunds::give_back(payment, amount, charge, now_s());
    });
    let Some(payment) = desk.by_token(&payment.token) else {
        return not_found();
    };
    desk.sender.spawn(desk, desk.errands_of(&payment));
    found(desk, &payment)
}

fn cancel(desk: &Arc<Desk>, id: &str) -> Reply {
    let Some(payment) = desk.ask(|payment| payment.id == id) else {
        return not_found();
    };
    if payment.status != SimStatus::Pending {
        return precondition("La orden no se puede cancelar.");
    }
    desk.change(&payment.token, |payment| payment.status = SimStatus::Cancelled);
    let Some(payment) = desk.by_token(&payment.token) else {
        return not_found();
    };
    desk.sender.spawn(desk, desk.errands_of(&payment));
    found(desk, &payment)
}

fn found(desk: &Desk, payment: &Payment) -> Reply {
    Reply::json(StatusCode::OK, &order::body(payment, is_live(desk), &desk.base_url))
}

fn made(value: &Value) -> Reply {
    Reply::json(StatusCode::OK, value)
}

fn not_found() -> Reply {
    let body = error(
        "resource_not_found_error",
        "conekta.errors.resource_not_found.entity",
        "El recurso no existe.",
        None,
    );
    Reply::json(StatusCode::NOT_FOUND, &body)
}

fn invalid(param: &str, says: &str) -> Reply {
    let code = format!("conekta.errors.parameter_validation.{param}.invalid");
    let body = error("parameter_validation_error", &code, says, Some(param));
    Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body)
}

fn precondition(says: &str) -> Reply {
    let code = "conekta.errors.precondition_required.combo.order.cannot_be_updated_because_has_charge";
    let body = error("precondition_required_error", code, says, None);
    Reply::json(StatusCode::PRECONDITION_REQUIRED, &body)
}

fn error(kind: &str, code: &str, message: &str, param: Option<&str>) -> Value {
    json!({
        "object": "error",
        "type": kind,
        "log_id": order::hex_id(),
        "details": [{ "code": code, "param": param, "message": message, "debug_message": code }],
    })
}

fn is_version_known(request: &Request) -> bool {
    let accept = request.header("accept").unwrap_or_default();
    VERSIONS
        .iter()
        .any(|version| accept == format!("application/vnd.conekta-v{version}+json"))
}

const VERSIONS: [&str; 3] = ["2.1.0", "2.2.0", "2.3.0"];
const REFUND_REASONS: [&str; 5] = [
    "requested_by_client",
    "cannot_be_fulfilled",
    "duplicated_transaction",
    "suspected_fraud",
    "other",
];
const DEFAULT_PAGE: usize = 20;
/// The specification's maximum.
const LARGEST_PAGE: usize = 250;

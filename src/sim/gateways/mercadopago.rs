//! Mercado Pago: preferences and orders with a hosted page, payments with tries, refunds and merchant orders,
//! idempotency keys, and notifications in both shapes. One checkout (a preference or an order) is one payment of
//! the desk; each try to pay it is a payment of the API with an id of its own.
//!
//! Made up, because nothing is published: an order whose card was refused is `failed` (the facts know that for
//! terminals), the wording of most errors, that an order's payments are shown among the others, and which payment id
//! belongs to somebody else. Orders are told through the panel's address only, the stricter of the two things the
//! documentation says. Facts: `gateways-latin-america.md` 3.

mod books;
mod checkout;
mod notices;
mod orders;
mod pages;
mod payments;
mod texts;

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::card_token::CardToken;
use super::desk::{Desk, Payment, has_bearer, json_body, text, unauthorized};
use super::{Fault, MercadopagoKeys, Quirk};

pub use books::{Books, decide};
pub use notices::{errand, proof, signature};
pub use pages::answer as page;
pub use payments::make_card_token;

pub fn answer(desk: &Arc<Desk>, keys: &MercadopagoKeys, request: &Request) -> Reply {
    if !has_bearer(request, &keys.access_token) {
        return unauthorized(&desk.kind);
    }
    let key = request.header("x-idempotency-key").unwrap_or_default();
    let segments = request.segments();
    let wants_key = match (&request.method, segments.as_slice()) {
        (&Method::POST, ["v1", "orders", ..] | ["v1", "payments", ..]) => true,
        (method, _) => *method == Method::POST && !key.is_empty(),
    };
    if !wants_key {
        return carry_out(desk, keys, request);
    }
    if key.is_empty() {
        return problem(StatusCode::BAD_REQUEST, 4292, "Header X-Idempotency-Key can't be null");
    }
    let call = format!("{} {}", request.path, String::from_utf8_lossy(&request.body));
    let known = desk.state().mercadopago.answer_of(key, &call);
    match known {
        Some(Ok(reply)) => reply,
        Some(Err(books::OtherCall)) => problem(
            StatusCode::CONFLICT,
            409,
            "The idempotency key was used for another request",
        ),
        None => {
            let reply = carry_out(desk, keys, request);
            if reply.status.is_success() {
                desk.state().mercadopago.keep_answer(key, call, reply.clone());
            }
            let card = json_body(request);
            let named = text(&card, "token").and_then(CardToken::read);
            match named {
                Some(named) if named.is_lost && reply.status.is_success() => Reply::hang_up(),
                _ => reply,
            }
        }
    }
}

/// The answers only this gateway gives instead of the real one.
pub fn fault(fault: Fault) -> Option<Reply> {
    match fault {
        Fault::Locked => Some(problem(StatusCode::LOCKED, 423, "resource locked")),
        Fault::OtherModesKey => {
            let words = "Params Error: test token is required";
            Some(problem(StatusCode::BAD_REQUEST, 3, words))
        }
        Fault::Dependency => Some(problem(StatusCode::FAILED_DEPENDENCY, 424, "failed dependency")),
        Fault::TooManyFor42s => {
            let mut reply = problem(StatusCode::TOO_MANY_REQUESTS, 429, "too many requests");
            reply
                .headers
                .insert(http::header::RETRY_AFTER, http::HeaderValue::from_static("42"));
            Some(reply)
        }
        _ => None,
    }
}

/// The ids of the tries to pay a checkout.
pub fn ids(desk: &Desk, checkout: &Payment) -> Vec<String> {
    let tries = books::tries_of(desk, checkout);
    tries.into_iter().map(|one| one.id.to_string()).collect()
}

/// What a wrong access token is answered.
pub fn invalid_token() -> Value {
    json!({ "message": "invalid access token", "error": "unauthorized", "status": 401, "cause": [] })
}

fn carry_out(desk: &Arc<Desk>, keys: &MercadopagoKeys, request: &Request) -> Reply {
    let fields = json_body(request);
    match (&request.method, request.segments().as_slice()) {
        (&Method::POST, ["checkout", "preferences"]) => checkout::create(desk, keys, fields),
        (&Method::GET, ["checkout", "preferences", "search"]) => checkout::search(desk, keys, request),
        (&Method::GET, ["checkout", "preferences", id]) => checkout::show(desk, keys, id),
        (&Method::PUT, ["checkout", "preferences", id]) => checkout::change(desk, keys, id, fields),
        (&Method::POST, ["v1", "card_tokens"]) => payments::make_card_token(desk, &fields),
        (&Method::POST, ["v1", "payments"]) => payments::create(desk, keys, request, fields),
        (&Method::GET, ["v1", "payments", "search"]) => payments::search(desk, keys, request),
        (&Method::GET, ["v1", "payments", id]) => payments::show(desk, keys, id),
        (&Method::PUT, ["v1", "payments", id]) => payments::change(desk, keys, id, &fields),
        (&Method::POST, ["v1", "payments", id, "refunds"]) => payments::refund(desk, keys, id, &fields),
        (&Method::GET, ["v1", "payments", id, "refunds"]) => payments::refunds(desk, id),
        (&Method::GET, ["v1", "payment_methods"]) => payments::methods(),
        (&Method::GET, ["v1", "chargebacks", id]) => payments::chargeback(desk, id),
        (&Method::GET, ["merchant_orders", id]) => checkout::merchant_order(desk, keys, id),
        (&Method::POST, ["v1", "orders"]) => orders::create(desk, keys, fields),
        (&Method::GET, ["v1", "orders"]) => orders::search(desk, keys, request),
        (&Method::GET, ["v1", "orders", id]) => orders::show(desk, keys, id),
        (&Method::POST, ["v1", "orders", id, "cancel"]) => orders::cancel(desk, keys, id),
        (&Method::POST, ["v1", "orders", id, "refund"]) => orders::refund(desk, keys, id, &fields),
        _ => problem(StatusCode::NOT_FOUND, 404, "resource not found"),
    }
}

/// The error body of everything but the orders.
fn problem(status: StatusCode, code: u32, message: &str) -> Reply {
    let word = match status.as_u16() {
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        423 => "locked",
        429 => "too_many_requests",
        _ => "bad_request",
    };
    let body = json!({
        "message": message,
        "error": word,
        "status": status.as_u16(),
        "cause": [{ "code": code, "description": message, "data": null }],
    });
    Reply::json(status, &body)
}

/// What this desk says of live and test.
fn is_live(desk: &Desk, keys: &MercadopagoKeys) -> bool {
    keys.live_mode != desk.has_quirk(Quirk::OtherMode)
}

/// The seller.
const USER_ID: u64 = 810_882_223;
const APPLICATION_ID: &str = "8772548647196351";
const SITE_ID: &str = "MLM";
/// What a seller of this site is paid in.
const CURRENCY: crate::money::Currency = crate::money::Currency::Mxn;
/// A payment of another seller.
const FOREIGN_PAYMENT: &str = "4000000004";

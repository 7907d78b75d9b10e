//! CinetPay's API of 2026: login, payments, a status without an amount, and a webhook with its token inside.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::super::http::{Reply, Request};
use super::desk::{Desk, Payment, json_body, random_hex, text, unauthorized};
use super::{CinetpayV1Keys, SimStatus};

pub fn answer(desk: &Desk, keys: &CinetpayV1Keys, request: &Request) -> Reply {
    let fields = json_body(request);
    match (&request.method, request.segments().as_slice()) {
        (&Method::POST, ["v1", "oauth", "login"]) => log_in(desk, keys, &fields),
        (_, ["v1", ..]) if !is_logged_in(desk, request) => Reply::json(
            StatusCode::UNAUTHORIZED,
            &json!({ "code": 1003, "status": "EXPIRED_TOKEN" }),
        ),
        (&Method::POST, ["v1", "payment"]) => create(desk, &fields),
        (&Method::GET, ["v1", "payment", id]) => status(desk.ask(|payment| {
            [&payment.order, &payment.id, &payment.token]
                .into_iter()
                .any(|known| known == id)
        })),
        _ => not_found(),
    }
}

pub fn notification(payment: &Payment) -> String {
    json!({
        "notify_token": payment.notify_token,
        "merchant_transaction_id": payment.order,
        "transaction_id": payment.id,
        "user": user(payment),
    })
    .to_string()
}

/// The same notification with a token nobody gave out.
pub fn forged(body: &[u8]) -> Vec<u8> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    fields.insert("notify_token".to_owned(), json!("nt_0000000000000000"));
    Value::Object(fields).to_string().into_bytes()
}

fn log_in(desk: &Desk, keys: &CinetpayV1Keys, fields: &Map<String, Value>) -> Reply {
    let shown = (text(fields, "api_key"), text(fields, "api_password"));
    if shown != (Some(&keys.api_key), Some(&keys.api_password)) {
        return unauthorized(&desk.kind);
    }
    let token = format!("jwt.{}", random_hex());
    desk.state().logins.insert(token.clone());
    let body =
        json!({ "code": 200, "status": "OK", "access_token": token, "token_type": "bearer", "expires_in": 86400 });
    Reply::json(StatusCode::OK, &body)
}

fn is_logged_in(desk: &Desk, request: &Request) -> bool {
    let token = request
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    token.is_some_and(|token| desk.state().logins.contains(token))
}

fn create(desk: &Desk, fields: &Map<String, Value>) -> Reply {
    if let Some(fault) = first_fault(fields) {
        let body = json!({ "code": 1004, "status": "INVALID_PARAMS", "description": fault });
        return Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body);
    }
    let given = |name| text(fields, name).unwrap_or_default();
    let amount = fields
        .get("amount")
        .and_then(Value::as_u64)
        .unwrap_or_default()
        .to_string();
    let id = format!("T{}", random_hex());
    let mut payment = Payment::new(
        id,
        given("merchant_transaction_id"),
        &amount,
        given("currency"),
        given("designation"),
    );
    payment.notify_url = Some(given("notify_url").to_owned());
    payment.return_url = Some(given("success_url").to_owned());
    payment.extra.insert("email".to_owned(), json!(given("client_email")));
    if !desk.add(payment.clone()) {
        let body =
            json!({ "code": 1200, "status": "TRANSACTION_EXIST", "description": "merchant_transaction_id exists" });
        return Reply::json(StatusCode::UNPROCESSABLE_ENTITY, &body);
    }
    let body = json!({
        "code": 200,
        "status": "OK",
        "payment_token": payment.token,
        "notify_token": payment.notify_token,
        "transaction_id": payment.id,
        "merchant_transaction_id": payment.order,
        "payment_url": format!("{}/pay/{}", desk.base_url, payment.token),
        "details": { "code": 2001, "status": "INITIATED", "message": "", "must_be_redirected": true },
    });
    Reply::json(StatusCode::OK, &body)
}

/// The first rule of the official SDK the fields break.
fn first_fault(fields: &Map<String, Value>) -> Option<&'static str> {
    let given = |name| text(fields, name).unwrap_or_default();
    let reference = given("merchant_transaction_id");
    let fits = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
    let amount = fields.get("amount").and_then(Value::as_u64).unwrap_or_default();
    let is_url = |name| given(name).starts_with("http") && given(name).len() <= 120;
    let is_name = |name| (2..=255).contains(&given(name).len());
    let rules = [
        (CURRENCIES.contains(&given("currency")), "currency"),
        (
            (1..=30).contains(&reference.len()) && reference.bytes().all(fits),
            "merchant_transaction_id",
        ),
        ((100..=2_500_000).contains(&amount), "amount"),
        (matches!(given("lang"), "fr" | "en"), "lang"),
        ((1..=255).contains(&given("designation").len()), "designation"),
        (given("client_email").contains('@'), "client_email"),
        (
            is_name("client_first_name") && is_name("client_last_name"),
            "client name",
        ),
        (
            is_url("success_url") && is_url("failed_url") && is_url("notify_url"),
            "url",
        ),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, name)| name)
}

fn status(payment: Option<Payment>) -> Reply {
    let Some(payment) = payment else { return not_found() };
    let (code, word) = match &payment.status {
        SimStatus::Pending => (2002, "PENDING"),
        SimStatus::Paid | SimStatus::Settled => (100, "SUCCESS"),
        SimStatus::Declined | SimStatus::Cancelled | SimStatus::Refunded => (2010, "FAILED"),
        SimStatus::Expired => (2003, "EXPIRED"),
        SimStatus::Word(code) => (code.parse().unwrap_or(-1), "SCRIPTED"),
    };
    let body = json!({
        "code": code,
        "status": word,
        "merchant_transaction_id": payment.order,
        "transaction_id": payment.id,
        "user": user(&payment),
    });
    Reply::json(StatusCode::OK, &body)
}

fn user(payment: &Payment) -> Value {
    json!({ "name": "Client Hotspot", "email": payment.extra_text("email"), "phone_number": "+2250707000001" })
}

fn not_found() -> Reply {
    Reply::json(StatusCode::NOT_FOUND, &json!({ "code": 404, "status": "NOT_FOUND" }))
}

const CURRENCIES: [&str; 5] = ["XOF", "XAF", "GNF", "CDF", "USD"];

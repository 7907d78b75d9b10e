//! Preferences, and the baskets (merchant orders) that come of them.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::http::{Reply, Request};
use super::super::MercadopagoKeys;
use super::super::desk::{Desk, Payment, random_hex, text};
use super::{APPLICATION_ID, CURRENCY, SITE_ID, USER_ID, books, is_live, orders, problem};
use crate::money::Money;

pub fn create(desk: &Desk, keys: &MercadopagoKeys, fields: Map<String, Value>) -> Reply {
    let total = match total_of(&fields) {
        Ok(total) => total,
        Err(fault) => return invalid(fault, "invalid_items"),
    };
    if let Some(reply) = first_fault(&fields) {
        return reply;
    }
    let reference = text(&fields, "external_reference").unwrap_or_default();
    let title = fields
        .get("items")
        .and_then(|items| items.pointer("/0/title"))
        .and_then(Value::as_str);
    let hex = random_hex();
    let (start, end) = hex.split_at(8);
    let id = format!(
        "{USER_ID}-{start}-3572-4fbb-a090-{}{end}",
        start.get(..4).unwrap_or_default()
    );
    let mut payment = Payment::new(
        id,
        reference,
        &total.major_text(),
        CURRENCY.code(),
        title.unwrap_or("-"),
    );
    payment.return_url = back_url(&fields, "success").map(ToOwned::to_owned);
    payment.notify_url = text(&fields, "notification_url").map(ToOwned::to_owned);
    payment.extra = fields;
    payment
        .extra
        .insert("date_created".to_owned(), json!(Timestamp::now().to_string()));
    desk.state().payments.push(payment.clone());
    Reply::json(StatusCode::CREATED, &shown(desk, keys, &payment))
}

pub fn show(desk: &Desk, keys: &MercadopagoKeys, id: &str) -> Reply {
    match by_id(desk, id) {
        Some(payment) => Reply::json(StatusCode::OK, &shown(desk, keys, &payment)),
        None => not_found(),
    }
}

/// Summaries only, as the SDK's types have them: no address to pay at.
pub fn search(desk: &Desk, keys: &MercadopagoKeys, request: &Request) -> Reply {
    let wanted = request.query_value("external_reference");
    let payments = desk.state().payments.clone();
    let elements: Vec<_> = payments
        .iter()
        .filter(|payment| !orders::is_order(payment))
        .filter(|payment| wanted.as_ref().is_none_or(|wanted| *wanted == payment.order))
        .map(|payment| {
            json!({
                "id": payment.id,
                "client_id": APPLICATION_ID,
                "collector_id": USER_ID,
                "external_reference": payment.order,
                "date_created": payment.extra.get("date_created"),
                "live_mode": is_live(desk, keys),
                "site_id": SITE_ID,
            })
        })
        .collect();
    let body = json!({ "elements": elements, "next_offset": elements.len(), "total": elements.len() });
    Reply::json(StatusCode::OK, &body)
}

pub fn change(desk: &Desk, keys: &MercadopagoKeys, id: &str, fields: Map<String, Value>) -> Reply {
    let Some(payment) = by_id(desk, id) else {
        return not_found();
    };
    let mut merged = payment.extra.clone();
    merged.extend(fields);
    let total = match total_of(&merged) {
        Ok(total) => total,
        Err(fault) => return invalid(fault, "invalid_items"),
    };
    if let Some(reply) = first_fault(&merged) {
        return reply;
    }
    let mut changed = payment;
    changed.amount = total.major_text();
    changed.order = text(&merged, "external_reference").unwrap_or_default().to_owned();
    changed.return_url = back_url(&merged, "success").map(ToOwned::to_owned);
    changed.notify_url = text(&merged, "notification_url").map(ToOwned::to_owned);
    changed.extra = merged;
    if let Some(known) = desk.state().payments.iter_mut().find(|known| known.id == id) {
        known.clone_from(&changed);
    }
    Reply::json(StatusCode::OK, &shown(desk, keys, &changed))
}

pub fn merchant_order(desk: &Desk, keys: &MercadopagoKeys, id: &str) -> Reply {
    let payments = desk.state().payments.clone();
    let found = payments
        .iter()
        .filter(|payment| !orders::is_order(payment))
        .find(|payment| merchant_order_id(desk, payment).to_string() == id);
    let Some(checkout) = found else {
        return not_found();
    };
    let tries = books::tries_of(desk, checkout);
    let amount = number(checkout.told_amount());
    let rows: Vec<_> = tries
        .iter()
        .map(|found| {
            let (status, detail) = found.words(checkout);
            json!({
                "id": found.id,
                "transaction_amount": amount,
                "total_paid_amount": amount,
                "currency_id": checkout.currency,
                "status": status,
                "status_detail": detail,
                "date_created": found.at.to_string(),
                "amount_refunded": number(&found.refunded().major_text()),
            })
        })
        .collect();
    let is_paid = rows.iter().any(|row| row.get("status") == Some(&json!("approved")));
    let body = json!({
        "id": merchant_order_id(desk, checkout),
        "preference_id": checkout.id,
        "external_reference": checkout.order,
        "status": if is_paid { "closed" } else { "opened" },
        "order_status": if is_paid { "paid" } else { "payment_required" },
        "site_id": SITE_ID,
        "total_amount": number(&checkout.amount),
        "paid_amount": if is_paid { amount } else { json!(0) },
        "refunded_amount": 0,
        "payments": rows,
        "is_test": !is_live(desk, keys),
    });
    Reply::json(StatusCode::OK, &body)
}

pub fn merchant_order_id(desk: &Desk, checkout: &Payment) -> u64 {
    let place = desk
        .state()
        .payments
        .iter()
        .position(|known| known.token == checkout.token);
    FIRST_BASKET + place.unwrap_or_default() as u64
}

/// Where the browser is sent back to, by what became of the payment.
pub fn back_url<'a>(fields: &'a Map<String, Value>, outcome: &str) -> Option<&'a str> {
    fields
        .get("back_urls")?
        .as_object()
        .and_then(|urls| text(urls, outcome))
}

/// Whether the link is past its date.
pub fn is_over(checkout: &Payment) -> bool {
    let until = text(&checkout.extra, "expiration_date_to").and_then(|text| text.parse::<Timestamp>().ok());
    checkout.extra.get("expires") == Some(&Value::Bool(true)) && until.is_some_and(|until| until < Timestamp::now())
}

/// An amount as JSON writes numbers; one that is none stays a text.
pub fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// An amount as it came, as a number or as a text.
pub fn money(value: Option<&Value>) -> Option<Money> {
    let text = match value? {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    Money::parse_major(&text, CURRENCY)
        .ok()
        .filter(|money| money.minor() > 0)
}

fn shown(desk: &Desk, keys: &MercadopagoKeys, payment: &Payment) -> Value {
    let mut body = payment.extra.clone();
    let link = format!("{}/checkout/v1/redirect?pref_id={}", desk.base_url, payment.id);
    let more = json!({
        "id": payment.id,
        "collector_id": USER_ID,
        "client_id": APPLICATION_ID,
        "site_id": SITE_ID,
        "operation_type": "regular_payment",
        "init_point": link,
        "sandbox_init_point": format!("{link}&sandbox=true"),
        "live_mode": is_live(desk, keys),
    });
    if let Value::Object(more) = more {
        body.extend(more);
    }
    for absent in ["notification_url", "expiration_date_to"] {
        body.entry(absent).or_insert(Value::Null);
    }
    body.entry("expires").or_insert(json!(false));
    Value::Object(body)
}

fn by_id(desk: &Desk, id: &str) -> Option<Payment> {
    let state = desk.state();
    let found = state.payments.iter().find(|payment| payment.id == id);
    found.filter(|payment| !orders::is_order(payment)).cloned()
}

/// The sum of the items, or what is wrong with them.
fn total_of(fields: &Map<String, Value>) -> Result<Money, &'static str> {
    let items = fields
        .get("items")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        return Err("items needed");
    }
    let mut minor = 0;
    for item in items {
        let price = item.get("unit_price").filter(|price| price.is_number());
        let quantity = item.get("quantity").and_then(Value::as_i64).filter(|count| *count > 0);
        let (Some(price), Some(quantity)) = (money(price), quantity) else {
            return Err("unit_price and quantity must be positive numbers");
        };
        if item.get("title").and_then(Value::as_str).is_none_or(str::is_empty) {
            return Err("title can not be empty");
        }
        let currency = item
            .get("currency_id")
            .and_then(Value::as_str)
            .unwrap_or(CURRENCY.code());
        if currency != CURRENCY.code() {
            return Err("currency_id invalid");
        }
        minor += price.minor() * quantity;
    }
    Ok(Money::from_minor(minor, CURRENCY))
}

fn first_fault(fields: &Map<String, Value>) -> Option<Reply> {
    if fields.get("auto_return").is_some_and(|value| !value.is_null()) && back_url(fields, "success").is_none() {
        return Some(invalid(
            "auto_return invalid. back_url.success must be defined",
            "invalid_auto_return",
        ));
    }
    let is_too_long = |name: &str, most: usize| text(fields, name).is_some_and(|text| text.len() > most);
    if is_too_long("notification_url", 248) {
        return Some(invalid(
            "notification_url attribute must be url valid",
            "invalid_notification_url",
        ));
    }
    if is_too_long("external_reference", 64) || is_too_long("statement_descriptor", 13) {
        return Some(invalid("a text is too long", "invalid_length"));
    }
    let dates = ["expiration_date_from", "expiration_date_to", "date_of_expiration"];
    let has_bad_date = dates
        .iter()
        .filter_map(|name| text(fields, name))
        .any(|text| text.parse::<Timestamp>().is_err());
    has_bad_date.then(|| invalid("the dates must be ISO 8601 with an offset", "invalid_expiration_date"))
}

fn invalid(message: &str, word: &str) -> Reply {
    let body = json!({ "message": message, "error": word, "status": 400, "cause": null });
    Reply::json(StatusCode::BAD_REQUEST, &body)
}

fn not_found() -> Reply {
    problem(StatusCode::NOT_FOUND, 404, "not found")
}

const FIRST_BASKET: u64 = 20_305_000_000;

//! The newer orders: amounts as texts, statuses of their own, one answer that holds everything.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::http::{Reply, Request};
use super::super::desk::{Desk, Payment, random_hex, text};
use super::super::{MercadopagoKeys, Quirk, SimStatus};
use super::books::{self, Try};
use super::checkout::money;
use super::payments::{add_refund, reference_of, ticket_url};
use super::{CURRENCY, USER_ID, is_live};
use crate::money::Money;

pub fn create(desk: &Desk, keys: &MercadopagoKeys, fields: Map<String, Value>) -> Reply {
    let total = fields.get("total_amount").filter(|value| value.is_string());
    let (Some("online"), Some(total)) = (text(&fields, "type"), money(total)) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "property_value",
            "type or total_amount is missing or invalid",
        );
    };
    let items = fields
        .get("items")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let line = |item: &Value| {
        let price = money(item.get("unit_price").filter(|price| price.is_string()))?;
        Some(price.minor() * item.get("quantity").and_then(Value::as_i64)?)
    };
    let sum: Option<i64> = items.iter().map(line).sum();
    if sum != Some(total.minor()) {
        let words = "total_amount is not the sum of the items";
        return refuse(StatusCode::BAD_REQUEST, "invalid_total_amount", words);
    }
    let online = online(&fields);
    if online.get("auto_return").is_some() && text(&online, "success_url").is_none() {
        return refuse(
            StatusCode::BAD_REQUEST,
            "required_properties",
            "auto_return needs success_url",
        );
    }
    let reference = text(&fields, "external_reference").unwrap_or_default();
    let title = items.first().and_then(|item| item.get("title")).and_then(Value::as_str);
    let start = if is_live(desk, keys) { "ORD" } else { "ORDTST" };
    let id = format!("{start}01{}{}", random_hex(), random_hex().split_at(8).0).to_ascii_uppercase();
    let mut payment = Payment::new(
        id,
        reference,
        &total.major_text(),
        CURRENCY.code(),
        title.unwrap_or("-"),
    );
    payment.return_url = text(&online, "success_url").map(ToOwned::to_owned);
    payment.extra = fields;
    payment
        .extra
        .insert("created_date".to_owned(), json!(Timestamp::now().to_string()));
    desk.state().payments.push(payment.clone());
    if desk.has_quirk(Quirk::DeclinesAtOnce) {
        return decline_at_once(desk, &payment);
    }
    Reply::json(StatusCode::CREATED, &shown(desk, &payment))
}

/// A payment that came with the order was refused; the order exists.
fn decline_at_once(desk: &Desk, payment: &Payment) -> Reply {
    let detail = "cc_rejected_high_risk";
    let (means, token) = (books::Means::Card, &payment.token);
    books::attempt(desk, token, means, SimStatus::Declined, Some(detail.to_owned()));
    let now = desk.by_token(token);
    let error = json!({ "code": "failed", "message": "The following transactions failed", "details": [detail] });
    let body = json!({ "errors": [error], "data": now.map(|now| shown(desk, &now)) });
    Reply::json(StatusCode::PAYMENT_REQUIRED, &body)
}

pub fn show(desk: &Desk, _: &MercadopagoKeys, id: &str) -> Reply {
    match desk.ask(|payment| payment.id == id && is_order(payment)) {
        Some(payment) => Reply::json(StatusCode::OK, &shown(desk, &payment)),
        None => refuse(StatusCode::NOT_FOUND, "order_not_found", "order not found"),
    }
}

/// Both dates are demanded and may be 30 days apart; pages count from one, as the SDK's types say.
pub fn search(desk: &Desk, _: &MercadopagoKeys, request: &Request) -> Reply {
    let day = |name| {
        request
            .query_value(name)
            .and_then(|text| text.parse::<Timestamp>().ok())
    };
    let (Some(begin), Some(end)) = (day("begin_date"), day("end_date")) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "required_properties",
            "begin_date and end_date are required",
        );
    };
    if end.duration_since(begin).as_hours() > 30 * 24 {
        let words = "the range of dates is longer than 30 days";
        return refuse(StatusCode::BAD_REQUEST, "invalid_parameter", words);
    }
    let number = |name, default: usize| {
        let told = request.query_value(name).and_then(|text| text.parse().ok());
        told.unwrap_or(default).max(1)
    };
    let (page, size) = (number("page", 1), number("page_size", 50));
    let (wanted, status) = (request.query_value("external_reference"), request.query_value("status"));
    let payments = desk.state().payments.clone();
    let is_in_time = |payment: &Payment| {
        let at = text(&payment.extra, "created_date").and_then(|text| text.parse::<Timestamp>().ok());
        at.is_some_and(|at| begin <= at && at <= end)
    };
    let data: Vec<_> = payments
        .iter()
        .filter(|payment| is_order(payment) && is_in_time(payment))
        .filter(|payment| wanted.as_ref().is_none_or(|wanted| *wanted == payment.order))
        .map(|payment| shown(desk, payment))
        .filter(|order| {
            status
                .as_ref()
                .is_none_or(|status| order.get("status") == Some(&json!(status)))
        })
        .collect();
    let offset = (page - 1) * size;
    let paging = json!({
        "total": data.len().to_string(),
        "total_pages": data.len().div_ceil(size).to_string(),
        "offset": offset.to_string(),
        "limit": size.to_string(),
    });
    let rows: Vec<_> = data.into_iter().skip(offset).take(size).collect();
    Reply::json(StatusCode::OK, &json!({ "data": rows, "paging": paging }))
}

pub fn cancel(desk: &Desk, keys: &MercadopagoKeys, id: &str) -> Reply {
    let Some(checkout) = by_id(desk, id) else {
        return show(desk, keys, id);
    };
    let last = books::tries_of(desk, &checkout).pop();
    if !matches!(
        words(&checkout, last.as_ref()).0.as_str(),
        "created" | "action_required"
    ) {
        return wrong_state();
    }
    if let Some(known) = desk.state().payments.iter_mut().find(|known| known.id == id) {
        known.status = SimStatus::Cancelled;
    }
    show(desk, keys, id)
}

/// Without a body all of it goes back; with one, what it names.
pub fn refund(desk: &Desk, keys: &MercadopagoKeys, id: &str, fields: &Map<String, Value>) -> Reply {
    let Some(checkout) = by_id(desk, id) else {
        return show(desk, keys, id);
    };
    let last = books::tries_of(desk, &checkout).pop();
    let Some(paid) = last.filter(|last| words(&checkout, Some(last)).0 == "processed") else {
        return wrong_state();
    };
    let whole = Money::parse_major(&checkout.amount, CURRENCY).map_or(0, Money::minor);
    let left = whole - paid.refunds.iter().map(|refund| refund.amount.minor()).sum::<i64>();
    let named = fields.get("transactions").and_then(|list| list.pointer("/0/amount"));
    let wanted = match named {
        None => Some(left),
        given => money(given).map(Money::minor),
    };
    let Some(wanted) = wanted.filter(|wanted| *wanted > 0 && *wanted <= left) else {
        return wrong_state();
    };
    add_refund(desk, &paid, Money::from_minor(wanted, CURRENCY), wanted == left);
    let mut reply = show(desk, keys, id);
    reply.status = StatusCode::CREATED;
    reply
}

pub fn is_order(payment: &Payment) -> bool {
    payment.id.starts_with("ORD")
}

/// `status` and `status_detail` of an order, facts 3.3.
pub fn words(checkout: &Payment, last: Option<&Try>) -> (String, String) {
    let Some(last) = last else {
        return match checkout.status {
            SimStatus::Cancelled => ("canceled".to_owned(), "canceled".to_owned()),
            _ => ("created".to_owned(), "created".to_owned()),
        };
    };
    let (status, detail) = last.words(checkout);
    let (status, detail) = match (status.as_str(), detail.as_str()) {
        ("approved", "partially_refunded") => ("processed", "partially_refunded"),
        ("approved", _) => ("processed", "accredited"),
        ("pending", "pending_challenge") => ("action_required", "pending_challenge"),
        ("pending", "pending_waiting_transfer") => ("action_required", "waiting_transfer"),
        ("pending", _) => ("action_required", "waiting_payment"),
        ("authorized", _) => ("action_required", "waiting_capture"),
        ("in_process", _) => ("processing", "in_review"),
        ("rejected", detail) => ("failed", detail),
        ("cancelled", "expired") => ("expired", "expired"),
        ("cancelled", _) => ("canceled", "canceled"),
        (status, detail) => (status, detail),
    };
    (status.to_owned(), detail.to_owned())
}

/// The addresses the browser is sent back to.
pub fn online(fields: &Map<String, Value>) -> Map<String, Value> {
    let online = fields.get("config").and_then(|config| config.get("online"));
    online.and_then(Value::as_object).cloned().unwrap_or_default()
}

fn shown(desk: &Desk, payment: &Payment) -> Value {
    let tries = books::tries_of(desk, payment);
    let (status, detail) = words(payment, tries.last());
    let payments: Vec<_> = tries.iter().map(|one| transaction(desk, payment, one)).collect();
    let refunds: Vec<_> = tries
        .iter()
        .flat_map(|one| one.refunds.iter().map(move |refund| (one, refund)))
        .map(|(one, refund)| {
            json!({
                "id": format!("REF{}", refund.id),
                "transaction_id": format!("PAY{}", one.id),
                "amount": refund.amount.major_text(),
                "status": if refund.status == "approved" { "processed" } else { "processing" },
            })
        })
        .collect();
    let is_paid = matches!(status.as_str(), "processed" | "refunded");
    json!({
        "id": payment.id,
        "type": "online",
        "status": status,
        "status_detail": detail,
        "processing_mode": "manual",
        "capture_mode": "automatic",
        "checkout_url": format!("{}/checkout/v1/redirect?order_id={}", desk.base_url, payment.id),
        "client_token": payment.token,
        "currency": payment.currency,
        "total_amount": payment.told_amount(),
        "total_paid_amount": is_paid.then(|| payment.told_amount()),
        "external_reference": payment.order,
        "user_id": USER_ID.to_string(),
        "country_code": "MEX",
        "expiration_time": payment.extra.get("expiration_time"),
        "created_date": payment.extra.get("created_date"),
        "items": payment.extra.get("items"),
        "config": payment.extra.get("config"),
        "payer": payment.extra.get("payer"),
        "transactions": { "payments": payments, "refunds": refunds },
    })
}

fn transaction(desk: &Desk, payment: &Payment, one: &Try) -> Value {
    let (status, detail) = words(payment, Some(one));
    let is_waiting = status == "action_required" && one.means.is_paid_elsewhere();
    json!({
        "id": format!("PAY{}", one.id),
        "amount": payment.told_amount(),
        "paid_amount": (status == "processed").then(|| payment.told_amount()),
        "status": status,
        "status_detail": detail,
        "date_of_expiration": is_waiting.then(|| super::payments::voucher_ends(one).to_string()),
        "payment_method": {
            "id": one.means.id(),
            "type": one.means.kind(),
            "ticket_url": is_waiting.then(|| ticket_url(desk, one)),
            "reference": is_waiting.then(|| reference_of(one)),
        },
    })
}

fn by_id(desk: &Desk, id: &str) -> Option<Payment> {
    let state = desk.state();
    let found = state.payments.iter().find(|payment| payment.id == id);
    found.filter(|payment| is_order(payment)).cloned()
}

fn wrong_state() -> Reply {
    let words = "The action is not allowed in the order's state";
    refuse(StatusCode::CONFLICT, "invalid_order_status", words)
}

/// The error body of the orders.
fn refuse(status: StatusCode, code: &str, message: &str) -> Reply {
    let error = json!({ "code": code, "message": message, "details": [] });
    Reply::json(status, &json!({ "errors": [error] }))
}

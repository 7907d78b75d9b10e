//! CinetPay's legacy API and its form-encoded notification.
//!
//! Made up, because nothing is published: the code for an unknown transaction (`699`, with HTTP 404), and
//! `608` for a reference that was used before.

use aws_lc_rs::hmac;
use data_encoding::HEXLOWER;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::http::{Reply, Request};
use super::desk::{Desk, Payment, json_body, text, unauthorized};
use super::{CinetpayV2Keys, Quirk, SimStatus};

pub fn answer(desk: &Desk, keys: &CinetpayV2Keys, request: &Request) -> Reply {
    let fields = json_body(request);
    match (&request.method, request.segments().as_slice()) {
        (&Method::POST, ["v2", "payment", ..]) if !knows(keys, &fields) => unauthorized(&desk.kind),
        (&Method::POST, ["v2", "payment"]) => create(desk, keys, &fields),
        (&Method::POST, ["v2", "payment", "check"]) => check(desk, &fields),
        _ => Reply::html(
            StatusCode::NOT_FOUND,
            "<html><body>404 Not Found</body></html>".to_owned(),
        ),
    }
}

/// The form of a notification, in documented order unless the quirk shuffles it.
pub fn notification(desk: &Desk, payment: &Payment) -> String {
    let date = Timestamp::now()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string();
    let message = match &payment.status {
        SimStatus::Paid | SimStatus::Settled => "SUCCES",
        SimStatus::Declined => "PAYMENT_FAILED",
        SimStatus::Cancelled => "TRANSACTION_CANCEL",
        SimStatus::Pending => "WAITING_CUSTOMER_TO_VALIDATE",
        _ => "PAYMENT_FAILED",
    };
    let mut fields = vec![
        ("cpm_site_id", payment.extra_text("site_id")),
        ("cpm_trans_id", &payment.order),
        ("cpm_trans_date", &date),
        ("cpm_amount", payment.told_amount()),
        ("cpm_currency", &payment.currency),
        ("signature", &payment.notify_token),
        ("payment_method", "OM"),
        ("cel_phone_num", "0707000001"),
        ("cpm_phone_prefixe", "225"),
        ("cpm_language", payment.extra_text("lang")),
        ("cpm_version", "V4"),
        ("cpm_payment_config", "SINGLE"),
        ("cpm_page_action", "PAYMENT"),
        ("cpm_custom", payment.extra_text("metadata")),
        ("cpm_designation", &payment.description),
        ("cpm_error_message", message),
    ];
    if desk.has_quirk(Quirk::ArrivalOrder) {
        fields.swap(0, 1);
        fields.push(("cpm_extra", "Z"));
    }
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The token over the decoded values in the order they are sent, as the official sample checks it.
pub fn proof(desk: &Desk, keys: &CinetpayV2Keys, body: &[u8], is_genuine: bool) -> Vec<(String, String)> {
    let mut headers = vec![(
        "Content-Type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    )];
    if let (Some(secret), false) = (&keys.secret_key, desk.has_quirk(Quirk::NoToken)) {
        let key = if is_genuine {
            secret.as_str()
        } else {
            "somebody_elses_key"
        };
        let message: String = url::form_urlencoded::parse(body).map(|(_, value)| value).collect();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), message.as_bytes());
        headers.push(("x-token".to_owned(), HEXLOWER.encode(tag.as_ref())));
    }
    headers
}

fn knows(keys: &CinetpayV2Keys, fields: &Map<String, Value>) -> bool {
    text(fields, "apikey") == Some(&keys.api_key) && text(fields, "site_id") == Some(&keys.site_id)
}

fn create(desk: &Desk, keys: &CinetpayV2Keys, fields: &Map<String, Value>) -> Reply {
    let required = ["transaction_id", "currency", "description", "notify_url", "return_url"];
    if let Some(missing) = required.iter().find(|name| text(fields, name).is_none()) {
        return refuse(&format!("{missing} is required"));
    }
    let [order, currency, description, notify_url, return_url] =
        required.map(|name| text(fields, name).unwrap_or_default());
    let amount = fields.get("amount").and_then(Value::as_u64).unwrap_or_default();
    if amount < 100 || (currency != "USD" && !amount.is_multiple_of(5)) {
        return refuse("amount must be an integer of at least 100 and a multiple of 5");
    }
    if !CURRENCIES.contains(&currency) {
        return refuse("currency is not supported");
    }
    let metadata = text(fields, "metadata").unwrap_or_default();
    if metadata.starts_with('{') || metadata.starts_with('[') {
        return Reply::html(
            StatusCode::FORBIDDEN,
            "<html><body>Request blocked</body></html>".to_owned(),
        );
    }
    let mut payment = Payment::new(order.to_owned(), order, &amount.to_string(), currency, description);
    payment.notify_url = Some(notify_url.to_owned());
    payment.return_url = Some(return_url.to_owned());
    payment.extra.insert("site_id".to_owned(), json!(keys.site_id));
    payment.extra.insert("metadata".to_owned(), json!(metadata));
    payment
        .extra
        .insert("lang".to_owned(), json!(text(fields, "lang").unwrap_or("fr")));
    let token = payment.token.clone();
    if !desk.add(payment) {
        return refuse("transaction_id was used before");
    }
    let data = json!({ "payment_token": token, "payment_url": format!("{}/pay/{token}", desk.base_url) });
    let body = json!({
        "code": "201",
        "message": "CREATED",
        "description": "Transaction created with success",
        "data": data,
        "api_response_id": "1667000000.1234",
    });
    Reply::json(StatusCode::CREATED, &body)
}

fn refuse(description: &str) -> Reply {
    let body = json!({
        "code": "608",
        "message": "MINIMUM_REQUIRED_FIELDS",
        "description": description,
        "api_response_id": "1667000000.1235",
    });
    Reply::json(StatusCode::BAD_REQUEST, &body)
}

fn check(desk: &Desk, fields: &Map<String, Value>) -> Reply {
    let (order, token) = (text(fields, "transaction_id"), text(fields, "token"));
    let asked = desk.ask(|payment| Some(payment.order.as_str()) == order || Some(payment.token.as_str()) == token);
    let Some(payment) = asked else {
        return Reply::json(
            StatusCode::NOT_FOUND,
            &json!({ "code": "699", "message": "TRANSACTION_NOT_FOUND" }),
        );
    };
    let (code, message, word) = words(&payment.status);
    let is_paid = code == "00";
    let body = json!({
        "code": code,
        "message": message,
        "data": {
            "amount": payment.told_amount(),
            "currency": payment.currency,
            "status": word,
            "payment_method": is_paid.then_some("OM"),
            "description": payment.description,
            "metadata": payment.extra.get("metadata"),
            "operator_id": is_paid.then(|| format!("MP{}", payment.token)),
            "payment_date": is_paid.then_some("2026-11-02 19:19:00"),
            "fund_availability_date": null,
        },
        "api_response_id": "1667000001.99",
    });
    let is_bad_request = !is_paid && desk.has_quirk(Quirk::CheckIsBadRequest);
    Reply::json(
        if is_bad_request {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        },
        &body,
    )
}

fn words(status: &SimStatus) -> (&str, &str, &str) {
    match status {
        SimStatus::Pending => ("662", "WAITING_CUSTOMER_PAYMENT", "WAITING_FOR_CUSTOMER"),
        SimStatus::Paid | SimStatus::Settled => ("00", "SUCCES", "ACCEPTED"),
        SimStatus::Declined | SimStatus::Refunded => ("600", "PAYMENT_FAILED", "REFUSED"),
        SimStatus::Cancelled => ("627", "TRANSACTION_CANCEL", "REFUSED"),
        SimStatus::Expired => ("625", "TRANSACTION_EXPIRED", "REFUSED"),
        SimStatus::Word(code) => (code, "SCRIPTED", "SCRIPTED"),
    }
}

const CURRENCIES: [&str; 5] = ["XOF", "XAF", "CDF", "GNF", "USD"];

//! FeexPay's second generation: pushes to a phone (the page `/phone` plays it), wallet pages, statuses, the
//! history, and a webhook that proves nothing but a static header.

use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::http::{Reply, Request};
use super::desk::{Desk, Payment, has_bearer, json_body, json_type, random_hex, text, unauthorized};
use super::{FeexpayKeys, Quirk, SimStatus};

pub fn answer(desk: &Desk, keys: &FeexpayKeys, request: &Request) -> Reply {
    if !has_bearer(request, &keys.token) {
        return unauthorized(&desk.kind);
    }
    let fields = json_body(request);
    match (&request.method, request.segments().as_slice()) {
        (&Method::POST, ["api", "transactions", "public", "requesttopay", network]) => {
            collect(desk, keys, network, &fields)
        }
        (&Method::GET, ["api", "transactions", "public", "single", "status", id]) => {
            status(desk, desk.ask(|payment| payment.id == *id))
        }
        (&Method::POST, ["api", "transactions", "history"]) => history(desk, keys, &fields),
        _ => problem(StatusCode::NOT_FOUND, "not found"),
    }
}

pub fn event(desk: &Desk, payment: &Payment) -> String {
    let mut event = described(desk, payment);
    let more = json!({
        "order_id": payment.id,
        "last_name": "K",
        "first_name": "Awa",
        "email": payment.extra_text("email"),
        "type": "Paiement",
        "date": Timestamp::now().to_string(),
        "reseau": payment.extra_text("network").to_ascii_uppercase(),
        "ref_link": null,
        "ref_operator": "9900112233",
    });
    if let Value::Object(more) = more {
        event.extend(more);
    }
    Value::Object(event).to_string()
}

/// The dashboard's static header; a wrong one, or none, for a forged call.
pub fn proof(keys: &FeexpayKeys, is_genuine: bool) -> Vec<(String, String)> {
    let mut headers = vec![json_type()];
    if let Some((name, value)) = &keys.header {
        headers.push((
            name.clone(),
            if is_genuine { value.clone() } else { "wrong".to_owned() },
        ));
    }
    headers
}

/// Whether the buyer is sent to a page of his wallet instead of his phone ringing.
pub fn is_redirect(network: &str) -> bool {
    REDIRECT_NETWORKS.contains(&network)
}

fn collect(desk: &Desk, keys: &FeexpayKeys, network: &str, fields: &Map<String, Value>) -> Reply {
    if text(fields, "shop") != Some(&keys.shop) {
        return problem(StatusCode::NOT_FOUND, "shop not found");
    }
    if !PUSH_NETWORKS.contains(&network) && !is_redirect(network) {
        return problem(StatusCode::NOT_FOUND, &format!("{network} channel not configured"));
    }
    if let Some(fault) = first_fault(network, fields) {
        return problem(StatusCode::BAD_REQUEST, fault);
    }
    let given = |name| text(fields, name).unwrap_or_default();
    let amount = fields
        .get("amount")
        .and_then(Value::as_u64)
        .unwrap_or_default()
        .to_string();
    let id: String = "3f0e8a52-0000-4000-8000-"
        .chars()
        .chain(random_hex().chars().take(12))
        .collect();
    let currency = if network == "mtn_cg" { "XAF" } else { "XOF" };
    let mut payment = Payment::new(id, given("callback_info"), &amount, currency, given("description"));
    payment.return_url = text(fields, "return_url").map(ToOwned::to_owned);
    for (name, value) in [
        ("phone", given("phoneNumber")),
        ("email", given("email")),
        ("network", network),
    ] {
        payment.extra.insert(name.to_owned(), json!(value));
    }
    if desk.has_quirk(Quirk::RefusesAtOnce) {
        payment.status = SimStatus::Declined;
    }
    if !desk.add(payment.clone()) {
        return problem(StatusCode::BAD_REQUEST, "DUPLICATE");
    }
    Reply::json(StatusCode::OK, &Value::Object(accepted(desk, &payment, network)))
}

fn accepted(desk: &Desk, payment: &Payment, network: &str) -> Map<String, Value> {
    let mut body = described(desk, payment);
    body.insert("amount".to_owned(), amount(payment));
    body.insert("message".to_owned(), json!("Accepted"));
    if payment.status == SimStatus::Declined {
        body.insert("statusCode".to_owned(), json!("10"));
        body.insert(
            "response_operator".to_owned(),
            json!({ "description": ["LOW BALANCE"], "status": ["10"] }),
        );
    }
    if is_redirect(network) {
        body.insert(
            "payment_url".to_owned(),
            json!(format!("{}/pay/{}", desk.base_url, payment.token)),
        );
        body.insert("order_id".to_owned(), json!(payment.id));
    }
    body
}

fn first_fault(network: &str, fields: &Map<String, Value>) -> Option<&'static str> {
    let phone = text(fields, "phoneNumber").unwrap_or_default();
    let description = text(fields, "description").unwrap_or_default();
    let rules = [
        (
            fields
                .get("amount")
                .and_then(Value::as_u64)
                .is_some_and(|amount| (100..=2_000_000).contains(&amount)),
            "ERR_INVALID_AMOUNT",
        ),
        (
            (8..=15).contains(&phone.len()) && phone.bytes().all(|b| b.is_ascii_digit()),
            "ERR_INVALID_PHONE",
        ),
        (!phone.starts_with("229") || phone.len() == 13, "ERR_INVALID_PHONE"),
        (
            description.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' '),
            "ERR_INVALID_DESCRIPTION",
        ),
        (
            fields.get("callback_info").is_none_or(Value::is_string),
            "ERR_INVALID_CALLBACK_INFO",
        ),
        (
            network != "orange_bf" || text(fields, "otp").is_some(),
            "ERR_OTP_REQUIRED",
        ),
    ];
    rules.into_iter().find(|(holds, _)| !holds).map(|(_, name)| name)
}

fn status(desk: &Desk, payment: Option<Payment>) -> Reply {
    let Some(payment) = payment else {
        return problem(StatusCode::NOT_FOUND, "transaction not found");
    };
    let body = Value::Object(described(desk, &payment));
    let body = if desk.has_quirk(Quirk::InsideData) {
        json!({ "data": body })
    } else {
        body
    };
    Reply::json(StatusCode::OK, &body)
}

fn history(desk: &Desk, keys: &FeexpayKeys, fields: &Map<String, Value>) -> Reply {
    let has_days = text(fields, "start_date").is_some() && text(fields, "end_date").is_some();
    if !has_days || text(fields, "shop") != Some(&keys.shop) {
        return problem(StatusCode::BAD_REQUEST, "start_date, end_date and shop are required");
    }
    let payments = desk.state().payments.clone();
    let rows: Vec<_> = payments.iter().map(|payment| described(desk, payment)).collect();
    Reply::json(StatusCode::OK, &json!({ "data": rows }))
}

/// What status, history and webhook have in common.
fn described(desk: &Desk, payment: &Payment) -> Map<String, Value> {
    let word = match &payment.status {
        SimStatus::Pending if desk.has_quirk(Quirk::PendingState) => "IN PENDING STATE",
        SimStatus::Pending => "PENDING",
        SimStatus::Paid | SimStatus::Settled => "SUCCESSFUL",
        SimStatus::Declined | SimStatus::Cancelled | SimStatus::Expired | SimStatus::Refunded => "FAILED",
        SimStatus::Word(word) => word,
    };
    let described = json!({
        "reference": payment.id,
        "status": word,
        "amount": amount(payment),
        "callback_info": payment.order,
        "description": payment.description,
        "phoneNumber": payment.extra_text("phone"),
        "reason": (word == "FAILED").then_some("LOW_BALANCE_OR_PAYEE_LIMIT_REACHED_OR_NOT_ALLOWED"),
    });
    let Value::Object(mut described) = described else {
        return Map::new();
    };
    if desk.has_quirk(Quirk::NoAmount) {
        described.remove("amount");
    }
    described
}

fn amount(payment: &Payment) -> Value {
    payment
        .told_amount()
        .parse::<i64>()
        .map_or_else(|_| json!(payment.told_amount()), |amount| json!(amount))
}

fn problem(status: StatusCode, message: &str) -> Reply {
    Reply::json(status, &json!({ "message": message }))
}

const PUSH_NETWORKS: [&str; 12] = [
    "mtn",
    "moov",
    "celtiis_bj",
    "coris",
    "togocom_tg",
    "moov_tg",
    "mtn_ci",
    "moov_bf",
    "orange_bf",
    "orange_ml",
    "mobicash_ml",
    "mtn_cg",
];
const REDIRECT_NETWORKS: [&str; 7] = [
    "moov_ci",
    "wave_ci",
    "orange_ci",
    "orange_sn",
    "wave_sn",
    "free_sn",
    "wave_bf",
];

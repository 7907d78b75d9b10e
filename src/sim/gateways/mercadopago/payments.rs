//! Payments: made by card token, found, searched, cancelled, captured, refunded, charged back.

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::http::{Reply, Request};
use super::super::card_token::{CardToken, Outcome};
use super::super::desk::{Desk, Payment, random_hex, text};
use super::super::{Choice, MercadopagoKeys, Quirk, SimStatus};
use super::books::{self, Means, Refund, Try};
use super::checkout::{self, merchant_order_id, money, number};
use super::{CURRENCY, FOREIGN_PAYMENT, USER_ID, is_live, notices, orders, problem};
use crate::money::Money;
use crate::sorted::Arrange;

/// What the browser's script does with a card: the number stays, a token comes back.
pub fn make_card_token(desk: &Desk, fields: &Map<String, Value>) -> Reply {
    let holder = fields
        .get("cardholder")
        .and_then(Value::as_object)
        .and_then(|holder| text(holder, "name"));
    let (Some(holder), Some(_)) = (holder, text(fields, "card_number")) else {
        return problem(
            StatusCode::BAD_REQUEST,
            205,
            "parameter cardNumber or cardholder.name can not be empty",
        );
    };
    let token = format!("{}{}", random_hex(), random_hex());
    desk.state().mercadopago.keep_holder(token.clone(), holder.to_owned());
    Reply::json(
        StatusCode::CREATED,
        &json!({ "id": token, "status": "active", "live_mode": false }),
    )
}

/// A payment without a hosted page, by a token of `make_card_token` or of `card_token`.
pub fn create(desk: &Arc<Desk>, keys: &MercadopagoKeys, request: &Request, fields: Map<String, Value>) -> Reply {
    let amount = money(fields.get("transaction_amount"));
    let means = text(&fields, "payment_method_id").and_then(Means::from_id);
    let email = fields
        .get("payer")
        .and_then(Value::as_object)
        .and_then(|payer| text(payer, "email"));
    let (Some(amount), Some(means), Some(_)) = (amount, means, email) else {
        return problem(
            StatusCode::BAD_REQUEST,
            4020,
            "transaction_amount, payment_method_id or payer.email is missing or invalid",
        );
    };
    let token = text(&fields, "token").unwrap_or_default();
    let holder = desk.state().mercadopago.spend_token(token);
    let named = CardToken::read(token).filter(|_| desk.state().spent_tokens.insert(token.to_owned()));
    let (status, detail) = match (means, holder) {
        (Means::Card, None) if named.is_some() => {
            named.map_or((SimStatus::Pending, None), |named| named_outcome(named.outcome))
        }
        (Means::Card, None) => return problem(StatusCode::BAD_REQUEST, 2006, "Card Token not found"),
        (Means::Card, Some(holder)) => books::outcome_of(&holder),
        (Means::Balance, _) => (SimStatus::Paid, None),
        (Means::Oxxo | Means::Spei, _) => (SimStatus::Pending, None),
    };
    let status = match (status, fields.get("capture")) {
        (SimStatus::Paid, Some(Value::Bool(false))) => SimStatus::Word("authorized/pending_capture".to_owned()),
        (status, _) => status,
    };
    let reference = text(&fields, "external_reference").unwrap_or_default();
    let description = text(&fields, "description").unwrap_or("-");
    let id = format!("direct-{}", random_hex());
    let mut payment = Payment::new(id, reference, &amount.major_text(), CURRENCY.code(), description);
    payment.notify_url = text(&fields, "notification_url").map(ToOwned::to_owned);
    let mut asked = fields.clone();
    if let Some(device) = request.header("x-meli-session-id") {
        asked.insert("device".to_owned(), json!(device));
    }
    payment.extra = fields;
    payment.extra.insert("asked".to_owned(), Value::Object(asked));
    let token = payment.token.clone();
    desk.state().payments.push(payment);
    let made = books::attempt(desk, &token, means, status, detail);
    if !desk.has_quirk(Quirk::SilentCharges) {
        let told = notices::errands(desk, &token, Choice::Pay, &["created"]);
        desk.sender.spawn(desk, told);
    }
    match made.and_then(|id| books::by_id(desk, &id.to_string())) {
        Some((found, checkout)) => Reply::json(StatusCode::CREATED, &shown(desk, keys, &found, &checkout)),
        None => problem(StatusCode::INTERNAL_SERVER_ERROR, 500, "the payment is gone"),
    }
}

/// What a test token's name stands for here.
fn named_outcome(outcome: Outcome) -> (SimStatus, Option<String>) {
    let word = |word: &str| (SimStatus::Word(word.to_owned()), None);
    let refused = |detail: &str| (SimStatus::Declined, Some(format!("cc_rejected_{detail}")));
    match outcome {
        Outcome::Paid => (SimStatus::Paid, None),
        Outcome::Declined => refused("other_reason"),
        Outcome::InsufficientFunds => refused("insufficient_amount"),
        Outcome::Fraud => refused("high_risk"),
        Outcome::Challenge => word("pending/pending_challenge"),
        Outcome::Pending => word("pending/pending_provider_response"),
        Outcome::InProcess => word("in_process/pending_contingency"),
        Outcome::Authorized => word("authorized/pending_capture"),
    }
}

pub fn show(desk: &Desk, keys: &MercadopagoKeys, id: &str) -> Reply {
    if id == FOREIGN_PAYMENT {
        return problem(
            StatusCode::FORBIDDEN,
            4,
            "The caller is not authorized to access this resource",
        );
    }
    let Some((found, _)) = books::by_id(desk, id) else {
        return problem(StatusCode::NOT_FOUND, 2000, "Payment not found");
    };
    // The next step of a script is the last try's.
    match desk.ask(|payment| payment.token == found.checkout) {
        Some(checkout) => Reply::json(StatusCode::OK, &shown(desk, keys, &found, &checkout)),
        None => problem(StatusCode::NOT_FOUND, 2000, "Payment not found"),
    }
}

/// Newest first, as the relay asks; by reference and by the days of creation or approval.
pub fn search(desk: &Desk, keys: &MercadopagoKeys, request: &Request) -> Reply {
    let value = |name| request.query_value(name).filter(|text| !text.is_empty());
    let (wanted, status) = (value("external_reference"), value("status"));
    let bound = |name| value(name).and_then(|text| text.parse::<Timestamp>().ok());
    let (begin, end) = (bound("begin_date"), bound("end_date"));
    let at = |name: &'static str, default: usize| value(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (offset, limit) = (at("offset", 0), at("limit", 30).min(1000));
    let checkouts = desk.state().payments.clone();
    let mut found = Vec::new();
    for checkout in checkouts.iter().filter(|checkout| !orders::is_order(checkout)) {
        if wanted.as_ref().is_some_and(|wanted| *wanted != checkout.order) {
            continue;
        }
        found.extend(books::tries_of(desk, checkout).into_iter().map(|one| (one, checkout)));
    }
    found.retain(|(one, checkout)| {
        status.as_ref().is_none_or(|status| one.words(checkout).0 == *status)
            && begin.is_none_or(|begin| one.at >= begin)
            && end.is_none_or(|end| one.at <= end)
    });
    found.arrange_by_key(|(one, _)| std::cmp::Reverse(one.id));
    let page = found.iter().skip(offset).take(limit);
    let results: Vec<_> = page.map(|(one, checkout)| shown(desk, keys, one, checkout)).collect();
    let paging = json!({ "total": found.len(), "limit": limit, "offset": offset });
    Reply::json(StatusCode::OK, &json!({ "paging": paging, "results": results }))
}

/// Cancels what is not paid, or takes what is held.
pub fn change(desk: &Desk, keys: &MercadopagoKeys, id: &str, fields: &Map<String, Value>) -> Reply {
    let Some((found, checkout)) = books::by_id(desk, id) else {
        return problem(StatusCode::NOT_FOUND, 2000, "Payment not found");
    };
    let (status, _) = found.words(&checkout);
    let is_cancel = text(fields, "status") == Some("cancelled");
    let is_capture = fields.get("capture") == Some(&Value::Bool(true));
    let next = match status.as_str() {
        "pending" | "in_process" | "authorized" if is_cancel => SimStatus::Word("cancelled/by_collector".to_owned()),
        "authorized" if is_capture => SimStatus::Paid,
        _ => {
            return problem(
                StatusCode::BAD_REQUEST,
                2018,
                "The action requested is not valid for the current payment state",
            );
        }
    };
    books::set_status(desk, found.id, next);
    show(desk, keys, id)
}

pub fn refund(desk: &Desk, keys: &MercadopagoKeys, id: &str, fields: &Map<String, Value>) -> Reply {
    if id == FOREIGN_PAYMENT {
        return show(desk, keys, id);
    }
    let Some((found, checkout)) = books::by_id(desk, id) else {
        return problem(StatusCode::NOT_FOUND, 2000, "Payment not found");
    };
    let whole = money(Some(&number(&checkout.amount))).map_or(0, Money::minor);
    let left = whole - found.refunds.iter().map(|refund| refund.amount.minor()).sum::<i64>();
    let wanted = match fields.get("amount") {
        None | Some(Value::Null) => Some(left),
        given => money(given).map(Money::minor),
    };
    let is_paid = found.words(&checkout).0 == "approved";
    let Some(wanted) = wanted.filter(|wanted| is_paid && *wanted > 0 && *wanted <= left) else {
        return problem(
            StatusCode::BAD_REQUEST,
            2063,
            "The action requested is not valid for the current payment state",
        );
    };
    let refund = add_refund(desk, &found, Money::from_minor(wanted, CURRENCY), wanted == left);
    Reply::json(StatusCode::CREATED, &refund_shown(&refund, id))
}

/// Books a refund; one that gives all back makes the payment a refunded one, unless refunds are slow today.
pub fn add_refund(desk: &Desk, found: &Try, amount: Money, is_all: bool) -> Refund {
    let is_slow = desk.has_quirk(Quirk::SlowRefunds);
    let refund = {
        let mut state = desk.state();
        state.mercadopago.refunds += 1;
        let refund = Refund {
            id: FIRST_REFUND + state.mercadopago.refunds,
            amount,
            status: if is_slow { "in_process" } else { "approved" },
        };
        let known = state.mercadopago.tries.iter_mut().find(|known| known.id == found.id);
        if let Some(known) = known {
            known.refunds.push(refund.clone());
        }
        refund
    };
    if is_all && !is_slow {
        books::set_status(desk, found.id, SimStatus::Refunded);
    }
    refund
}

pub fn refunds(desk: &Desk, id: &str) -> Reply {
    match books::by_id(desk, id) {
        Some((found, _)) => {
            let all: Vec<_> = found.refunds.iter().map(|refund| refund_shown(refund, id)).collect();
            Reply::json(StatusCode::OK, &json!(all))
        }
        None => problem(StatusCode::NOT_FOUND, 2000, "Payment not found"),
    }
}

/// A chargeback has the id of its payment with a letter in front.
pub fn chargeback(desk: &Desk, id: &str) -> Reply {
    let found = id.strip_prefix('C').and_then(|id| books::by_id(desk, id));
    match found {
        Some((found, checkout)) => {
            let body = json!({
                "id": id,
                "payments": [found.id],
                "currency": checkout.currency,
                "amount": number(&checkout.amount),
                "coverage_applied": null,
            });
            Reply::json(StatusCode::OK, &body)
        }
        None => problem(StatusCode::NOT_FOUND, 404, "chargeback not found"),
    }
}

pub fn methods() -> Reply {
    let all: Vec<_> = Means::ALL
        .into_iter()
        .map(|means| {
            json!({
                "id": means.id(),
                "payment_type_id": means.kind(),
                "status": "active",
                "min_allowed_amount": if means == Means::Balance { 5 } else { 10 },
                "max_allowed_amount": 200_000,
            })
        })
        .collect();
    Reply::json(StatusCode::OK, &json!(all))
}

/// The 18 digits a transfer is sent to, and the 14 that are read to a cashier.
pub fn reference_of(found: &Try) -> String {
    match found.means {
        Means::Spei => format!("646180{:012}", found.id % 1_000_000_000_000),
        _ => format!("93000{:09}", found.id % 1_000_000_000),
    }
}

pub fn ticket_url(desk: &Desk, found: &Try) -> String {
    format!("{}/ticket/{}", desk.base_url, found.id)
}

/// Three days, as OXXO's are by default.
pub fn voucher_ends(found: &Try) -> Timestamp {
    let days = jiff::SignedDuration::from_hours(72);
    found.at.saturating_add(days).unwrap_or(found.at)
}

/// The payment of facts 3.4.
fn shown(desk: &Desk, keys: &MercadopagoKeys, found: &Try, checkout: &Payment) -> Value {
    let (status, detail) = found.words(checkout);
    let amount = number(checkout.told_amount());
    let is_paid = matches!(
        status.as_str(),
        "approved" | "refunded" | "charged_back" | "in_mediation"
    );
    let is_waiting = status == "pending" && found.means.is_paid_elsewhere();
    let now = Timestamp::now().to_string();
    let refunded = if status == "refunded" {
        amount.clone()
    } else {
        number(&found.refunded().major_text())
    };
    let refunds: Vec<_> = found
        .refunds
        .iter()
        .map(|refund| refund_shown(refund, &found.id.to_string()))
        .collect();
    let challenge =
        json!({ "external_resource_url": format!("{}/3ds/{}", desk.base_url, checkout.token), "creq": "demo" });
    json!({
        "id": found.id,
        "status": status,
        "status_detail": detail,
        "transaction_amount": amount,
        "transaction_amount_refunded": refunded,
        "currency_id": checkout.currency,
        "payment_method_id": found.means.id(),
        "payment_type_id": found.means.kind(),
        "installments": checkout.extra.get("installments").unwrap_or(&json!(1)),
        "issuer_id": checkout.extra.get("issuer_id").unwrap_or(&json!("310")),
        "card": (found.means == Means::Card).then(|| json!({ "first_six_digits": "407559", "last_four_digits": "3764" })),
        "operation_type": "regular_payment",
        "processing_mode": "aggregator",
        "date_created": found.at.to_string(),
        "date_approved": is_paid.then(|| now.clone()),
        "date_last_updated": now,
        "date_of_expiration": is_waiting.then(|| voucher_ends(found).to_string()),
        "external_reference": checkout.order,
        "description": checkout.description,
        "notification_url": checkout.notify_url,
        "live_mode": is_live(desk, keys),
        "captured": status != "authorized",
        "binary_mode": false,
        "collector_id": USER_ID,
        "metadata": checkout.extra.get("metadata").unwrap_or(&json!({})),
        "order": { "id": merchant_order_id(desk, checkout), "type": "mercadopago" },
        "payer": { "id": "128185910", "email": payer_email(checkout), "identification": { "type": null, "number": null } },
        "refunds": refunds,
        "three_ds_info": (detail == "pending_challenge").then_some(challenge),
        "transaction_details": {
            "total_paid_amount": amount,
            "overpaid_amount": 0,
            "external_resource_url": is_waiting.then(|| ticket_url(desk, found)),
            "payment_method_reference_id": is_waiting.then(|| reference_of(found)),
        },
    })
}

fn payer_email(checkout: &Payment) -> &str {
    let payer = checkout.extra.get("payer").and_then(Value::as_object);
    payer
        .and_then(|payer| text(payer, "email"))
        .unwrap_or("test_user@testuser.com")
}

fn refund_shown(refund: &Refund, payment: &str) -> Value {
    let amount = checkout::number(&refund.amount.major_text());
    json!({
        "id": refund.id,
        "payment_id": number(payment),
        "amount": amount,
        "status": refund.status,
        "source": { "id": USER_ID.to_string(), "name": "Demo", "type": "collector" },
        "refund_mode": "standard",
        "amount_refunded_to_payer": amount,
        "date_created": Timestamp::now().to_string(),
    })
}

const FIRST_REFUND: u64 = 1_009_042_000;

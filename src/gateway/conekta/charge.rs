//! Charging a card by the token of the browser's form. Facts: `gateways-latin-america.md` 2.3, 2.4 and 2.6, and
//! `pagos-hotspot-api.md` 5.4.
//!
//! Conekta has no idempotency key. A charge whose answer was lost is looked for by our reference before it is tried
//! again, and a token is good for one charge: a second one is refused as used.

use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::super::answer;
use super::super::call::{Answer, Body, Dialogue};
use super::super::conekta_order as wire;
use super::super::{CardDetails, CardRefusal, ChargeRequest, GatewayError, PaymentStatus, Report};
use super::{Api, fitting_amount, read_order};

pub(super) fn charge(api: &Api, request: &ChargeRequest) -> Dialogue<Report> {
    let body = match order(request) {
        Ok(body) => body,
        Err(error) => return answer::ended(error),
    };
    let call = api.call(Method::POST, "orders", Body::Json(body), request.language);
    let reference = request.order.clone();
    Dialogue::call(call, move |answer| {
        // A refused card answers 402 with the order inside.
        let refused = wire::inside(&answer).filter(|order| answer.status.as_u16() == 402 && order.is_about(&reference));
        if let Some(order) = refused {
            return Dialogue::Done(Ok(declined(&order, &answer)));
        }
        Dialogue::Done(match read_order(&answer, &reference) {
            Ok(order) => order.report(),
            // An order of somebody else's: nobody knows what became of ours.
            Err(GatewayError::NotFound) if answer.status.is_success() => Err(answer::senseless("order of ours")),
            Err(error) => refused_outright(&answer, error),
        })
    })
}

/// The order as Conekta takes it, or the rule it breaks. A phone number is sent only where the buyer gave one.
fn order(request: &ChargeRequest) -> Result<Value, GatewayError> {
    let centavos = fitting_amount(request.amount)?;
    let (reference, payer) = (request.order.as_str(), &request.payer);
    let mut customer = json!({ "name": payer.name, "email": payer.email });
    let mut card = json!({ "type": "card", "token_id": request.token.expose_secret() });
    if let (Some(phone), Some(fields)) = (&payer.phone, customer.as_object_mut()) {
        fields.insert("phone".to_owned(), json!(format!("+{phone}")));
    }
    if let Some(fields) = card.as_object_mut() {
        if let Some(ip) = &request.ip {
            fields.insert("customer_ip_address".to_owned(), json!(ip));
        }
        if request.installments > 1 {
            fields.insert("monthly_installments".to_owned(), json!(request.installments));
        }
    }
    Ok(json!({
        "currency": request.amount.currency().code(),
        "customer_info": customer,
        "line_items": [{
            "name": request.description,
            "unit_price": centavos,
            "quantity": 1,
            "sku": reference,
        }],
        "charges": [{ "payment_method": card, "reference_id": reference }],
        "metadata": { wire::REFERENCE: reference },
    }))
}

fn declined(order: &wire::Order, answer: &Answer) -> Report {
    let code = wire::code(answer);
    let card = CardDetails {
        status: "declined".to_owned(),
        refusal: Some(
            order
                .refusal_code()
                .map_or_else(|| refusal_of(&code), |code| refusal_of(&code)),
        ),
        http_status: Some(answer.status.as_u16()),
        ..order.card()
    };
    Report {
        card: Some(Box::new(card)),
        gateway_id: order.id.owned(),
        order: order.reference(),
        amount: order.money(),
        mode: order.mode(),
        ..Report::of(PaymentStatus::Failed {
            reason: Some(wire::words_for_buyer(answer)),
        })
    }
}

/// A request that was refused before there was an order.
fn refused_outright(answer: &Answer, error: GatewayError) -> Result<Report, GatewayError> {
    match (answer.status.as_u16(), error) {
        (429, GatewayError::Transient(_)) => Err(GatewayError::Throttled { after_s: REST_S }),
        (status @ (400 | 402 | 404 | 422 | 428), error @ (GatewayError::Refused(_) | GatewayError::NotFound)) => {
            let card = CardDetails {
                status: "declined".to_owned(),
                refusal: Some(refusal_of(&wire::code(answer))),
                http_status: Some(status),
                ..CardDetails::default()
            };
            Ok(Report {
                card: Some(Box::new(card)),
                ..Report::of(PaymentStatus::Failed {
                    reason: Some(error.to_string()),
                })
            })
        }
        (_, error) => Err(error),
    }
}

/// What a code stands for: the last part of it that we know (facts: pagos-hotspot-api 5.4).
pub fn refusal_of(code: &str) -> CardRefusal {
    let known = CODES.iter().find(|(part, _)| code.contains(part));
    known.map_or(CardRefusal::Processing, |(_, refusal)| *refusal)
}

/// The words of an order's state (facts 5.1: state to message).
pub fn refusal_of_status(status: &str) -> Option<CardRefusal> {
    Some(match status {
        "paid" => return None,
        "pending_payment" | "pending" | "pending_confirmation" => CardRefusal::Pending,
        "declined" => CardRefusal::Declined,
        "expired" => CardRefusal::Expired,
        "canceled" | "cancelled" | "voided" => CardRefusal::Cancelled,
        "refunded" | "partially_refunded" | "reversed" => CardRefusal::Refunded,
        "chargeback" | "charged_back" | "under_fraud_review" => CardRefusal::Disputed,
        "fraudulent" => CardRefusal::SuspectedFraud,
        "pre_authorized" | "preauthorized" => CardRefusal::Authorized,
        "partially_paid" => CardRefusal::PartlyPaid,
        _ => CardRefusal::Processing,
    })
}

/// From the more particular to the more general, for codes are dotted paths that hold several of these.
const CODES: [(&str, CardRefusal); 42] = [
    ("tokenization.used", CardRefusal::TokenUsed),
    ("token_id.used", CardRefusal::TokenUsed),
    ("tokenization.expired", CardRefusal::TokenExpired),
    ("tokenization", CardRefusal::TokenInvalid),
    ("token_id", CardRefusal::TokenInvalid),
    ("nonexistent_token", CardRefusal::TokenInvalid),
    ("insufficient_funds", CardRefusal::InsufficientFunds),
    ("expired_card", CardRefusal::CardExpired),
    ("stolen_card", CardRefusal::CardStolen),
    ("lost_card", CardRefusal::CardStolen),
    ("restricted_card", CardRefusal::CardDisabled),
    ("card_not_supported", CardRefusal::CardNotSupported),
    ("msi_error", CardRefusal::WrongInstallments),
    ("monthly_installments", CardRefusal::WrongInstallments),
    ("card_number_incorrect", CardRefusal::WrongNumber),
    ("cvv_incorrect", CardRefusal::WrongSecurityCode),
    ("cvc", CardRefusal::WrongSecurityCode),
    ("invalid_card", CardRefusal::CardInvalid),
    ("suspected_fraud", CardRefusal::SuspectedFraud),
    ("suspicious_behaviour", CardRefusal::SuspectedFraud),
    ("three_ds", CardRefusal::CallBank),
    ("call_for_auth", CardRefusal::CallBank),
    ("card_declined", CardRefusal::Declined),
    ("declined", CardRefusal::Declined),
    ("invalid_amount", CardRefusal::WrongAmount),
    ("amount", CardRefusal::WrongAmount),
    ("currency", CardRefusal::WrongCurrency),
    ("email", CardRefusal::WrongEmail),
    ("phone", CardRefusal::WrongPhone),
    ("missing_parameter", CardRefusal::MissingData),
    ("invalid_parameter", CardRefusal::WrongData),
    ("parameter_validation", CardRefusal::WrongData),
    ("authentication", CardRefusal::AccountRefused),
    ("unauthorized", CardRefusal::AccountRefused),
    ("invalid_api_key", CardRefusal::AccountRefused),
    ("resource_not_found", CardRefusal::NotFound),
    ("not_found", CardRefusal::NotFound),
    ("rate_limit", CardRefusal::TooOften),
    ("quota_exceeded", CardRefusal::TooOften),
    ("bank_connection", CardRefusal::BankUnreachable),
    ("gateway_error", CardRefusal::BankUnreachable),
    ("precondition_required", CardRefusal::WrongData),
];
/// Where it names no time.
const REST_S: u32 = 30;

#[cfg(test)]
#[path = "charge_tests.rs"]
mod tests;

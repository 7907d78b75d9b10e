//! Charging a card by the token of the browser's form. Facts: `gateways-latin-america.md` 3.4 to 3.6 and
//! `pagos-hotspot-api.md` 5.5.
//!
//! The idempotency key is made from the order alone, so that a repeated charge is the first one again. A refused card
//! answers 201 like a paid one: the body decides.

use serde_json::value::RawValue;

use super::super::answer;
use super::super::call::{Answer, Body, Dialogue};
use super::super::{CardDetails, CardRefusal, ChargeRequest, GatewayError, PaymentStatus, Report};
use super::payment::Payment;
use super::{Api, check_currency, idempotency_key, notification_url, problem, read};

pub fn charge(api: &Api, request: &ChargeRequest) -> Dialogue<Report> {
    let body = match check_currency(request.amount).and_then(|()| Charge::body(request)) {
        Ok(body) => body,
        Err(error) => return answer::ended(error),
    };
    let key = idempotency_key("charge", &[request.order.as_str()]);
    let mut call = api.post("v1/payments", key, body);
    // A header can hold no more than this, and the gateway's own script makes nothing else.
    let is_plain =
        |device: &&String| device.len() <= DEVICE_CHARS && device.bytes().all(|byte| byte.is_ascii_graphic());
    if let Some(device) = request.device.as_ref().filter(is_plain) {
        call.headers.push(("x-meli-session-id", device.clone()));
    }
    let order = request.order.clone();
    Dialogue::call(call, move |answer| {
        Dialogue::Done(match read::<Payment>(&answer, "payment") {
            Ok(payment) => payment.report().and_then(|report| match &report.order {
                Some(named) if *named == order => Ok(report),
                _ => Err(answer::senseless("payment of our order")),
            }),
            Err(error) => refused_outright(&answer, error),
        })
    })
}

/// A request that the gateway took no money for. Its wrong fields are the buyer's or the portal's, so they are an
/// answer; everything else keeps its meaning.
fn refused_outright(answer: &Answer, error: GatewayError) -> Result<Report, GatewayError> {
    match (answer.status.as_u16(), error) {
        // Nothing was charged, whether it says for how long or not.
        (429, GatewayError::Transient(_)) => Err(GatewayError::Throttled { after_s: REST_S }),
        (status @ (400 | 402 | 404 | 422), GatewayError::Refused(says)) => Ok(not_charged(status, &says, answer)),
        (404, GatewayError::NotFound) => Ok(not_charged(404, "the gateway does not know what was named", answer)),
        (_, error) => Err(error),
    }
}

fn not_charged(status: u16, says: &str, answer: &Answer) -> Report {
    Report {
        card: Some(Box::new(CardDetails {
            status: "rejected".to_owned(),
            refusal: Some(problem::refusal(answer)),
            http_status: Some(status),
            ..CardDetails::default()
        })),
        ..Report::of(PaymentStatus::Failed {
            reason: Some(says.to_owned()),
        })
    }
}

/// What a payment's words say of money that is not there (facts: pagos-hotspot-api 5.5, gateways-latin-america 3.5).
pub fn refusal_of(status: &str, detail: &str) -> Option<CardRefusal> {
    Some(match status {
        "approved" => return None,
        "pending" => CardRefusal::Pending,
        "in_process" => CardRefusal::InReview,
        "authorized" => CardRefusal::Authorized,
        "in_mediation" | "charged_back" => CardRefusal::Disputed,
        "refunded" => CardRefusal::Refunded,
        "cancelled" | "canceled" if detail == "expired" => CardRefusal::Expired,
        "cancelled" | "canceled" => CardRefusal::Cancelled,
        "rejected" => rejection(detail),
        _ => CardRefusal::Processing,
    })
}

fn rejection(detail: &str) -> CardRefusal {
    match detail.strip_prefix("cc_rejected_").unwrap_or(detail) {
        "" => CardRefusal::Rejected,
        "insufficient_amount" => CardRefusal::InsufficientFunds,
        "bad_filled_card_number" => CardRefusal::WrongNumber,
        "bad_filled_date" => CardRefusal::WrongDate,
        "bad_filled_security_code" => CardRefusal::WrongSecurityCode,
        "bad_filled_other" | "rejected_insufficient_data" => CardRefusal::WrongData,
        "high_risk" | "rejected_high_risk" | "rejected_by_regulations" => CardRefusal::SuspectedFraud,
        "card_disabled" => CardRefusal::CardDisabled,
        "card_type_not_allowed" => CardRefusal::CardNotSupported,
        "blacklist" => CardRefusal::Blacklisted,
        "duplicated_payment" => CardRefusal::Duplicate,
        "call_for_authorize" | "3ds_challenge" => CardRefusal::CallBank,
        "max_attempts" => CardRefusal::TooManyAttempts,
        "invalid_installments" => CardRefusal::WrongInstallments,
        "bank_error" | "time_out" => CardRefusal::BankUnreachable,
        "other_reason" | "rejected_by_bank" | "rejected_other_reason" => CardRefusal::Declined,
        _ => CardRefusal::Processing,
    }
}

#[derive(serde::Serialize)]
struct Charge<'a> {
    /// The digits themselves, so that 19.99 is written as 19.99.
    transaction_amount: Box<RawValue>,
    token: &'a str,
    description: &'a str,
    payment_method_id: &'a str,
    installments: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_id: Option<&'a str>,
    external_reference: &'a str,
    notification_url: String,
    statement_descriptor: String,
    binary_mode: bool,
    payer: Payer<'a>,
    additional_info: MoreInfo<'a>,
}

#[derive(serde::Serialize)]
struct Payer<'a> {
    email: &'a str,
    first_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    last_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    identification: Option<Identification<'a>>,
}

#[derive(serde::Serialize)]
struct Identification<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    number: &'a str,
}

#[derive(serde::Serialize)]
struct MoreInfo<'a> {
    items: [Item<'a>; 1],
    payer: MorePayer<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
}

#[derive(serde::Serialize)]
struct Item<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    category_id: &'static str,
    quantity: u32,
    unit_price: Box<RawValue>,
}

#[derive(serde::Serialize)]
struct MorePayer<'a> {
    first_name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    last_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<PhoneNumber<'a>>,
}

#[derive(serde::Serialize)]
struct PhoneNumber<'a> {
    area_code: &'static str,
    number: &'a str,
}

impl Charge<'_> {
    fn body(request: &ChargeRequest) -> Result<Body, GatewayError> {
        use secrecy::ExposeSecret;
        let unfit = |_| GatewayError::Refused("the price cannot be written as a number".to_owned());
        let price = || RawValue::from_string(request.amount.major_text()).map_err(unfit);
        let payer = &request.payer;
        let (first_name, last_name) = payer.name.trim().split_once(' ').unwrap_or((payer.name.trim(), ""));
        let last_name = last_name.trim();
        let charge = Charge {
            transaction_amount: price()?,
            token: request.token.expose_secret(),
            description: &request.description,
            payment_method_id: request.method.as_deref().unwrap_or_default(),
            installments: request.installments,
            issuer_id: request.issuer.as_deref(),
            external_reference: request.order.as_str(),
            notification_url: notification_url(&request.order, &request.notify_url)?,
            statement_descriptor: request.statement.chars().take(STATEMENT_CHARS).collect(),
            // The buyer stands there and waits: the gateway says yes or no at once where it can.
            binary_mode: true,
            payer: Payer {
                email: &payer.email,
                first_name,
                last_name,
                identification: payer
                    .identification
                    .as_ref()
                    .map(|(kind, number)| Identification { kind, number }),
            },
            additional_info: MoreInfo {
                items: [Item {
                    id: request.order.as_str(),
                    title: &request.description,
                    description: &request.description,
                    category_id: "services",
                    quantity: 1,
                    unit_price: price()?,
                }],
                payer: MorePayer {
                    first_name,
                    last_name,
                    phone: payer
                        .phone
                        .as_deref()
                        .map(|number| PhoneNumber { area_code: "", number }),
                },
                ip_address: request.ip.as_deref(),
            },
        };
        let raw = serde_json::value::to_raw_value(&charge);
        Ok(Body::Written(raw.map_err(unfit)?))
    }
}

/// The smaller of the two lengths its pages name (facts 3.2).
const STATEMENT_CHARS: usize = 13;
/// Today's have some 80 characters.
const DEVICE_CHARS: usize = 256;
/// Where it names no time.
const REST_S: u32 = 30;

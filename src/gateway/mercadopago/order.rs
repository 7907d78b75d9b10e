//! The newer orders: one object that holds link, payments and refunds, with amounts as texts. Facts 3.3.

use jiff::SignedDuration;
use serde_json::json;

use super::super::answer::{self, Raw, Text};
use super::super::call::{Answer, Body, Dialogue};
use super::super::{GatewayError, PaymentKey, PaymentRequest, PaymentStatus, Report, Started};
use super::payment::{self, inner};
use super::preference::{started_by_earlier_try, taken_over, told_by};
use super::{Api, about_order, idempotency_key, later, moment, notification_url, problem, read};
use crate::company::Mode;
use crate::money::{Currency, Money};
use crate::order::Instructions;

pub fn create(api: Api, request: &PaymentRequest) -> Dialogue<Started> {
    let notify = match notification_url(&request.order, &request.notify_url) {
        Ok(notify) => notify,
        Err(error) => return answer::ended(error),
    };
    let (back, amount) = (&request.return_url, request.amount.major_text());
    let mut online = json!({ "success_url": back, "pending_url": back, "failure_url": back });
    if let (true, Some(online)) = (back.starts_with("https://"), online.as_object_mut()) {
        online.insert("auto_return".to_owned(), json!("approved"));
    }
    let mut body = json!({
        "type": "online",
        "processing_mode": "manual",
        "capture_mode": "automatic",
        "total_amount": amount,
        "external_reference": request.order.as_str(),
        "expiration_time": LINK_LIVES_TEXT,
        "items": [{ "title": request.description, "quantity": 1, "unit_price": amount }],
        // Whether orders take an address of their own is not certain; the panel's is called in any case.
        "config": { "notification_url": notify, "online": online },
    });
    if let (Some(email), Some(body)) = (&request.email, body.as_object_mut()) {
        body.insert("payer".to_owned(), json!({ "email": email }));
    }
    let wanted = PaymentKey {
        order: request.order.clone(),
        gateway_id: None,
        created_at: request.created_at,
    };
    let key = idempotency_key("order", &[request.order.as_str()]);
    Dialogue::call(api.post("v1/orders", key, Body::Json(body)), move |answer| {
        if answer.status.as_u16() == 402 {
            return Dialogue::Done(refused_at_once(&answer, &wanted));
        }
        match read_report(&answer) {
            // A link to play money on an account that sells for real money: nobody should pay there.
            Ok(report) if api.mode == Mode::Live && report.mode == Some(Mode::Test) => {
                answer::ended(GatewayError::Misconfigured(WRONG_MODE.to_owned()))
            }
            Ok(report) if report.pay_url.is_some() => Dialogue::Done(Ok(taken_over(report))),
            Ok(_) => answer::ended(answer::senseless("order with `checkout_url`")),
            Err(refusal) if answer.status.as_u16() == 409 => {
                search(api, wanted).then(move |found| Dialogue::Done(started_by_earlier_try(found, refusal)))
            }
            Err(error) => answer::ended(error),
        }
    })
}

/// Asks about one order, whoever's it is.
pub fn look(api: &Api, id: &str) -> Dialogue<Report> {
    let call = api.get(&format!("v1/orders/{}", answer::path_segment(id)));
    Dialogue::call(call, |answer| Dialogue::Done(read_report(&answer)))
}

/// A payment of the order was refused, and the order exists all the same: it stands beside the error, or for it.
fn refused_at_once(answer: &Answer, wanted: &PaymentKey) -> Result<Started, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        data: Raw,
    }
    let refusal = problem::failure(answer);
    let envelope: Envelope = answer::read_object(&answer.body).unwrap_or_default();
    let inner = envelope.data.as_deref().map(|data| data.get().as_bytes());
    let bytes = inner.unwrap_or(&answer.body);
    let order: Option<Order> = answer::read_object(bytes).ok();
    let report = order.and_then(|order| order.report().ok());
    match report.and_then(|report| about_order(report, wanted).ok()) {
        Some(report) => Ok(Started {
            failed: Some(problem::words(answer)),
            raw: serde_json::from_slice(bytes).ok(),
            ..taken_over(report)
        }),
        None => Err(refusal),
    }
}

fn read_report(answer: &Answer) -> Result<Report, GatewayError> {
    let report = read::<Order>(answer, "order").and_then(|order| order.report())?;
    Ok(told_by(answer, report))
}

/// Disputes are told about a payment; the order that it paid may not say so yet.
pub fn with_word_of_payment(order: Report, payment: &PaymentStatus) -> Report {
    let is_news = matches!(payment, PaymentStatus::Disputed | PaymentStatus::ChargedBack);
    if is_news && order.status == PaymentStatus::Paid {
        return Report {
            status: payment.clone(),
            ..order
        };
    }
    order
}

/// Finds the order of our reference and asks about it by its id.
pub fn search(api: Api, key: PaymentKey) -> Dialogue<Report> {
    let day = |by: SignedDuration| answer::path_segment(&moment(later(key.created_at, by)));
    let path = format!(
        "v1/orders?begin_date={}&end_date={}&external_reference={}",
        day(-SEARCH_MARGIN),
        day(SEARCH_MARGIN),
        answer::path_segment(key.order.as_str())
    );
    Dialogue::call(api.get(&path), move |answer| {
        let found = match read_list(&answer) {
            Ok(found) => found,
            Err(error) => return answer::ended(error),
        };
        let ours = found
            .reports()
            .filter(|report| report.order.as_ref() == Some(&key.order));
        match payment::decisive(ours.collect()).and_then(|report| report.gateway_id) {
            Some(id) => {
                look(&api, &id).then(move |found| Dialogue::Done(found.and_then(|report| about_order(report, &key))))
            }
            None => answer::ended(GatewayError::NotFound),
        }
    })
}

/// A list of orders as it is answered.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct List {
    pub data: Vec<Raw>,
    pub paging: Raw,
}

impl List {
    /// What can be read of it.
    pub fn reports(&self) -> impl Iterator<Item = Report> {
        let rows = self.data.iter();
        let orders = rows.filter_map(|row| answer::read_inner::<Order>(row).ok().flatten());
        orders.filter_map(|order| order.report().ok())
    }
}

pub fn read_list(answer: &Answer) -> Result<List, GatewayError> {
    read(answer, "list of orders")
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Order {
    id: Text,
    pub status: Text,
    status_detail: Text,
    total_amount: Text,
    currency: Text,
    country_code: Text,
    external_reference: Text,
    checkout_url: Text,
    pub transactions: Transactions,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Transactions {
    payments: Vec<Transaction>,
    pub refunds: Vec<Refund>,
}

/// One refund of an order.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Refund {
    pub status: Text,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Transaction {
    id: Text,
    status: Text,
    status_detail: Text,
    date_of_expiration: Text,
    payment_method: Raw,
}

impl Order {
    pub fn report(&self) -> Result<Report, GatewayError> {
        let id = self.id.owned().ok_or_else(|| answer::senseless("order id"))?;
        let status = self.status.get().ok_or_else(|| answer::senseless("order status"))?;
        let is_open = matches!(status, "created" | "action_required");
        let paid = self
            .transactions
            .payments
            .iter()
            .find(|payment| payment.status.get() == Some("processed"));
        Ok(Report {
            amount: self.amount(),
            mode: mode_of(&id),
            receipt: paid.and_then(|payment| payment.id.owned()),
            order: answer::order_ref(&self.external_reference),
            pay_url: answer::pay_url(&self.checkout_url).filter(|_| is_open),
            instructions: self.instructions(),
            gateway_id: Some(id),
            ..Report::of(self.meaning(status))
        })
    }

    /// Facts 3.3; `failed` is documented for terminals, and the words of disputes are those of payments.
    fn meaning(&self, status: &str) -> PaymentStatus {
        let last = self.transactions.payments.last();
        let detail = self.status_detail.get().unwrap_or_default();
        let failed = |detail: &str| PaymentStatus::Failed {
            reason: Some(answer::one_line(detail)),
        };
        match (status, detail) {
            ("processed", "accredited") => PaymentStatus::Paid,
            ("processed", "partially_refunded") => PaymentStatus::PartiallyRefunded,
            ("action_required", "waiting_capture") => PaymentStatus::Authorized,
            ("created" | "processing" | "action_required", _) => match last {
                // The order waits for the next try of a buyer whose card was refused.
                Some(last) if matches!(last.status.get(), Some("failed" | "rejected")) => {
                    failed(last.status_detail.get().unwrap_or(detail))
                }
                _ => PaymentStatus::Pending,
            },
            ("refunded", _) => PaymentStatus::Refunded,
            ("canceled" | "cancelled", _) => PaymentStatus::Cancelled,
            ("expired", _) => PaymentStatus::Expired,
            ("failed", detail) => failed(if detail.is_empty() { status } else { detail }),
            ("in_mediation", _) | ("charged_back", "in_process") => PaymentStatus::Disputed,
            ("charged_back", _) => PaymentStatus::ChargedBack,
            (status, detail) => PaymentStatus::Unknown(answer::one_line(&format!("{status} {detail}"))),
        }
    }

    pub fn amount(&self) -> Option<Money> {
        let currency = payment::currency(&self.currency).or_else(|| currency_of(self.country_code.get()?))?;
        answer::amount(&self.total_amount, currency)
    }

    fn instructions(&self) -> Option<Instructions> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Means {
            id: Text,
            #[serde(rename = "type")]
            kind: Text,
            ticket_url: Text,
            reference: Text,
            reference_id: Text,
            barcode_content: Text,
        }
        let last = self.transactions.payments.last()?;
        if last.status.get() != Some("action_required") {
            return None;
        }
        let means: Means = inner(&last.payment_method);
        let reference = [&means.reference, &means.reference_id, &means.barcode_content, &last.id];
        Some(Instructions {
            reference: answer::one_line(reference.into_iter().find_map(Text::get)?),
            place: payment::place(means.kind.get()?, means.id.get())?,
            expires_at: payment::time(&last.date_of_expiration),
            url: answer::pay_url(&means.ticket_url),
        })
    }
}

/// Orders do not say `live_mode`; their ids do (facts 3.3). A bare one of older samples says nothing.
fn mode_of(id: &str) -> Option<Mode> {
    match id {
        _ if id.starts_with("ORDTST") => Some(Mode::Test),
        _ if id.starts_with("ORD") => Some(Mode::Live),
        _ => None,
    }
}

/// ISO 3166 alpha-3, where the order names no currency.
fn currency_of(country: &str) -> Option<Currency> {
    let known = [
        ("ARG", Currency::Ars),
        ("BRA", Currency::Brl),
        ("CHL", Currency::Clp),
        ("COL", Currency::Cop),
        ("MEX", Currency::Mxn),
        ("PER", Currency::Pen),
        ("URY", Currency::Uyu),
    ];
    known
        .into_iter()
        .find(|(code, _)| *code == country)
        .map(|(_, currency)| currency)
}

const WRONG_MODE: &str = "the access token is one of test credentials and the account is live: write the live one as \
                          `secret_key`, or set `mode = \"test\"`";
/// As long as `LINK_LIVES`.
const LINK_LIVES_TEXT: &str = "P1D";
/// The order is made in the same minute as ours; the clocks may differ.
const SEARCH_MARGIN: SignedDuration = SignedDuration::from_hours(24);

//! Reading Conekta's orders, charges, events and errors. Facts: `gateways-latin-america.md` 2.2 to 2.7.

mod twice;

use http::StatusCode;
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::answer::{self, Raw, Text};
use super::call::Answer;
use super::conekta::charge;
use super::{CardDetails, CardRefusal, GatewayError, Instructions, Notice, PaymentStatus, Place, Report, Unreadable};
use crate::company::Mode;
use crate::ids::OrderRef;
use crate::money::{Currency, Money};

pub use twice::parts;

/// The name of our reference in an order's `metadata`.
pub const REFERENCE: &str = "ref";

#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Order {
    pub object: Text,
    pub id: Text,
    livemode: Option<bool>,
    amount: Text,
    currency: Text,
    pub payment_status: Text,
    amount_refunded: Text,
    updated_at: Text,
    metadata: Raw,
    checkout: Raw,
    charges: Raw,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Charge {
    id: Text,
    status: Text,
    livemode: Option<bool>,
    amount: Text,
    currency: Text,
    order_id: Text,
    paid_at: Text,
    failure_code: Text,
    failure_message: Text,
    monthly_installments: Text,
    payment_method: Raw,
    refunds: Raw,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Method {
    reference: Text,
    clabe: Text,
    store_name: Text,
    store: Text,
    service_name: Text,
    bank: Text,
    barcode_url: Text,
    expires_at: Text,
}

/// `{"object":"list","data":[…]}`, or the bare list of older answers.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct List {
    data: Vec<Box<RawValue>>,
}

impl Order {
    pub fn is_about(&self, reference: &OrderRef) -> bool {
        self.reference().as_ref() == Some(reference)
    }

    pub fn reference(&self) -> Option<OrderRef> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Metadata {
            #[serde(rename = "ref")]
            reference: Text,
        }
        let metadata: Metadata = answer::read_inner(&self.metadata).ok()??;
        answer::order_ref(&metadata.reference)
    }

    pub fn mode(&self) -> Option<Mode> {
        self.livemode.map(mode)
    }

    pub fn money(&self) -> Option<Money> {
        money(&self.amount, &self.currency)
    }

    /// Where the buyer pays.
    pub fn pay_url(&self) -> Option<String> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Checkout {
            url: Text,
        }
        let checkout: Checkout = answer::read_inner(&self.checkout).ok()??;
        answer::pay_url(&checkout.url)
    }

    /// Centavos given back of the order's own payment: the order's figure, or the sum of its charges' refunds.
    pub fn refunded_minor(&self) -> i64 {
        if let Some(overpaid) = self.overpaid() {
            return overpaid.own_returned_minor();
        }
        let told = integer(&self.amount_refunded).unwrap_or_default().saturating_abs();
        let listed = self
            .charges()
            .iter()
            .fold(0_i64, |sum, charge| sum.saturating_add(charge.refunded_minor()));
        told.max(listed)
    }

    /// The charge that took the money.
    pub fn paid_charge(&self) -> Option<String> {
        if let Some(overpaid) = self.overpaid() {
            return overpaid.own_charge();
        }
        let charges = self.charges();
        let paid = charges
            .iter()
            .find(|charge| matches!(charge.status.get(), Some("paid" | "partially_refunded")));
        paid?.id.owned()
    }

    /// Facts 2.5; each word by name. `declined` is not final: the page takes another card.
    pub fn status(&self) -> PaymentStatus {
        match self.payment_status.get() {
            // Nothing was tried yet.
            None => PaymentStatus::Pending,
            Some("paid") => self.status_by_refunds(),
            // It may be the second of two payments that went back.
            Some("partially_refunded" | "refunded") if self.overpaid().is_some() => self.status_by_refunds(),
            Some("charged_back") if self.overpaid().is_some_and(|all| !all.own_is_charged_back()) => {
                self.status_by_refunds()
            }
            Some("declined") => PaymentStatus::Failed { reason: self.refusal() },
            // Called fraud after the money came, it is taken back; before, the attempt has failed.
            Some("fraudulent") if self.was_paid() => PaymentStatus::ChargedBack,
            Some("fraudulent") => PaymentStatus::Failed { reason: self.refusal() },
            Some(word) => status_word(word),
        }
    }

    fn status_by_refunds(&self) -> PaymentStatus {
        match (self.refunded_minor(), integer(&self.amount)) {
            (0, _) => PaymentStatus::Paid,
            (refunded, Some(amount)) if refunded >= amount => PaymentStatus::Refunded,
            _ => PaymentStatus::PartiallyRefunded,
        }
    }

    /// What the order says, with what the buyer still has to do.
    pub fn report(&self) -> Result<Report, GatewayError> {
        let status = self.status();
        let is_open = matches!(status, PaymentStatus::Pending | PaymentStatus::PartiallyPaid);
        let charges = self.charges();
        let last = charges.last();
        let paid = charges.iter().find(|charge| charge.paid_at.get().is_some());
        Ok(Report {
            amount: self.money(),
            mode: self.mode(),
            gateway_id: Some(self.id.owned().ok_or_else(|| answer::senseless("order id"))?),
            receipt: paid.or(last).and_then(Charge::receipt),
            others: self.others(),
            order: self.reference(),
            pay_url: self.pay_url().filter(|_| is_open),
            instructions: last.filter(|_| is_open).and_then(Charge::instructions),
            card: Some(Box::new(self.card())),
            ..Report::of(status)
        })
    }

    /// What it tells of the card of its last charge.
    pub fn card(&self) -> CardDetails {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Card {
            brand: Text,
            last4: Text,
            issuer: Text,
            #[serde(rename = "type")]
            kind: Text,
        }
        let charges = self.charges();
        let last = charges.last();
        let card: Card = last
            .and_then(|charge| answer::read_inner(&charge.payment_method).ok().flatten())
            .unwrap_or_default();
        let status = self.payment_status.get().map(answer::one_line).unwrap_or_default();
        let moment = |text: &Text| {
            integer(text)
                .and_then(|s| Timestamp::from_second(s).ok())
                .map(|at| at.to_string())
        };
        let by_code = self.refusal_code().map(|code| charge::refusal_of(&code));
        CardDetails {
            refusal: charge::refusal_of_status(&status).map(|refusal| match refusal {
                // The charge says more.
                CardRefusal::Declined => by_code.unwrap_or(refusal),
                other => other,
            }),
            status_detail: last.and_then(|charge| charge.failure_code.get().map(answer::one_line)),
            method: card.brand.owned(),
            kind: card.kind.owned(),
            issuer: card.issuer.owned(),
            last_four: card.last4.owned(),
            installments: last.and_then(|charge| charge.monthly_installments.get()?.parse().ok()),
            approved_at: last.and_then(|charge| moment(&charge.paid_at)),
            updated_at: moment(&self.updated_at),
            http_status: None,
            status,
        }
    }

    /// The code of the last refused charge.
    pub fn refusal_code(&self) -> Option<String> {
        let charges = self.charges();
        charges.iter().rev().find_map(|charge| charge.failure_code.owned())
    }

    fn charges(&self) -> Vec<Charge> {
        read_list(&self.charges)
    }

    fn was_paid(&self) -> bool {
        self.charges().iter().any(|charge| charge.paid_at.get().is_some())
    }

    /// Why the last attempt failed: the gateway's code, or its words where it gives none.
    pub fn refusal(&self) -> Option<String> {
        let charges = self.charges();
        let why = |charge: &Charge| {
            let code = charge.failure_code.get().map(last_part);
            code.or(charge.failure_message.get()).map(answer::one_line)
        };
        charges.iter().rev().find_map(why)
    }
}

impl Charge {
    /// Centavos of its refunds, which are listed as negative amounts.
    fn refunded_minor(&self) -> i64 {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Refund {
            amount: Text,
        }
        let refunds = read_list::<Refund>(&self.refunds).into_iter();
        let amounts = refunds.filter_map(|refund| integer(&refund.amount));
        amounts.fold(0, |sum, amount| sum.saturating_add(amount.saturating_abs()))
    }

    fn method(&self) -> Option<Method> {
        answer::read_inner(&self.payment_method).ok()?
    }

    /// What the buyer has on paper: the number he paid with, or the charge.
    fn receipt(&self) -> Option<String> {
        let method = self.method().unwrap_or_default();
        method
            .reference
            .owned()
            .or_else(|| method.clabe.owned())
            .or_else(|| self.id.owned())
    }

    fn instructions(&self) -> Option<Instructions> {
        let method = self.method()?;
        let expires_at = integer(&method.expires_at).and_then(|s| Timestamp::from_second(s).ok());
        let store = [&method.store_name, &method.store, &method.service_name];
        if let Some(clabe) = method.clabe.owned() {
            return Some(Instructions {
                reference: clabe,
                place: Place::Transfer {
                    bank: method.bank.owned(),
                },
                expires_at,
                url: None,
            });
        }
        Some(Instructions {
            reference: method.reference.owned()?,
            place: Place::Cash {
                store: store.into_iter().find_map(Text::owned),
            },
            expires_at,
            url: answer::pay_url(&method.barcode_url),
        })
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Event {
    pub id: Text,
    #[serde(rename = "type")]
    kind: Text,
    data: Raw,
}

impl Event {
    /// An order's event names its order by id and our reference, a charge's by id only. What happened is only a
    /// hint to ask; unknown kinds are about nothing.
    pub fn notice(&self) -> Result<Notice, Unreadable> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Data {
            object: Raw,
        }
        let nothing = Notice {
            order: None,
            gateway_id: None,
            report: None,
        };
        let Some((about, word)) = self.kind.get().and_then(|kind| kind.split_once('.')) else {
            return Ok(nothing);
        };
        let is_known = match about {
            "order" => ORDER_EVENTS.contains(&word),
            "charge" => CHARGE_EVENTS.contains(&word),
            _ => return Ok(nothing),
        };
        let missing = || Unreadable(format!("the event `{about}.{}` has no {about}", answer::one_line(word)));
        let data: Data = answer::read_inner(&self.data)?.ok_or_else(missing)?;
        let report = if about == "order" {
            let order: Order = answer::read_inner(&data.object)?.ok_or_else(missing)?;
            let unreadable = |_| Unreadable("the order of the event has no id".to_owned());
            Some(order.report().map_err(unreadable)?)
        } else {
            let charge: Charge = answer::read_inner(&data.object)?.ok_or_else(missing)?;
            charge.order_id.owned().map(|order_id| charge_report(&charge, order_id))
        };
        let report = report.map(|mut report| {
            // It may come before the order itself is called so, and it comes once.
            if DOUBTS.contains(&word) && report.status == PaymentStatus::Paid {
                report.status = PaymentStatus::Disputed;
            }
            report
        });
        Ok(Notice {
            order: report.as_ref().and_then(|report| report.order.clone()),
            gateway_id: report.as_ref().and_then(|report| report.gateway_id.clone()),
            report: report.filter(|_| is_known),
        })
    }
}

fn charge_report(charge: &Charge, order_id: String) -> Report {
    Report {
        amount: money(&charge.amount, &charge.currency),
        mode: charge.livemode.map(mode),
        gateway_id: Some(order_id),
        receipt: charge.receipt(),
        ..Report::of(status_word(charge.status.get().unwrap_or_default()))
    }
}

/// The words that need no second look at the order.
fn status_word(word: &str) -> PaymentStatus {
    match word {
        "pending_payment" | "pending_confirmation" => PaymentStatus::Pending,
        "paid" => PaymentStatus::Paid,
        "pre_authorized" | "preauthorized" => PaymentStatus::Authorized,
        "partially_paid" => PaymentStatus::PartiallyPaid,
        "partially_refunded" => PaymentStatus::PartiallyRefunded,
        // A store takes a cash payment back by `reversed`.
        "refunded" | "reversed" => PaymentStatus::Refunded,
        "charged_back" => PaymentStatus::ChargedBack,
        "under_fraud_review" => PaymentStatus::Disputed,
        "declined" | "fraudulent" => PaymentStatus::Failed { reason: None },
        "expired" => PaymentStatus::Expired,
        "canceled" | "cancelled" | "voided" => PaymentStatus::Cancelled,
        other => PaymentStatus::Unknown(answer::one_line(other)),
    }
}

fn mode(livemode: bool) -> Mode {
    if livemode { Mode::Live } else { Mode::Test }
}

/// Centavos, an integer on the wire; anything else is no amount.
fn money(amount: &Text, currency: &Text) -> Option<Money> {
    let code = currency.get()?;
    let currency = Currency::ALL.into_iter().find(|known| known.code() == code)?;
    let minor = integer(amount).filter(|minor| *minor >= 0)?;
    Some(Money::from_minor(minor, currency))
}

fn integer(text: &Text) -> Option<i64> {
    text.get()?.parse().ok()
}

/// The members of a list that can be read; a broken one says nothing about the others.
fn read_list<T: serde::de::DeserializeOwned>(raw: &Raw) -> Vec<T> {
    let Some(json) = raw.as_deref().map(RawValue::get) else {
        return Vec::new();
    };
    let members = if json.starts_with('[') {
        serde_json::from_str(json).unwrap_or_default()
    } else {
        answer::read_inner::<List>(raw).ok().flatten().unwrap_or_default().data
    };
    members
        .iter()
        .take(MOST_MEMBERS)
        .filter_map(|member| answer::read_object(member.get().as_bytes()).ok())
        .collect()
}

/// The orders of a list's answer.
pub fn list(answer: &Answer) -> Result<Vec<Order>, Unreadable> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        object: Text,
    }
    let envelope: Envelope = answer::read_object(&answer.body)?;
    if envelope.object.get() != Some("list") {
        return Err(Unreadable("this is no list".to_owned()));
    }
    let raw: Raw = serde_json::from_slice(&answer.body).map_err(|error| Unreadable(error.to_string()))?;
    Ok(read_list(&raw))
}

/// The order inside an error: Conekta makes it even where it refuses the card.
pub fn inside(answer: &Answer) -> Option<Order> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        data: Raw,
    }
    let envelope: Envelope = answer::read_object(&answer.body).ok()?;
    answer::read_inner(&envelope.data).ok()?
}

/// The same as it was told.
pub fn inside_json(answer: &Answer) -> Option<serde_json::Value> {
    let mut told = answer.json_object()?;
    told.get_mut("data").map(serde_json::Value::take)
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Detail {
    code: Text,
    param: Text,
    message: Text,
    debug_message: Text,
}

fn details(answer: &Answer) -> Vec<Detail> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        details: Raw,
    }
    let envelope: Envelope = answer::read_object(&answer.body).unwrap_or_default();
    read_list(&envelope.details)
}

/// `details[0].code`, else the `type`.
pub fn code(answer: &Answer) -> String {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Envelope {
        #[serde(rename = "type")]
        kind: Text,
    }
    let first = details(answer).first().and_then(|detail| detail.code.owned());
    let kind = || answer::read_object::<Envelope>(&answer.body).ok()?.kind.owned();
    first.or_else(kind).unwrap_or_default()
}

/// `details[0].message` is meant for the buyer.
pub fn words_for_buyer(answer: &Answer) -> String {
    let words = details(answer).first().and_then(|detail| detail.message.owned());
    answer::one_line(&words.unwrap_or_else(|| "the payment was declined".to_owned()))
}

/// Why a refusal was made: the end of `details[0].code`, or its words where it has none.
pub fn why_refused(answer: &Answer) -> String {
    let details = details(answer);
    let first = details.first();
    let code = first.and_then(|detail| detail.code.get()).map(last_part);
    let words = code.or_else(|| first.and_then(|detail| detail.message.get()));
    answer::one_line(words.unwrap_or("declined"))
}

/// `conekta.errors.processing.charge.card_payment.suspicious_behaviour` says the same as its last part.
fn last_part(code: &str) -> &str {
    code.rsplit('.').next().unwrap_or(code)
}

/// What an answer that is not the hoped-for one means. The codes of the details say more than the status.
pub fn failure(answer: &Answer) -> GatewayError {
    let details = details(answer);
    let Some(first) = details.first() else {
        return match answer::failure(answer) {
            GatewayError::Misconfigured(says) if answer.status == StatusCode::UNAUTHORIZED => {
                GatewayError::Misconfigured(format!("{says}; {REVOKED}"))
            }
            other => other,
        };
    };
    let code = first.code.get().unwrap_or_default();
    let parts = [
        Some(code),
        first.param.get(),
        first.message.get(),
        first.debug_message.get(),
    ];
    let mut words: Vec<_> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    words.dedup();
    let status = answer.status.as_u16();
    let says = |more: &str| answer::one_line(&format!("HTTP {status} {more}{}", words.join(" ")));
    match status {
        401 => GatewayError::Misconfigured(says(&format!("{REVOKED}: "))),
        403 if code.ends_with("invalid_whitelist_access") => {
            GatewayError::Misconfigured(says(&format!("{NOT_LISTED}: ")))
        }
        402 | 422 | 428 => GatewayError::Refused(says("")),
        _ => match answer::failure(answer) {
            GatewayError::Transient(_) => GatewayError::Transient(says("")),
            GatewayError::Misconfigured(_) => GatewayError::Misconfigured(says("")),
            GatewayError::Refused(_) => GatewayError::Refused(says("")),
            other => other,
        },
    }
}

const REVOKED: &str = "the private key is wrong or was revoked; copy it anew from Conekta's panel";
const NOT_LISTED: &str = "this server's address is not on the allow-list of Conekta's panel; add it there";
/// Facts 2.7.
const ORDER_EVENTS: [&str; 14] = [
    "created",
    "pending_payment",
    "pre_authorized",
    "paid",
    "declined",
    "canceled",
    "expired",
    "voided",
    "updated",
    "partially_refunded",
    "refunded",
    "charged_back",
    "under_fraud_review",
    "fraudulent",
];
/// Facts 2.7, without `score_updated`, which moves no money.
const CHARGE_EVENTS: [&str; 16] = [
    "created",
    "pending_confirmation",
    "preauthorized",
    "paid",
    "declined",
    "canceled",
    "expired",
    "refunded",
    "reversed",
    "under_fraud_review",
    "fraudulent",
    "chargeback.created",
    "chargeback.updated",
    "chargeback.under_review",
    "chargeback.won",
    "chargeback.lost",
];
/// Events of either kind that say that the money may have to go back.
const DOUBTS: [&str; 6] = [
    "charged_back",
    "fraudulent",
    "under_fraud_review",
    "chargeback.created",
    "chargeback.under_review",
    "chargeback.lost",
];
/// A page of the API has 250.
const MOST_MEMBERS: usize = 250;

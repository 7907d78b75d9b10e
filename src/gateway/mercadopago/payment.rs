//! Payments: what one says (facts 3.4, 3.5), and how the one that decides is found among several.

use jiff::Timestamp;

use super::super::answer::{self, Raw, Text};
use super::super::call::{Answer, Dialogue};
use super::super::{CardDetails, GatewayError, PaymentKey, PaymentStatus, Report};
use super::{Api, about_order, charge, read};
use crate::company::Mode;
use crate::ids::OrderRef;
use crate::money::{Currency, Money};
use crate::order::{Instructions, Place};

/// Asks about one payment, whoever's it is.
pub fn look(api: &Api, id: &str) -> Dialogue<Report> {
    Dialogue::call(api.get(&path_of(id)), |answer| {
        Dialogue::Done(read::<Payment>(&answer, "payment").and_then(|payment| payment.report()))
    })
}

/// A chargeback names its payments; the payment says how it stands. One that is still called paid is in doubt: the
/// chargeback itself says that the bank wants the money back, unless it was decided for the seller.
pub fn look_at_chargeback(api: Api, id: &str) -> Dialogue<Report> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Chargeback {
        payments: Vec<Text>,
        coverage_applied: Raw,
    }
    let call = api.get(&format!("v1/chargebacks/{}", answer::path_segment(id)));
    Dialogue::call(call, move |answer| {
        let chargeback: Chargeback = match read(&answer, "chargeback") {
            Ok(chargeback) => chargeback,
            Err(error) => return answer::ended(error),
        };
        let Some(payment) = chargeback.payments.first().and_then(Text::owned) else {
            return answer::ended(GatewayError::NotFound);
        };
        let is_won = chargeback
            .coverage_applied
            .is_some_and(|covered| covered.get() == "true");
        Dialogue::call(api.get(&path_of(&payment)), move |answer| {
            let payment = read::<Payment>(&answer, "payment");
            Dialogue::Done(payment.and_then(|payment| {
                let mut report = payment.report()?;
                if report.status == PaymentStatus::Paid && payment.status.get() == Some("approved") && !is_won {
                    report.status = PaymentStatus::Disputed;
                }
                Ok(report)
            }))
        })
    })
}

fn path_of(payment: &str) -> String {
    format!("v1/payments/{}", answer::path_segment(payment))
}

/// Finds the payment of our reference that decides, and asks about it by its id: the list may be behind.
pub fn search(api: Api, key: PaymentKey) -> Dialogue<Report> {
    let reference = answer::path_segment(key.order.as_str());
    let path = format!("v1/payments/search?external_reference={reference}&sort=date_created&criteria=desc");
    Dialogue::call(api.get(&path), move |answer| {
        let found = read_list(&answer).map(|list| {
            let ours = list
                .payments
                .into_iter()
                .filter(|payment| payment.order().as_ref() == Some(&key.order));
            decisive(ours.filter_map(|payment| payment.report().ok()).collect())
        });
        match found.map(|found| found.and_then(|report| report.gateway_id)) {
            Ok(Some(id)) => {
                look(&api, &id).then(move |found| Dialogue::Done(found.and_then(|report| about_order(report, &key))))
            }
            Ok(None) => answer::ended(GatewayError::NotFound),
            Err(error) => answer::ended(error),
        }
    })
}

/// Whether another try of the same buyer may say more: this one came to nothing.
pub fn may_be_followed(status: &PaymentStatus) -> bool {
    matches!(
        status,
        PaymentStatus::Failed { .. } | PaymentStatus::Cancelled | PaymentStatus::Expired | PaymentStatus::Unknown(_)
    )
}

/// Of several, newest first: the first one that paid, else what may still become money, else the newest.
pub fn decisive(reports: Vec<Report>) -> Option<Report> {
    let weight = |status: &PaymentStatus| match status {
        PaymentStatus::Paid => 7,
        PaymentStatus::Disputed => 6,
        PaymentStatus::PartiallyRefunded | PaymentStatus::ChargedBack => 5,
        PaymentStatus::Authorized | PaymentStatus::PartiallyPaid => 4,
        PaymentStatus::Pending => 3,
        PaymentStatus::Refunded => 2,
        PaymentStatus::Failed { .. } | PaymentStatus::Expired | PaymentStatus::Cancelled => 1,
        PaymentStatus::Unknown(_) => 0,
    };
    let best = reports.iter().map(|report| weight(&report.status)).max()?;
    let mut of_best = reports.into_iter().filter(|report| weight(&report.status) == best);
    // Two that paid: the later one is the second payment, which settling finds by its own notification.
    if best == weight(&PaymentStatus::Paid) {
        of_best.next_back()
    } else {
        of_best.next()
    }
}

/// The payments of a search. A row that cannot be read is somebody else's trouble as long as ours can.
pub struct List {
    pub payments: Vec<Payment>,
    /// All of them, readable or not.
    pub rows: usize,
}

pub fn read_list(answer: &Answer) -> Result<List, GatewayError> {
    #[derive(serde::Deserialize, Default)]
    #[serde(default)]
    struct Found {
        results: Vec<Raw>,
    }
    let found: Found = read(answer, "list of payments")?;
    let rows = found.results.iter();
    Ok(List {
        payments: rows.filter_map(|row| answer::read_inner(row).ok().flatten()).collect(),
        rows: found.results.len(),
    })
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Payment {
    pub id: Text,
    status: Text,
    status_detail: Text,
    transaction_amount: Text,
    transaction_amount_refunded: Text,
    currency_id: Text,
    external_reference: Text,
    live_mode: Option<bool>,
    captured: Option<bool>,
    payment_method_id: Text,
    payment_type_id: Text,
    date_of_expiration: Text,
    date_approved: Text,
    date_last_updated: Text,
    issuer_id: Text,
    installments: Text,
    card: Raw,
    pub refunds: Vec<Refund>,
    payment_method: Raw,
    transaction_details: Raw,
    payer: Raw,
}

/// One refund of a payment.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
pub struct Refund {
    pub status: Text,
}

impl Payment {
    pub fn order(&self) -> Option<OrderRef> {
        answer::order_ref(&self.external_reference)
    }

    /// What the payment says; one without an id or a status says nothing.
    pub fn report(&self) -> Result<Report, GatewayError> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Payer {
            email: Text,
        }
        let id = self.id.owned().ok_or_else(|| answer::senseless("payment id"))?;
        let status = self.status.get().ok_or_else(|| answer::senseless("payment status"))?;
        let payer: Option<Payer> = answer::read_inner(&self.payer).ok().flatten();
        let status = self.meaning(status);
        Ok(Report {
            amount: self.amount(),
            mode: self.live_mode.map(mode),
            gateway_id: Some(id),
            order: self.order(),
            email: payer.and_then(|payer| payer.email.owned()),
            instructions: (status == PaymentStatus::Pending)
                .then(|| self.instructions())
                .flatten(),
            card: Some(Box::new(self.card())),
            ..Report::of(status)
        })
    }

    fn card(&self) -> CardDetails {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Card {
            last_four_digits: Text,
        }
        CardDetails {
            status: self.status.get().map(answer::one_line).unwrap_or_default(),
            status_detail: self.status_detail.get().map(answer::one_line),
            method: self.payment_method_id.owned(),
            kind: self.payment_type_id.owned(),
            issuer: self.issuer_id.owned(),
            last_four: inner::<Card>(&self.card).last_four_digits.owned(),
            installments: self.installments.get().and_then(|text| text.parse().ok()),
            approved_at: self.date_approved.owned(),
            updated_at: self.date_last_updated.owned(),
            refusal: charge::refusal_of(self.status.get().unwrap_or_default(), self.detail()),
            http_status: None,
        }
    }

    pub fn amount(&self) -> Option<Money> {
        answer::amount(&self.transaction_amount, currency(&self.currency_id)?)
    }

    /// What was given back so far; nothing where the payment does not say.
    pub fn refunded_minor(&self) -> i64 {
        let currency = currency(&self.currency_id);
        let refunded = currency.and_then(|currency| answer::amount(&self.transaction_amount_refunded, currency));
        refunded.map_or(0, Money::minor)
    }

    fn detail(&self) -> &str {
        self.status_detail.get().unwrap_or_default()
    }

    /// Facts 3.5, by name. A detail that is not listed there changes nothing but a refusal's words.
    fn meaning(&self, status: &str) -> PaymentStatus {
        let has_refunds = self.refunded_minor() > 0;
        match (status, self.detail()) {
            ("approved", _) if self.captured == Some(false) => PaymentStatus::Authorized,
            ("approved", "partially_refunded") => PaymentStatus::PartiallyRefunded,
            ("approved", _) if has_refunds => self.given_back(),
            ("approved", _) => PaymentStatus::Paid,
            ("authorized", _) => PaymentStatus::Authorized,
            // Review, up to two working days; an offline process; a retry; cash; the bank's page.
            ("in_process" | "pending", _) => PaymentStatus::Pending,
            ("rejected", detail) => PaymentStatus::Failed {
                reason: Some(answer::one_line(if detail.is_empty() { status } else { detail })),
            },
            ("cancelled" | "canceled", "expired") => PaymentStatus::Expired,
            ("cancelled" | "canceled", _) => PaymentStatus::Cancelled,
            ("in_mediation", _) => PaymentStatus::Disputed,
            ("refunded", _) => PaymentStatus::Refunded,
            // The seller won: the money is his again.
            ("charged_back", "reimbursed") if !has_refunds => PaymentStatus::Paid,
            ("charged_back", "in_process") => PaymentStatus::Disputed,
            ("charged_back", _) => PaymentStatus::ChargedBack,
            (other, _) => PaymentStatus::Unknown(answer::one_line(other)),
        }
    }

    fn given_back(&self) -> PaymentStatus {
        match self.amount() {
            Some(amount) if self.refunded_minor() >= amount.minor() => PaymentStatus::Refunded,
            _ => PaymentStatus::PartiallyRefunded,
        }
    }

    /// How a voucher or a transfer is paid. Which field holds the number is not documented for all of them; the
    /// voucher's page always shows it.
    fn instructions(&self) -> Option<Instructions> {
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Details {
            external_resource_url: Text,
            payment_method_reference_id: Text,
            verification_code: Text,
            barcode: Raw,
        }
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Barcode {
            content: Text,
        }
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct Means {
            data: Raw,
        }
        #[derive(serde::Deserialize, Default)]
        #[serde(default)]
        struct MeansData {
            reference_id: Text,
            external_resource_url: Text,
        }
        let place = place(self.payment_type_id.get()?, self.payment_method_id.get())?;
        let details: Details = inner(&self.transaction_details);
        let barcode: Barcode = inner(&details.barcode);
        let data: MeansData = inner(&inner::<Means>(&self.payment_method).data);
        let reference = [
            &details.payment_method_reference_id,
            &data.reference_id,
            &details.verification_code,
            &barcode.content,
            &self.id,
        ];
        Some(Instructions {
            reference: answer::one_line(reference.into_iter().find_map(Text::get)?),
            place,
            expires_at: time(&self.date_of_expiration),
            url: answer::pay_url(&details.external_resource_url)
                .or_else(|| answer::pay_url(&data.external_resource_url)),
        })
    }
}

/// Where a way to pay of these words is paid, if it is paid away from the page.
pub fn place(kind: &str, method: Option<&str>) -> Option<Place> {
    match kind {
        "ticket" | "atm" => Some(Place::Cash {
            store: method.map(|method| store_title(method).to_owned()),
        }),
        "bank_transfer" => Some(Place::Transfer {
            bank: method.filter(|method| *method == "clabe").map(|_| "SPEI".to_owned()),
        }),
        _ => None,
    }
}

/// What people call a store or a bank whose till takes vouchers (facts 3.10).
fn store_title(method: &str) -> &str {
    match method {
        "oxxo" => "OXXO",
        "paycash" => "PayCash",
        "banamex" => "Citibanamex",
        "serfin" => "Santander",
        "bancomer" => "BBVA",
        other => other,
    }
}

pub fn mode(is_live: bool) -> Mode {
    if is_live { Mode::Live } else { Mode::Test }
}

pub fn currency(code: &Text) -> Option<Currency> {
    let code = code.get()?;
    Currency::ALL.into_iter().find(|currency| currency.code() == code)
}

pub fn time(text: &Text) -> Option<Timestamp> {
    text.get()?.parse().ok()
}

/// An object inside, or an empty one: these parts say nothing about money.
pub fn inner<T: serde::de::DeserializeOwned + Default>(raw: &Raw) -> T {
    answer::read_inner(raw).ok().flatten().unwrap_or_default()
}

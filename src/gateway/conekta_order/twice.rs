//! An order that was paid by more charges than it asked for: by card while the voucher for the store was still good, or
//! by the same transfer twice. Conekta calls it paid as any other, so its charges tell (facts 2.3, 2.5, 2.9).
//!
//! The charges that came first are the order's own payment. Each later one is a payment by itself, known by the ids of
//! order and charge together, and goes back alone.

use super::{Charge, Order, charge_report, integer};
use crate::gateway::{PaymentStatus, Report};
use crate::sorted::Arrange;

/// What came for an overpaid order.
pub struct Overpaid {
    own: Vec<Taken>,
    extra: Vec<Taken>,
}

/// A charge that took money, and what of it went back.
struct Taken {
    charge: Charge,
    id: String,
    minor: i64,
    returned_minor: i64,
}

/// The order and the charge that the id of a later payment names; `None` for the id of an order.
pub fn parts(gateway_id: &str) -> Option<(&str, &str)> {
    gateway_id.split_once(SEPARATOR)
}

impl Order {
    /// `None` where no more came than was asked for, and where nobody can tell.
    pub fn overpaid(&self) -> Option<Overpaid> {
        let price = integer(&self.amount).filter(|price| *price > 0)?;
        let mut taken: Vec<_> = self.charges().into_iter().filter_map(Taken::read).collect();
        taken.arrange_by_key(|taken| integer(&taken.charge.paid_at).unwrap_or(i64::MAX));
        let mut covered = 0_i64;
        let is_own = |taken: &Taken| {
            let is_needed = covered < price;
            covered = covered.saturating_add(taken.minor);
            is_needed
        };
        let (own, extra): (Vec<_>, Vec<_>) = taken.into_iter().partition(is_own);
        let mut all = Overpaid { own, extra };
        if all.extra.is_empty() {
            return None;
        }
        all.attribute(integer(&self.amount_refunded).unwrap_or_default().saturating_abs());
        Some(all)
    }

    /// The payments beyond the order's own.
    pub fn others(&self) -> Vec<Report> {
        let Some(overpaid) = self.overpaid() else {
            return Vec::new();
        };
        let order_id = self.id.owned().unwrap_or_default();
        let extra = overpaid.extra.iter();
        extra
            .map(|taken| Report {
                status: taken.status(),
                gateway_id: Some(format!("{order_id}{SEPARATOR}{}", taken.id)),
                order: self.reference(),
                mode: self.mode(),
                ..charge_report(&taken.charge, String::new())
            })
            .collect()
    }
}

impl Overpaid {
    /// What of the order's own payment went back, in centavos.
    pub fn own_returned_minor(&self) -> i64 {
        sum(&self.own, |taken| taken.returned_minor)
    }

    /// Whether the bank took the order's own payment back; where no charge says so, the order's word is believed.
    pub fn own_is_charged_back(&self) -> bool {
        let is_taken_back = |taken: &Taken| taken.charge.status.get() == Some("charged_back");
        self.own.iter().any(is_taken_back) || !self.extra.iter().any(is_taken_back)
    }

    /// The charge that is the order's own payment, or most of it.
    pub fn own_charge(&self) -> Option<String> {
        self.own.first().map(|taken| taken.id.clone())
    }

    /// What of a later charge went back, in centavos; `None` for a charge that is none of them.
    pub fn returned_minor(&self, charge: &str) -> Option<i64> {
        let found = self.extra.iter().find(|taken| taken.id == charge)?;
        Some(found.returned_minor)
    }

    /// Where the order tells of more refunds than its charges list, they are the later charges': the order was paid
    /// as long as its price stays.
    fn attribute(&mut self, told_minor: i64) {
        let listed = [&self.own, &self.extra].map(|all| sum(all, |taken| taken.returned_minor));
        let listed = listed.into_iter().fold(0, i64::saturating_add);
        let mut unlisted = told_minor.saturating_sub(listed).max(0);
        for taken in self.extra.iter_mut().chain(&mut self.own) {
            let part = unlisted.min(taken.minor - taken.returned_minor);
            taken.returned_minor += part;
            unlisted -= part;
        }
    }
}

impl Taken {
    fn read(charge: Charge) -> Option<Self> {
        let word = charge.status.get().unwrap_or_default();
        let was_paid = integer(&charge.paid_at).is_some_and(|at| at > 0);
        // A store that took its payment back has taken none.
        let has_money = word != "reversed" && (was_paid || PAID_WORDS.contains(&word));
        let minor = integer(&charge.amount).filter(|minor| *minor > 0 && has_money)?;
        let returned_minor = match word {
            "refunded" => minor,
            _ => charge.refunded_minor().min(minor),
        };
        Some(Self {
            id: charge.id.owned()?,
            minor,
            returned_minor,
            charge,
        })
    }

    fn status(&self) -> PaymentStatus {
        match (self.charge.status.get(), self.returned_minor) {
            (Some("charged_back"), _) => PaymentStatus::ChargedBack,
            (Some("under_fraud_review"), _) => PaymentStatus::Disputed,
            (_, 0) => PaymentStatus::Paid,
            (_, returned) if returned >= self.minor => PaymentStatus::Refunded,
            _ => PaymentStatus::PartiallyRefunded,
        }
    }
}

fn sum(all: &[Taken], figure: impl Fn(&Taken) -> i64) -> i64 {
    all.iter().fold(0, |sum: i64, taken| sum.saturating_add(figure(taken)))
}

/// In no id of Conekta's.
const SEPARATOR: char = ':';
const PAID_WORDS: [&str; 4] = ["paid", "partially_refunded", "refunded", "charged_back"];

#[cfg(test)]
#[path = "twice_tests.rs"]
mod tests;

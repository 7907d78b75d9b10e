//! What Mercado Pago remembers beside the checkouts: the tries to pay them, idempotency keys, card tokens; and
//! how a buyer's decision becomes a try.

use std::collections::HashMap;

use jiff::Timestamp;

use super::super::super::http::Reply;
use super::super::desk::{Desk, Payment};
use super::super::sender::Errand;
use super::super::{Choice, SimStatus};
use super::{CURRENCY, notices};
use crate::money::Money;

#[derive(Debug, Default)]
pub struct Books {
    /// Oldest first. The last one of a checkout has the checkout's own status.
    pub tries: Vec<Try>,
    pub notices: u64,
    pub refunds: u64,
    kept: HashMap<String, (String, Reply)>,
    /// Card tokens that were not spent, with the card holder's name.
    holders: HashMap<String, String>,
}

/// The key stands for another call.
#[derive(Clone, Copy, Debug)]
pub struct OtherCall;

/// One payment of the API.
#[derive(Clone, Debug)]
pub struct Try {
    pub id: u64,
    /// The token of the desk's payment.
    pub checkout: String,
    pub means: Means,
    pub at: Timestamp,
    /// What it came to before a later try began.
    pub frozen: Option<SimStatus>,
    /// Why it was refused.
    pub detail: Option<String>,
    pub refunds: Vec<Refund>,
}

#[derive(Clone, Debug)]
pub struct Refund {
    pub id: u64,
    pub amount: Money,
    pub status: &'static str,
}

/// What a try was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    Card,
    Oxxo,
    Spei,
    Balance,
}

impl Means {
    pub const ALL: [Self; 4] = [Self::Card, Self::Oxxo, Self::Spei, Self::Balance];

    /// `payment_method_id`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Card => "visa",
            Self::Oxxo => "oxxo",
            Self::Spei => "clabe",
            Self::Balance => "account_money",
        }
    }

    /// `payment_type_id`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Card => "credit_card",
            Self::Oxxo => "ticket",
            Self::Spei => "bank_transfer",
            Self::Balance => "account_money",
        }
    }

    /// Cards by any of their brands.
    pub fn from_id(id: &str) -> Option<Self> {
        let brands = ["visa", "master", "amex", "debvisa", "debmaster"];
        if brands.contains(&id) {
            return Some(Self::Card);
        }
        Self::ALL.into_iter().find(|means| means.id() == id)
    }

    pub fn is_paid_elsewhere(self) -> bool {
        matches!(self, Self::Oxxo | Self::Spei)
    }
}

impl Try {
    /// `status` and `status_detail`, facts 3.5.
    pub fn words(&self, checkout: &Payment) -> (String, String) {
        let status = self.frozen.as_ref().unwrap_or(&checkout.status);
        let (status, detail) = match status {
            SimStatus::Paid | SimStatus::Settled if self.refunded().minor() > 0 => ("approved", "partially_refunded"),
            SimStatus::Paid | SimStatus::Settled => ("approved", "accredited"),
            SimStatus::Pending if self.means == Means::Spei => ("pending", "pending_waiting_transfer"),
            SimStatus::Pending => ("pending", "pending_waiting_payment"),
            SimStatus::Declined => ("rejected", self.detail.as_deref().unwrap_or("cc_rejected_other_reason")),
            SimStatus::Cancelled => ("cancelled", "by_payer"),
            SimStatus::Expired => ("cancelled", "expired"),
            SimStatus::Refunded => ("refunded", "refunded"),
            SimStatus::Word(word) => word.split_once('/').unwrap_or((word, "")),
        };
        (status.to_owned(), detail.to_owned())
    }

    /// What went back, finished refunds only.
    pub fn refunded(&self) -> Money {
        let done = self.refunds.iter().filter(|refund| refund.status == "approved");
        Money::from_minor(done.map(|refund| refund.amount.minor()).sum(), CURRENCY)
    }
}

impl Books {
    /// What a call with this key was answered before.
    pub fn answer_of(&self, key: &str, call: &str) -> Option<Result<Reply, OtherCall>> {
        let (first, reply) = self.kept.get(key)?;
        Some(if first == call {
            Ok(reply.clone())
        } else {
            Err(OtherCall)
        })
    }

    pub fn keep_answer(&mut self, key: &str, call: String, reply: Reply) {
        self.kept.insert(key.to_owned(), (call, reply));
    }

    pub fn keep_holder(&mut self, token: String, holder: String) {
        self.holders.insert(token, holder);
    }

    /// A card token is good for one payment.
    pub fn spend_token(&mut self, token: &str) -> Option<String> {
        self.holders.remove(token)
    }

    fn begin(&mut self, checkout: &Payment, means: Means, detail: Option<String>) -> u64 {
        let earlier = self
            .tries
            .iter_mut()
            .rev()
            .find(|known| known.checkout == checkout.token);
        if let Some(earlier) = earlier {
            earlier.frozen.get_or_insert(checkout.status.clone());
        }
        let id = FIRST_PAYMENT + self.tries.len() as u64;
        self.tries.push(Try {
            id,
            checkout: checkout.token.clone(),
            means,
            at: Timestamp::now(),
            frozen: None,
            detail,
            refunds: Vec::new(),
        });
        id
    }
}

/// The tries of a checkout, oldest first. One whose status was set from outside has had one.
pub fn tries_of(desk: &Desk, checkout: &Payment) -> Vec<Try> {
    let mut state = desk.state();
    let books = &mut state.mercadopago;
    let has_none = !books.tries.iter().any(|known| known.checkout == checkout.token);
    if has_none && checkout.status != SimStatus::Pending {
        books.begin(checkout, Means::Card, None);
    }
    let ours = books.tries.iter().filter(|known| known.checkout == checkout.token);
    ours.cloned().collect()
}

/// The last try and its checkout, by the payment's id.
pub fn by_id(desk: &Desk, id: &str) -> Option<(Try, Payment)> {
    let found = desk
        .state()
        .mercadopago
        .tries
        .iter()
        .find(|known| known.id.to_string() == id)
        .cloned()?;
    let checkout = desk.by_token(&found.checkout)?;
    Some((found, checkout))
}

/// A new try with what it comes to at once; its id.
pub fn attempt(desk: &Desk, token: &str, means: Means, status: SimStatus, detail: Option<String>) -> Option<u64> {
    let mut state = desk.state();
    let checkout = state.payments.iter_mut().find(|payment| payment.token == token)?;
    let before = checkout.clone();
    checkout.script.clear();
    checkout.status = status;
    Some(state.mercadopago.begin(&before, means, detail))
}

/// Sets what a try is now, be it the checkout's last one or not.
pub fn set_status(desk: &Desk, id: u64, status: SimStatus) {
    let mut state = desk.state();
    let Some(found) = state.mercadopago.tries.iter_mut().find(|known| known.id == id) else {
        return;
    };
    if found.frozen.is_some() {
        found.frozen = Some(status);
        return;
    }
    let token = found.checkout.clone();
    if let Some(checkout) = state.payments.iter_mut().find(|payment| payment.token == token) {
        checkout.script.clear();
        checkout.status = status;
    }
}

/// Why a try was refused, once the bank or the review has spoken.
pub fn set_detail(desk: &Desk, id: u64, detail: Option<String>) {
    if let Some(found) = desk.state().mercadopago.tries.iter_mut().find(|known| known.id == id) {
        found.detail = detail;
    }
}

/// The buyer decides with a card, without looking at the page. A second decision is a second payment.
pub fn decide(desk: &Desk, token: &str, choice: Choice) -> Option<Vec<Errand>> {
    let (status, detail) = match choice {
        Choice::Decline => (SimStatus::Declined, Some("cc_rejected_other_reason".to_owned())),
        _ => (SimStatus::Paid, None),
    };
    attempt(desk, token, Means::Card, status, detail)?;
    Some(notices::errands(desk, token, choice, &["created", "updated"]))
}

/// What the card holder's name makes of a payment (facts 3.12); any other name is refused for no stated reason.
pub fn outcome_of(holder: &str) -> (SimStatus, Option<String>) {
    let name = holder.trim().to_ascii_uppercase();
    let refused = |detail: &str| (SimStatus::Declined, Some(format!("cc_rejected_{detail}")));
    match name.get(..4).unwrap_or_default() {
        "APRO" => (SimStatus::Paid, None),
        "CONT" => (SimStatus::Word("in_process/pending_contingency".to_owned()), None),
        "CALL" => refused("call_for_authorize"),
        "FUND" => refused("insufficient_amount"),
        "SECU" => refused("bad_filled_security_code"),
        "EXPI" => refused("bad_filled_date"),
        "FORM" => refused("bad_filled_other"),
        "CARD" => refused("bad_filled_card_number"),
        "INST" => refused("invalid_installments"),
        "DUPL" => refused("duplicated_payment"),
        "LOCK" => refused("card_disabled"),
        "CTNA" => refused("card_type_not_allowed"),
        "ATTE" => refused("max_attempts"),
        "BLAC" => refused("blacklist"),
        _ => refused("other_reason"),
    }
}

/// As large as today's ids.
const FIRST_PAYMENT: u64 = 87_654_321_000;

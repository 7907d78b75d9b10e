//! The daily ledger: what a gateway says was paid, held against what was delivered.

use jiff::Timestamp;

use crate::ids::{AccountId, CompanyId, OrderRef};
use crate::money::Money;

/// The last comparison of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub account: AccountId,
    pub company: CompanyId,
    /// The period it is about.
    pub since: Timestamp,
    pub until: Timestamp,
    pub way: Way,
    /// How many payments the gateway listed, or how many orders it was asked about.
    pub checked: u32,
    /// Orders that were paid at the gateway and not here; they go on now.
    pub mended: u32,
    /// Orders that were left out because there were too many; the reconciler has asked about them too.
    pub left_out: u32,
    /// Why the gateway could not be compared with.
    pub problem: Option<String>,
    pub differences: Vec<Difference>,
}

/// How the gateway's word was got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// It listed its payments.
    Listed,
    /// It was asked about each order that is not paid here.
    Asked,
    /// It cannot be asked: only our own orders were looked at.
    Alone,
}

/// One payment or order on which the two sides do not agree.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub order: Option<OrderRef>,
    pub gateway_id: Option<String>,
    /// What was paid, or the order's price where the gateway did not say.
    pub amount: Option<PaidAmount>,
    /// Whether the operator had a mail about it.
    pub told: bool,
}

/// Money as it is kept with a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PaidAmount {
    minor: i64,
    currency: crate::money::Currency,
}

impl From<Money> for PaidAmount {
    fn from(money: Money) -> Self {
        Self {
            minor: money.minor(),
            currency: money.currency(),
        }
    }
}

impl From<PaidAmount> for Money {
    fn from(amount: PaidAmount) -> Self {
        Self::from_minor(amount.minor, amount.currency)
    }
}

/// What does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// Paid there; no order of this relay has this payment.
    Unknown,
    /// Paid there for an order that another payment has paid.
    Second,
    /// Paid there; the order still waits for its money here.
    Unsettled,
    /// The money does not fit: the operator decides.
    Held,
    /// Paid; the router refuses.
    Stuck,
    /// Paid; the router has not answered for long.
    Undelivered,
}

impl DifferenceKind {
    pub const ALL: [Self; 6] = [
        Self::Unknown,
        Self::Second,
        Self::Unsettled,
        Self::Held,
        Self::Stuck,
        Self::Undelivered,
    ];

    /// The word for lists and for the texts of mails.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Second => "second",
            Self::Unsettled => "unsettled",
            Self::Held => "held",
            Self::Stuck => "stuck",
            Self::Undelivered => "undelivered",
        }
    }
}

impl Difference {
    /// Whether both are about the same thing, told or not.
    pub fn is_same(&self, other: &Self) -> bool {
        (self.kind, &self.order, &self.gateway_id) == (other.kind, &other.order, &other.gateway_id)
    }
}

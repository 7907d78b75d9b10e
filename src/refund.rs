//! A payment that is to be given back, and how far that is.

use jiff::Timestamp;

use crate::ids::{AccountId, OrderRef, RefundId};
use crate::money::Money;

/// A payment that a gateway confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub account: AccountId,
    /// The gateway's own id; unique with the account.
    pub gateway_id: String,
    pub order: OrderRef,
    /// What was paid, which may differ from the price.
    pub amount: Money,
    /// When it was first seen here.
    pub seen_at: Timestamp,
}

/// A wish to give one payment back, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    pub id: RefundId,
    pub payment: Payment,
    pub reason: RefundReason,
    pub wisher: Wisher,
    /// A second payment: its order stays as it is.
    pub is_extra: bool,
    pub standing: Standing,
    /// What the gateway said when it refused.
    pub words: Option<String>,
    /// How often the gateway was asked to give it back.
    pub attempts: i64,
    pub wished_at: Timestamp,
    /// Since when the order's user is known not to work on the router.
    pub withdrawn_at: Option<Timestamp>,
    /// When the gateway was first asked.
    pub asked_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
}

/// Why a payment goes back; the gateways know these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The buyer wants his money back.
    RequestedByClient,
    /// Paid, and no router took the user.
    CannotBeFulfilled,
    /// A second payment for one order.
    Duplicate,
}

/// Who wants a payment to go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wisher {
    Operator,
    /// The account's own rule.
    Policy,
}

/// How far a refund is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The gateway has not heard of it.
    Wished,
    /// The gateway was asked; what came of it is unknown.
    Asked,
    /// The gateway took it on and has not finished.
    Pending,
    /// The gateway has no API for it: the operator does it and says so.
    ByHand,
    Done,
    Refused,
}

impl Standing {
    /// Nothing will happen any more by itself, and nothing is waited for.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Refused)
    }

    /// As people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wished => "wished",
            Self::Asked => "asked",
            Self::Pending => "pending",
            Self::ByHand => "by hand",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

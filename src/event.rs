//! A stored webhook: the exact bytes, and what they proved.

use bytes::Bytes;
use jiff::Timestamp;

use crate::by_kind::read_by_kind;
use crate::company::GatewayName;
use crate::ids::{AccountId, EventId, HotspotId};
use crate::mik_params::MikParams;

/// What the bytes of a webhook prove about their sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// A signature, token or header only the gateway knows.
    Signed,
    /// Nothing but the router's access UUID: the event is a hint to ask the gateway.
    Hint,
}

impl Proof {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Hint => "hint",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Signed, Self::Hint]
            .into_iter()
            .find(|proof| proof.as_str() == text)
    }
}

/// Why a callback was not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unbelieved {
    /// There was no signature.
    Missing,
    Malformed,
    /// No secret of ours made the signature.
    Wrong,
    /// It is too old, or from the future, by this machine's clock.
    Stale,
}

impl Unbelieved {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Wrong => "wrong",
            Self::Stale => "stale",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Missing, Self::Malformed, Self::Wrong, Self::Stale]
            .into_iter()
            .find(|why| why.as_str() == text)
    }
}

/// How often a gateway's callbacks to a hotspot were not believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCallbacks {
    pub hotspot: HotspotId,
    pub gateway: GatewayName,
    pub why: Unbelieved,
    pub count: u64,
    pub last_at: Timestamp,
}

/// What is kept of a webhook: its bytes, and the parameters of its address that are the gateway's own.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// URL-encoded, with the names the gateway calls its own only; empty for most gateways.
    pub query: &'a str,
    pub body: &'a [u8],
}

impl<'a> Told<'a> {
    /// A webhook that says all in its body.
    pub fn body(body: &'a [u8]) -> Self {
        Self { query: "", body }
    }
}

/// An event on its way into the inbox. Only `payment::receive` makes one, after the proof.
#[derive(Clone)]
pub struct NewEvent {
    pub gateway: GatewayName,
    pub account: AccountId,
    /// The hotspot whose webhook was called; `ANY_HOTSPOT` where the address named none.
    pub hotspot: HotspotId,
    pub proof: Proof,
    /// The same text for each delivery of one event; unique with the account.
    pub key: String,
    /// The parameters of its address that are the gateway's own, URL-encoded; empty for most gateways.
    pub query: String,
    /// The exact bytes.
    pub body: Bytes,
    pub content_type: Option<String>,
    /// The `mik*` parameters of this call; sealed in the store because they may hold a router's password.
    pub params: MikParams,
    pub received_at: Timestamp,
}

impl std::fmt::Debug for NewEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Bodies hold one-time tokens and telephone numbers.
        f.debug_struct("NewEvent")
            .field("account", &self.account)
            .field("hotspot", &self.hotspot)
            .field("proof", &self.proof)
            .field("key", &self.key)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl NewEvent {
    /// In the place of a hotspot's id where a webhook's address names no hotspot: the account's signature alone says
    /// whose it is.
    pub const ANY_HOTSPOT: &'static str = "";

    /// Whether the webhook of one hotspot was called.
    pub fn names_hotspot(&self) -> bool {
        self.hotspot.as_str() != Self::ANY_HOTSPOT
    }

    /// What its gateway's adapter reads of it.
    pub fn told(&self) -> Told<'_> {
        Told {
            query: &self.query,
            body: &self.body,
        }
    }
}

/// An event of the inbox.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: EventId,
    pub event: NewEvent,
    /// What settling it came to, in one sentence; `None` until then.
    pub outcome: Option<String>,
    pub settled_at: Option<Timestamp>,
    /// How often it was delivered.
    pub deliveries: i64,
    /// A later delivery under the same key had other bytes: a gateway's fault or an attack.
    pub conflict: bool,
    /// Its bytes and parameters were given up because it is old; key and digest stay.
    pub is_emptied: bool,
}

/// Why no order took a genuine event that its operator must look at.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unplaced {
    #[error("it is genuine but cannot be read: {words}")]
    Unreadable { words: String },
    /// The buyer, his bank or the gateway doubts a payment that no order here has, or took it back.
    #[error("the money of payment {payment} is disputed or was taken back, and no order here has this payment")]
    TakenBack { payment: String },
    #[error("it names order {order}, which belongs to another account")]
    OfAnotherAccount { order: String },
    /// The keys of the account may be another seller's.
    #[error("the gateway does not show its payment to this account: {payment}")]
    NotShown { payment: String },
    /// It is tried again until the account's keys are mended.
    #[error("its account is refused by the gateway: {words}")]
    AccountRefused { words: String },
}

read_by_kind!(Unplaced, "kind", {
    "unreadable" => Unreadable { words },
    "taken_back" => TakenBack { payment },
    "of_another_account" => OfAnotherAccount { order },
    "not_shown" => NotShown { payment },
    "account_refused" => AccountRefused { words },
});

impl Unplaced {
    /// What the gateway calls it by, or says.
    pub fn value(&self) -> &str {
        match self {
            Self::Unreadable { words: value }
            | Self::AccountRefused { words: value }
            | Self::TakenBack { payment: value }
            | Self::OfAnotherAccount { order: value }
            | Self::NotShown { payment: value } => value,
        }
    }
}

/// An event that no order took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnplacedEvent {
    pub event: EventId,
    pub account: AccountId,
    pub why: Unplaced,
}

/// What storing an event came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    New(EventId),
    /// Known already, the same bytes.
    Duplicate(EventId),
    /// Known already, other bytes; the first are kept.
    Conflict(EventId),
}

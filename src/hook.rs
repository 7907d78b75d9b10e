//! A webhook that we send: written once, in the same commit as what it tells of, and delivered until it is taken.

use jiff::{SignedDuration, Timestamp};

use crate::ids::{CompanyId, EndpointId, HookId, OrderRef};

/// A webhook as it will be sent. Address and body are sealed in the store: an address may hold a token, a body
/// holds a buyer's name.
#[derive(Clone, PartialEq, Eq)]
pub struct NewHook {
    pub company: CompanyId,
    pub order: Option<OrderRef>,
    /// `webhook-id`: the same for every try, so that a receiver can tell a repeat.
    pub message_id: String,
    /// What happened, such as `payment.succeeded`.
    pub kind: String,
    pub url: String,
    /// Whose secrets sign it.
    pub signer: Signer,
    /// JSON, as it is signed.
    pub body: String,
    pub created_at: Timestamp,
}

impl std::fmt::Debug for NewHook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewHook")
            .field("order", &self.order)
            .field("message_id", &self.message_id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What a company's endpoint can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    PaymentSucceeded,
    PaymentFailed,
    PaymentRefunded,
    VoucherCreated,
    RouterOffline,
    RouterOnline,
}

impl EventKind {
    pub const ALL: [Self; 6] = [
        Self::PaymentSucceeded,
        Self::PaymentFailed,
        Self::PaymentRefunded,
        Self::VoucherCreated,
        Self::RouterOffline,
        Self::RouterOnline,
    ];

    /// The `type` of the event.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PaymentSucceeded => "payment.succeeded",
            Self::PaymentFailed => "payment.failed",
            Self::PaymentRefunded => "payment.refunded",
            Self::VoucherCreated => "voucher.created",
            Self::RouterOffline => "router.offline",
            Self::RouterOnline => "router.online",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it is about a router's coming and going, which somebody has to look at.
    pub fn is_about_routers(self) -> bool {
        matches!(self, Self::RouterOffline | Self::RouterOnline)
    }
}

/// Where a company's own webhooks go. `Debug` does not show the address: it may hold a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: EndpointId,
    pub company: CompanyId,
    pub url: String,
    pub events: Vec<EventKind>,
    pub created_at: Timestamp,
    /// When it answered that it wants no more (410); it gets nothing since.
    pub gone_at: Option<Timestamp>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("company", &self.company)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// Names a set of signing secrets of a company: its own, or those of one of its endpoints.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signer(String);

impl Signer {
    /// The company's own secrets.
    pub fn company() -> Self {
        Self("company".to_owned())
    }

    pub fn endpoint(id: &EndpointId) -> Self {
        Self(format!("{ENDPOINT_PREFIX}{id}"))
    }

    /// The endpoint whose secrets they are.
    pub fn as_endpoint(&self) -> Option<EndpointId> {
        self.0.strip_prefix(ENDPOINT_PREFIX).map(EndpointId::new)
    }

    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A webhook of the outbox.
#[derive(Clone, Debug)]
pub struct Hook {
    pub id: HookId,
    pub hook: NewHook,
    pub state: HookState,
    pub state_at: Option<Timestamp>,
    /// Tries since it was written or replayed.
    pub tries: i64,
    /// Not before this.
    pub next_at: Timestamp,
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HookState {
    Waiting,
    /// Answered 2xx.
    Delivered,
    /// Answered 410: the receiver wants no more of it.
    Gone,
    /// Tried for days, in vain.
    GivenUp,
}

impl HookState {
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Delivered, Self::Gone, Self::GivenUp];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::GivenUp => "given-up",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One try to deliver a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub at: Timestamp,
    pub took_ms: i64,
    /// `None` where nothing answered.
    pub status: Option<u16>,
    pub error: Option<String>,
}

/// What a receiver's answer, or its silence, means for the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Delivered,
    Gone,
    GivenUp,
    /// Once more, after this.
    Again(SignedDuration),
}

impl Verdict {
    /// `tries`: those made, this one included. `status`: `None` where nothing answered.
    pub fn of(status: Option<u16>, tries: i64) -> Self {
        match status {
            Some(200..=299) => Self::Delivered,
            Some(410) => Self::Gone,
            _ => gap_after(tries).map_or(Self::GivenUp, Self::Again),
        }
    }
}

/// The pause after so many tries in vain; `None` when it was the last.
pub fn gap_after(tries: i64) -> Option<SignedDuration> {
    let made = usize::try_from(tries.max(1) - 1).ok()?;
    GAPS_S.get(made).map(|seconds| SignedDuration::from_secs(*seconds))
}

const ENDPOINT_PREFIX: &str = "endpoint:";
/// The schedule that the Standard Webhooks specification suggests: 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 hours;
/// more than three days in all.
const GAPS_S: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_the_specification_says() {
        for (status, expected) in [
            (Some(200), Verdict::Delivered),
            (Some(204), Verdict::Delivered),
            (Some(299), Verdict::Delivered),
            (Some(410), Verdict::Gone),
            (Some(301), Verdict::Again(SignedDuration::from_secs(5))),
            (Some(404), Verdict::Again(SignedDuration::from_secs(5))),
            (Some(500), Verdict::Again(SignedDuration::from_secs(5))),
            (None, Verdict::Again(SignedDuration::from_secs(5))),
        ] {
            assert_eq!(Verdict::of(status, 1), expected, "{status:?}");
        }
        assert_eq!(Verdict::of(Some(200), 40), Verdict::Delivered);
        assert_eq!(Verdict::of(Some(500), 10), Verdict::GivenUp);
    }

    #[test]
    fn gaps_grow_for_more_than_three_days() {
        let gaps: Vec<_> = (1..).map_while(gap_after).collect();
        assert!(gaps.is_sorted() && gaps.len() == 9);
        let all: SignedDuration = gaps.into_iter().fold(SignedDuration::ZERO, |all, gap| all + gap);
        assert!(
            all > SignedDuration::from_hours(72) && all < SignedDuration::from_hours(96),
            "{all}"
        );
    }

    #[test]
    fn endpoints_sign_by_secrets_of_their_own() {
        let id = EndpointId::new("ep_1");
        let signer = Signer::from_text(Signer::endpoint(&id).as_str());
        assert_eq!(signer.as_endpoint(), Some(id));
        assert_eq!(Signer::company().as_endpoint(), None);
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_text(kind.as_str()), Some(kind));
        }
    }

    #[test]
    fn every_state_has_one_name() {
        for state in HookState::ALL {
            assert_eq!(HookState::from_text(state.as_str()), Some(state));
        }
    }
}

//! One intent to buy, and the pure machine that says what becomes of it.

use jiff::Timestamp;

use crate::company::{Language, Mode};
use crate::ids::{AccountId, CompanyId, HotspotId, OrderRef, OrderToken, PlanId};
use crate::money::Money;
use crate::plan::{DataLimit, TimeLimit};
use crate::reason::Reason;

/// What was chosen, as it was at that moment: a later change of the plan does not touch it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSnapshot {
    /// `None` where an `open` link was believed.
    pub plan: Option<PlanId>,
    pub label: String,
    pub profile: String,
    pub price: Money,
    pub time: TimeLimit,
    pub data: DataLimit,
}

/// One intent to buy.
#[derive(Clone, Debug)]
pub struct Order {
    pub reference: OrderRef,
    pub token: OrderToken,
    pub company: CompanyId,
    pub hotspot: HotspotId,
    pub account: AccountId,
    pub mode: Mode,
    pub plan: PlanSnapshot,
    pub state: State,
    /// Why the state is `held`, `stuck` or `failed`, where that is known.
    pub reason: Option<Reason>,
    pub online: Online,
    pub buyer: Buyer,
    /// The gateway's own id of the payment, once known; unique with the account.
    pub gateway_id: Option<String>,
    /// CinetPay v1's `notify_token`.
    pub notify_token: Option<secrecy::SecretString>,
    /// Where the gateway shows its pay page.
    pub pay_url: Option<String>,
    /// How a payment that was begun is completed away from that page.
    pub instructions: Option<Instructions>,
    pub voucher: Option<crate::voucher::Voucher>,
    /// What it was made for, where that is no voucher.
    pub link: Option<Box<LinkPayment>>,
    /// What the confirming callback's `mik*` parameters said; sealed in the store.
    pub params: crate::mik_params::MikParams,
    pub created_at: Timestamp,
    pub paid_at: Option<Timestamp>,
    pub provisioned_at: Option<Timestamp>,
    pub delivered_at: Option<Timestamp>,
}

/// A payment by link: asked for by a company's own program (`POST /pagos`), without a hotspot user. The way of its
/// money is that of every order; instead of a voucher, its result is delivered.
///
/// `Order::hotspot` is then the one whose callback address the gateway was given. Sealed in the store: the addresses
/// may hold tokens.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LinkPayment {
    /// The program's own reference.
    pub reference_id: String,
    /// Where the buyer goes after paying.
    pub return_url: Option<String>,
    /// Who is told the result.
    pub notification_url: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
}

impl std::fmt::Debug for LinkPayment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkPayment")
            .field("reference_id", &self.reference_id)
            .finish_non_exhaustive()
    }
}

/// How a payment is completed at a till or a bank.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Instructions {
    /// The number that is read to the cashier or typed into the bank's app.
    pub reference: String,
    pub place: Place,
    /// Until when it is taken.
    pub expires_at: Option<Timestamp>,
    /// The gateway's own page of the voucher (a bar code).
    pub url: Option<String>,
}

/// Where it is paid.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Cash { store: Option<String> },
    Transfer { bank: Option<String> },
}

/// What is known of the phone that buys. All of it comes from the browser and decides nothing about money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Buyer {
    pub mac: Option<String>,
    pub ip: Option<String>,
    /// The user is kept to the MAC once its device was logged in.
    pub bind_mac: bool,
    /// Where the phone wanted to go; only ever a page of the hotspot's own dns-name.
    pub dst: Option<String>,
    pub language: Language,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// How far the phone's login is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Online {
    /// Nothing to try: MAC and address are unknown.
    #[default]
    Unknown,
    Trying,
    Yes,
    /// The router refused or the phone is not there: the page offers the login link instead.
    No,
}

/// Where an order stands. `Failed`, `Expired` and `Cancelled` are not final: money that arrives late is
/// still money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Stored, the gateway has not heard of it.
    New,
    /// The gateway waits for the buyer.
    Waiting,
    /// The money is there; the router has to hear of it.
    Paid,
    /// The user exists on the router.
    Provisioned,
    /// The login was tried and the buyer was told.
    Delivered,
    Failed,
    Expired,
    Cancelled,
    /// Money arrived that does not fit: the operator decides.
    Held,
    /// Paid, but the router refuses for a reason only a person can remove.
    Stuck,
    /// Paid and not delivered, and the money is to go back: nothing is made on the router any more.
    Refunding,
    Refunded,
}

impl State {
    pub const ALL: [Self; 12] = [
        Self::New,
        Self::Waiting,
        Self::Paid,
        Self::Provisioned,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::Held,
        Self::Stuck,
        Self::Refunding,
        Self::Refunded,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Waiting => "waiting",
            Self::Paid => "paid",
            Self::Provisioned => "provisioned",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Held => "held",
            Self::Stuck => "stuck",
            Self::Refunding => "refunding",
            Self::Refunded => "refunded",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// No money has been seen yet, and it may still come.
    pub fn awaits_money(self) -> bool {
        matches!(
            self,
            Self::New | Self::Waiting | Self::Failed | Self::Expired | Self::Cancelled
        )
    }

    /// A user that may be on the router has to be made there, and to work.
    pub fn wants_user(self) -> bool {
        matches!(self, Self::Paid | Self::Stuck)
    }

    /// A user that may be on the router must not be used. A held order has one only where its money was to go back and
    /// the gateway refused; nobody was shown that code.
    pub fn forbids_user(self) -> bool {
        matches!(self, Self::Held | Self::Refunding | Self::Refunded)
    }

    /// The buyer may see the voucher.
    pub fn shows_voucher(self) -> bool {
        matches!(self, Self::Provisioned | Self::Delivered)
    }
}

/// What became known about an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The gateway took the order.
    Started,
    /// Confirmed money that fits the order.
    Paid,
    /// The same of another payment than the one that went back, where nobody was shown a code for that one.
    PaidAnew,
    /// It was paid, and the money went back before the relay heard of it.
    PaidAndGone,
    /// Confirmed money that does not fit, or that nobody may spend yet.
    Mismatched,
    Failed,
    Expired,
    Cancelled,
    /// The operator or the account's policy says: give the money back.
    RefundWished,
    /// The gateway will not give it back.
    RefundRefused,
    /// The money went back.
    Refunded,
    /// The bank took the money back.
    ChargedBack,
    /// The user exists on the router.
    Provisioned,
    /// The router refuses for a reason only a person can remove.
    Stuck,
    /// The login was tried.
    Delivered,
    /// The operator says: go on.
    Released,
}

impl Fact {
    pub const ALL: [Self; 16] = [
        Self::Started,
        Self::Paid,
        Self::PaidAnew,
        Self::PaidAndGone,
        Self::Mismatched,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
        Self::RefundWished,
        Self::RefundRefused,
        Self::Refunded,
        Self::ChargedBack,
        Self::Provisioned,
        Self::Stuck,
        Self::Delivered,
        Self::Released,
    ];
}

/// What has to be done because of a fact. Each becomes a job in the same commit as the new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Make the user exist on the router.
    Provision,
    /// Log the phone in.
    LogIn,
    /// Tell the operator and the buyer that the voucher exists.
    Announce,
    /// Tell the operator that the order needs him.
    Alert,
    /// Take the user's rights away on the router.
    Disable,
    /// Tell the operator and the buyer that the money went back.
    AnnounceRefund,
}

/// The whole life of an order, without input or output: `(state, fact) → (state, effects)`.
///
/// Money is the truth: `Paid` moves every state that waits for money, whatever was said before, and nothing
/// but a refund takes a paid order back. Money that goes back while the order still waits ends nothing: that payment
/// is over, and another one may come. Once it is known that it was paid, too, the order is refunded, in whichever order
/// the two were heard of. An order is delivered or refunded: a wish for a refund stops what was not
/// delivered yet before the money is asked for, and touches nothing that was. Only where nobody was shown a code does
/// another payment buy what the refunded one did not; that nobody was is for the caller to see to.
pub fn step(state: State, fact: Fact) -> (State, &'static [Effect]) {
    use State::{
        Cancelled, Delivered, Expired, Failed, Held, New, Paid, Provisioned, Refunded, Refunding, Stuck, Waiting,
    };
    match (state, fact) {
        (New, Fact::Started) => (Waiting, &[]),
        (New | Waiting | Failed | Expired | Cancelled | Held, Fact::Paid) | (Held, Fact::Released) => {
            (Paid, &[Effect::Provision])
        }
        (Refunded, Fact::PaidAnew) => (Paid, &[Effect::Provision]),
        (New | Waiting | Failed | Expired | Cancelled, Fact::PaidAndGone) => (Refunded, &[Effect::AnnounceRefund]),
        (Paid | Stuck, Fact::Released) => (state, &[Effect::Provision]),
        (New | Waiting | Failed | Expired | Cancelled, Fact::Mismatched) => (Held, &[Effect::Alert]),
        (New | Waiting, Fact::Failed) => (Failed, &[]),
        (New | Waiting, Fact::Expired) => (Expired, &[]),
        (New | Waiting, Fact::Cancelled) => (Cancelled, &[]),
        (Paid, Fact::Stuck) => (Stuck, &[Effect::Alert]),
        (Paid | Stuck, Fact::Provisioned) => (Provisioned, &[Effect::LogIn, Effect::Announce]),
        // The refund, or the wish for it, overtook the router's answer: the user exists and must not be used.
        (Held | Refunding | Refunded, Fact::Provisioned) => (state, &[Effect::Disable]),
        (Provisioned, Fact::Delivered) => (Delivered, &[]),
        // A paid order's user may be on the router already, its answer lost.
        (Paid | Stuck | Held, Fact::RefundWished) => (Refunding, &[Effect::Disable]),
        // The money is still here: the operator decides, as with any money that bought nothing.
        (Refunding, Fact::RefundRefused) => (Held, &[]),
        (Paid | Stuck | Held | Refunding | Provisioned | Delivered, Fact::Refunded) => {
            (Refunded, &[Effect::Disable, Effect::AnnounceRefund])
        }
        (Paid | Stuck | Held | Refunding | Provisioned | Delivered, Fact::ChargedBack) => {
            (Refunded, &[Effect::Disable, Effect::Alert])
        }
        _ => (state, &[]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn facts() -> impl Strategy<Value = Vec<Fact>> {
        prop::collection::vec(prop::sample::select(&Fact::ALL[..]), 0..40)
    }

    /// Plays facts as the relay would: the router's answers come only after a provision was asked for, and no further
    /// payment buys where a code was shown.
    fn play(facts: &[Fact]) -> (State, Vec<Effect>, bool) {
        let (mut state, mut effects, mut paid) = (State::New, Vec::new(), false);
        for &fact in facts {
            let asked = effects.contains(&Effect::Provision);
            if matches!(fact, Fact::Provisioned | Fact::Stuck) && !asked {
                continue;
            }
            if fact == Fact::PaidAnew && effects.contains(&Effect::Announce) {
                continue;
            }
            let (next, wanted) = step(state, fact);
            effects.extend_from_slice(wanted);
            paid |= next == State::Paid;
            state = next;
        }
        (state, effects, paid)
    }

    proptest! {
        #[test]
        fn announces_at_most_once(facts in facts()) {
            let (_, effects, _) = play(&facts);
            prop_assert!(effects.iter().filter(|effect| **effect == Effect::Announce).count() <= 1);
        }

        #[test]
        fn a_paid_order_is_never_lost(facts in facts()) {
            let (state, _, paid) = play(&facts);
            if paid {
                prop_assert!(!state.awaits_money());
                // Only a refund that the gateway refused takes it back to the operator.
                prop_assert!(state != State::Held || facts.contains(&Fact::RefundRefused));
            }
        }

        #[test]
        fn a_wish_for_a_refund_stops_what_was_not_delivered(before in facts(), after in facts()) {
            let (state, effects, _) = play(&before);
            let (wished, _) = step(state, Fact::RefundWished);
            prop_assert_eq!(wished == state, !matches!(state, State::Paid | State::Stuck | State::Held));
            if wished == state {
                return Ok(());
            }
            prop_assert_eq!(wished, State::Refunding);
            let (mut state, mut effects) = (wished, effects);
            for fact in after {
                // What another payment buys is another delivery.
                if matches!(fact, Fact::RefundRefused | Fact::PaidAnew) {
                    break;
                }
                let (next, wanted) = step(state, fact);
                prop_assert!(matches!(next, State::Refunding | State::Refunded));
                effects.extend_from_slice(wanted);
                state = next;
            }
            prop_assert!(!effects.contains(&Effect::Announce), "{:?}", effects);
        }

        #[test]
        fn nothing_is_provisioned_without_money_or_the_operator(facts in facts()) {
            let free = facts.iter().all(|fact| !matches!(fact, Fact::Paid | Fact::PaidAnew | Fact::Released));
            let (_, effects, _) = play(&facts);
            if free {
                prop_assert!(!effects.contains(&Effect::Provision));
            }
        }

        #[test]
        fn a_refund_ends_without_a_live_user(facts in facts()) {
            let mut facts = facts;
            facts.extend([
                Fact::Paid, Fact::Refunded, Fact::Paid, Fact::Provisioned, Fact::Delivered, Fact::Released, Fact::RefundWished,
                Fact::RefundRefused,
            ]);
            let (state, effects, _) = play(&facts);
            prop_assert_eq!(state, State::Refunded);
            let made = effects.contains(&Effect::Announce);
            prop_assert!(!made || effects.contains(&Effect::Disable));
        }

        #[test]
        fn money_fulfils_in_any_order_of_gateway_facts(
            before in prop::collection::vec(
                prop::sample::select(vec![
                    Fact::Started, Fact::Failed, Fact::Expired, Fact::Cancelled, Fact::Refunded, Fact::ChargedBack,
                ]), 0..12),
            after in prop::collection::vec(
                prop::sample::select(vec![Fact::Started, Fact::Failed, Fact::Expired, Fact::Cancelled, Fact::Paid]), 0..12),
        ) {
            let facts = [before, vec![Fact::Paid], after].concat();
            let (state, effects, _) = play(&facts);
            prop_assert_eq!(state, State::Paid);
            prop_assert_eq!(effects, vec![Effect::Provision]);
        }
    }

    #[test]
    fn d4_a_payment_that_came_and_went_ends_the_order_and_another_one_buys() {
        for state in State::ALL {
            let (after, effects) = step(state, Fact::PaidAndGone);
            if state.awaits_money() {
                assert_eq!(
                    (after, effects),
                    (State::Refunded, &[Effect::AnnounceRefund][..]),
                    "{state:?}"
                );
            } else {
                assert_eq!((after, effects), (state, &[][..]), "{state:?}");
            }
            let (after, effects) = step(state, Fact::PaidAnew);
            if state == State::Refunded {
                assert_eq!((after, effects), (State::Paid, &[Effect::Provision][..]));
            } else {
                assert_eq!((after, effects), (state, &[][..]), "{state:?}");
            }
        }
    }

    #[test]
    fn a_user_made_too_late_is_taken_away() {
        for state in State::ALL.into_iter().filter(|state| state.forbids_user()) {
            assert_eq!(
                step(state, Fact::Provisioned),
                (state, &[Effect::Disable][..]),
                "{state:?}"
            );
        }
    }

    #[test]
    fn money_that_goes_back_ends_no_order_that_waits_for_money() {
        for state in State::ALL {
            for fact in [Fact::Refunded, Fact::ChargedBack] {
                let (after, effects) = step(state, fact);
                if state.awaits_money() {
                    assert_eq!((after, effects), (state, &[][..]), "{state:?}");
                } else {
                    assert_eq!(after, State::Refunded, "{state:?}");
                }
            }
        }
    }

    #[test]
    fn every_state_has_one_name() {
        for state in State::ALL {
            assert_eq!(State::from_text(state.as_str()), Some(state));
        }
    }
}

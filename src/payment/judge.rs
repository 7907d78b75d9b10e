//! What a report of a gateway means for an order: the pure decision, from the money to the fact or the doubt.

use super::refund::second::Past;
use super::settle::{CHARGED_BACK, FAILED, shown};
use crate::company::{Account, AccountKeys, Mode};
use crate::gateway::{PaymentStatus, Report};
use crate::mik_params::MikParams;
use crate::order::{Fact, Order, State};
use crate::reason::Reason;

/// What a report means for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Nothing,
    /// Money is on its way and not here.
    Waits(&'static str),
    Fact(Fact, &'static str),
    /// The payment failed; the gateway's own words.
    Failed(Option<String>),
    /// Money that may not be turned into a voucher.
    Misfit(Reason),
    /// The order was fulfilled, and now its money is in doubt: the operator must know.
    Doubted(Reason),
    /// A second payment for an order that was paid already, or whose money is held.
    PaidTwice,
    /// Something else became of a payment that is not the order's own.
    OfSecond,
    /// The order waits for money, and this payment will not bring it: it went back before it counted.
    Over,
    /// A payment that is over, or is being given back, is called paid.
    PaidButGone,
    /// The order waits for money, and this payment brought it and took it away again: which of the two was heard of
    /// first makes no difference.
    CameAndWent,
    /// The bank took the money back, and now it is here again.
    WonBack,
    /// The gateway's payment paid for another order: one payment is one user.
    OfAnother,
}

impl Verdict {
    /// The fact it stands for and what the event's row says of it.
    pub fn outcome(&self) -> (Fact, String) {
        match self {
            Self::Nothing => (Fact::Started, "nothing new".to_owned()),
            Self::Waits(why) => (Fact::Started, (*why).to_owned()),
            Self::Doubted(reason) => (Fact::Started, format!("needs attention: {reason}")),
            Self::Fact(Fact::Paid | Fact::PaidAnew, _) => (Fact::Paid, "paid".to_owned()),
            Self::Fact(fact, why) => (*fact, (*why).to_owned()),
            Self::Failed(words) => (Fact::Failed, words.clone().unwrap_or_else(|| FAILED.to_owned())),
            Self::Misfit(reason) => (Fact::Mismatched, reason.to_string()),
            Self::PaidTwice => (Fact::Started, "needs attention: the order was paid twice".to_owned()),
            Self::OfSecond => (Fact::Started, "about another payment for the order".to_owned()),
            Self::Over => (
                Fact::Started,
                "the payment went back before it counted; the order goes on waiting".to_owned(),
            ),
            Self::PaidButGone | Self::CameAndWent => (Fact::Started, "paid, and given back since".to_owned()),
            Self::WonBack => (Fact::Started, "paid, after a chargeback or a refund".to_owned()),
            Self::OfAnother => (
                Fact::Started,
                "needs attention: the payment belongs to another order".to_owned(),
            ),
        }
    }
}

/// What is known beside an order and a report about it.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// The plan is sold for real money.
    pub sold_live: bool,
    pub params: Option<&'a MikParams>,
    /// What became of the report's payment earlier.
    pub past: Option<Past>,
    /// The event said that it was paid, whatever the gateway says of it by now.
    pub told_paid: bool,
}

/// The pure decision: which fact a report is for this order.
pub(super) fn judge(order: &Order, account: &Account, report: &Report, known: &Known<'_>) -> Verdict {
    let gateway = account.gateway();
    match &report.status {
        PaymentStatus::Pending | PaymentStatus::Unknown(_) => Verdict::Nothing,
        PaymentStatus::Refunded if order.state.awaits_money() && known.told_paid => Verdict::CameAndWent,
        PaymentStatus::ChargedBack | PaymentStatus::Refunded if is_over(order, known) => Verdict::Over,
        PaymentStatus::Disputed
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::ChargedBack
        | PaymentStatus::Refunded
            if is_of_second(order, report) =>
        {
            Verdict::OfSecond
        }
        PaymentStatus::Authorized => Verdict::Waits("the card is only charged later: nothing is paid yet"),
        PaymentStatus::PartiallyPaid => Verdict::Waits("only a part is paid so far"),
        PaymentStatus::Disputed => doubted(order, Reason::PaymentDisputed { gateway }),
        PaymentStatus::PartiallyRefunded => doubted(order, Reason::PartlyRefunded { gateway }),
        PaymentStatus::ChargedBack => Verdict::Fact(Fact::ChargedBack, CHARGED_BACK),
        PaymentStatus::Failed { reason } => Verdict::Failed(reason.as_deref().map(shown)),
        PaymentStatus::Expired => Verdict::Fact(Fact::Expired, "the payment expired"),
        PaymentStatus::Cancelled => Verdict::Fact(Fact::Cancelled, "the buyer cancelled"),
        PaymentStatus::Refunded => Verdict::Fact(Fact::Refunded, "the payment was refunded"),
        PaymentStatus::Paid => judge_money(order, account, report, known),
    }
}

/// Whether money that went back had not counted: the order waits for other money, or is held for something else.
fn is_over(order: &Order, known: &Known<'_>) -> bool {
    let went_before = matches!(known.past, Some(Past::GivenBack | Past::TakenByBank));
    order.state.awaits_money() || (order.state == State::Held && went_before)
}

/// What money that arrived means.
fn judge_money(order: &Order, account: &Account, report: &Report, known: &Known<'_>) -> Verdict {
    let may_buy = order.state.awaits_money() || order.state == State::Held;
    if may_buy_anew(order, report) {
        return judge_anew(order, account, report, known);
    }
    if !may_buy && is_other(order, report) {
        return match known.past {
            Some(Past::TakenByBank) => Verdict::WonBack,
            _ => Verdict::PaidTwice,
        };
    }
    if order.state == State::Refunded {
        return Verdict::WonBack;
    }
    match known.past {
        // Nobody has a code for it: the operator looks whose the money is.
        Some(Past::TakenByBank) if order.state.awaits_money() => {
            return Verdict::Misfit(Reason::PaidAfterChargeback {
                gateway: account.gateway(),
            });
        }
        Some(Past::GivenBack) if order.state.awaits_money() => return Verdict::CameAndWent,
        Some(Past::TakenByBank | Past::GivenBack) if may_buy => return Verdict::PaidButGone,
        // He wanted the money to go back: that it is still here does not decide against him.
        Some(Past::RefundRefused) if order.state == State::Held => return Verdict::Nothing,
        _ => {}
    }
    match misfit(order, account, report, known) {
        None => Verdict::Fact(Fact::Paid, "the money fits"),
        // The operator decides about the first; this one is money too.
        Some(_) if order.state == State::Held && is_other(order, report) && !is_play_money(order, report) => {
            Verdict::PaidTwice
        }
        Some(reason) => Verdict::Misfit(reason),
    }
}

/// Whether a payment may buy what the order's own one, which went back, did not: nobody was shown a code for that.
fn may_buy_anew(order: &Order, report: &Report) -> bool {
    let was_shown = order.provisioned_at.is_some() || order.delivered_at.is_some();
    order.state == State::Refunded && !was_shown && is_other(order, report)
}

fn judge_anew(order: &Order, account: &Account, report: &Report, known: &Known<'_>) -> Verdict {
    match known.past {
        Some(Past::GivenBack | Past::TakenByBank) => Verdict::PaidButGone,
        None if misfit(order, account, report, known).is_none() => {
            Verdict::Fact(Fact::PaidAnew, "the money fits; the payment before it went back")
        }
        // Its refund was wished, or it does not fit: the operator looks at it.
        _ => Verdict::PaidTwice,
    }
}

/// Money in doubt buys nothing, and takes nothing back before the gateway has decided.
fn doubted(order: &Order, reason: Reason) -> Verdict {
    if order.state.awaits_money() {
        Verdict::Misfit(reason)
    } else {
        Verdict::Doubted(reason)
    }
}

fn is_of_second(order: &Order, report: &Report) -> bool {
    !order.state.awaits_money() && is_other(order, report)
}

fn is_other(order: &Order, report: &Report) -> bool {
    order.gateway_id.is_some() && report.gateway_id.is_some() && order.gateway_id != report.gateway_id
}

fn is_play_money(order: &Order, report: &Report) -> bool {
    order.mode == Mode::Live && report.mode == Some(Mode::Test)
}

/// Why money that arrived may not be turned into a voucher.
fn misfit(order: &Order, account: &Account, report: &Report, known: &Known<'_>) -> Option<Reason> {
    let (price, gateway) = (order.plan.price, account.gateway());
    if is_play_money(order, report) {
        return Some(Reason::SandboxOnLiveAccount {
            gateway,
            account: account.id.clone(),
        });
    }
    if order.mode == Mode::Test && known.sold_live {
        return Some(Reason::SandboxForLivePlan {
            account: account.id.clone(),
        });
    }
    match report.amount {
        Some(paid) if paid.currency() != price.currency() => {
            return Some(Reason::WrongCurrency { gateway, paid, price });
        }
        Some(paid) if paid.minor() != price.minor() => {
            return Some(Reason::WrongAmount { gateway, paid, price });
        }
        // The amount was fixed when the relay made the payment, and this API never repeats it.
        None if !matches!(account.keys, AccountKeys::CinetpayV1 { .. }) => {
            return Some(Reason::AmountUnknown { gateway });
        }
        _ => {}
    }
    let faults = known.params.map(|params| params.faults.as_slice()).unwrap_or_default();
    (!faults.is_empty()).then(|| Reason::UnusableParams {
        gateway,
        faults: faults.to_vec(),
    })
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;

//! Wishes for refunds: what may be given back, who says so, and what ends it. All of it inside one change of the
//! store, so that an order cannot be delivered and given back both; the gateway is asked by the job that follows.

use jiff::SignedDuration;

use super::super::change::Change;
use super::super::{Relay, deliver};
use super::tell;
use crate::company::Directory;
use crate::gateway;
use crate::ids::OrderRef;
use crate::job::{Lane, NewJob, Task};
use crate::order::{Fact, Order, State};
use crate::reason::Reason;
use crate::refund::{Payment, Refund, RefundReason, Standing, Wisher};
use crate::store::{Db, NewRefund, StoreError};

/// Why nothing is given back; a sentence for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRefund {
    #[error("order `{0}` was never paid; there is nothing to give back")]
    NeverPaid(OrderRef),
    #[error("order `{0}` has no payment `{1}`")]
    NoSuchPayment(OrderRef, String),
    #[error("payment `{0}` was given back already")]
    Done(String),
    #[error("the money of order `{0}` went back already")]
    OrderRefunded(OrderRef),
    #[error("more than one payment of order `{0}` waits for it; say which with `--payment`: {1}")]
    WhichPayment(OrderRef, String),
    #[error("the refund of payment `{0}` is under way ({1}); `mikrelay order show` tells how far")]
    UnderWay(String, &'static str),
}

/// What a wish would do, for the operator to read first.
#[derive(Clone, Debug)]
pub struct Plan {
    pub payment: Payment,
    /// A second payment: its order stays as it is.
    pub is_extra: bool,
    /// The gateway gives it back through its API; else the operator does it by hand.
    pub by_api: bool,
    /// The code that the buyer has stops working.
    pub ends_code: bool,
}

/// What the operator may wish for: the order's own payment, or one named by the gateway's id.
pub fn plan(
    db: &Db<'_>,
    directory: &Directory,
    order: &Order,
    wanted: Option<&str>,
) -> Result<Result<Plan, CannotRefund>, StoreError> {
    let reference = || order.reference.clone();
    let payments = db.payments_of_order(&order.reference)?;
    let payment = match wanted {
        Some(id) => payments.into_iter().find(|payment| payment.gateway_id == id),
        None => own_payment(order, payments),
    };
    let Some(payment) = payment else {
        return Ok(Err(match wanted {
            Some(id) => CannotRefund::NoSuchPayment(reference(), id.to_owned()),
            None => CannotRefund::NeverPaid(reference()),
        }));
    };
    let is_extra = is_extra(order, &payment);
    if let Some(known) = db.refund_of_payment(&payment.account, &payment.gateway_id)? {
        let waits_for_router = known.standing == Standing::Wished && known.wisher == Wisher::Policy;
        match known.standing {
            Standing::Done => return Ok(Err(CannotRefund::Done(payment.gateway_id))),
            Standing::Refused => {}
            _ if waits_for_router => {}
            standing => return Ok(Err(CannotRefund::UnderWay(payment.gateway_id, standing.as_str()))),
        }
    }
    if order.state == State::Refunded && !is_extra {
        return Ok(Err(CannotRefund::OrderRefunded(reference())));
    }
    Ok(Ok(Plan {
        by_api: can_refund(directory, order),
        ends_code: !is_extra && order.state.shows_voucher(),
        payment,
        is_extra,
    }))
}

/// The operator's wish. Runs in another process beside the relay as well as in it.
pub fn wish_of_operator(
    db: &Db<'_>,
    order: &mut Order,
    plan: &Plan,
    reason: RefundReason,
) -> Result<Refund, StoreError> {
    let new = NewRefund {
        payment: plan.payment.clone(),
        reason,
        wisher: Wisher::Operator,
        is_extra: plan.is_extra,
    };
    Change::alone(db, |change| wish(change, order, &new))
}

/// The operator says that he has given a payment back himself: the order's code stops working. `None` where the
/// gateway is being asked for it already.
pub fn given_back_by_hand(db: &Db<'_>, order: &mut Order, plan: &Plan) -> Result<(), StoreError> {
    Change::alone(db, |change| {
        let payment = &plan.payment;
        let known = change.db.refund_of_payment(&payment.account, &payment.gateway_id)?;
        let refund = match known {
            Some(known) => Refund {
                is_extra: plan.is_extra,
                ..known
            },
            None => add(
                change,
                &NewRefund {
                    payment: payment.clone(),
                    reason: RefundReason::RequestedByClient,
                    wisher: Wisher::Operator,
                    is_extra: plan.is_extra,
                },
            )?,
        };
        complete(change, order, refund, "the operator gave the money back")
    })
}

/// What `given_back_by_hand` is about: a refund that waits for the operator's hand, else one that the gateway refused,
/// else the order's own payment.
pub fn plan_by_hand(
    db: &Db<'_>,
    directory: &Directory,
    order: &Order,
    wanted: Option<&str>,
) -> Result<Result<Plan, CannotRefund>, StoreError> {
    let refunds = db.refunds_of_order(&order.reference)?;
    for standing in [Standing::ByHand, Standing::Refused] {
        let is_meant =
            |refund: &&Refund| refund.standing == standing && wanted.is_none_or(|id| refund.payment.gateway_id == id);
        let mut waiting = refunds.iter().filter(is_meant);
        let (Some(refund), others) = (waiting.next(), waiting.count()) else {
            continue;
        };
        if others > 0 {
            let ids = refunds
                .iter()
                .filter(is_meant)
                .map(|one| one.payment.gateway_id.as_str());
            let ids = ids.collect::<Vec<_>>().join(", ");
            return Ok(Err(CannotRefund::WhichPayment(order.reference.clone(), ids)));
        }
        let is_extra = is_extra(order, &refund.payment);
        return Ok(Ok(Plan {
            by_api: false,
            ends_code: !is_extra && order.state.shows_voucher(),
            is_extra,
            payment: refund.payment.clone(),
        }));
    }
    plan(db, directory, order, wanted)
}

/// The operator delivers after all: a refund that no gateway was asked for is taken back. Says whether there was one.
pub fn take_back(db: &Db<'_>, order: &mut Order) -> Result<bool, StoreError> {
    let refunds = db.refunds_of_order(&order.reference)?;
    let own = refunds
        .into_iter()
        .find(|refund| !refund.is_extra && !refund.standing.is_final());
    let Some(mut refund) = own.filter(|refund| matches!(refund.standing, Standing::Wished | Standing::ByHand)) else {
        return Ok(false);
    };
    Change::alone(db, |change| {
        refund.standing = Standing::Refused;
        refund.words = Some("the operator took the wish back".to_owned());
        refund.ended_at = Some(change.now);
        change.db.save_refund(&refund)?;
        change.advance(
            order,
            Fact::RefundRefused,
            "the operator took the wish for a refund back",
        )
    })?;
    Ok(true)
}

/// Stores a wish and begins it. A refund that was refused is wished again only by the operator; one that waits for its
/// router only he hurries.
pub(in crate::payment) fn wish(
    change: &mut Change<'_>,
    order: &mut Order,
    new: &NewRefund,
) -> Result<Refund, StoreError> {
    let payment = &new.payment;
    let mut refund = match change.db.refund_of_payment(&payment.account, &payment.gateway_id)? {
        None => add(change, new)?,
        Some(mut known) if new.wisher == Wisher::Operator && may_be_wished_again(&known) => {
            (known.standing, known.wisher, known.reason) = (Standing::Wished, new.wisher, new.reason);
            (known.words, known.ended_at, known.withdrawn_at) = (None, None, None);
            known.is_extra = new.is_extra;
            known.wished_at = change.now;
            change.db.save_refund(&known)?;
            known
        }
        Some(known) => return Ok(known),
    };
    let who = match new.wisher {
        Wisher::Operator => "the operator",
        Wisher::Policy => "the account's policy",
    };
    let sentence = format!(
        "{who} wants {} given back (payment {})",
        payment.amount, payment.gateway_id
    );
    change.note(&order.reference, &sentence)?;
    if !refund.is_extra {
        change.advance(order, Fact::RefundWished, &sentence)?;
    }
    if can_refund(change.directory, order) {
        if may_ask(order, &refund) {
            ask_soon(change, &refund)?;
        }
    } else {
        refund.standing = Standing::ByHand;
        change.db.save_refund(&refund)?;
        tell::todo(change, order, &refund)?;
    }
    Ok(refund)
}

/// Whether the gateway may be asked: not before the user of an order that was not delivered is known not to work.
/// The operator need not wait for a dead router: nobody has seen that code, and nobody will.
pub(in crate::payment) fn may_ask(order: &Order, refund: &Refund) -> bool {
    refund.is_extra
        || refund.withdrawn_at.is_some()
        || refund.wisher == Wisher::Operator
        || order.state != State::Refunding
        || order.voucher.is_none()
}

/// The router says that the order's user does not work: the money may go back.
pub(in crate::payment) fn withdrawn(change: &mut Change<'_>, order: &OrderRef) -> Result<(), StoreError> {
    for mut refund in change.db.refunds_of_order(order)? {
        if refund.is_extra || refund.standing != Standing::Wished || refund.withdrawn_at.is_some() {
            continue;
        }
        refund.withdrawn_at = Some(change.now);
        change.db.save_refund(&refund)?;
        ask_soon(change, &refund)?;
    }
    Ok(())
}

/// The money went back.
pub(in crate::payment) fn complete(
    change: &mut Change<'_>,
    order: &mut Order,
    mut refund: Refund,
    why: &str,
) -> Result<(), StoreError> {
    if refund.standing == Standing::Done {
        return Ok(());
    }
    (refund.standing, refund.words, refund.ended_at) = (Standing::Done, None, Some(change.now));
    change.db.save_refund(&refund)?;
    if !refund.is_extra {
        return change.advance(order, Fact::Refunded, why);
    }
    let id = &refund.payment.gateway_id;
    change.note(&order.reference, &format!("payment {id} went back: {why}"))?;
    tell::done(change, order, Some(&refund))
}

/// The gateway will not give it back. An order that only waited for its router goes on; money that did not fit is the
/// operator's again.
pub(in crate::payment) fn refuse(
    change: &mut Change<'_>,
    order: &mut Order,
    mut refund: Refund,
    words: &str,
) -> Result<(), StoreError> {
    if refund.standing.is_final() {
        return Ok(());
    }
    (refund.standing, refund.ended_at) = (Standing::Refused, Some(change.now));
    refund.words = Some(words.to_owned());
    change.db.save_refund(&refund)?;
    let Some(account) = change.directory.accounts.get(&order.account) else {
        return Ok(());
    };
    let reason = Reason::RefundRefused {
        gateway: account.gateway(),
        payment: refund.payment.gateway_id.clone(),
        paid: refund.payment.amount,
        words: words.to_owned(),
    };
    change.note(&order.reference, &reason.to_string())?;
    if !refund.is_extra && order.state == State::Refunding {
        order.reason = Some(reason.clone());
        change.advance(order, Fact::RefundRefused, words)?;
        if refund.wisher == Wisher::Policy && order.paid_at.is_some() {
            change.advance(order, Fact::Released, "the router is tried again instead")?;
        }
    }
    deliver::alert_about(change, order, &reason)
}

/// Closes what was still wished for the order's own payment, which went back by whatever way.
pub(in crate::payment) fn close_open(
    change: &mut Change<'_>,
    order: &Order,
    standing: Standing,
    words: Option<&str>,
) -> Result<(), StoreError> {
    for mut refund in change.db.refunds_of_order(&order.reference)? {
        if refund.is_extra || refund.standing.is_final() {
            continue;
        }
        (refund.standing, refund.ended_at) = (standing, Some(change.now));
        refund.words = words.map(str::to_owned);
        change.db.save_refund(&refund)?;
    }
    Ok(())
}

/// Wishes what the accounts' policies say: paid, and nothing bought for so many hours.
pub(in crate::payment) async fn follow_policies(relay: &Relay) -> Result<(), StoreError> {
    let directory = relay.store().directory();
    let now = relay.now();
    for account in directory.accounts.values() {
        let Some(hours) = account.refunds.undelivered_after_h else {
            continue;
        };
        let (id, before) = (account.id.clone(), now - SignedDuration::from_hours(i64::from(hours)));
        let overdue = relay
            .store()
            .read(move |db| db.orders_to_refund(&id, before, AT_ONCE))
            .await?;
        for reference in overdue {
            relay.change(move |change| wish_of_policy(change, &reference)).await?;
        }
    }
    Ok(())
}

pub(in crate::payment) fn wish_of_policy(change: &mut Change<'_>, reference: &OrderRef) -> Result<(), StoreError> {
    let Some(mut order) = change.db.order(reference)? else {
        return Ok(());
    };
    if !matches!(order.state, State::Paid | State::Stuck | State::Held) {
        return Ok(());
    }
    let payments = change.db.payments_of_order(reference)?;
    let Some(payment) = own_payment(&order, payments) else {
        return Ok(());
    };
    let new = NewRefund {
        payment,
        reason: RefundReason::CannotBeFulfilled,
        wisher: Wisher::Policy,
        is_extra: false,
    };
    let refund = wish(change, &mut order, &new)?;
    if refund.standing != Standing::Wished || may_ask(&order, &refund) {
        return Ok(());
    }
    let reason = Reason::RefundAwaitsRouter {
        paid: refund.payment.amount,
    };
    deliver::alert_about(change, &order, &reason)
}

/// The payment that paid for the order, else the oldest.
fn own_payment(order: &Order, payments: Vec<Payment>) -> Option<Payment> {
    let own = |payment: &Payment| order.gateway_id.as_ref() == Some(&payment.gateway_id);
    let at = payments.iter().position(own).unwrap_or(0);
    payments.into_iter().nth(at)
}

/// Whether a payment is not the one that paid for the order.
pub(super) fn is_extra(order: &Order, payment: &Payment) -> bool {
    order.gateway_id.as_ref().is_some_and(|id| *id != payment.gateway_id)
}

fn can_refund(directory: &Directory, order: &Order) -> bool {
    let account = directory.accounts.get(&order.account);
    account.is_some_and(|account| gateway::of(account).can_refund(account))
}

fn may_be_wished_again(refund: &Refund) -> bool {
    refund.standing == Standing::Refused || (refund.standing == Standing::Wished && refund.wisher == Wisher::Policy)
}

pub(super) fn add(change: &mut Change<'_>, new: &NewRefund) -> Result<Refund, StoreError> {
    change.db.add_refund(new)?.ok_or_else(|| StoreError::NotFound {
        what: "order of a refund",
        id: new.payment.order.to_string(),
    })
}

fn ask_soon(change: &mut Change<'_>, refund: &Refund) -> Result<(), StoreError> {
    change.add_job(NewJob {
        task: Task::Refund(refund.id),
        lane: Lane::Refunds(refund.payment.account.clone()),
        due_at: change.now,
    })
}

/// Each look takes so many; the next look is a minute later.
const AT_ONCE: usize = 100;

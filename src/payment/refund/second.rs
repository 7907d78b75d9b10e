//! Payments that are not the one an order was paid with: each is kept, and each goes back alone. A payment that went
//! back never buys anything afterwards, whatever old webhooks say of it.

use jiff::{SignedDuration, Timestamp};

use super::super::change::Change;
use super::super::judge::{Known, Verdict, judge};
use super::super::settle::CHARGED_BACK;
use super::super::{deliver, settle};
use super::{tell, wish};
use crate::company::Account;
use crate::gateway::{self, PaymentStatus, Report};
use crate::order::{Fact, Order, State};
use crate::reason::Reason;
use crate::refund::{Payment, Refund, RefundReason, Standing, Wisher};
use crate::store::{Db, NewRefund, StoreError};

/// What became of a payment before, other than buying something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::payment) enum Past {
    /// It was given back, or is being given back.
    GivenBack,
    TakenByBank,
    /// Somebody wanted it given back, and the gateway refused: the money is here.
    RefundRefused,
}

/// What is known of the report's payment from earlier.
pub(in crate::payment) fn past(db: &Db<'_>, order: &Order, report: &Report) -> Result<Option<Past>, StoreError> {
    let Some(id) = report.gateway_id.as_ref().or(order.gateway_id.as_ref()) else {
        return Ok(None);
    };
    let refund = db.refund_of_payment(&order.account, id)?;
    Ok(refund.map(|refund| match refund.words.as_deref() {
        _ if refund.standing == Standing::Refused => Past::RefundRefused,
        Some(CHARGED_BACK) => Past::TakenByBank,
        _ => Past::GivenBack,
    }))
}

/// Keeps the payment that a report confirms, so that it can be given back and is asked about again.
pub(in crate::payment) fn keep(
    change: &mut Change<'_>,
    order: &Order,
    account: &Account,
    report: &Report,
) -> Result<(), StoreError> {
    let is_play_money = report.mode.is_some_and(|mode| mode != order.mode);
    if report.status != PaymentStatus::Paid || is_play_money {
        return Ok(());
    }
    let Some(payment) = payment_of(order, report, change.now) else {
        return Ok(());
    };
    let first_look = gateway::of(account).can_ask(account).then_some(change.now + FIRST_LOOK);
    change.db.keep_payment(&payment, first_look)?;
    Ok(())
}

/// An order that was paid is paid again: the second payment goes back by itself where the policy says so. Told once.
pub(in crate::payment) fn paid_again(
    change: &mut Change<'_>,
    order: &mut Order,
    account: &Account,
    payment: &Payment,
    why: &str,
) -> Result<(), StoreError> {
    let id = &payment.gateway_id;
    let beginning = format!("paid twice: payment {id} is the second one");
    let known = change.db.refund_of_payment(&payment.account, id)?;
    if known.is_some() || change.db.was_noted(&order.reference, &beginning)? {
        return Ok(());
    }
    change.note(&order.reference, &format!("{beginning} ({why})"))?;
    if account.refunds.paid_twice {
        let new = NewRefund {
            payment: payment.clone(),
            reason: RefundReason::Duplicate,
            wisher: Wisher::Policy,
            is_extra: true,
        };
        return wish::wish(change, order, &new).map(drop);
    }
    let reason = Reason::PaidTwice {
        gateway: account.gateway(),
        first: order.gateway_id.clone().unwrap_or_default(),
        second: id.clone(),
    };
    deliver::alert_about(change, order, &reason)
}

/// Payments that did not fit before one came that did. From now on that one is the order's own, and what was wished
/// for others before is about second payments.
pub(in crate::payment) fn left_over(
    change: &mut Change<'_>,
    order: &mut Order,
    account: &Account,
    why: &str,
) -> Result<(), StoreError> {
    own_again(change, order)?;
    for payment in change.db.payments_of_order(&order.reference)? {
        if order.gateway_id.as_ref().is_some_and(|own| *own != payment.gateway_id) {
            paid_again(change, order, account, &payment, why)?;
        }
    }
    Ok(())
}

/// The order has a payment of its own now, maybe another one than before: what was wished is about that one or not.
pub(in crate::payment) fn own_again(change: &mut Change<'_>, order: &Order) -> Result<(), StoreError> {
    for mut refund in change.db.refunds_of_order(&order.reference)? {
        let is_extra = wish::is_extra(order, &refund.payment);
        if refund.is_extra != is_extra {
            refund.is_extra = is_extra;
            change.db.save_refund(&refund)?;
        }
    }
    Ok(())
}

/// Money of another payment than the order's own moved: the order stays as it is.
pub(in crate::payment) fn moved(
    change: &mut Change<'_>,
    order: &Order,
    report: &Report,
    why: &str,
) -> Result<(), StoreError> {
    let by_bank = report.status == PaymentStatus::ChargedBack;
    if !by_bank && report.status != PaymentStatus::Refunded {
        return Ok(());
    }
    let Some(payment) = payment_of(order, report, change.now).filter(|_| report.gateway_id.is_some()) else {
        return Ok(());
    };
    let id = payment.gateway_id.clone();
    match write_off(change, payment, by_bank)? {
        WrittenOff::Before => Ok(()),
        WrittenOff::Wished(refund) => {
            change.note(&order.reference, &format!("payment {id} went back ({why})"))?;
            tell::done(change, order, Some(&refund))
        }
        WrittenOff::Unwished => {
            let line = format!("payment {id} went back; it was not the one that paid for this order ({why})");
            change.note(&order.reference, &line)
        }
    }
}

/// How the row came to say that a payment went back.
enum WrittenOff {
    /// It said so already.
    Before,
    /// Somebody had wished it.
    Wished(Box<Refund>),
    Unwished,
}

/// Writes down that a payment went back. Its row keeps it from buying anything when an old webhook calls it paid, and
/// from being given back again.
fn write_off(change: &mut Change<'_>, payment: Payment, by_bank: bool) -> Result<WrittenOff, StoreError> {
    let known = change.db.refund_of_payment(&payment.account, &payment.gateway_id)?;
    if known.as_ref().is_some_and(|refund| refund.standing == Standing::Done) {
        return Ok(WrittenOff::Before);
    }
    let was_wished = known.is_some();
    let mut refund = match known {
        Some(refund) => refund,
        None => {
            let elsewhere = NewRefund {
                payment,
                reason: RefundReason::RequestedByClient,
                wisher: Wisher::Operator,
                is_extra: true,
            };
            wish::add(change, &elsewhere)?
        }
    };
    (refund.standing, refund.ended_at) = (Standing::Done, Some(change.now));
    refund.words = by_bank.then(|| CHARGED_BACK.to_owned());
    change.db.save_refund(&refund)?;
    Ok(if was_wished {
        WrittenOff::Wished(Box::new(refund))
    } else {
        WrittenOff::Unwished
    })
}

/// The order waits, and this payment brought the money and took it away again: the order is refunded, as it would be
/// had the two been heard of in their order.
pub(in crate::payment) fn came_and_went(
    change: &mut Change<'_>,
    order: &mut Order,
    report: &Report,
    why: &str,
) -> Result<(), StoreError> {
    moved(change, order, report, why)?;
    let Some(payment) = payment_of(order, report, change.now) else {
        return Ok(());
    };
    let known = change.db.refund_of_payment(&payment.account, &payment.gateway_id)?;
    if known.is_none_or(|refund| refund.standing != Standing::Done) {
        return paid_but_gone(change, order, report, why);
    }
    order.gateway_id = Some(payment.gateway_id);
    order.paid_at.get_or_insert(change.now);
    own_again(change, order)?;
    let sentence = format!("the payment was made and went back ({why})");
    change.advance(order, Fact::PaidAndGone, &sentence)
}

/// An order whose payment went back before anybody was shown a code is bought by another payment.
pub(in crate::payment) fn buy_anew(
    change: &mut Change<'_>,
    order: &mut Order,
    account: &Account,
    report: &Report,
    why: &str,
) -> Result<(), StoreError> {
    if let Some(gone) = payment_of(order, &Report::of(PaymentStatus::Refunded), change.now) {
        let by_bank = matches!(order.reason, Some(Reason::ChargedBack { .. }));
        write_off(change, gone, by_bank)?;
    }
    settle::learn(order, report, Fact::PaidAnew);
    // Its own time from here on: what waits too long is counted from it.
    order.paid_at = None;
    change.advance(order, Fact::PaidAnew, why)?;
    left_over(change, order, account, why)
}

/// An order was refunded: a payment that came beside its own one, and that would have bought it had it come
/// afterwards, buys it now.
pub(in crate::payment) fn turn_to_another(change: &mut Change<'_>, order: &mut Order) -> Result<(), StoreError> {
    let directory = change.directory;
    let Some(account) = directory.accounts.get(&order.account) else {
        return Ok(());
    };
    let sold_live = order.link.is_none() && directory.is_sold_live(&order.hotspot, order.plan.plan.as_ref());
    for payment in change.db.payments_of_order(&order.reference)? {
        let report = Report {
            amount: Some(payment.amount),
            gateway_id: Some(payment.gateway_id),
            ..Report::of(PaymentStatus::Paid)
        };
        let known = Known {
            sold_live,
            past: past(change.db, order, &report)?,
            ..Known::default()
        };
        if let Verdict::Fact(Fact::PaidAnew, sentence) = judge(order, account, &report, &known) {
            return buy_anew(change, order, account, &report, sentence);
        }
    }
    Ok(())
}

/// Money went back before it counted: this payment is over, and the order goes on waiting for another.
pub(in crate::payment) fn over(
    change: &mut Change<'_>,
    order: &mut Order,
    report: &Report,
    why: &str,
) -> Result<(), StoreError> {
    moved(change, order, report, why)?;
    if report.gateway_id.is_none() || order.gateway_id != report.gateway_id {
        return Ok(());
    }
    // Questions by this id would hear of nothing else; by our own reference they find what comes.
    order.gateway_id = None;
    if order.state == State::Held {
        // If the operator lets the order go on all the same, this is not the money it goes on with.
        for mut refund in change.db.refunds_of_order(&order.reference)? {
            refund.is_extra = true;
            change.db.save_refund(&refund)?;
        }
    }
    change.advance(
        order,
        Fact::Cancelled,
        &format!("the payment went back before it counted ({why})"),
    )
}

/// An old word of a payment that went back since.
pub(in crate::payment) fn paid_but_gone(
    change: &mut Change<'_>,
    order: &Order,
    report: &Report,
    why: &str,
) -> Result<(), StoreError> {
    let id = report.gateway_id.as_deref().unwrap_or_default();
    let line = format!("payment {id} is called paid; it went back, so nothing is made for it");
    if change.db.was_noted(&order.reference, &line)? {
        return Ok(());
    }
    change.note(&order.reference, &format!("{line} ({why})"))
}

/// The bank took the money back, and now the gateway says paid again. Told once; the code stays disabled.
pub(in crate::payment) fn won_back(
    change: &mut Change<'_>,
    order: &Order,
    account: &Account,
    why: &str,
) -> Result<(), StoreError> {
    let lost = format!("refunded: {CHARGED_BACK}");
    let reason = Reason::ChargebackWon {
        gateway: account.gateway(),
    };
    let line = reason.to_string();
    let is_news = change.db.was_noted(&order.reference, &lost)? && !change.db.was_noted(&order.reference, &line)?;
    if !is_news {
        return Ok(());
    }
    change.note(&order.reference, &format!("{line} ({why})"))?;
    deliver::alert_about(change, order, &reason)
}

/// A payment in doubt is asked about again, however old it is: what the gateway decides may come without a webhook.
pub(in crate::payment) fn look_soon(change: &Change<'_>, order: &Order, report: &Report) -> Result<(), StoreError> {
    match report.gateway_id.as_ref().or(order.gateway_id.as_ref()) {
        Some(id) => change.db.look_again_by(&order.account, id, change.now + FIRST_LOOK),
        None => Ok(()),
    }
}

/// The payment a report is about; without an id of the gateway's there is nothing to give back by.
pub(in crate::payment) fn payment_of(order: &Order, report: &Report, now: Timestamp) -> Option<Payment> {
    Some(Payment {
        account: order.account.clone(),
        gateway_id: report.gateway_id.clone().or_else(|| order.gateway_id.clone())?,
        order: order.reference.clone(),
        // One API fixes the amount at the start and never repeats it.
        amount: report.amount.unwrap_or(order.plan.price),
        seen_at: now,
    })
}

/// Refunds made in a dashboard come with a webhook; the look is for those that got lost.
const FIRST_LOOK: SignedDuration = SignedDuration::from_hours(24);

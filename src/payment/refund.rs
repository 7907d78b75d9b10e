//! Gives a payment back. The gateway is asked what it knows before each try, and a try is on the disk before it is
//! made: a lost answer is unknown, not failed, and one payment goes back at most once whatever crashes or repeats.

pub(super) mod remind;
pub(super) mod second;
pub mod tell;
pub mod wish;

use jiff::{SignedDuration, Timestamp};

use super::change::Change;
use super::settle::{CHARGED_BACK, backoff, rest, shown};
use super::{Outcome, Relay, deliver};
use crate::company::Account;
use crate::gateway::{self, GatewayError, PaymentKey, PaymentStatus, RefundRequest, RefundState, Report};
use crate::ids::RefundId;
use crate::job::Job;
use crate::money::Money;
use crate::order::{Fact, Order};
use crate::reason::Reason;
use crate::refund::{Refund, Standing};
use crate::store::{Db, StoreError};

/// Brings one refund a step further; comes back until it is final.
pub(super) async fn run(relay: &Relay, id: RefundId, job: &Job) -> Result<Outcome, StoreError> {
    let Some((refund, order)) = relay.store().read(move |db| load(db, id)).await? else {
        return Ok(Outcome::Done);
    };
    let directory = relay.store().directory();
    let Some(account) = directory.accounts.get(&order.account) else {
        return Ok(later(ACCOUNT_GONE, "its account is gone from the business file"));
    };
    if !is_open(&order, &refund) {
        return Ok(Outcome::Done);
    }
    let amount = match look_first(relay, account, &order, &refund).await {
        Ok(report) => match next(&refund, &report) {
            Next::Ask(amount) => amount,
            Next::Wait(after, why) => return Ok(later(after, why)),
            end => return end_by(relay, id, end).await,
        },
        Err(error) if is_unknown_after(&refund, &error) => return Ok(later(LONGEST_POLL, &error.to_string())),
        Err(error) => return fail(relay, id, job, error).await,
    };
    let Some(request) = begin_try(relay, id, amount).await? else {
        return Ok(Outcome::Done);
    };
    let asked = relay
        .converse(account, gateway::of(account).refund(account, &request))
        .await;
    record(relay, id, job, asked).await
}

/// Asks the gateway what it knows of the payment.
async fn look_first(relay: &Relay, account: &Account, order: &Order, refund: &Refund) -> Result<Report, GatewayError> {
    let adapter = gateway::of(account);
    if !adapter.can_ask(account) {
        return Ok(Report {
            amount: Some(refund.payment.amount),
            ..Report::of(PaymentStatus::Paid)
        });
    }
    let key = PaymentKey {
        order: order.reference.clone(),
        gateway_id: Some(refund.payment.gateway_id.clone()),
        created_at: order.created_at,
    };
    relay.converse(account, adapter.ask(account, &key)).await
}

/// Whether a look that ends with this error leaves open what became of the refund: once the gateway was asked for it,
/// only its word about the payment may end it. To call it refused could deliver what was given back.
fn is_unknown_after(refund: &Refund, error: &GatewayError) -> bool {
    let was_asked = matches!(refund.standing, Standing::Asked | Standing::Pending);
    was_asked && matches!(error, GatewayError::Refused(_) | GatewayError::NotFound)
}

/// What a look at the payment means for its refund.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    /// It is paid: ask for this much.
    Ask(Money),
    Wait(SignedDuration, &'static str),
    /// It went back already.
    Done,
    ChargedBack,
    Refused(String),
}

fn next(refund: &Refund, report: &Report) -> Next {
    let id = &refund.payment.gateway_id;
    if report.gateway_id.as_ref().is_some_and(|told| told != id) {
        return Next::Refused("the gateway answers about another payment when it is asked for this one".to_owned());
    }
    match &report.status {
        PaymentStatus::Paid => Next::Ask(report.amount.unwrap_or(refund.payment.amount)),
        PaymentStatus::Refunded => Next::Done,
        PaymentStatus::ChargedBack => Next::ChargedBack,
        PaymentStatus::PartiallyRefunded => {
            Next::Refused("a part of the payment was given back already; the rest is for the operator".to_owned())
        }
        PaymentStatus::Disputed => Next::Wait(LONGEST_POLL, "the payment is disputed; the gateway has to decide first"),
        PaymentStatus::Failed { .. } | PaymentStatus::Expired | PaymentStatus::Cancelled => {
            Next::Refused("the gateway says that this payment was not made".to_owned())
        }
        PaymentStatus::Pending
        | PaymentStatus::Authorized
        | PaymentStatus::PartiallyPaid
        | PaymentStatus::Unknown(_) => Next::Wait(LONGEST_POLL, "the gateway does not say that it is paid"),
    }
}

/// Puts the try on the disk before it is made. `None` where the refund ended meanwhile.
async fn begin_try(relay: &Relay, id: RefundId, amount: Money) -> Result<Option<RefundRequest>, StoreError> {
    relay
        .change(move |change| {
            let Some((mut refund, order)) = load(change.db, id)? else {
                return Ok(None);
            };
            if !is_open(&order, &refund) {
                return Ok(None);
            }
            if refund.asked_at.is_none() {
                let line = format!("the gateway is asked to give {amount} back");
                change.note(&order.reference, &line)?;
            }
            if refund.standing == Standing::Wished {
                refund.standing = Standing::Asked;
            }
            refund.asked_at.get_or_insert(change.now);
            refund.attempts += 1;
            refund.payment.amount = amount;
            change.db.save_refund(&refund)?;
            Ok(Some(RefundRequest {
                order: order.reference,
                gateway_id: refund.payment.gateway_id,
                amount,
                reason: refund.reason,
            }))
        })
        .await
}

/// Writes down what the gateway answered.
async fn record(
    relay: &Relay,
    id: RefundId,
    job: &Job,
    asked: Result<RefundState, GatewayError>,
) -> Result<Outcome, StoreError> {
    match asked {
        Ok(RefundState::Done) => end_by(relay, id, Next::Done).await,
        Ok(RefundState::Refused(words)) => end_by(relay, id, Next::Refused(words)).await,
        Ok(RefundState::Pending) => {
            let since = relay
                .change(move |change| {
                    let Some((mut refund, _)) = load(change.db, id)? else {
                        return Ok(None);
                    };
                    if !refund.standing.is_final() {
                        refund.standing = Standing::Pending;
                        change.db.save_refund(&refund)?;
                    }
                    Ok(refund.asked_at)
                })
                .await?;
            Ok(later(
                poll_pause(since, relay.now()),
                "the gateway has not finished the refund",
            ))
        }
        Err(error) => fail(relay, id, job, error).await,
    }
}

async fn fail(relay: &Relay, id: RefundId, job: &Job, error: GatewayError) -> Result<Outcome, StoreError> {
    match error {
        GatewayError::Refused(words) => end_by(relay, id, Next::Refused(words)).await,
        GatewayError::NotFound if job.attempts >= NOT_FOUND_TRIES => {
            end_by(relay, id, Next::Refused(error.to_string())).await
        }
        GatewayError::Misconfigured(_) => {
            let words = shown(&error.to_string());
            relay.change(move |change| alert_once(change, id, words)).await?;
            Ok(later(ACCOUNT_REFUSED, &error.to_string()))
        }
        error => Ok(later(backoff(job.attempts).max(rest(&error)), &error.to_string())),
    }
}

async fn end_by(relay: &Relay, id: RefundId, end: Next) -> Result<Outcome, StoreError> {
    relay
        .change(move |change| {
            let Some((mut refund, mut order)) = load(change.db, id)? else {
                return Ok(());
            };
            if refund.standing.is_final() {
                return Ok(());
            }
            match end {
                Next::Done => wish::complete(change, &mut order, refund, "the gateway gave the money back"),
                Next::ChargedBack if refund.is_extra => wish::complete(change, &mut order, refund, CHARGED_BACK),
                Next::ChargedBack => {
                    (refund.standing, refund.ended_at) = (Standing::Refused, Some(change.now));
                    refund.words = Some(CHARGED_BACK.to_owned());
                    change.db.save_refund(&refund)?;
                    let account = change.directory.accounts.get(&order.account);
                    order.reason = account.map(|account| Reason::ChargedBack {
                        gateway: account.gateway(),
                    });
                    change.advance(&mut order, Fact::ChargedBack, CHARGED_BACK)
                }
                Next::Refused(words) => wish::refuse(change, &mut order, refund, &shown(&words)),
                Next::Ask(_) | Next::Wait(..) => Ok(()),
            }
        })
        .await?;
    Ok(Outcome::Done)
}

/// The account is refused: the operator is told once for each order.
fn alert_once(change: &mut Change<'_>, id: RefundId, words: String) -> Result<(), StoreError> {
    let Some((refund, order)) = load(change.db, id)? else {
        return Ok(());
    };
    let Some(account) = change.directory.accounts.get(&order.account) else {
        return Ok(());
    };
    let reason = Reason::RefundHeldUp {
        gateway: account.gateway(),
        account: account.id.clone(),
        paid: refund.payment.amount,
        words,
    };
    let line = reason.to_string();
    if change.db.was_noted(&order.reference, &line)? {
        return Ok(());
    }
    change.note(&order.reference, &line)?;
    deliver::alert_about(change, &order, &reason)
}

fn load(db: &Db<'_>, id: RefundId) -> Result<Option<(Refund, Order)>, StoreError> {
    let Some(refund) = db.refund(id)? else { return Ok(None) };
    Ok(db.order(&refund.payment.order)?.map(|order| (refund, order)))
}

/// Whether there is something to ask the gateway for now.
fn is_open(order: &Order, refund: &Refund) -> bool {
    let by_machine = matches!(refund.standing, Standing::Wished | Standing::Asked | Standing::Pending);
    by_machine && wish::may_ask(order, refund)
}

/// Refunds of cards take days, those of wallets seconds.
fn poll_pause(since: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    match since.map_or(0, |since| now.duration_since(since).as_secs()) {
        ..600 => SignedDuration::from_secs(30),
        600..7200 => SignedDuration::from_mins(5),
        _ => LONGEST_POLL,
    }
}

fn later(after: SignedDuration, why: &str) -> Outcome {
    Outcome::Later {
        after,
        why: why.to_owned(),
    }
}

const LONGEST_POLL: SignedDuration = SignedDuration::from_hours(1);
/// What only the operator mends is seldom mended within minutes.
const ACCOUNT_GONE: SignedDuration = SignedDuration::from_mins(30);
const ACCOUNT_REFUSED: SignedDuration = SignedDuration::from_mins(30);
/// A payment can be unknown for a moment, not for long.
const NOT_FOUND_TRIES: i64 = 5;

#[cfg(test)]
#[path = "refund_tests.rs"]
mod tests;

//! Asks once more about money that was paid: a refund or a chargeback whose webhook got lost takes the code away too.
//! A gateway that lists its payments is asked for one list a day; only what is missing there costs a question. Others
//! are asked a few times in the first week of each payment, and about a disputed one daily. It happens in the morning,
//! in a lane of its own.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::settle::{self, Source};
use super::{Outcome, Relay, upkeep};
use crate::company::Account;
use crate::gateway::{self, GatewayError, PaymentKey, PaymentStatus, Report};
use crate::ids::{AccountId, OrderRef};
use crate::job::{Job, Lane, NewJob, Task};
use crate::order::State;
use crate::reason::Reason;
use crate::refund::Payment;
use crate::store::StoreError;

/// Looks at the account's payments whose time has come, and plans the next morning.
pub(super) async fn recheck(relay: &Relay, id: &AccountId, job: &Job) -> Result<Outcome, StoreError> {
    let directory = relay.store().directory();
    let Some(account) = directory.accounts.get(id) else {
        return Ok(Outcome::Done);
    };
    match look_at_all(relay, account).await? {
        Ok(true) => return Ok(later(GO_ON, "there are more payments to ask about")),
        Ok(false) => {}
        Err(error) if job.attempts < TRIES => {
            return Ok(later(TRY_AGAIN.max(settle::rest(&error)), &error.to_string()));
        }
        Err(error) => {
            tracing::warn!(account = %id, "account {id}: its payments could not be asked about again: {error}")
        }
    }
    let next = plan(&directory, account, relay.now());
    // This job is still being done, so the store keeps the wish until it has ended.
    relay.change(move |change| change.add_job(next)).await?;
    Ok(Outcome::Done)
}

/// The next look at an account's payments: after its ledger.
pub(super) fn plan(directory: &crate::company::Directory, account: &Account, now: Timestamp) -> NewJob {
    NewJob {
        task: Task::Recheck(account.id.clone()),
        lane: Lane::Rechecks(account.id.clone()),
        due_at: upkeep::next_morning(directory, account, now - AFTER_THE_LEDGER) + AFTER_THE_LEDGER,
    }
}

/// Says whether some are left for another turn.
async fn look_at_all(relay: &Relay, account: &Account) -> Result<Result<bool, GatewayError>, StoreError> {
    let (id, now) = (account.id.clone(), relay.now());
    let due = relay
        .store()
        .read(move |db| db.payments_to_look_at(&id, now, AT_ONCE))
        .await?;
    let listed = match list(relay, account, &due).await {
        Ok(listed) => listed,
        Err(error) => return Ok(Err(error)),
    };
    let begun = Instant::now();
    let is_full = due.len() >= AT_ONCE;
    for payment in due {
        if begun.elapsed() > TIME_FOR_QUESTIONS {
            return Ok(Ok(true));
        }
        let is_listed = listed.as_ref().is_some_and(|paid| paid.contains(&payment.gateway_id));
        if !is_listed && let Err(error) = look_at(relay, account, &payment).await? {
            return Ok(Err(error));
        }
        let next = next_look(payment.seen_at, now, listed.is_some());
        let doubt = Reason::PaymentDisputed {
            gateway: account.gateway(),
        };
        relay
            .store()
            .write(move |db| {
                let is_doubted = settle::was_told(db, &payment.order, &doubt)?;
                let next = if is_doubted { while_doubted(&payment, now) } else { next };
                db.look_again(&payment.account, &payment.gateway_id, next)
            })
            .await?;
    }
    Ok(Ok(is_full))
}

/// The ids of what is paid, where the gateway has a list of it.
async fn list(relay: &Relay, account: &Account, due: &[Payment]) -> Result<Option<HashSet<String>>, GatewayError> {
    let Some(oldest) = due.iter().map(|payment| payment.seen_at).min() else {
        return Ok(None);
    };
    // One question is cheaper than a list of it.
    if due.len() < WORTH_A_LIST {
        return Ok(None);
    }
    let Some(list) = gateway::of(account).list_paid(account, oldest - PAID_LATE, relay.now()) else {
        return Ok(None);
    };
    let listed = tokio::time::timeout(TIME_FOR_LISTS, relay.converse(account, list)).await;
    match listed.unwrap_or_else(|_| Err(GatewayError::Transient("its list has no end".to_owned()))) {
        Ok(reports) => Ok(Some(paid_ids(reports))),
        // An account without this call is asked about each payment instead.
        Err(GatewayError::NotFound | GatewayError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn paid_ids(reports: Vec<Report>) -> HashSet<String> {
    let paid = reports
        .into_iter()
        .filter(|report| report.status == PaymentStatus::Paid);
    paid.filter_map(|report| report.gateway_id).collect()
}

async fn look_at(relay: &Relay, account: &Account, payment: &Payment) -> Result<Result<(), GatewayError>, StoreError> {
    let key = PaymentKey {
        order: payment.order.clone(),
        gateway_id: Some(payment.gateway_id.clone()),
        created_at: payment.seen_at,
    };
    match relay.converse(account, gateway::of(account).ask(account, &key)).await {
        // What is still paid is no news, and nothing that an order the operator holds should be released by; only an
        // order whose money the bank took back is told of it.
        Ok(report)
            if report.status == PaymentStatus::Paid
                && report.others.is_empty()
                && !is_refunded(relay, &payment.order).await? =>
        {
            Ok(Ok(()))
        }
        Ok(report) => settle::apply(relay, payment.order.clone(), report, Source::Question)
            .await
            .map(Ok),
        Err(GatewayError::NotFound | GatewayError::Refused(_)) => Ok(Ok(())),
        Err(error) => Ok(Err(error)),
    }
}

async fn is_refunded(relay: &Relay, reference: &OrderRef) -> Result<bool, StoreError> {
    let reference = reference.clone();
    let order = relay.store().read(move |db| db.order(&reference)).await?;
    Ok(order.is_some_and(|order| order.state == State::Refunded))
}

/// Every day where a list makes it cheap, else after one, two, four and seven days; chargebacks of later weeks come
/// with a webhook or not at all.
fn next_look(seen_at: Timestamp, now: Timestamp, is_listed: bool) -> Option<Timestamp> {
    let age_h = now.duration_since(seen_at).as_hours();
    let next_h = if is_listed {
        (age_h + 24).min(LAST_LOOK_H)
    } else {
        *LOOKS_H.iter().find(|hours| **hours > age_h)?
    };
    (next_h > age_h).then(|| seen_at + SignedDuration::from_hours(next_h))
}

/// A dispute may take months, and what it came to may be told by no webhook.
fn while_doubted(payment: &Payment, now: Timestamp) -> Option<Timestamp> {
    (now < payment.seen_at + LONGEST_DISPUTE).then(|| now + DISPUTED_ASKED_EVERY)
}

fn later(after: SignedDuration, why: &str) -> Outcome {
    Outcome::Later {
        after,
        why: why.to_owned(),
    }
}

/// A sale costs three to five questions on its day; these four are asked at night.
const LOOKS_H: [i64; 4] = [24, 48, 96, LAST_LOOK_H];
const LAST_LOOK_H: i64 = 7 * 24;
/// Disputes are few, and a code that the bank has taken back should not work for long.
const DISPUTED_ASKED_EVERY: SignedDuration = SignedDuration::from_hours(24);
const LONGEST_DISPUTE: SignedDuration = SignedDuration::from_hours(180 * 24);
const WORTH_A_LIST: usize = 5;
/// Lists go by the day of the payment's making; a voucher of a store is paid days later.
const PAID_LATE: SignedDuration = SignedDuration::from_hours(4 * 24);
const AFTER_THE_LEDGER: SignedDuration = SignedDuration::from_hours(1);
const AT_ONCE: usize = 200;
const GO_ON: SignedDuration = SignedDuration::from_mins(5);
/// A gateway that is down in the night is asked for three hours.
const TRIES: i64 = 12;
const TRY_AGAIN: SignedDuration = SignedDuration::from_mins(15);
/// Together below the lease of a job, five minutes.
const TIME_FOR_LISTS: Duration = Duration::from_secs(120);
const TIME_FOR_QUESTIONS: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_asked_about_four_times_in_its_first_week_or_listed_daily() {
        let seen: Timestamp = "2026-11-02T12:00:00Z".parse().unwrap();
        for (listed, expected) in [(false, 3), (true, 6)] {
            let (mut now, mut looks) = (seen + SignedDuration::from_hours(24), 0);
            while let Some(next) = next_look(seen, now, listed) {
                assert!(next > now && next <= seen + SignedDuration::from_hours(LAST_LOOK_H));
                (now, looks) = (next, looks + 1);
            }
            assert_eq!(looks, expected, "after the first");
        }
    }
}

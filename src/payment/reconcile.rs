//! Asks the gateways about orders that heard nothing, so that a webhook that never came costs nobody a code.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::portal::{self, Asked};
use super::settle::{self, Source};
use super::{Outcome, Relay};
use crate::gateway::{self, GatewayError, PaymentKey, PaymentStatus};
use crate::ids::OrderRef;
use crate::job::{Job, Lane, NewJob, Task};
use crate::order::{Fact, Order, State};
use crate::store::StoreError;

/// When the gateway is asked for the first time: webhooks are usually there by then.
pub(super) const FIRST_QUESTION: SignedDuration = SignedDuration::from_secs(15);

/// Asks about one order; comes back until the money is there or it is too old.
pub(super) async fn ask(relay: &Relay, reference: &OrderRef, job: &Job) -> Result<Outcome, StoreError> {
    let wanted = reference.clone();
    let Some(order) = relay.store().read(move |db| db.order(&wanted)).await? else {
        return Ok(Outcome::Done);
    };
    if !order.state.awaits_money() || portal::ends_uncharged(relay, &order, Asked::NotYet).await? {
        return Ok(Outcome::Done);
    }
    let directory = relay.store().directory();
    let account = directory
        .accounts
        .get(&order.account)
        .filter(|account| gateway::of(account).can_ask(account));
    let Some(account) = account else {
        return expire_or_wait(relay, &order, "this account cannot ask the gateway").await;
    };
    let key = PaymentKey {
        order: order.reference.clone(),
        gateway_id: order.gateway_id.clone(),
        created_at: order.created_at,
    };
    match relay.converse(account, gateway::of(account).ask(account, &key)).await {
        Ok(report) => {
            let open = matches!(
                report.status,
                PaymentStatus::Pending
                    | PaymentStatus::Authorized
                    | PaymentStatus::PartiallyPaid
                    | PaymentStatus::Unknown(_)
            );
            settle::apply(relay, reference.clone(), report, Source::Question).await?;
            // The answer may have brought a voucher that is payable for longer, and a refusal is not the end: the
            // buyer may try again on the same payment page.
            let wanted = reference.clone();
            let order = relay.store().read(move |db| db.order(&wanted)).await?;
            let why = if open { "nobody paid yet" } else { "not paid" };
            match order {
                Some(order) if order.state.awaits_money() => expire_or_wait(relay, &order, why).await,
                _ => Ok(Outcome::Done),
            }
        }
        Err(GatewayError::NotFound) if portal::ends_uncharged(relay, &order, Asked::Unknown).await? => {
            Ok(Outcome::Done)
        }
        Err(GatewayError::NotFound) => expire_or_wait(relay, &order, "the gateway does not know it").await,
        Err(error) => {
            if job.attempts == 0 {
                tracing::warn!(order = %reference, account = %order.account, "order {reference}: the gateway could not be asked: {error}");
            }
            let outcome = expire_or_wait(relay, &order, &error.to_string()).await?;
            Ok(match outcome {
                Outcome::Later { after, why } => Outcome::Later {
                    after: after.max(settle::rest(&error)),
                    why,
                },
                done => done,
            })
        }
    }
}

/// Makes the question about an order due at once, because its buyer looks at its page: he may be back from the
/// gateway before the webhook came. Returns without waiting for anything; what cannot be stored now is asked later
/// in any case.
pub(super) fn hurry(relay: &Relay, order: &Order) {
    let (now, directory) = (relay.now(), relay.store().directory());
    let account = directory.accounts.get(&order.account);
    let can_ask = account.is_some_and(|account| gateway::of(account).can_ask(account));
    if !can_ask || !order.state.awaits_money() || !relay.0.looks.admit(order, now, expires_at(relay, order)) {
        return;
    }
    let job = NewJob {
        task: Task::Reconcile(order.reference.clone()),
        lane: Lane::Questions(order.account.clone()),
        due_at: now,
    };
    let relay = relay.clone();
    tokio::spawn(async move {
        let reference = job.task.subject();
        if let Err(error) = relay.change(move |change| change.add_job(job)).await {
            tracing::debug!(
                order = reference,
                "order {reference}: the question is not hurried: {error}"
            );
        }
    });
}

/// When looking at a page last made a question due. Anybody may open a page as often as he likes, so this bounds
/// what he makes the gateway hear.
#[derive(Default)]
pub(super) struct Looks(Mutex<HashMap<OrderRef, Timestamp>>);

impl Looks {
    /// Whether a look at this order's page may ask now; if so, it is noted.
    fn admit(&self, order: &Order, now: Timestamp, expires_at: Timestamp) -> bool {
        let age = now.duration_since(order.created_at);
        if now >= expires_at + ASKED_ON_FOR {
            return false;
        }
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = looks.get(&order.reference).unwrap_or(&order.created_at);
        if now.duration_since(*last).abs() < look_pause(age) {
            return false;
        }
        if looks.len() >= MOST_LOOKS {
            looks.retain(|_, last| now.duration_since(*last).abs() < LONGEST_LOOK_PAUSE);
        }
        let has_room = looks.len() < MOST_LOOKS;
        if has_room {
            looks.insert(order.reference.clone(), now);
        }
        has_room
    }
}

/// A buyer comes back within minutes; whoever keeps an old page open is asked for no more often than otherwise.
fn look_pause(age: SignedDuration) -> SignedDuration {
    (age / 12).clamp(SHORTEST_LOOK_PAUSE, LONGEST_LOOK_PAUSE)
}

async fn expire_or_wait(relay: &Relay, order: &Order, why: &str) -> Result<Outcome, StoreError> {
    let (now, expires_at) = (relay.now(), expires_at(relay, order));
    if now >= expires_at + ASKED_ON_FOR {
        return Ok(Outcome::Done);
    }
    if now >= expires_at && matches!(order.state, State::New | State::Waiting) {
        let reference = order.reference.clone();
        relay
            .change(move |change| {
                let Some(mut order) = change.db.order(&reference)? else {
                    return Ok(());
                };
                change.advance(
                    &mut order,
                    Fact::Expired,
                    "nobody paid in time; money that comes later still counts",
                )
            })
            .await?;
    }
    Ok(Outcome::Later {
        after: pause(now.duration_since(order.created_at)),
        why: why.to_owned(),
    })
}

/// Until when the gateway may take the money: as long as its page lives, and as long as the voucher that the buyer
/// carries to a store or a bank is valid.
fn expires_at(relay: &Relay, order: &Order) -> Timestamp {
    let directory = relay.store().directory();
    let account = directory.accounts.get(&order.account);
    let page = account.map_or(PAGE_LIFE, |account| gateway::of(account).payable_for(account));
    let page = order.created_at + page;
    let voucher = order
        .instructions
        .as_ref()
        .and_then(|instructions| instructions.expires_at);
    // A time beyond the calendar is a gateway's slip; it does not make an order eternal.
    let voucher = voucher.and_then(|at| at.checked_add(TOLD_LATE).ok());
    voucher.map_or(page, |voucher| {
        page.max(voucher.min(order.created_at + LONGEST_VOUCHER))
    })
}

/// Often while the buyer waits, hourly afterwards.
fn pause(age: SignedDuration) -> SignedDuration {
    match age.as_secs() {
        ..120 => SignedDuration::from_secs(10),
        120..900 => SignedDuration::from_secs(60),
        900..7200 => SignedDuration::from_mins(10),
        _ => SignedDuration::from_hours(1),
    }
}

/// For an order whose account is gone from the business file.
const PAGE_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Stores and banks tell what they took in the last minute hours later.
const TOLD_LATE: SignedDuration = SignedDuration::from_hours(2);
/// Conekta's longest voucher.
const LONGEST_VOUCHER: SignedDuration = SignedDuration::from_hours(365 * 24);
/// After an order has expired: money that comes late still counts.
const ASKED_ON_FOR: SignedDuration = SignedDuration::from_hours(24);
/// Long enough that no page makes a gateway hear much, short enough for somebody who waits for his code.
const SHORTEST_LOOK_PAUSE: SignedDuration = SignedDuration::from_secs(5);
const LONGEST_LOOK_PAUSE: SignedDuration = SignedDuration::from_mins(10);
/// Orders looked at within ten minutes; in a greater crowd the ordinary questions have to do.
const MOST_LOOKS: usize = 10_000;

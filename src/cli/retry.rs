//! `mikrelay order retry`: lets an order go on that waits for a person or for the gateway.

use std::io::Write;

use anyhow::Result;

use super::fault::hinted;
use super::order::{find, unknown};
use crate::audit::{Actor, Changes};
use crate::job::{Lane, NewJob, Task};
use crate::order::{Effect, Fact, Order, State, step};
use crate::payment::lane_of;
use crate::payment::refund::wish;
use crate::store::{Db, Store, StoreError};

/// Lets an order go on: one that is held or stuck to the router, one that saw no money to the gateway.
pub fn retry(store: &Store, reference: &str, out: &mut dyn Write) -> Result<()> {
    let wanted = reference.to_owned();
    let done = store.write_now(move |db| {
        let Some(order) = find(db, &wanted)? else {
            return Ok(None);
        };
        let before = order.state;
        let (order, sentence) = retry_order(db, order)?;
        if let Some(sentence) = sentence {
            let changes = Changes::none()
                .value("state", Some(before.as_str()), Some(order.state.as_str()))
                .new_value("done", sentence);
            note(db, "order retry", &order, changes)?;
        }
        Ok(Some((order, sentence)))
    })?;
    let (order, sentence) = done.ok_or_else(|| unknown(reference))?;
    match sentence {
        Some(sentence) => writeln!(out, "{}: {sentence}", order.reference)?,
        None => {
            return Err(hinted(
                format!(
                    "order `{}` is {}: there is nothing to retry",
                    order.reference,
                    order.state.as_str()
                ),
                format!("`mikrelay order show {}` tells what happened to it", order.reference),
            ));
        }
    }
    Ok(())
}

/// Writes down what the operator did with an order.
pub(super) fn note(db: &Db<'_>, act: &str, order: &Order, changes: Changes) -> Result<(), StoreError> {
    let subject = format!("order {}", order.reference);
    db.add_audit(&Actor::command(act).did(Some(&order.company), subject, changes))
}

/// What was begun, as a sentence; `None` where there is nothing to begin.
fn retry_order(db: &Db<'_>, mut order: Order) -> Result<(Order, Option<&'static str>), StoreError> {
    let now = db.now();
    // A refund that no gateway was asked for yet is taken back; the order is as before it.
    let is_taken_back = order.state == State::Refunding && wish::take_back(db, &mut order)?;
    if is_taken_back && order.paid_at.is_none() {
        return Ok((
            order,
            Some("its refund is taken back; it is held again, retry once more to release it"),
        ));
    }
    let (next, effects) = step(order.state, Fact::Released);
    if effects.contains(&Effect::Provision) {
        let directory = db.load_directory()?;
        let Some(lane) = lane_of(&directory, &order) else {
            return Err(StoreError::NotFound {
                what: "hotspot",
                id: order.hotspot.to_string(),
            });
        };
        db.add_job(&NewJob {
            task: Task::Provision(order.reference.clone()),
            lane,
            due_at: now,
        })?;
        if order.voucher.is_none() && order.state != State::Held {
            // A server that only the callback named and the router lacks would keep the order stuck for ever.
            order.params.server = None;
        }
        if next != order.state {
            order.state = next;
            order.reason = None;
            order.paid_at.get_or_insert(now);
        }
        db.save_order(&order)?;
        let (line, sentence) = match &order.link {
            None => (
                "released by the operator: the router is tried now",
                "released; the router is tried now",
            ),
            Some(_) => (
                "released by the operator: its result is told now",
                "released; its result is told now",
            ),
        };
        db.add_step(&order.reference, now, line)?;
        return Ok((order, Some(sentence)));
    }
    if order.state.awaits_money() {
        let lane = Lane::Questions(order.account.clone());
        db.add_job(&NewJob {
            task: Task::Reconcile(order.reference.clone()),
            lane,
            due_at: now,
        })?;
        db.add_step(&order.reference, now, "the operator asks the gateway about the payment")?;
        return Ok((order, Some("the gateway is asked about the payment now")));
    }
    Ok((order, None))
}

//! One change of an order: the new state, the history line and the jobs that follow are one commit.
//! Log lines are written and the job runner is woken only after that commit.

use std::collections::HashSet;

use jiff::Timestamp;

use super::refund::{second, tell, wish};
use super::{deliver, hook_events, mikhmon, telegram};
use crate::company::{Directory, Language};
use crate::ids::OrderRef;
use crate::job::{Lane, NewJob, Task};
use crate::order::{Effect, Fact, Order, State, step};
use crate::reason::Reason;
use crate::refund::Standing;
use crate::store::{Db, StoreError};

/// What a change may touch while its transaction is open.
pub struct Change<'a> {
    pub db: &'a Db<'a>,
    pub directory: &'a Directory,
    pub now: Timestamp,
    /// `(order, sentence)` to log after the commit.
    pub(super) lines: Vec<(OrderRef, String)>,
    /// Where it added jobs.
    pub(super) lanes: HashSet<Lane>,
}

impl Change<'_> {
    /// Runs a change of another process, which has no runner to wake: the relay looks for its jobs by itself.
    pub(super) fn alone<T>(
        db: &Db<'_>,
        act: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let directory = db.load_directory()?;
        act(&mut Change {
            db,
            directory: &directory,
            now: db.now(),
            lines: Vec::new(),
            lanes: HashSet::new(),
        })
    }

    /// Adds a line to the order's history, and to the log once it is committed.
    pub fn note(&mut self, order: &OrderRef, sentence: &str) -> Result<(), StoreError> {
        self.db.add_step(order, self.now, sentence)?;
        self.lines.push((order.clone(), sentence.to_owned()));
        Ok(())
    }

    pub fn add_job(&mut self, job: NewJob) -> Result<(), StoreError> {
        self.db.add_job(&job)?;
        self.lanes.insert(job.lane);
        Ok(())
    }

    /// Moves the order by a fact, saves it, and adds a job for each effect.
    pub fn advance(&mut self, order: &mut Order, fact: Fact, why: &str) -> Result<(), StoreError> {
        let (before, is_first_money) = (order.state, order.paid_at.is_none());
        let (after, effects) = step(before, fact);
        order.state = after;
        if fact == Fact::Refunded {
            order.reason = None;
        }
        if before != after {
            self.stamp(order);
            self.note(&order.reference, &format!("{}: {why}", after.as_str()))?;
        }
        self.db.save_order(order)?;
        for effect in effects {
            self.start(order, *effect)?;
        }
        if before != after {
            hook_events::tell_order(self, order, is_first_money)?;
            telegram::tell_result(self, order)?;
            if after == State::Delivered {
                mikhmon::delivered(self, order)?;
            }
            self.give_up_reserved(order)?;
        }
        if before != after && after == State::Refunded {
            second::turn_to_another(self, order)?;
        }
        Ok(())
    }

    /// Whoever buys by card token has a user on the router before he pays, which goes when he does not.
    fn give_up_reserved(&mut self, order: &Order) -> Result<(), StoreError> {
        let is_over = matches!(order.state, State::Failed | State::Expired | State::Cancelled);
        let Some(lane) = lane_of(self.directory, order).filter(|_| is_over && order.voucher.is_some()) else {
            return Ok(());
        };
        self.add_job(NewJob {
            task: Task::Unreserve(order.reference.clone()),
            lane,
            due_at: self.now,
        })
    }

    fn stamp(&self, order: &mut Order) {
        let moment = match order.state {
            State::Paid => &mut order.paid_at,
            State::Provisioned => &mut order.provisioned_at,
            State::Delivered => &mut order.delivered_at,
            _ => return,
        };
        moment.get_or_insert(self.now);
        if !matches!(
            order.state,
            State::Held | State::Stuck | State::Failed | State::Refunding | State::Refunded
        ) {
            order.reason = None;
        }
    }

    fn start(&mut self, order: &Order, effect: Effect) -> Result<(), StoreError> {
        let reference = order.reference.clone();
        if order.link.is_some() && matches!(effect, Effect::LogIn | Effect::Announce | Effect::Disable) {
            // There is no user and no phone; the result is told with the new state.
            return Ok(());
        }
        let task = match effect {
            Effect::Provision => Task::Provision(reference),
            Effect::LogIn => Task::LogIn(reference),
            // Nobody can have heard of a code that was never drawn, and none is drawn any more.
            Effect::Disable if order.voucher.is_none() => return Ok(()),
            Effect::Disable => Task::Disable(reference),
            Effect::AnnounceRefund => {
                let open = self.db.refunds_of_order(&order.reference)?;
                wish::close_open(self, order, Standing::Done, None)?;
                let own = open.iter().find(|refund| !refund.is_extra);
                return tell::done(self, order, own);
            }
            Effect::Announce => return deliver::announce(self, order),
            Effect::Alert => return deliver::alert(self, order),
        };
        match lane_of(self.directory, order) {
            Some(lane) => self.add_job(NewJob {
                task,
                lane,
                due_at: self.now,
            }),
            // Cannot be while the store keeps hotspots that have orders; if it is all the same, nothing is lost.
            None => {
                let hotspot = order.hotspot.clone();
                let advice = Reason::HotspotGone { hotspot }.advice(Language::En, &order.reference);
                self.note(&order.reference, &advice)
            }
        }
    }
}

/// Where an order is fulfilled: on its router, or, where nothing is to be made on one, beside its account's events.
/// `None` if its hotspot is gone from the business file.
pub fn lane_of(directory: &Directory, order: &Order) -> Option<Lane> {
    if order.link.is_some() {
        return Some(Lane::Account(order.account.clone()));
    }
    let hotspot = directory.hotspots.get(&order.hotspot)?;
    Some(Lane::Router(hotspot.router.clone()))
}

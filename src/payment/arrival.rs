//! Events of one order are applied in the order they arrived, although several are settled at once. What an order comes
//! to does not hang on it; what people are told of it on the way reads better.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::ids::{AccountId, EventId, OrderRef};
use crate::job::{Job, Lane, Task};

/// The events that are being settled now.
#[derive(Clone, Default)]
pub(super) struct Arrivals(Arc<Inner>);

#[derive(Default)]
struct Inner {
    running: Mutex<BTreeMap<EventId, About>>,
    changed: Notify,
}

struct About {
    account: AccountId,
    /// `None` until it was read.
    order: Option<OrderRef>,
}

/// A claimed event's place in the line, given up when it is dropped.
pub struct Place {
    line: Arrivals,
    event: EventId,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.line.running().remove(&self.event);
        self.line.0.changed.notify_waiters();
    }
}

impl Arrivals {
    /// A place for a job that settles an event; before any job that was claimed later is begun.
    pub fn line_up(&self, job: &Job) -> Option<Place> {
        let (Task::Settle(event), Lane::Account(account)) = (&job.task, &job.lane) else {
            return None;
        };
        let about = About {
            account: account.clone(),
            order: None,
        };
        self.running().insert(*event, about);
        Some(Place {
            line: self.clone(),
            event: *event,
        })
    }

    /// Says which order an event is about, and waits until none of its account that came earlier is about the same, or
    /// may be. Not for long: whoever is slow over there is overtaken.
    pub async fn wait_for_earlier(&self, event: EventId, account: &AccountId, order: &OrderRef) {
        if let Some(about) = self.running().get_mut(&event) {
            about.order = Some(order.clone());
        }
        self.0.changed.notify_waiters();
        let passed = async {
            loop {
                let changed = self.0.changed.notified();
                let mut changed = std::pin::pin!(changed);
                // Whatever happens from here on wakes it.
                changed.as_mut().enable();
                if !self.has_earlier(event, account, order) {
                    return;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(LONGEST_WAIT, passed).await.is_err() {
            tracing::debug!(event = %event, order = %order, "event {event} overtakes an earlier one that takes long");
        }
    }

    fn has_earlier(&self, event: EventId, account: &AccountId, order: &OrderRef) -> bool {
        let may_be = |about: &About| about.account == *account && about.order.as_ref().is_none_or(|of| of == order);
        self.running().range(..event).any(|(_, about)| may_be(about))
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<EventId, About>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As long as a slow gateway's answer; nothing hangs on it but the order of what is told.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::JobId;

    fn job(event: i64, account: &str) -> Job {
        Job {
            id: JobId(event),
            task: Task::Settle(EventId(event)),
            lane: Lane::Account(AccountId::new(account)),
            attempts: 0,
            created_at: jiff::Timestamp::UNIX_EPOCH,
            last_error: None,
        }
    }

    /// Whether the event still waits after all the others had their say.
    async fn waits(line: &Arrivals, event: i64, account: &str, order: &str) -> bool {
        let (account, order) = (AccountId::new(account), OrderRef::new(order));
        let turn = line.wait_for_earlier(EventId(event), &account, &order);
        tokio::time::timeout(Duration::from_millis(50), turn).await.is_err()
    }

    #[tokio::test]
    async fn an_event_waits_for_earlier_ones_of_its_order_only() {
        let line = Arrivals::default();
        let first = line.line_up(&job(1, "a"));
        let _second = line.line_up(&job(2, "a"));
        assert!(
            waits(&line, 2, "a", "R1").await,
            "nobody knows yet what the first is about"
        );
        assert!(!waits(&line, 1, "a", "R2").await);
        assert!(!waits(&line, 2, "a", "R1").await, "the first is about another order");
        assert!(waits(&line, 2, "a", "R2").await);
        assert!(!waits(&line, 3, "b", "R2").await, "another account's");
        drop(first);
        assert!(!waits(&line, 2, "a", "R2").await, "the first is done");
        assert!(
            line.line_up(&Job {
                task: Task::Housekeeping,
                ..job(9, "a")
            })
            .is_none()
        );
    }
}

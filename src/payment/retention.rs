//! The housekeeping: once a day, what is too old to be of use is deleted, a few rows at a time. It steps aside
//! for webhooks, ends before its lease does, and goes on later where it stopped.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::{Outcome, Relay, upkeep};
use crate::job::{Lane, NewJob, Task};
use crate::order::State;
use crate::store::{Expendable, StoreError};

/// Deletes what may go, for as long as it may take, and plans the next day.
pub(super) async fn clean(relay: &Relay) -> Result<Outcome, StoreError> {
    let now = relay.now();
    let begun = Instant::now();
    let mut rows = 0;
    let unpaid = State::ALL.into_iter().filter(|state| state.awaits_money());
    let mut chores: Vec<_> = unpaid
        .map(|state| Chore::Orders(Expendable::Unpaid(state), now - UNPAID_LIVE))
        .collect();
    chores.extend([
        Chore::Orders(Expendable::Any, now - EVERYTHING_LIVES),
        Chore::EmptyEvents(now - BYTES_LIVE),
        Chore::EmptyMails(now - TEXTS_LIVE),
        Chore::Events(now - EVERYTHING_LIVES),
        Chore::Mails(now - EVERYTHING_LIVES),
        Chore::Notices(now - TEXTS_LIVE),
        Chore::Hooks(now - BYTES_LIVE),
        Chore::Audits(now - EVERYTHING_LIVES),
    ]);
    for chore in chores {
        let mut from = Timestamp::UNIX_EPOCH;
        loop {
            let done = chore.batch(relay, &mut from).await?;
            rows += done;
            if done < BATCH as usize {
                break;
            }
            if begun.elapsed() > TIME_AT_ONCE {
                tracing::info!(rows, "the housekeeping gave up {rows} old rows and goes on in a minute");
                return Ok(Outcome::Later {
                    after: GO_ON_AFTER,
                    why: "there is more to delete".to_owned(),
                });
            }
            step_aside(relay).await;
        }
    }
    if rows > 0 {
        tracing::info!(rows, "the housekeeping gave up {rows} old rows");
    }
    let next = NewJob {
        task: Task::Housekeeping,
        lane: Lane::Upkeep,
        due_at: upkeep::next_cleaning(&relay.store().directory(), now),
    };
    // This job is still being done, so the store keeps the wish until it has ended.
    relay.change(move |change| change.add_job(next)).await?;
    Ok(Outcome::Done)
}

/// One kind of row to give up, and up to which age.
#[derive(Clone, Copy)]
enum Chore {
    Orders(Expendable, Timestamp),
    EmptyEvents(Timestamp),
    EmptyMails(Timestamp),
    Events(Timestamp),
    Mails(Timestamp),
    Notices(Timestamp),
    Hooks(Timestamp),
    Audits(Timestamp),
}

impl Chore {
    /// Does a few rows, in one commit; `from` is how far the orders are looked through. Less than `BATCH` means that
    /// there are no more.
    async fn batch(self, relay: &Relay, from: &mut Timestamp) -> Result<usize, StoreError> {
        let store = relay.store();
        match self {
            Self::Orders(which, before) => {
                let since = *from;
                // Looked for beside the writer: what must stay may be many rows.
                let found = store
                    .read(move |db| db.expendable_orders(which, since, before, BATCH))
                    .await?;
                if let Some((_, last)) = found.last() {
                    *from = *last;
                }
                store
                    .write(move |db| {
                        let mut deleted = 0;
                        for (order, _) in &found {
                            deleted += usize::from(db.delete_expendable(which, order, before)?);
                        }
                        Ok(deleted)
                    })
                    .await
            }
            Self::EmptyEvents(before) => store.write(move |db| db.empty_events(before, BATCH)).await,
            Self::EmptyMails(before) => store.write(move |db| db.empty_messages(before, BATCH)).await,
            Self::Events(before) => {
                let found = store.read(move |db| db.orphaned_events(before, BATCH)).await?;
                store.write(move |db| db.delete_orphaned_events(&found)).await
            }
            Self::Notices(before) => store.write(move |db| db.delete_old_notices(before, BATCH)).await,
            Self::Hooks(before) => store.write(move |db| db.delete_old_hooks(before, BATCH)).await,
            Self::Mails(before) => {
                let found = store.read(move |db| db.orphaned_messages(before, BATCH)).await?;
                store.write(move |db| db.delete_orphaned_messages(&found)).await
            }
            Self::Audits(before) => store.write(move |db| db.delete_audits(before, BATCH)).await,
        }
    }
}

/// Lets what knocks pass: always a little, in a rush longer.
async fn step_aside(relay: &Relay) {
    for _ in 0..MOST_BREATHS {
        tokio::time::sleep(BREATH).await;
        if !relay.is_rushed() {
            return;
        }
    }
}

/// Gateways take money for two days, and buyers ask for weeks why nothing came. Placing an order costs nobody
/// anything, so those that no money followed must not pile up.
const UNPAID_LIVE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Long enough to look into a complaint; the bytes hold telephone numbers.
const BYTES_LIVE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A mail that was sent is in its reader's mailbox; the text holds a code.
const TEXTS_LIVE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Two years: chargebacks come within one and a half, and books are closed once a year. Keys of events live as
/// long as the orders they are about, so that a replay stays a duplicate.
const EVERYTHING_LIVES: SignedDuration = SignedDuration::from_hours(731 * 24);
/// Rows of one commit: a webhook that comes meanwhile waits for little more than its own sync. Hundreds a second
/// are still far more than buyers can make.
const BATCH: u32 = 10;
const BREATH: Duration = Duration::from_millis(15);
/// A good half second at most for each batch, so that a long rush still gets its housekeeping.
const MOST_BREATHS: u32 = 40;
/// Below the lease of a job, five minutes.
const TIME_AT_ONCE: Duration = Duration::from_secs(120);
const GO_ON_AFTER: SignedDuration = SignedDuration::from_mins(1);

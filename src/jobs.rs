//! Runs what there is to do: claim a job by lease, run one step, record what came of it. Each lane is a queue
//! of its own, so one dead router or gateway delays nobody else. Nothing here knows what a job means.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::ids::JobId;
use crate::job::{Job, Lane};
use crate::payment::{Outcome, Relay};
use crate::router_watch::Presence;
use crate::store::{Db, StoreError};

/// The lanes and what is known of their other ends. Clones share them.
#[derive(Clone)]
pub struct Runner(Arc<Inner>);

struct Inner {
    relay: Relay,
    lanes: Mutex<HashMap<Lane, LaneState>>,
}

#[derive(Default)]
struct LaneState {
    workers: usize,
    /// Tries in a row that found the other end dead.
    failures: u32,
    paused_until: Option<Timestamp>,
    /// When the other end was first found dead.
    down_since: Option<Timestamp>,
}

/// What one turn of a lane came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Ran,
    NothingDue,
    Paused,
}

impl Runner {
    pub fn new(relay: Relay) -> Self {
        Self(Arc::new(Inner {
            relay,
            lanes: Mutex::default(),
        }))
    }

    /// Works until `stop` says true; running steps are finished, the rest stays in the store.
    pub async fn serve(&self, stop: watch::Receiver<bool>) {
        let relay = &self.0.relay;
        let mut tick = tokio::time::interval(LOOK_AGAIN);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut workers = JoinSet::new();
        let mut ticks = 0_u64;
        let mut stopped = std::pin::pin!(until(stop));
        loop {
            let lanes = tokio::select! {
                () = &mut stopped => break,
                lanes = relay.woken() => lanes,
                _ = tick.tick() => {
                    ticks += 1;
                    self.look_around(ticks).await.unwrap_or_else(|error| {
                        tracing::error!("the store cannot be read: {error}");
                        HashSet::new()
                    })
                }
                Some(_) = workers.join_next() => continue,
            };
            for lane in lanes {
                self.start_worker(&mut workers, lane);
            }
        }
        let finish = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(FINISH_WITHIN, finish).await.is_err() {
            tracing::warn!("some steps did not finish in time; they are resumed at the next start");
        }
        relay.hang_up().await;
    }

    /// Runs everything that is due, one job after the other; for tests with a manual clock. Returns how many ran.
    pub async fn drain(&self) -> Result<usize, StoreError> {
        let mut ran = 0;
        self.clamp_due_times().await?;
        self.0.relay.follow_refund_policies().await?;
        self.0.relay.write_key_uses().await?;
        self.0.relay.write_refusals().await?;
        loop {
            let before = ran;
            for lane in self.due_lanes().await? {
                while self.turn(&lane).await? == Turn::Ran {
                    ran += 1;
                }
            }
            if ran == before {
                return Ok(ran);
            }
        }
    }

    /// Lets lanes whose other end was found dead try again at once.
    fn forget_pauses(&self) {
        for state in self.lanes().values_mut() {
            (state.failures, state.paused_until) = (0, None);
        }
    }

    /// Runs the oldest due jobs of a lane, as many at once as the lane allows.
    pub async fn turn(&self, lane: &Lane) -> Result<Turn, StoreError> {
        let relay = &self.0.relay;
        let now = relay.now();
        if self.is_paused(lane, now) {
            return Ok(Turn::Paused);
        }
        let (wanted, at_most) = (lane.clone(), jobs_at_once(lane));
        let claim = move |db: &Db<'_>| db.claim_jobs(&wanted, now, LEASE, at_most);
        let jobs = relay.store().write_repeatable(claim).await?;
        if jobs.is_empty() {
            return Ok(Turn::NothingDue);
        }
        let mut running = JoinSet::new();
        let lined_up: Vec<_> = jobs.into_iter().map(|job| (relay.line_up(&job), job)).collect();
        for (place, job) in lined_up {
            let relay = relay.clone();
            running.spawn(async move {
                let result = run_caught(relay, job).await;
                drop(place);
                result
            });
        }
        let mut results = Vec::new();
        while let Some(result) = running.join_next().await {
            match result {
                Ok((job, Ok(outcome))) => results.push((job.id, outcome)),
                // One job that the store refuses must not take the others' results with it.
                Ok((job, Err(error))) => results.push((job.id, put_off(&job, &error))),
                Err(error) => tracing::error!("a step could not be waited for: {error}"),
            }
        }
        self.record(lane, results).await?;
        Ok(Turn::Ran)
    }

    /// Writes down what came of the jobs, all in one commit.
    async fn record(&self, lane: &Lane, results: Vec<(JobId, Outcome)>) -> Result<(), StoreError> {
        let now = self.0.relay.now();
        let (mut finished, mut postponed, mut down) = (Vec::new(), Vec::new(), Vec::new());
        for (id, outcome) in results {
            match outcome {
                Outcome::Done => finished.push(id),
                Outcome::Later { after, why } => postponed.push((id, now + after, why)),
                Outcome::LaneDown { why } => down.push((id, why)),
            }
        }
        let answers = !finished.is_empty() || !postponed.is_empty();
        if let Lane::Router(router) = lane {
            let seen = if answers { Presence::Online } else { Presence::Offline };
            if let Err(error) = self.0.relay.see_router(router, seen).await {
                // The next look decides it again.
                tracing::warn!(router = %router, "whether the router `{router}` is there is not written down: {error}");
            }
        }
        let was_down = answers && self.mark_alive(lane);
        if let Some((_, why)) = down.first().filter(|_| !answers) {
            let until = self.pause(lane, now);
            let name = lane.to_text();
            tracing::warn!(lane = name, "`{name}` does not answer, next try at {until}: {why}");
            postponed.extend(down.into_iter().map(|(id, why)| (id, until, why)));
        } else {
            postponed.extend(down.into_iter().map(|(id, why)| (id, now + AFTER_HICCUP, why)));
        }
        let hurried = was_down.then(|| lane.clone());
        self.write_down(Arc::new(Results {
            finished,
            postponed,
            hurried,
            now,
        }))
        .await
    }

    /// A store that is busy for a while is waited for: unrecorded jobs would rest until their lease ends.
    async fn write_down(&self, results: Arc<Results>) -> Result<(), StoreError> {
        let store = self.0.relay.store();
        for _ in 1..RECORD_TRIES {
            let results = Arc::clone(&results);
            match store.write_repeatable(move |db| results.store(db)).await {
                Err(error) if error.is_temporary() => tokio::time::sleep(LOOK_AGAIN).await,
                recorded => return recorded,
            }
        }
        store.write_repeatable(move |db| results.store(db)).await
    }

    fn start_worker(&self, workers: &mut JoinSet<()>, lane: Lane) {
        if self.is_paused(&lane, self.0.relay.now()) || !self.enter(&lane) {
            return;
        }
        let runner = self.clone();
        workers.spawn(async move {
            let result = runner.work(&lane).await;
            runner.leave(&lane);
            if let Err(error) = result {
                let name = lane.to_text();
                tracing::error!(lane = name, "`{name}` stops for a moment: {error}");
            }
        });
    }

    async fn work(&self, lane: &Lane) -> Result<(), StoreError> {
        self.let_webhooks_pass(lane).await;
        while self.turn(lane).await? == Turn::Ran {
            self.let_webhooks_pass(lane).await;
        }
        Ok(())
    }

    /// What is stored can wait a moment; what knocks cannot. Bounded, so that a long rush still drains.
    async fn let_webhooks_pass(&self, lane: &Lane) {
        if !matches!(lane, Lane::Account(_)) {
            return;
        }
        for _ in 0..MOST_STEPS_ASIDE {
            if !self.0.relay.is_rushed() {
                return;
            }
            tokio::time::sleep(STEP_ASIDE).await;
        }
    }

    async fn due_lanes(&self) -> Result<Vec<Lane>, StoreError> {
        let now = self.0.relay.now();
        self.0.relay.store().read(move |db| db.due_lanes(now)).await
    }

    /// What nobody wakes us for: jobs that fell due, other processes, and now and then a clock that was set back.
    async fn look_around(&self, ticks: u64) -> Result<HashSet<Lane>, StoreError> {
        if ticks % CLOCK_CHECK_TICKS == 1 {
            self.clamp_due_times().await?;
            self.0.relay.plan_daily_work().await?;
            self.0.relay.follow_refund_policies().await?;
        }
        if ticks.is_multiple_of(KEY_USE_TICKS) {
            self.0.relay.write_key_uses().await?;
            self.0.relay.write_refusals().await?;
        }
        self.notice_other_processes().await?;
        Ok(self.due_lanes().await?.into_iter().collect())
    }

    /// `apply`, `order retry` and `event replay` are other processes: the database is all they share with us.
    async fn notice_other_processes(&self) -> Result<(), StoreError> {
        let store = self.0.relay.store();
        let (changed, poked) = (store.refresh_directory().await?, store.poked().await?);
        if changed || poked {
            // A person mended something: what waited for it is tried now.
            self.forget_pauses();
        }
        Ok(())
    }

    /// A clock that was wrong when a job was postponed must not keep it waiting for years (fault C1).
    async fn clamp_due_times(&self) -> Result<(), StoreError> {
        let now = self.0.relay.now();
        self.0
            .relay
            .store()
            .write(move |db| db.clamp_due(now, now + LONGEST_WAIT, now + LONGEST_DAILY_WAIT))
            .await
    }

    fn lanes(&self) -> MutexGuard<'_, HashMap<Lane, LaneState>> {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_paused(&self, lane: &Lane, now: Timestamp) -> bool {
        let has_answered = self.0.relay.has_answered(lane);
        let mut lanes = self.lanes();
        if let Some(state) = lanes.get_mut(lane).filter(|_| has_answered) {
            // It still counts as down, so that its first success hurries what waited.
            state.paused_until = None;
        }
        lanes
            .get(lane)
            .and_then(|state| state.paused_until)
            .is_some_and(|until| {
                // A clock that jumped back must not hold a lane for years.
                now < until && until.duration_since(now) <= LONGEST_PAUSE
            })
    }

    /// Takes a worker's place in the lane, if one is free.
    fn enter(&self, lane: &Lane) -> bool {
        let mut lanes = self.lanes();
        let state = lanes.entry(lane.clone()).or_default();
        let free = state.workers < most_workers(lane);
        state.workers += usize::from(free);
        free
    }

    fn leave(&self, lane: &Lane) {
        let mut lanes = self.lanes();
        if let Some(state) = lanes.get_mut(lane) {
            state.workers = state.workers.saturating_sub(1);
            // Receivers are named by clients: idle ones must not fill the memory.
            if matches!(lane, Lane::Hook(_)) && state.workers == 0 && state.failures == 0 {
                lanes.remove(lane);
            }
        }
    }

    /// Returns whether the lane was down before.
    fn mark_alive(&self, lane: &Lane) -> bool {
        let mut lanes = self.lanes();
        let state = lanes.entry(lane.clone()).or_default();
        let was_down = state.failures > 0;
        (state.failures, state.paused_until, state.down_since) = (0, None, None);
        was_down
    }

    fn pause(&self, lane: &Lane, now: Timestamp) -> Timestamp {
        let mut lanes = self.lanes();
        let state = lanes.entry(lane.clone()).or_default();
        let since = *state.down_since.get_or_insert(now);
        let until = now + pause_after(state.failures, now.duration_since(since));
        state.failures = state.failures.saturating_add(1);
        state.paused_until = Some(until);
        until
    }
}

/// What came of the jobs of one turn.
struct Results {
    finished: Vec<JobId>,
    postponed: Vec<(JobId, Timestamp, String)>,
    /// The lane whose other end answers again.
    hurried: Option<Lane>,
    now: Timestamp,
}

impl Results {
    fn store(&self, db: &Db<'_>) -> Result<(), StoreError> {
        self.finished.iter().try_for_each(|id| db.finish_job(*id))?;
        self.postponed
            .iter()
            .try_for_each(|(id, until, why)| db.postpone_job(*id, *until, why))?;
        // What waited for the other end need not wait longer.
        match &self.hurried {
            Some(lane) => db.hurry_lane(lane, self.now),
            None => Ok(()),
        }
    }
}

/// A step whose writing failed is tried again alone, and `order show` says why.
fn put_off(job: &Job, error: &StoreError) -> Outcome {
    let kind = job.task.kind();
    tracing::error!(kind, "a step of kind `{kind}` could not be stored: {error}");
    let after = if error.is_temporary() {
        AFTER_HICCUP
    } else {
        AFTER_PANIC
    };
    Outcome::Later {
        after,
        why: error.to_string(),
    }
}

/// Resolves when told to stop, or when nobody is left to tell.
async fn until(mut stop: watch::Receiver<bool>) {
    while !*stop.borrow_and_update() && stop.changed().await.is_ok() {}
}

/// Runs a step in a task of its own, so that a panic in it is one failed try and not the end of the lane.
async fn run_caught(relay: Relay, job: Job) -> (Job, Result<Outcome, StoreError>) {
    let step = job.clone();
    let outcome = tokio::spawn(async move { relay.run(&step).await })
        .await
        .unwrap_or_else(|error| {
            let kind = job.task.kind();
            tracing::error!(kind, "a step of kind `{kind}` broke off: {error}");
            let why = "the step broke off; please report this".to_owned();
            Ok(Outcome::Later {
                after: AFTER_PANIC,
                why,
            })
        });
    (job, outcome)
}

/// 2, 4, 8 … seconds, a quarter of it left to chance, so that many routers behind one line do not knock together.
fn pause_after(failures: u32, down_for: SignedDuration) -> SignedDuration {
    let cap_ms = if down_for < FIRST_DAY {
        FIRST_DAY_CAP_MS
    } else {
        LATER_CAP_MS
    };
    let full_ms = 2_000_i64.saturating_mul(1 << failures.min(12)).min(cap_ms);
    SignedDuration::from_millis(full_ms - rand::rng().random_range(0..=full_ms / 4))
}

fn most_workers(lane: &Lane) -> usize {
    match lane {
        // One API session per router: more would only queue on the router itself.
        Lane::Router(_) => 1,
        Lane::Account(_) | Lane::Questions(_) | Lane::Mail | Lane::Hook(_) => 2,
        Lane::Telegram(_) | Lane::Refunds(_) | Lane::Rechecks(_) | Lane::Ledger(_) | Lane::Upkeep => 1,
    }
}

/// How many jobs of a lane one worker runs at a time. Events share their commits; a slow answer of the gateway
/// holds up so many others.
fn jobs_at_once(lane: &Lane) -> u32 {
    match lane {
        Lane::Account(_) => 16,
        // One that waits for a slow gateway holds up few others.
        Lane::Refunds(_) => 4,
        // Fewer: gateways count how often they are asked.
        Lane::Questions(_) => 8,
        // A silent receiver costs each of its webhooks a deadline: they wait it out together.
        Lane::Hook(_) => 8,
        // In the order of the sales.
        Lane::Telegram(_) => 1,
        Lane::Router(_) | Lane::Mail | Lane::Rechecks(_) | Lane::Ledger(_) | Lane::Upkeep => 1,
    }
}

/// Due times that nobody wakes us for (backoff, other processes) are met within this.
const KEY_USE_TICKS: u64 = 5;
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A fifth of a second at the most for each group of events.
const STEP_ASIDE: Duration = Duration::from_millis(20);
const MOST_STEPS_ASIDE: usize = 10;
/// Once a minute, the due times are compared with the clock.
const CLOCK_CHECK_TICKS: u64 = 60;
/// Longer than any step with all its deadlines; a lease that ends means the process died.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
const FINISH_WITHIN: Duration = Duration::from_secs(10);
/// The other end answered one job and not another.
const AFTER_HICCUP: SignedDuration = SignedDuration::from_secs(5);
/// A database that another program locks is free again within this many waits of some seconds, or its log says more.
const RECORD_TRIES: u32 = 20;
const AFTER_PANIC: SignedDuration = SignedDuration::from_mins(1);
const FIRST_DAY: SignedDuration = SignedDuration::from_hours(24);
const FIRST_DAY_CAP_MS: i64 = 5 * 60 * 1000;
const LATER_CAP_MS: i64 = 15 * 60 * 1000;
/// No job that waits for somebody waits longer by intention: the reconciler's hour is the longest.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);
/// From one morning to the next, on the longest day of the year.
const LONGEST_DAILY_WAIT: SignedDuration = SignedDuration::from_hours(26);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r1_pauses_grow_to_five_minutes_on_the_first_day_and_a_quarter_hour_later() {
        for failures in 0..40 {
            let first = pause_after(failures, SignedDuration::from_hours(1));
            let later = pause_after(failures, SignedDuration::from_hours(30));
            assert!(first >= SignedDuration::from_millis(1_500) && first <= SignedDuration::from_mins(5));
            assert!(later <= LONGEST_PAUSE);
        }
        assert!(pause_after(20, SignedDuration::from_hours(30)) > SignedDuration::from_mins(11));
    }
}

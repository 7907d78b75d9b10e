//! The writer: one thread, one connection, many closures per commit.
//!
//! Promises (fault catalogue S1 to S3, S6): a closure is answered only after the commit it belongs to is
//! synced; one that fails takes back its own changes and no others; a failed commit is the answer to its whole
//! group. There is no artificial delay: a group is what was queued while the group before it was written. A full
//! disk answers `Full` and is tried again with the next group; any other disk fault ends all writing until a
//! restart, because a later sync may report success for pages that never reached the disk.
//!
//! A savepoint costs as much as storing a webhook, because SQLite copies every page that is changed after it. So
//! closures that can be run again go first and without one; if one of them fails, the transaction is taken back
//! and the whole group is run anew, each closure in a savepoint of its own.

use std::cell::Cell;
use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::hooks::Wal;

use super::error::Fault;
use super::{Db, StoreError, open};
use crate::clock::Clock;
use crate::secrets::MasterKey;
use crate::sorted::Arrange;

/// The handle to the writer thread. Dropping it finishes what is queued.
pub(super) struct Writer {
    queue: SyncSender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
    broken: Arc<AtomicBool>,
    full: Arc<AtomicBool>,
    closed: AtomicBool,
}

enum Request {
    Work(Box<dyn Work>),
    Stop,
}

/// One closure with its way back. Two steps, because the answer waits for the commit.
trait Work: Send {
    fn queued_at(&self) -> Instant;
    /// Whether `run` may be called once more after its changes were taken back.
    fn can_run_again(&self) -> bool;
    /// Runs the closure. `Err` asks to take back what it did.
    fn run(&mut self, db: &Db<'_>) -> Result<(), StoreError>;
    /// Answers: the closure's own result after a commit, else why there was none.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Call<T, C, R> {
    queued_at: Instant,
    closure: C,
    result: Option<Result<T, StoreError>>,
    reply: R,
}

/// A closure of either kind.
pub(super) trait Closure<T>: Send {
    const CAN_RUN_AGAIN: bool;
    /// `None` when there is nothing left to run.
    fn call(&mut self, db: &Db<'_>) -> Option<Result<T, StoreError>>;
}

/// A closure that gives away what it holds.
pub(super) struct Once<F>(Option<F>);

/// A closure that can be run again after what it did was taken back.
pub(super) struct Repeatable<F>(pub F);

impl<F> Once<F> {
    pub(super) fn new(closure: F) -> Self {
        Self(Some(closure))
    }
}

impl<T, F> Closure<T> for Once<F>
where
    F: FnOnce(&Db<'_>) -> Result<T, StoreError> + Send,
{
    const CAN_RUN_AGAIN: bool = false;

    fn call(&mut self, db: &Db<'_>) -> Option<Result<T, StoreError>> {
        self.0.take().map(|closure| closure(db))
    }
}

impl<T, F> Closure<T> for Repeatable<F>
where
    F: Fn(&Db<'_>) -> Result<T, StoreError> + Send,
{
    const CAN_RUN_AGAIN: bool = true;

    fn call(&mut self, db: &Db<'_>) -> Option<Result<T, StoreError>> {
        Some((self.0)(db))
    }
}

/// The thread's side.
struct Loop {
    connection: Connection,
    queue: Receiver<Request>,
    key: MasterKey,
    clock: Clock,
    /// Set by the first disk fault and never taken back.
    broken: Arc<AtomicBool>,
    /// Pages in the log, as SQLite counts them at each commit.
    log_pages: i32,
    /// Pages at which the log is next moved into the database.
    checkpoint_at: i32,
    /// The log grew since the last complete checkpoint.
    unsaved: bool,
    stopping: bool,
    /// The last group found no room: said once, until there is room again.
    full: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn start(path: &Path, connection: Connection, key: MasterKey, clock: Clock) -> Result<Self, StoreError> {
        let (queue, requests) = sync_channel(QUEUE_LENGTH);
        let broken = Arc::new(AtomicBool::new(false));
        let full = Arc::new(AtomicBool::new(false));
        connection.wal_hook(Some(note_log_pages));
        // A checkpoint on closing would write pages after a disk fault; a clean stop makes its own.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let thread_side = Loop {
            connection,
            queue: requests,
            key,
            clock,
            broken: Arc::clone(&broken),
            log_pages: 0,
            checkpoint_at: LONG_LOG_PAGES,
            unsaved: true,
            stopping: false,
            full: Arc::clone(&full),
        };
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || thread_side.run());
        let thread = thread.map_err(|error| StoreError::folder(path, error))?;
        Ok(Self {
            queue,
            thread: Mutex::new(Some(thread)),
            broken,
            full,
            closed: AtomicBool::new(false),
        })
    }

    /// Queues a closure; `reply` is called on the writer thread.
    pub(super) fn submit<T, C, R>(&self, closure: C, reply: R) -> Result<(), StoreError>
    where
        T: Send + 'static,
        C: Closure<T> + 'static,
        R: FnOnce(Result<T, StoreError>) + Send + 'static,
    {
        let call = Call {
            queued_at: Instant::now(),
            closure,
            result: None,
            reply,
        };
        self.queue
            .try_send(Request::Work(Box::new(call)))
            .map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Closed,
            })
    }

    pub(super) fn healthy(&self) -> bool {
        !self.broken.load(Ordering::Acquire) && !self.closed.load(Ordering::Acquire)
    }

    pub(super) fn has_room(&self) -> bool {
        !self.full.load(Ordering::Acquire)
    }

    /// Finishes what is queued, empties the log and ends the thread. Blocks.
    pub(super) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        // An error means that the thread has ended already.
        drop(self.queue.send(Request::Stop));
        self.closed.store(true, Ordering::Release);
        // The last handle may be dropped inside a closure, on the writer thread itself.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the store's writer thread panicked");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<T, C, R> Work for Call<T, C, R>
where
    T: Send,
    C: Closure<T>,
    R: FnOnce(Result<T, StoreError>) + Send,
{
    fn queued_at(&self) -> Instant {
        self.queued_at
    }

    fn can_run_again(&self) -> bool {
        C::CAN_RUN_AGAIN
    }

    fn run(&mut self, db: &Db<'_>) -> Result<(), StoreError> {
        let called = catch_unwind(AssertUnwindSafe(|| self.closure.call(db)));
        let Some(result) = called.unwrap_or(Some(Err(StoreError::Panicked))) else {
            return Ok(());
        };
        let verdict = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let reply = self.reply;
        reply(match (committed, self.result) {
            (_, Some(Err(own))) => Err(own),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Err(error), _) => Err(error),
            // Only a closure that ran is told of a commit.
            (Ok(()), None) => Err(StoreError::Closed),
        });
    }
}

impl Loop {
    fn run(mut self) {
        while let Some(first) = self.next() {
            let mut group = vec![first];
            self.gather(&mut group);
            while !group.is_empty() {
                group = self.write_group(group);
            }
            self.checkpoint_if_long();
        }
        self.finish();
    }

    /// Waits for work; empties the log when there is none for a while.
    fn next(&mut self) -> Option<Box<dyn Work>> {
        loop {
            if self.stopping {
                return match self.queue.try_recv() {
                    Ok(Request::Work(work)) => Some(work),
                    Ok(Request::Stop) => continue,
                    Err(_) => None,
                };
            }
            let request = if self.unsaved && !self.is_broken() {
                self.queue.recv_timeout(IDLE)
            } else {
                self.queue.recv().map_err(|_| RecvTimeoutError::Disconnected)
            };
            match request {
                Ok(Request::Work(work)) => return Some(work),
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => self.stopping = true,
                Err(RecvTimeoutError::Timeout) => self.checkpoint("PASSIVE"),
            }
        }
    }

    /// Adds what is queued already, without waiting.
    fn gather(&mut self, group: &mut Vec<Box<dyn Work>>) {
        while group.len() < GROUP_LENGTH {
            match self.queue.try_recv() {
                Ok(Request::Work(work)) => group.push(work),
                Ok(Request::Stop) => self.stopping = true,
                Err(_) => return,
            }
        }
    }

    /// One transaction. Gives back what was not run because the transaction was lost before its turn.
    fn write_group(&mut self, group: Vec<Box<dyn Work>>) -> Vec<Box<dyn Work>> {
        let Some(mut group) = self.begin(group) else {
            return Vec::new();
        };
        // Those who wait at the same time cannot tell in which order they were served.
        group.arrange_by_key(|work| !work.can_run_again());
        let mut done = group.partition_point(|work| work.can_run_again());
        if let Err(error) = self.run_together(group.iter_mut().take(done)) {
            self.roll_back();
            // After a disk fault nothing is run again: `begin` refuses.
            self.judged(error);
            group = match self.begin(group) {
                Some(group) => group,
                None => return Vec::new(),
            };
            done = 0;
        }
        let mut outcome = Ok(());
        for work in group.iter_mut().skip(done) {
            done += 1;
            outcome = self.run_one(work.as_mut());
            if outcome.is_err() {
                break;
            }
        }
        let rest = group.split_off(done);
        let committed = outcome.and_then(|()| self.execute("COMMIT"));
        if committed.is_err() {
            self.roll_back();
        }
        if committed.is_ok() {
            self.unsaved = true;
            self.note_log();
        }
        let answer = committed.map_err(|error| self.judged(error));
        for work in group {
            work.answer(answer.clone());
        }
        rest
    }

    /// Opens the transaction. While another process holds the database, those who waited too long are
    /// answered `Busy`; `None` when nobody is left.
    fn begin(&mut self, mut group: Vec<Box<dyn Work>>) -> Option<Vec<Box<dyn Work>>> {
        loop {
            group = answer_late(group);
            if group.is_empty() {
                return None;
            }
            let error = if !self.is_broken() {
                match self.execute("BEGIN IMMEDIATE") {
                    Ok(()) => return Some(group),
                    Err(error) => self.judged(error),
                }
            } else {
                StoreError::Broken
            };
            if !matches!(error, StoreError::Busy) {
                group.drain(..).for_each(|work| work.answer(Err(error.clone())));
                return None;
            }
            self.gather(&mut group);
        }
    }

    /// Closures without savepoints. After an error nothing of the transaction may stay.
    fn run_together<'g>(&self, mut group: impl Iterator<Item = &'g mut Box<dyn Work>>) -> Result<(), StoreError> {
        let db = Db::new(&self.connection, &self.key, &self.clock);
        group.try_for_each(|work| work.run(&db))
    }

    /// Takes back the transaction, unless SQLite itself has.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // If even this fails, the connection refuses the next BEGIN and the store is marked broken there.
            drop(self.execute("ROLLBACK"));
        }
    }

    /// One closure in its savepoint. `Err` means that the whole transaction is lost.
    fn run_one(&self, work: &mut dyn Work) -> Result<(), StoreError> {
        self.execute("SAVEPOINT one")?;
        let verdict = work.run(&Db::new(&self.connection, &self.key, &self.clock));
        match verdict {
            Ok(()) => self.execute("RELEASE one"),
            // SQLite itself may have ended the transaction.
            Err(error) if self.connection.is_autocommit() => Err(error),
            Err(StoreError::Broken) => Err(StoreError::Broken),
            Err(_) => self
                .execute("ROLLBACK TO one")
                .and_then(|()| self.execute("RELEASE one")),
        }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Takes note of a disk fault, and says it once.
    fn judged(&mut self, error: StoreError) -> StoreError {
        match &error {
            StoreError::Broken if !self.broken.swap(true, Ordering::AcqRel) => {
                tracing::error!(
                    "the store stopped after a disk fault: nothing is accepted until mikrelay is started again; check the disk"
                );
            }
            StoreError::Full if !self.full.swap(true, Ordering::AcqRel) => {
                tracing::error!("the disk is full: the store accepts nothing until there is room");
            }
            _ => {}
        }
        error
    }

    /// Reads what the last commit left behind: nothing where there was nothing to write, which needs no room.
    fn note_log(&mut self) {
        let Some(pages) = LOG_PAGES.take() else { return };
        self.log_pages = pages;
        if self.full.swap(false, Ordering::AcqRel) {
            tracing::info!("there is room on the disk again");
        }
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    fn checkpoint_if_long(&mut self) {
        let pages = self.log_pages;
        if pages < LONG_LOG_PAGES {
            // The log started over.
            self.checkpoint_at = LONG_LOG_PAGES;
        }
        if self.is_broken() || pages < self.checkpoint_at {
            return;
        }
        self.checkpoint_at = pages.saturating_add(LONG_LOG_PAGES);
        if pages < TOO_LONG_LOG_PAGES {
            return self.checkpoint("PASSIVE");
        }
        // A reader keeps the log from starting over: wait until its query is stopped.
        self.with_patience(super::readers::QUERY_LIMIT_MS + 500, "RESTART");
    }

    /// Copies the log into the database. Never fails a write: what is in the log is safe.
    fn checkpoint(&mut self, mode: &str) {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let result = self
            .connection
            .query_row(&sql, [], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)));
        match result {
            Ok((in_log, copied)) => self.unsaved = copied < in_log,
            Err(error) if Fault::of(&error) == Fault::Disk => {
                self.judged(StoreError::Broken);
            }
            Err(error) => {
                // Tried again after the next write, not every moment.
                self.unsaved = false;
                tracing::warn!(%error, "the log of writes could not be moved into the database yet");
            }
        }
    }

    fn with_patience(&mut self, patience_ms: u64, mode: &str) {
        let patience = Duration::from_millis(patience_ms);
        if let Err(error) = self.connection.busy_timeout(patience) {
            tracing::warn!(%error, "the store's patience could not be set");
        }
        self.checkpoint(mode);
        if let Err(error) = self.connection.busy_timeout(open::BUSY_TIMEOUT) {
            tracing::warn!(%error, "the store's patience could not be set");
        }
    }

    fn finish(mut self) {
        if !self.is_broken() {
            self.checkpoint("TRUNCATE");
        }
    }
}

thread_local! {
    /// Pages in the log after the commit that was just made on this thread.
    static LOG_PAGES: Cell<Option<i32>> = const { Cell::new(None) };
}

/// Called by SQLite within a commit that wrote something.
fn note_log_pages(_: &Wal, pages: c_int) -> rusqlite::Result<()> {
    LOG_PAGES.set(Some(pages));
    Ok(())
}

/// Answers those who waited longer than anyone should, and gives back the others.
fn answer_late(group: Vec<Box<dyn Work>>) -> Vec<Box<dyn Work>> {
    let (late, in_time): (Vec<_>, Vec<_>) = group
        .into_iter()
        .partition(|work| work.queued_at().elapsed() > PATIENCE);
    late.into_iter().for_each(|work| work.answer(Err(StoreError::Busy)));
    in_time
}

/// What may wait to be written: some seconds of work on a slow disk, a few MiB of events at most.
pub(super) const QUEUE_LENGTH: usize = 1024;
/// Closures per commit: enough to share one sync among all connections, few enough to stay below 50 ms.
const GROUP_LENGTH: usize = 256;
/// How long a write may wait for its turn before it is refused. Gateways give up after 10 s or more.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// Quiet time after which the log is moved into the database.
const IDLE: Duration = Duration::from_millis(250);
/// 8 MiB of log (pages of 4 KiB): the checkpoint of that much is short, and few pages are copied twice.
const LONG_LOG_PAGES: i32 = 2_048;
/// 40 MiB: the log never passes 64 MiB, whatever readers do.
const TOO_LONG_LOG_PAGES: i32 = 10_240;

//! Reading beside the writer: a few read-only connections, each query bounded in time, so that no page can
//! hold an old view open and let the log grow (fault catalogue S9).

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};

use super::{Db, StoreError, open};
use crate::clock::Clock;
use crate::secrets::MasterKey;

pub(super) struct Readers(Arc<Pool>);

struct Pool {
    idle: Mutex<Vec<Reader>>,
    /// As many permits as connections: who holds one finds an idle connection.
    permits: Arc<Semaphore>,
    key: MasterKey,
    clock: Clock,
    start: Instant,
}

struct Reader {
    connection: Connection,
    /// When the running query is stopped, in milliseconds since the pool's start.
    deadline_ms: Arc<AtomicU64>,
}

/// A connection on loan; it goes back however the reading ends.
struct Loan<'p> {
    pool: &'p Pool,
    reader: Option<Reader>,
}

impl Readers {
    pub(super) fn open(path: &Path, key: MasterKey, clock: Clock) -> Result<Self, StoreError> {
        let start = Instant::now();
        let readers: Result<Vec<_>, _> = (0..CONNECTIONS).map(|_| Reader::open(path, start)).collect();
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        Ok(Self(Arc::new(Pool {
            idle: Mutex::new(readers?),
            permits,
            key,
            clock,
            start,
        })))
    }

    pub(super) async fn read<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // A receiver that is gone has no use for the answer.
        let reading = Box::new(move |pool: &Pool| drop(reply.send(pool.read(f))));
        self.run(reading).await?;
        answer.await.unwrap_or(Err(StoreError::Panicked))
    }

    /// The same for whatever is read: a hundred kinds of reading share this one copy of the machine code.
    async fn run(&self, reading: Box<dyn FnOnce(&Pool) + Send>) -> Result<(), StoreError> {
        let waiting = Arc::clone(&self.0.permits).acquire_owned();
        let permit = tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| StoreError::Busy)?;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let pool = Arc::clone(&self.0);
        let reading = tokio::task::spawn_blocking(move || {
            reading(&pool);
            drop(permit);
        });
        reading.await.map_err(|_| StoreError::Panicked)
    }

    /// Blocks. Outside the pool's permits: when all connections are lent, it waits for one by asking again.
    pub(super) fn read_now<T>(&self, f: impl FnOnce(&Db<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let permit = self.permit_now()?;
        let result = self.0.read(f);
        drop(permit);
        result
    }

    fn permit_now(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        let started = Instant::now();
        loop {
            match self.0.permits.try_acquire() {
                Ok(permit) => return Ok(permit),
                Err(_) if started.elapsed() > PATIENCE => return Err(StoreError::Busy),
                Err(_) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }
}

impl Pool {
    fn read<T>(&self, f: impl FnOnce(&Db<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let loan = self.lend()?;
        f(&Db::new(&loan.reader()?.connection, &self.key, &self.clock))
    }

    /// A connection in its read transaction.
    fn lend(&self) -> Result<Loan<'_>, StoreError> {
        let reader = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let loan = Loan { pool: self, reader };
        let reader = loan.reader()?;
        reader
            .deadline_ms
            .store(elapsed_ms(self.start).saturating_add(QUERY_LIMIT_MS), Ordering::Relaxed);
        reader.connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(loan)
    }
}

impl Loan<'_> {
    fn reader(&self) -> Result<&Reader, StoreError> {
        self.reader.as_ref().ok_or(StoreError::Busy)
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let Some(reader) = self.reader.take() else { return };
        reader.deadline_ms.store(u64::MAX, Ordering::Relaxed);
        if !reader.connection.is_autocommit() {
            let ended = reader
                .connection
                .prepare_cached("ROLLBACK")
                .and_then(|mut end| end.execute([]));
            if let Err(error) = ended {
                tracing::error!(%error, "a read transaction could not be ended");
            }
        }
        self.pool
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(reader);
    }
}

impl Reader {
    fn open(path: &Path, start: Instant) -> Result<Self, StoreError> {
        let connection = open::read_only(path)?;
        let deadline_ms = Arc::new(AtomicU64::new(u64::MAX));
        let watched = Arc::clone(&deadline_ms);
        let over = move || elapsed_ms(start) > watched.load(Ordering::Relaxed);
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(over))?;
        Ok(Self {
            connection,
            deadline_ms,
        })
    }
}

fn elapsed_ms(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Two cores and queries of microseconds: more connections would only cost memory.
const CONNECTIONS: usize = 3;
/// How long a reader waits for a connection before it is told that the store is busy.
const PATIENCE: Duration = Duration::from_secs(5);
/// No page needs a tenth of this; what takes longer is stopped so that the log can be emptied.
pub(super) const QUERY_LIMIT_MS: u64 = 2_000;
/// SQLite's virtual machine steps between two looks at the clock: well under a millisecond of work.
const STEPS_BETWEEN_CHECKS: i32 = 4_000;

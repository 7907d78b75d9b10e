//! The store: one SQLite database, one writer thread that groups commits, readers beside it.
//!
//! Promises: a write that was answered `Ok` is on the disk (synced); a write that fails leaves no trace and
//! does not touch its neighbours; queue, readers, query time and log size are bounded; secrets are sealed
//! with the master key before SQLite sees them. The methods on the data itself are on `Db`, one file per word.
//! It deliberately keeps no business rules, and nobody outside this folder knows which database it is.

mod api_keys;
mod audit;
mod backup;
mod card_sales;
mod columns;
mod directory;
mod endpoints;
mod error;
mod health;
mod hooks;
mod inbox;
mod jobs;
mod ledger;
mod links;
mod lock;
mod logos;
mod meta;
mod migrate;
mod mikhmon;
mod open;
mod orders;
mod outbox;
mod params;
mod products;
mod readers;
mod reading;
mod references;
mod refunds;
mod retention;
mod sales;
mod telegram;
mod unplaced;
mod users;
mod writer;

pub use audit::AuditFilter;
pub use backup::backup;
pub use card_sales::Claim;
pub use error::StoreError;
pub use hooks::HookFilter;
pub use inbox::{EventFilter, SealedEvent};
pub use links::{LinkRequest, Sought};
pub use lock::{DirLock, lock_data_dir};
pub use logos::NewLogo;
pub use mikhmon::ValidityWatch;
pub use orders::OrderFilter;
pub use reading::{Reading, Soundness, check_soundness, sizes};
pub use refunds::NewRefund;
pub use retention::Expendable;
pub use sales::SalesLine;
pub use users::NewUser;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::clock::Clock;
use crate::company::Directory;
use crate::event::NewEvent;
use crate::secrets::MasterKey;
use columns::Statements;
use readers::Readers;
use writer::{Once, Repeatable, Writer};

/// The relay's memory. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    writer: Writer,
    readers: Readers,
    key: MasterKey,
    snapshot: RwLock<Snapshot>,
    /// The `poke` counter as last seen.
    poke: AtomicI64,
}

/// The business records as of one version of them.
struct Snapshot {
    version: i64,
    directory: Arc<Directory>,
}

/// The inside of one transaction: everything that can be asked or stored, in one file per word.
pub struct Db<'a> {
    statements: Statements<'a>,
    key: &'a MasterKey,
    clock: &'a Clock,
}

impl Store {
    /// Opens the database file, making it where there is none, and brings its schema to this version.
    /// Refuses damaged, foreign and newer databases without changing them.
    pub fn open(path: &Path, key: MasterKey, clock: Clock) -> Result<Self, StoreError> {
        let connection = open::writable(path, &key)?;
        let readers = Readers::open(path, key.clone(), clock.clone())?;
        let writer = Writer::start(path, connection, key.clone(), clock)?;
        let (snapshot, poke) = readers.read_now(|db| {
            let version = db.directory_version()?;
            Ok((
                Snapshot {
                    version,
                    directory: Arc::new(db.load_directory()?),
                },
                db.poke_count()?,
            ))
        })?;
        let inner = Inner {
            writer,
            readers,
            key,
            snapshot: RwLock::new(snapshot),
            poke: AtomicI64::new(poke),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Opens `mikrelay.db` in a data folder with the key in `key_file`. The key is made only together with
    /// the database: where one exists, a missing key is an error.
    pub fn open_folder(data_dir: &Path, key_file: &Path, clock: Clock) -> Result<Self, StoreError> {
        lock::make_folder(data_dir)?;
        let path = data_dir.join(DATABASE_FILE);
        let exists = path.try_exists().map_err(|error| StoreError::folder(&path, error))?;
        let key = if exists {
            MasterKey::load(key_file)?
        } else {
            MasterKey::load_or_create(key_file)?
        };
        Self::open(&path, key, clock)
    }

    /// Runs `f` on the writer thread in its own savepoint and resolves when its group is committed and
    /// synced. `Err` from `f` takes back what it did. A full queue answers `Busy` at once.
    ///
    /// Dropping the future does not stop the write.
    pub async fn write<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = tokio::sync::oneshot::channel();
        // A receiver that is gone has no use for the answer.
        self.0
            .writer
            .submit(Once::new(f), move |result| drop(reply.send(result)))?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// `write` for closures that may be run twice, the second time after all that the first one did was taken
    /// back. They need no savepoint, which makes them much cheaper.
    pub async fn write_repeatable<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = tokio::sync::oneshot::channel();
        self.0
            .writer
            .submit(Repeatable(f), move |result| drop(reply.send(result)))?;
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Makes an event ready for `Db::insert_event`.
    pub fn seal_event(&self, event: NewEvent) -> Result<SealedEvent, StoreError> {
        SealedEvent::new(&self.0.key, event)
    }

    /// Runs `f` in one read transaction on a pool thread: a consistent view, bounded in time.
    pub async fn read<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.0.readers.read(f).await
    }

    /// `write` for the command line: blocks, and wakes a relay that serves the same database.
    pub fn write_now<T, F>(&self, f: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Db<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let poking = |db: &Db<'_>| {
            let value = f(db)?;
            db.poke()?;
            Ok(value)
        };
        self.0
            .writer
            .submit(Once::new(poking), move |result| drop(reply.send(result)))?;
        answer.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// `read` for the command line: blocks.
    pub fn read_now<T>(&self, f: impl FnOnce(&Db<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.0.readers.read_now(f)
    }

    /// The business records as last read; cheap.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).directory)
    }

    /// Reads the business records again if anyone, this process or another, changed them. Says whether.
    pub async fn refresh_directory(&self) -> Result<bool, StoreError> {
        let known = self.0.snapshot.read().unwrap_or_else(PoisonError::into_inner).version;
        let read = move |db: &Db<'_>| {
            let version = db.directory_version()?;
            if version == known {
                return Ok(None);
            }
            Ok(Some(Snapshot {
                version,
                directory: Arc::new(db.load_directory()?),
            }))
        };
        let Some(found) = self.read(read).await? else {
            return Ok(false);
        };
        let mut snapshot = self.0.snapshot.write().unwrap_or_else(PoisonError::into_inner);
        // Two refreshes may overtake each other: the newer view stays.
        let newer = found.version > snapshot.version;
        if newer {
            *snapshot = found;
        }
        Ok(newer)
    }

    /// Whether another process wrote (`write_now`) since the last call, so that there may be jobs to do.
    pub async fn poked(&self) -> Result<bool, StoreError> {
        let count = self.read(|db| db.poke_count()).await?;
        Ok(self.0.poke.swap(count, Ordering::AcqRel) != count)
    }

    /// Whether writes can work: false after a disk fault and after `close`. For readiness.
    pub fn healthy(&self) -> bool {
        self.0.writer.healthy()
    }

    /// Whether the last write found room on the disk. For readiness.
    pub fn has_room(&self) -> bool {
        self.0.writer.has_room()
    }

    /// Finishes what is queued, moves the log into the database and stops the writer. Later writes answer
    /// `Closed`; reads go on.
    pub async fn close(&self) {
        let inner = Arc::clone(&self.0);
        let stopped = tokio::task::spawn_blocking(move || inner.writer.stop()).await;
        if let Err(error) = stopped {
            tracing::error!(%error, "the store's writer could not be stopped cleanly");
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("healthy", &self.healthy())
            .finish_non_exhaustive()
    }
}

/// The database's name in the data folder.
pub const DATABASE_FILE: &str = "mikrelay.db";

#[cfg(test)]
mod tests;

//! What can go wrong with the store, in sentences that say what to do. Every error can be cloned, because one
//! failed commit is the answer to a whole group of writers.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::secrets::SecretError;

/// Why the store did not do what it was asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue is full, or another program holds the database: try again in a moment.
    #[error("the store is busy; try again in a moment")]
    Busy,
    /// The disk has no room. Nothing was stored; it works again when there is room.
    #[error("the disk is full; make room, the store goes on by itself")]
    Full,
    /// A write or sync failed in a way that leaves unknown what is on the disk. Only a restart helps.
    #[error("the store stopped after a disk fault; check the disk and the system's log, then start mikrelay again")]
    Broken,
    #[error("the store is closed")]
    Closed,
    #[error("a query took longer than {limit_ms} ms and was stopped")]
    TooSlow { limit_ms: u64 },
    /// A value that must be unique is taken, such as a gateway's id of a payment.
    #[error("a record with the same unique value exists already")]
    Exists { source: Arc<rusqlite::Error> },
    /// Another record needs this one, or this one names a record that is not there.
    #[error("a record refers to one that is missing, or is still needed by others")]
    Related { source: Arc<rusqlite::Error> },
    #[error("no {what} `{id}` in the store")]
    NotFound { what: &'static str, id: String },
    /// A stored value this program does not understand: a newer program wrote it, or it was edited by hand.
    #[error("the stored {what} cannot be read: `{value}`")]
    Unreadable { what: &'static str, value: String },
    #[error("a stored secret cannot be read")]
    Secret(#[from] SecretError),
    #[error("the database reports a fault")]
    Sqlite { source: Arc<rusqlite::Error> },
    /// A closure panicked; its changes were taken back.
    #[error("an operation on the store failed inside the program; please report it with the log")]
    Panicked,

    // Opening.
    #[error(
        "the database `{}` was made with another master key; restore the `master.key` that belongs to it", .path.display()
    )]
    WrongKey { path: PathBuf },
    #[error(
        "the database `{}` was made by a newer mikrelay (schema {found}, this program knows {known}); \
         install that version again, or restore a backup from before the upgrade", .path.display()
    )]
    NewerSchema { path: PathBuf, found: i64, known: i64 },
    #[error(
        "the database `{}` was made by an older mikrelay (schema {found}, this program knows {known}); \
         `mikrelay serve` brings it up to date", .path.display()
    )]
    OlderSchema { path: PathBuf, found: i64, known: i64 },
    #[error("the database `{}` is empty (0 bytes), so it was damaged; restore a backup, or move the file away to start anew", .path.display())]
    Empty { path: PathBuf },
    #[error("`{}` is not a database of mikrelay; restore a backup, or choose another `data_dir`", .path.display())]
    NotOurs { path: PathBuf },
    #[error("the database `{}` is damaged; restore a backup, the damaged file was not changed", .path.display())]
    Damaged {
        path: PathBuf,
        source: Option<Arc<rusqlite::Error>>,
    },
    #[error("`{}` is there but its database is not; restore the database, or move this file away to start anew", .path.display())]
    Orphan { path: PathBuf },
    #[error("the database `{}` or its folder is read-only; give the user that runs mikrelay the right to write", .path.display())]
    ReadOnly { path: PathBuf },
    #[error("the file system of `{}` cannot hold a write-ahead log; put `data_dir` on a local disk", .path.display())]
    NoLog { path: PathBuf },
    #[error("cannot use `{}`; it must be writable for the user that runs mikrelay", .path.display())]
    Folder { path: PathBuf, source: Arc<io::Error> },
    #[error("another mikrelay already serves `{}`; stop it first", .path.display())]
    InUse { path: PathBuf },
    #[error("the database `{}` could not be brought to this version; it is unchanged", .path.display())]
    Migration {
        path: PathBuf,
        source: Arc<rusqlite_migration::Error>,
    },
}

impl StoreError {
    /// Whether the same request may work in a moment, without a person.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::TooSlow { .. })
    }

    pub(super) fn folder(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Folder {
            path: path.into(),
            source: Arc::new(source),
        }
    }

    pub(super) fn unreadable(what: &'static str, value: impl ToString) -> Self {
        Self::Unreadable {
            what,
            value: value.to_string(),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match Fault::of(&error) {
            Fault::Busy => Self::Busy,
            Fault::Full => Self::Full,
            Fault::Disk => {
                // The variant that is answered to many keeps no cause; the log does.
                tracing::error!(%error, "the database reports a disk fault");
                Self::Broken
            }
            Fault::Unique => Self::Exists {
                source: Arc::new(error),
            },
            Fault::Relation => Self::Related {
                source: Arc::new(error),
            },
            Fault::Interrupted => Self::TooSlow {
                limit_ms: super::readers::QUERY_LIMIT_MS,
            },
            Fault::Other => Self::Sqlite {
                source: Arc::new(error),
            },
        }
    }
}

/// The kinds of SQLite faults that are treated apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Busy,
    Full,
    /// What reached the disk is unknown: never go on with this connection.
    Disk,
    Unique,
    Relation,
    Interrupted,
    Other,
}

impl Fault {
    pub(super) fn of(error: &rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            return Self::Other;
        };
        match (failure.code, failure.extended_code) {
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Busy,
            // The shared index of the log could not grow: no room, nothing was written.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::Full,
            (ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Self::Disk,
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Self::Unique,
            (_, ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Self::Relation,
            (ErrorCode::OperationInterrupted, _) => Self::Interrupted,
            _ => Self::Other,
        }
    }
}

//! Opening the database file (fault catalogue S4, S5, C3, K8).
//!
//! A new database is made whole under another name and then put in its place, so that an empty file under the
//! database's name always means damage; such a file is refused and never replaced.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::reading::Soundness;
use super::{StoreError, lock, migrate};
use crate::secrets::{self, MasterKey};

/// A connection that may write, on a database of this program's schema and this key.
pub(super) fn writable(path: &Path, key: &MasterKey) -> Result<Connection, StoreError> {
    if !path.try_exists().map_err(|error| StoreError::folder(path, error))? {
        create(path, key)?;
    }
    check_file(path)?;
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let mut connection = opened.map_err(|error| named(path, error))?;
    if connection.is_readonly("main")? {
        return Err(StoreError::ReadOnly { path: path.to_owned() });
    }
    let examined = examine(path, &connection).and_then(|()| check_key(path, &connection, key));
    examined.map_err(|error| named(path, error))?;
    migrate::to_latest(path, &mut connection)?;
    prepare_for_writing(path, &connection).map_err(|error| named(path, error))?;
    Ok(connection)
}

/// A connection to a database that is there, of this schema or an older one, which stays as it is.
pub(super) fn existing(path: &Path) -> Result<Connection, StoreError> {
    check_file(path)?;
    let opened = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE);
    let connection = opened.map_err(|error| named(path, error))?;
    examine(path, &connection).map_err(|error| named(path, error))?;
    Ok(connection)
}

/// A connection that can only read. The database must be open for writing already.
pub(super) fn read_only(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Whether a database can be read as it is: ours, of exactly this schema, and made with this key. Writes nothing.
pub(super) fn check_readable(path: &Path, key: &MasterKey) -> Result<(), StoreError> {
    check_file(path)?;
    let connection = read_only(path).map_err(|error| named(path, error))?;
    let examined = examine(path, &connection)
        .and_then(|()| migrate::refuse_older(path, &connection))
        .and_then(|()| check_key(path, &connection, key));
    examined.map_err(|error| named(path, error))
}

/// Goes through the whole file, for `limit` at the longest.
pub(super) fn check_whole(path: &Path, limit: Duration) -> Result<Soundness, StoreError> {
    let connection = read_only(path)?;
    let begun = Instant::now();
    connection.progress_handler(STEPS_BETWEEN_LOOKS, Some(move || begun.elapsed() > limit))?;
    let verdict = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match verdict {
        Ok(verdict) if verdict == "ok" => Ok(Soundness::Sound),
        Ok(verdict) => Ok(Soundness::Damaged(verdict)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Ok(Soundness::Unfinished),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Soundness::Damaged(error.to_string())),
            _ => Err(error.into()),
        },
    }
}

fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    let opened = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    let connection = opened.map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            StoreError::ReadOnly { path: path.to_owned() }
        }
        _ => error.into(),
    })?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Else every new time in `due_at <= ?` has the statement planned again, on each run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    Ok(connection)
}

fn prepare_for_writing(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::NoLog { path: path.to_owned() });
    }
    // The first change to this mode leaves a transaction open, which a checkpoint refuses; whatever reads next ends it.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", KEPT_LOG_BYTES)?;
    Ok(())
}

/// Makes a whole database beside `path` and puts it there.
fn create(path: &Path, key: &MasterKey) -> Result<(), StoreError> {
    for suffix in ["-wal", "-journal"] {
        let orphan = with_suffix(path, suffix);
        // Writes that belong to a database that is gone: a new one beside them would bury them.
        if fs::metadata(&orphan).is_ok_and(|found| found.len() > 0) {
            return Err(StoreError::Orphan { path: orphan });
        }
    }
    let draft = with_suffix(path, &format!(".new-{}", secrets::random_token(40)));
    let made = fill_draft(&draft, key);
    let placed =
        made.and_then(|()| secrets::put_in_place(&draft, path).map_err(|error| StoreError::folder(path, error)));
    if placed.is_err() {
        // Best effort: the error that matters is the one above.
        drop(fs::remove_file(&draft));
    }
    placed
}

fn fill_draft(draft: &Path, key: &MasterKey) -> Result<(), StoreError> {
    let options = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(lock::PRIVATE_FILE)
        .open(draft);
    options.map_err(|error| StoreError::folder(draft, error))?;
    let mut connection = connect(draft, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    migrate::to_latest(draft, &mut connection)?;
    let check = key.seal(KEY_CHECK, KEY_CHECK_TEXT);
    connection.execute("INSERT INTO meta (name, value) VALUES ('key_check', ?1)", [check])?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// What can be seen without SQLite: is it a file, is it empty, does it begin like a database.
fn check_file(path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::folder(path, error);
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    if found.len() == 0 {
        return Err(StoreError::Empty { path: path.to_owned() });
    }
    let mut head = Vec::new();
    File::open(path)
        .and_then(|file| file.take(16).read_to_end(&mut head))
        .map_err(failed)?;
    if head != SQLITE_HEADER {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    Ok(())
}

/// Ours, not newer, and (while that is quick) whole.
fn examine(path: &Path, connection: &Connection) -> Result<(), StoreError> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(StoreError::NotOurs { path: path.to_owned() });
    }
    migrate::refuse_newer(path, connection)?;
    let size = fs::metadata(path)
        .map_err(|error| StoreError::folder(path, error))?
        .len();
    if size <= CHECKED_WHOLE_BYTES {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Damaged {
                path: path.to_owned(),
                source: None,
            });
        }
    }
    Ok(())
}

fn check_key(path: &Path, connection: &Connection, key: &MasterKey) -> Result<(), StoreError> {
    let sealed: Vec<u8> =
        connection.query_row("SELECT value FROM meta WHERE name = 'key_check'", [], |row| row.get(0))?;
    match key.open(KEY_CHECK, &sealed) {
        Ok(text) if text == KEY_CHECK_TEXT => Ok(()),
        _ => Err(StoreError::WrongKey { path: path.to_owned() }),
    }
}

/// While opening, a fault of the file names the file.
fn named(path: &Path, error: StoreError) -> StoreError {
    match error {
        StoreError::Broken => StoreError::Damaged {
            path: path.to_owned(),
            source: None,
        },
        StoreError::Sqlite { source } => StoreError::Damaged {
            path: path.to_owned(),
            source: Some(source),
        },
        other => other,
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// The file of the log of writes.
pub(super) fn log_path(path: &Path) -> PathBuf {
    with_suffix(path, "-wal")
}

const SQLITE_HEADER: &[u8] = b"SQLite format 3\0";
/// `mikr`; set by the first migration.
const APPLICATION_ID: i64 = 0x6d69_6b72;
/// SQLite's steps between two looks at the clock: a few milliseconds.
const STEPS_BETWEEN_LOOKS: i32 = 20_000;
const KEY_CHECK: &str = "meta.key_check";
const KEY_CHECK_TEXT: &[u8] = b"mikrelay";
/// How long SQLite itself waits for another process. Short, so that the writer can answer those who waited
/// too long in between.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_millis(250);
/// More than the statements there are, so that none is ever prepared twice.
const CACHED_STATEMENTS: usize = 128;
/// Page cache per connection: small, because the machine is.
const CACHE_KIB: i64 = 2048;
/// How much of the log file is kept after a checkpoint: overwriting is faster than growing.
const KEPT_LOG_BYTES: i64 = 8 * 1024 * 1024;
/// A check of this much takes less than 100 ms; larger databases are checked by `doctor`.
const CHECKED_WHOLE_BYTES: u64 = 32 * 1024 * 1024;

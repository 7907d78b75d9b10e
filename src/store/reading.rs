//! A database that is only looked at: nothing is made, brought up to date or written, and a relay may serve it
//! meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::readers::Readers;
use super::{DATABASE_FILE, Db, StoreError, open};
use crate::clock::Clock;
use crate::company::Directory;
use crate::secrets::MasterKey;

/// An open database and the business records in it.
pub struct Reading {
    readers: Readers,
    directory: Arc<Directory>,
    path: PathBuf,
}

/// What a check of the whole file came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Soundness {
    Sound,
    /// SQLite's own words for the first fault.
    Damaged(String),
    /// There was no time for all of it.
    Unfinished,
}

impl Reading {
    /// Opens the database of a data folder; `None` where there is none yet.
    pub fn open_folder(data_dir: &Path, key_file: &Path, clock: Clock) -> Result<Option<Self>, StoreError> {
        let path = data_dir.join(DATABASE_FILE);
        if !path.try_exists().map_err(|error| StoreError::folder(&path, error))? {
            return Ok(None);
        }
        let key = MasterKey::load(key_file)?;
        open::check_readable(&path, &key)?;
        let readers = Readers::open(&path, key, clock)?;
        let directory = Arc::new(readers.read_now(|db| db.load_directory())?);
        Ok(Some(Self {
            readers,
            directory,
            path,
        }))
    }

    /// The business records.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `f` in one read transaction; blocks.
    pub fn read_now<T>(&self, f: impl FnOnce(&Db<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.readers.read_now(f)
    }
}

/// Goes through the whole file, for `limit` at the longest. Blocks.
pub fn check_soundness(path: &Path, limit: Duration) -> Result<Soundness, StoreError> {
    open::check_whole(path, limit)
}

/// The sizes of a database and of its log in bytes; nothing where there is no file.
pub fn sizes(path: &Path) -> (u64, u64) {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    (size(path), size(&open::log_path(path)))
}

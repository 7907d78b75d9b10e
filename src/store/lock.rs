//! One serving relay per data folder (fault catalogue K7). The lock ends with the process, however it ends;
//! commands such as `apply` and `order` work beside it and do not take it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use super::StoreError;

/// Held for as long as the relay serves.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

/// Takes the data folder (made where there is none) for this process.
pub fn lock_data_dir(dir: &Path) -> Result<DirLock, StoreError> {
    make_folder(dir)?;
    let path = dir.join(LOCK_FILE);
    let failed = |error| StoreError::folder(&path, error);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(PRIVATE_FILE)
        .open(&path);
    let file = file.map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(DirLock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: dir.to_owned() }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Makes the folder, for its owner only.
pub(super) fn make_folder(dir: &Path) -> Result<(), StoreError> {
    let made = DirBuilder::new().recursive(true).mode(PRIVATE_FOLDER).create(dir);
    made.map_err(|error| StoreError::folder(dir, error))
}

const LOCK_FILE: &str = "mikrelay.lock";
pub(super) const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_FOLDER: u32 = 0o700;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k7_a_second_relay_on_one_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("data");
        let first = lock_data_dir(&dir).unwrap();
        let refused = lock_data_dir(&dir).unwrap_err();
        assert!(matches!(refused, StoreError::InUse { .. }), "{refused}");
        assert!(refused.to_string().contains("stop it first"));
        drop(first);
        lock_data_dir(&dir).unwrap();
    }

    #[test]
    fn s5_a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = lock_data_dir(&file.join("data")).unwrap_err();
        assert!(error.to_string().contains("file/data"), "{error}");
        assert!(error.to_string().contains("writable"), "{error}");
    }
}

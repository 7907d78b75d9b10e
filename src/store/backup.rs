//! A copy of the database as it is at one moment, made while a relay writes on. The copy is whole or not there: it is
//! filled and checked under another name first. It deliberately does not change the original, so an older database can
//! be copied before an upgrade.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{StoreError, lock, open};
use crate::secrets;

/// Copies the database file `from` to the new file `to`, which only its owner can read. What is sealed stays sealed.
/// Answers the copy's size in bytes. Blocks.
pub fn backup(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let source = open::existing(from)?;
    let draft = open::with_suffix(to, &format!(".new-{}", secrets::random_token(DRAFT_BITS)));
    let copied = fill(&source, &draft).and_then(|()| place(&draft, to).map_err(|error| StoreError::folder(to, error)));
    if copied.is_err() {
        // Best effort: the error that matters is the one above.
        drop(fs::remove_file(&draft));
    }
    copied
}

fn fill(source: &Connection, draft: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::folder(draft, error);
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(lock::PRIVATE_FILE)
        .open(draft);
    made.map_err(failed)?;
    // One reading transaction: writers go on beside it, and none of what they write meanwhile gets in.
    let name = draft
        .to_str()
        .ok_or_else(|| failed(io::Error::from(io::ErrorKind::InvalidFilename)))?;
    source.execute("VACUUM INTO ?1", [name])?;
    let copy = Connection::open_with_flags(draft, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(StoreError::Damaged {
            path: draft.to_owned(),
            source: None,
        });
    }
    Ok(())
}

/// Gives the complete copy its name. `AlreadyExists` where somebody else was faster.
fn place(draft: &Path, to: &Path) -> io::Result<u64> {
    let file = File::open(draft)?;
    file.sync_all()?;
    match fs::hard_link(draft, to) {
        Ok(()) => fs::remove_file(draft)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
        // Some file systems have no links; a rename is as atomic, only not exclusive.
        Err(_) => fs::rename(draft, to)?,
    }
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(file.metadata()?.len())
}

const DRAFT_BITS: usize = 40;

//! How much room there is for the data folder.

use std::io;
use std::path::Path;

use super::finding::{Finding, Kind};

/// The file system of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// For programs that are not the system's own.
    pub free_bytes: u64,
    pub total_bytes: u64,
}

impl Room {
    pub fn of(folder: &Path) -> io::Result<Self> {
        let found = rustix::fs::statvfs(folder)?;
        Ok(Self {
            free_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }
}

/// What the database takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    pub database_bytes: u64,
    pub log_bytes: u64,
}

pub(super) fn judge(folder: &Path, room: &io::Result<Room>, sizes: Sizes) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folder = folder.display();
    match room {
        Err(error) => findings.push(Finding::new(
            Kind::DiskUnknown,
            format!("the free room of `{folder}` cannot be read: {error}"),
            "look with `df -h`",
        )),
        Ok(room) => {
            let what = format!(
                "{} of {} free for `{folder}`",
                shown_bytes(room.free_bytes),
                shown_bytes(room.total_bytes)
            );
            let fix = "make room: old logs and backups first; orders, webhooks and mails shrink by themselves with age";
            findings.push(match room.free_bytes {
                ..FULL_BYTES => Finding::new(Kind::DiskFull, what, fix),
                FULL_BYTES..LOW_BYTES => Finding::new(Kind::DiskLow, what, fix),
                _ => Finding::ok(what),
            });
        }
    }
    let what = format!(
        "the database takes {}, its log {}",
        shown_bytes(sizes.database_bytes),
        shown_bytes(sizes.log_bytes)
    );
    findings.push(if sizes.log_bytes > LARGE_LOG_BYTES {
        Finding::new(
            Kind::WalLarge,
            what,
            "is another program reading the database for hours, a backup or an `sqlite3` shell? End it; if that does not \
             help, restart the relay",
        )
    } else {
        Finding::ok(what)
    });
    findings
}

/// `1.4 GiB`.
pub(super) fn shown_bytes(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.into_iter().find(|(_, size)| bytes >= *size) {
        Some((unit, size)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(size);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

/// A day of a busy shop is a few megabytes, and a checkpoint needs as much again.
const FULL_BYTES: u64 = 64 << 20;
/// Weeks of it; enough time to react.
const LOW_BYTES: u64 = 512 << 20;
/// The log of a healthy relay stays below (fault catalogue S9).
const LARGE_LOG_BYTES: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_for_people() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (1_023, "1023 bytes"),
            (1_536, "1.5 KiB"),
            (64 << 20, "64.0 MiB"),
            (u64::MAX, "17179869183.9 GiB"),
        ] {
            assert_eq!(shown_bytes(bytes), text);
        }
    }

    #[test]
    fn this_machine_has_some_room() {
        let room = Room::of(Path::new("/")).unwrap();
        assert!(room.total_bytes > 0 && room.free_bytes <= room.total_bytes);
    }
}

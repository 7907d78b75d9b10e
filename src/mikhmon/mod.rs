//! The formats by which Mikhmon keeps its business on a router: what it reads, what it writes, what the relay must leave
//! alone. Pure: texts in, words out. Nothing here talks to a router.
//!
//! Source of all of it: facts `mikhmon.md`.

mod profile;

pub use profile::{Expiry, ExpiryMode, ProfileScript, ScriptDates, Validity, prints_iso_dates, writes_record};

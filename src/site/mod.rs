//! The business file: what `apply` reads and `export` writes. Reading is strict and finds all faults it can
//! before it gives up; applying is idempotent; exporting never prints a secret.

mod accounts;
mod apply;
mod export;
mod keep;
mod one;
mod raw;
mod read;
mod record;
mod same;
mod secret;

use std::io;
use std::path::PathBuf;

use crate::company::{Account, Company, Hotspot, Router};
use crate::config::Fault;
use crate::plan::Plan;

pub use apply::{Summary, apply};
pub use export::{export, records};
pub use keep::has_key_of_other_mode;
pub use one::{Related, needs, put, remove};
pub use read::{SHORTEST_UUID, read};
pub use record::Record;
pub use secret::KEEP;
pub use secret::is_sample;

/// A business file, checked. A secret that says "keep what is stored" stands here as `(kept)`; `apply` puts the
/// stored one in its place.
#[derive(Clone, Debug, Default)]
pub struct Site {
    pub companies: Vec<Company>,
    pub routers: Vec<SiteRouter>,
    pub hotspots: Vec<Hotspot>,
    pub accounts: Vec<Account>,
    pub plans: Vec<Plan>,
}

/// What a business file has records of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Company,
    Router,
    Hotspot,
    Account,
    Plan,
}

impl Kind {
    /// Its heading in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Router => "router",
            Self::Hotspot => "hotspot",
            Self::Account => "account",
            Self::Plan => "plan",
        }
    }
}

/// A router of the file; what the file leaves out is kept from the store.
#[derive(Clone, Debug)]
pub struct SiteRouter {
    /// Without credentials in the file, those in the store stay: they may have been learnt from a callback.
    pub router: Router,
    /// The file names no access UUID: the stored one stays, a new router gets the one drawn here.
    pub keep_uuid: bool,
}

/// Why a business file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error("cannot read `{}`", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the business file is not TOML as expected: {0}")]
    Syntax(Fault),
    #[error("the business file has {} to mend:\n{}", .0.len(), list(.0))]
    Faults(Vec<Flaw>),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// One thing to mend in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// `router`, `plan` …
    pub kind: &'static str,
    pub id: String,
    /// What is wrong and what to write instead. Never holds a secret.
    pub sentence: String,
}

fn list(flaws: &[Flaw]) -> String {
    let lines: Vec<_> = flaws
        .iter()
        .map(|flaw| format!("  {} `{}`: {}", flaw.kind, flaw.id, flaw.sentence))
        .collect();
    lines.join("\n")
}

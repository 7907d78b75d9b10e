//! `mikrelay apply`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::fault::hinted;
use super::open;
use crate::audit::{Actor, Changes};
use crate::site::{self, Site, SiteError, Summary};
use crate::store::{Store, StoreError};

/// What may be said after `apply`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The business file
    file: PathBuf,
    /// Also remove what the file does not name
    #[arg(long)]
    prune: bool,
}

impl Args {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        run(&open(config)?, &self.file, self.prune, out)
    }
}

/// Reads a business file from disk.
pub fn read(file: &Path) -> Result<Site> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        hinted(
            format!("cannot read `{}`: {error}", file.display()),
            "name your business file; `mikrelay export` prints one of what is stored",
        )
    })?;
    let folder = file.parent().unwrap_or(Path::new("."));
    Ok(site::read(&text, folder)?)
}

/// Applies a file as one commit. Faults of the file are found before anything is written.
pub fn write(store: &Store, site: Site, prune: bool) -> Result<Result<Summary, SiteError>, StoreError> {
    write_as(store, site, prune, "apply")
}

/// The same for another command, under its own name in the audit log.
pub(super) fn write_as(
    store: &Store,
    site: Site,
    prune: bool,
    command: &'static str,
) -> Result<Result<Summary, SiteError>, StoreError> {
    store.write_now(move |db| match site::apply(&site, db, prune) {
        Err(SiteError::Store(error)) => Err(error),
        Ok(summary) => {
            let changes = Changes::none()
                .value("created", None::<&str>, told(&summary.created))
                .value("updated", None::<&str>, told(&summary.updated))
                .value("removed", told(&summary.removed), None::<&str>);
            if !changes.is_empty() {
                db.add_audit(&Actor::command(command).did(None, "business file", changes))?;
            }
            Ok(Ok(summary))
        }
        result => Ok(result),
    })
}

fn told(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| names.join(", "))
}

pub fn run(store: &Store, file: &Path, prune: bool, out: &mut dyn Write) -> Result<()> {
    let site = read(file)?;
    let summary = write(store, site, prune)??;
    for (word, names) in [
        ("created", &summary.created),
        ("updated", &summary.updated),
        ("removed", &summary.removed),
    ] {
        for name in names {
            writeln!(out, "{word} {name}")?;
        }
    }
    for name in &summary.kept {
        writeln!(out, "kept {name}: orders need it")?;
    }
    writeln!(
        out,
        "{} created, {} updated, {} removed, {} unchanged",
        summary.created.len(),
        summary.updated.len(),
        summary.removed.len(),
        summary.unchanged
    )?;
    Ok(())
}

//! `mikrelay backup`: a copy of the database, made while a relay serves.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::fault::hinted;
use super::load;
use super::progress::Progress;
use crate::store::{self, DATABASE_FILE};

/// What may be said after `backup`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new file; one that is there is not touched
    #[arg(value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
}

impl Args {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        let config = load(config)?;
        let (database, key) = (config.data_dir.join(DATABASE_FILE), config.master_key_file());
        let file = self.file;
        if !database.exists() {
            return Err(hinted(
                format!("there is no database `{}` to copy", database.display()),
                "name the settings file of your relay with `--config`; `data_dir` in it says where the database is",
            ));
        }
        if file.exists() {
            return Err(hinted(
                format!("`{}` is there already, and a backup overwrites nothing", file.display()),
                format!("choose another name, such as `{}-2`", file.display()),
            ));
        }
        let progress = Progress::begin("copying and checking the database");
        let copied = store::backup(&database, &file);
        drop(progress);
        let bytes = copied.with_context(|| format!("the database was not copied to `{}`", file.display()))?;
        writeln!(
            out,
            "`{}` is a whole copy of the database ({})",
            file.display(),
            size(bytes)
        )?;
        writeln!(
            out,
            "Keep `{}` too, in another place than the copy: without it nobody can read the copy's codes and keys.",
            key.display()
        )?;
        Ok(())
    }
}

fn size(bytes: u64) -> String {
    match bytes / KIBIBYTE {
        kib if kib < KIBIBYTE => format!("{kib} KiB"),
        kib => format!("{} MiB", kib / KIBIBYTE),
    }
}

const KIBIBYTE: u64 = 1024;

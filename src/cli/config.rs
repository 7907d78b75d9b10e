//! `mikrelay config`.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Subcommand;

use super::apply;
use crate::config::{Config, MailTransport, Password};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check the settings file and, if given, a business file
    Check {
        /// A business file to check as well
        #[arg(long, value_name = "FILE")]
        site: Option<PathBuf>,
    },
    /// Print a settings file with every option and its reason
    Example,
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Check { site } => check(config, site.as_deref(), out),
            Self::Example => example(out),
        }
    }
}

/// Checks the settings file, and a business file if one is named.
pub fn check(config: Option<&Path>, site: Option<&Path>, out: &mut dyn Write) -> Result<()> {
    let settings = Config::load(config)?;
    writeln!(
        out,
        "settings are well: listens on {}, reached at {}",
        settings.listen,
        settings.public_url_at(settings.listen)
    )?;
    if settings.public_url.is_none() {
        writeln!(
            out,
            "hint: without `public_url` only this machine can pay; set it before you sell"
        )?;
    }
    if settings.mail.transport == MailTransport::Off {
        writeln!(out, "hint: mail is off; you are not told of sales")?;
    }
    if let Some(Err(error)) = settings.mail.password.as_ref().map(Password::read) {
        writeln!(out, "hint: mails wait until their password can be read: {error}")?;
    }
    if let Some(file) = site {
        let site = apply::read(file)?;
        writeln!(
            out,
            "business file is well: {} companies, {} routers, {} hotspots, {} accounts, {} plans",
            site.companies.len(),
            site.routers.len(),
            site.hotspots.len(),
            site.accounts.len(),
            site.plans.len()
        )?;
    }
    Ok(())
}

pub fn example(out: &mut dyn Write) -> Result<()> {
    out.write_all(Config::example().as_bytes())?;
    Ok(())
}

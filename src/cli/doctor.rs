//! `mikrelay doctor`: looks at everything that sales need and says in plain words what is wrong. It changes nothing.
//!
//! Exit codes: 0 nothing is wrong (there may be notes), 1 there is trouble, 3 there are warnings and no trouble. 2 is the
//! command line's own, for arguments it does not take.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, IsTerminal, Write};

use anyhow::{Result, bail};
use clap::Args;

use super::order::print_json;
use super::progress::Progress;
use super::serve::runtime;
use crate::config::Config;
use crate::doctor::{Finding, Level, Means, Report, Stored, Wish, examine};
use crate::ids::{AccountId, RouterId};
use crate::shown::shown_up_to;
use crate::sorted::Arrange;
use crate::store::{Reading, StoreError};

/// What is looked at, and how it is shown.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Only this router
    #[arg(long, value_name = "ID")]
    pub router: Option<String>,
    /// Only this gateway account
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// Ask nobody beyond this machine: no router, gateway or mail server
    #[arg(long)]
    pub offline: bool,
    /// For programs
    #[arg(long)]
    pub json: bool,
}

/// What was found is not all well; the list has said so already.
#[derive(Debug)]
pub struct Verdict(Level);

impl Verdict {
    pub fn exit_code(&self) -> u8 {
        match self.0 {
            Level::Ok | Level::Note => 0,
            Level::Warning => WARNINGS,
            Level::Trouble => TROUBLE,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Level::Ok | Level::Note => "all is well",
            Level::Warning => "there are warnings",
            Level::Trouble => "there is trouble",
        })
    }
}

impl std::error::Error for Verdict {}

/// Looks, prints, and fails with a `Verdict` if there is more than a note.
pub fn run(config: &Config, args: &DoctorArgs, out: &mut dyn Write) -> Result<()> {
    let report = report(config, args, &Means::default())?;
    if args.json {
        print_json(&report.to_json(), out)?;
    } else {
        print(&report, io::stdout().is_terminal(), out)?;
    }
    out.flush()?;
    match report.worst() {
        Level::Ok | Level::Note => Ok(()),
        worst => Err(Verdict(worst).into()),
    }
}

/// What is found with these means.
pub fn report(config: &Config, args: &DoctorArgs, means: &Means) -> Result<Report> {
    let stored = stored(config, means);
    let wish = wish(args, stored.as_ref().ok().and_then(Option::as_ref))?;
    let runtime = runtime()?;
    let _progress = (!wish.offline).then(|| Progress::begin("asking routers, gateways and the rest"));
    Ok(runtime.block_on(examine(config, stored, &wish, means)))
}

/// What the database holds; it is opened for reading alone.
pub fn stored(config: &Config, means: &Means) -> Result<Option<Stored>, StoreError> {
    let reading = Reading::open_folder(&config.data_dir, &config.master_key_file(), means.clock.clone())?;
    Ok(reading.map(|reading| Stored::read(&reading, means.clock.now())))
}

fn wish(args: &DoctorArgs, stored: Option<&Stored>) -> Result<Wish> {
    let nothing = HashSet::new();
    let (mut routers, mut accounts) = (nothing.clone(), nothing);
    if let Some(stored) = stored {
        routers.extend(stored.directory().routers.keys().map(|id| id.as_str()));
        accounts.extend(stored.directory().accounts.keys().map(|id| id.as_str()));
    }
    known("router", args.router.as_deref(), &routers)?;
    known("account", args.account.as_deref(), &accounts)?;
    Ok(Wish {
        router: args.router.as_deref().map(RouterId::new),
        account: args.account.as_deref().map(AccountId::new),
        offline: args.offline,
    })
}

fn known(what: &str, id: Option<&str>, all: &HashSet<&str>) -> Result<()> {
    let Some(id) = id.filter(|id| !all.contains(id)) else {
        return Ok(());
    };
    let mut all: Vec<_> = all.iter().map(|id| format!("`{id}`")).collect();
    all.arrange();
    if all.is_empty() {
        bail!("there is no {what} yet; `mikrelay apply` takes over a business file that names one");
    }
    bail!("there is no {what} `{}`; there are {}", plain(id), all.join(", "));
}

/// The list for people, grouped; colours only for a terminal.
pub fn print(report: &Report, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    for section in &report.sections {
        writeln!(out, "{}", plain(&section.title))?;
        for finding in &section.findings {
            print_finding(finding, colours, out)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", summary(report))
}

fn print_finding(finding: &Finding, colours: bool, out: &mut dyn Write) -> io::Result<()> {
    let level = finding.level();
    let (on, off) = match (colours, level) {
        (false, _) => ("", ""),
        (true, Level::Ok) => ("\u{1b}[32m", RESET),
        (true, Level::Note) => ("\u{1b}[36m", RESET),
        (true, Level::Warning) => ("\u{1b}[33m", RESET),
        (true, Level::Trouble) => ("\u{1b}[31m", RESET),
    };
    writeln!(out, "  {on}{:<8}{off} {}", level.as_str(), plain(&finding.what))?;
    if let Some(kind) = finding.kind {
        writeln!(out, "           why: {}", kind.why())?;
        writeln!(out, "           do:  {}", plain(&finding.fix))?;
    }
    Ok(())
}

fn summary(report: &Report) -> String {
    let counted = [
        (Level::Trouble, "trouble", "troubles"),
        (Level::Warning, "warning", "warnings"),
        (Level::Note, "note", "notes"),
    ];
    let parts: Vec<_> = counted
        .into_iter()
        .filter_map(|(level, one, many)| match report.count(level) {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {many}")),
        })
        .collect();
    match parts.is_empty() {
        true => "All is well.".to_owned(),
        false => format!("{}.", parts.join(", ")),
    }
}

/// One line, whatever a router or a gateway wrote into it.
fn plain(text: &str) -> String {
    shown_up_to(text, LONGEST_LINE)
}

/// Longer than any sentence of ours; what others wrote is cut.
const LONGEST_LINE: usize = 600;
const TROUBLE: u8 = 1;
const WARNINGS: u8 = 3;
const RESET: &str = "\u{1b}[0m";

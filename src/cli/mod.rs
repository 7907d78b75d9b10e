//! The command line: what can be said, and how an error is shown. Each command is a file of its own.

pub mod apply;
mod ask;
pub mod audit;
mod backup;
pub mod config;
mod demo;
pub mod doctor;
pub mod event;
pub mod export;
pub mod fault;
mod health;
pub mod hook;
pub mod hook_endpoint;
pub mod import;
pub mod key;
pub mod kit;
pub mod ledger;
mod link;
pub mod order;
mod plan;
mod plan_import;
pub mod progress;
pub mod record;
pub mod refund;
mod retry;
pub mod router;
mod serve;
mod table;
mod usage;
pub mod user;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::app;
use crate::config::{Config, LogFormat};
use crate::logging;
use crate::store::Store;

#[derive(Debug, Parser)]
#[command(
    name = "mikrelay",
    version,
    about = "A payment relay for MikroTik hotspots",
    propagate_version = true
)]
struct Cli {
    /// The settings file; without it `mikrelay.toml` is read if it is there
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the relay
    Serve(serve::ServeArgs),
    /// Show everything on this machine: a portal, simulated gateways and a simulated router
    Demo(DemoArgs),
    /// Take over the business file: companies, routers, hotspots, accounts, plans
    Apply(apply::Args),
    /// Print the business file as it is stored, without secrets
    Export,
    /// Companies: who owns routers and accounts
    #[command(subcommand)]
    Company(record::Command<record::fields::Company>),
    /// Routers, and whether they can be reached
    #[command(subcommand)]
    Router(router::Command),
    /// Hotspots: the hotspot servers on routers
    #[command(subcommand)]
    Hotspot(record::Command<record::fields::Hotspot>),
    /// Accounts at the payment gateways
    #[command(subcommand)]
    Account(record::Command<record::fields::Account>),
    /// Plans: what is sold on a hotspot
    #[command(subcommand)]
    Plan(plan::Command),
    /// Take over an old portal page: its plans, and a new page whose buttons lead here
    Import(Box<import::ImportArgs>),
    /// Look at orders and let them go on
    #[command(subcommand)]
    Order(order::Command),
    /// Look at payments by link, which programs asked for
    #[command(subcommand)]
    Link(link::Command),
    /// Look at webhooks and settle them again
    #[command(subcommand)]
    Event(event::Command),
    /// Look at the webhooks that the relay sends, and send them again
    #[command(subcommand)]
    Hook(hook::Command),
    /// Make and revoke keys for programs
    #[command(subcommand)]
    Key(key::Command),
    /// People who sign in to administrate
    #[command(subcommand)]
    User(user::Command),
    /// Look at who changed what
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look at everything that sales need, and say what is wrong and what to do
    Doctor(doctor::DoctorArgs),
    /// Check the settings file, or print one with every option
    #[command(subcommand)]
    Config(config::Command),
    /// Make what has to be set up around the relay: router script, login page, dashboards
    Kit(kit::KitArgs),
    /// Copy the database to a new file, while the relay serves
    Backup(backup::Args),
    /// Ask a running relay whether it is well; for container health checks
    Health {
        /// Where it listens; from the settings file when absent
        #[arg(long)]
        url: Option<String>,
    },
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Where the relay listens; 0 picks a free port. Without it 8080, or a free one if that is taken
    #[arg(long)]
    port: Option<u16>,
    /// A folder that keeps the data, for other commands to work on while it runs
    #[arg(long, value_name = "FOLDER", hide = true)]
    data: Option<PathBuf>,
}

/// Runs the program and says how it went.
pub fn main() -> ExitCode {
    let (out, err) = (&mut std::io::stdout().lock(), &mut std::io::stderr());
    ExitCode::from(answer(std::env::args_os(), begin_log, out, err))
}

/// Runs one command and answers the exit code; `args` begins with the program's name. Nothing is logged.
pub fn run<T>(args: impl IntoIterator<Item = T>, out: &mut dyn Write, err: &mut dyn Write) -> u8
where
    T: Into<OsString> + Clone,
{
    answer(args.into_iter().map(Into::into), |_| Ok(()), out, err)
}

/// The command line as it is described to whoever makes manual pages and completions of it.
pub fn description() -> clap::Command {
    Cli::command()
}

fn answer(
    args: impl Iterator<Item = OsString>,
    begin_log: fn(&Command) -> Result<()>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return usage::show(&error, out, err),
    };
    let done = begin_log(&cli.command).and_then(|()| perform(cli, out));
    match done {
        Err(error) if !is_pipe_closed(&error) => match error.downcast_ref::<doctor::Verdict>() {
            Some(verdict) => verdict.exit_code(),
            None => {
                show_error(&error, err);
                FAILED
            }
        },
        _ => DONE,
    }
}

fn begin_log(command: &Command) -> Result<()> {
    if !matches!(command, Command::Serve(_) | Command::Demo(_)) {
        // Those two say themselves how they log.
        logging::init(LogFormat::Text, "warn")?;
    }
    Ok(())
}

/// `mikrelay order list | head`: whoever reads has enough.
fn is_pipe_closed(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    let pretty = |error: &serde_json::Error| error.io_error_kind() == Some(io::ErrorKind::BrokenPipe);
    error.downcast_ref().is_some_and(broken) || error.downcast_ref().is_some_and(pretty)
}

fn perform(cli: Cli, out: &mut dyn Write) -> Result<()> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Serve(args) => serve::run(config, args),
        Command::Demo(args) => demo::run(args.port, args.data),
        Command::Apply(args) => args.run(config, out),
        Command::Export => export::run(&open(config)?, out),
        Command::Company(command) => command.run(config, out),
        Command::Hotspot(command) => command.run(config, out),
        Command::Account(command) => command.run(config, out),
        Command::Plan(command) => command.run(config, out),
        Command::Order(command) => command.run(config, out),
        Command::Link(command) => command.run(config, out),
        Command::Event(command) => command.run(config, out),
        Command::Hook(command) => command.run(config, out),
        Command::Key(command) => command.run(config, out),
        Command::User(command) => command.run(config, out),
        Command::Audit(command) => command.run(config, out),
        Command::Router(command) => command.run(config, out),
        Command::Config(command) => command.run(config, out),
        Command::Kit(args) => kit::run(args, || load(config), out),
        Command::Backup(args) => args.run(config, out),
        Command::Import(args) => import::run(&load(config)?, *args, out),
        Command::Doctor(args) => doctor::run(&load(config)?, &args, out),
        Command::Health { url } => health::run(url.as_deref(), || load(config)),
    }
}

fn load(path: Option<&Path>) -> Result<Config> {
    Ok(Config::load(path)?)
}

fn open(path: Option<&Path>) -> Result<Store> {
    let (store, _) = app::open_store(&load(path)?)?;
    Ok(store)
}

/// `error:`, then what caused it; a hint where the error knows one.
fn show_error(error: &anyhow::Error, to: &mut dyn Write) {
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("caused by: {cause}\n"));
    }
    if let Some(hint) = fault::hint_of(error) {
        text.push_str(&format!("hint: {hint}\n"));
    }
    // Nobody is left to tell if standard error is closed.
    let _ = to.write_all(text.as_bytes());
}

const DONE: u8 = 0;
const FAILED: u8 = 1;

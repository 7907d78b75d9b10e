//! The command line: what can be said, and how an error is shown. Each command is a file of its own.

pub mod apply;
mod ask;
pub mod audit;
pub mod config;
mod demo;
pub mod event;
pub mod export;
pub mod fault;
mod health;
pub mod hook;
pub mod hook_endpoint;
pub mod key;
pub mod kit;
pub mod ledger;
pub mod order;
pub mod progress;
pub mod record;
pub mod refund;
mod retry;
pub mod router;
mod serve;
mod table;
pub mod user;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

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
    Serve,
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
    Plan(record::Command<record::fields::Plan>),
    /// Look at orders and let them go on
    #[command(subcommand)]
    Order(order::Command),
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
    /// Check the settings file, or print one with every option
    #[command(subcommand)]
    Config(config::Command),
    /// Print what has to be set up on the router
    #[command(subcommand)]
    Kit(kit::Command),
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
}

/// Runs the program and says how it went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            show_error(&error, &mut std::io::stderr());
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let config = cli.config.as_deref();
    if !matches!(cli.command, Command::Serve | Command::Demo(_)) {
        // Those two say themselves how they log.
        logging::init(LogFormat::Text, "warn")?;
    }
    let out = &mut std::io::stdout().lock();
    match cli.command {
        Command::Serve => serve::run(&load(config)?),
        Command::Demo(args) => demo::run(args.port),
        Command::Apply(args) => args.run(config, out),
        Command::Export => export::run(&open(config)?, out),
        Command::Company(command) => command.run(config, out),
        Command::Hotspot(command) => command.run(config, out),
        Command::Account(command) => command.run(config, out),
        Command::Plan(command) => command.run(config, out),
        Command::Order(command) => command.run(config, out),
        Command::Event(command) => command.run(config, out),
        Command::Hook(command) => command.run(config, out),
        Command::Key(command) => command.run(config, out),
        Command::User(command) => command.run(config, out),
        Command::Audit(command) => command.run(config, out),
        Command::Router(command) => command.run(config, out),
        Command::Config(command) => command.run(config, out),
        Command::Kit(command) => command.run(config, out),
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
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(to, "error: {error}");
    for cause in error.chain().skip(1) {
        let _ = writeln!(to, "caused by: {cause}");
    }
}

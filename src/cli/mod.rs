//! The command line: what can be said, and how an error is shown. Each command is a file of its own.

pub mod apply;
pub mod config;
mod demo;
pub mod event;
pub mod export;
mod health;
pub mod hook;
pub mod hook_endpoint;
pub mod import;
pub mod key;
pub mod kit;
pub mod ledger;
pub mod order;
pub mod plan_import;
pub mod refund;
pub mod router;
mod serve;
mod table;
pub mod user;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;

use crate::app;
use crate::config::{Config, LogFormat};
use crate::logging;
use crate::payment::router_keys::{self, KeyWish};
use crate::refund::RefundReason;
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
    Apply {
        file: PathBuf,
        /// Also remove what the file does not name
        #[arg(long)]
        prune: bool,
    },
    /// Print the business file as it is stored, without secrets
    Export,
    /// Take over an old portal page: its plans, and a new page whose buttons lead here
    Import(Box<import::ImportArgs>),
    /// What is sold
    #[command(subcommand)]
    Plan(plan_import::PlanCommand),
    /// Look at orders and let them go on
    #[command(subcommand)]
    Order(OrderCommand),
    /// Look at webhooks and settle them again
    #[command(subcommand)]
    Event(EventCommand),
    /// Look at the webhooks that the relay sends, and send them again
    #[command(subcommand)]
    Hook(HookCommand),
    /// Make and revoke keys for programs
    #[command(subcommand)]
    Key(KeyCommand),
    /// People who sign in to administrate
    #[command(subcommand)]
    User(UserCommand),
    /// Look at who changed what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at routers
    #[command(subcommand)]
    Router(RouterCommand),
    /// Check the settings file, or print one with every option
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print what has to be set up on the router
    #[command(subcommand)]
    Kit(KitCommand),
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

#[derive(Debug, Subcommand)]
enum OrderCommand {
    /// The latest orders
    List {
        /// Only orders in this state, for example `stuck`; may be repeated
        #[arg(long, value_name = "STATE")]
        state: Vec<String>,
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// One order and its history
    Show {
        reference: String,
        /// Also show the code
        #[arg(long)]
        voucher: bool,
        #[arg(long)]
        json: bool,
    },
    /// Let an order go on: a held or stuck one to the router, an unpaid one to the gateway
    Retry { reference: String },
    /// Give a payment back; says what it would do unless `--yes` is there
    Refund {
        reference: String,
        /// Really do it
        #[arg(long)]
        yes: bool,
        /// What the gateway is told
        #[arg(long, value_enum, default_value = "requested")]
        reason: Reason,
        /// The gateway's id of the payment, where an order was paid twice; its own payment when absent
        #[arg(long, value_name = "ID")]
        payment: Option<String>,
    },
    /// Say that you gave a payment back in the gateway's dashboard: its code stops working
    Refunded {
        reference: String,
        /// The gateway's id of the payment, where an order was paid twice
        #[arg(long, value_name = "ID")]
        payment: Option<String>,
    },
    /// The last daily comparison of each account with its gateway
    Ledger {
        #[arg(long)]
        json: bool,
    },
}

/// Why a payment goes back.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Reason {
    /// The buyer wants his money back
    Requested,
    /// The code cannot be delivered
    Undeliverable,
    /// It was paid twice
    Duplicate,
}

impl From<Reason> for RefundReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Requested => Self::RequestedByClient,
            Reason::Undeliverable => Self::CannotBeFulfilled,
            Reason::Duplicate => Self::Duplicate,
        }
    }
}

#[derive(Debug, Subcommand)]
enum EventCommand {
    /// The latest webhooks
    List {
        /// Only events that need attention or are not settled
        #[arg(long)]
        open: bool,
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// One webhook with its exact bytes
    Show {
        id: i64,
        #[arg(long)]
        json: bool,
    },
    /// Settle a webhook again
    Replay { id: i64 },
}

#[derive(Debug, Subcommand)]
enum HookCommand {
    /// The latest webhooks
    List {
        /// Only those that nobody took
        #[arg(long)]
        open: bool,
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
    /// One webhook, its tries and its body
    Show {
        id: i64,
        /// Also show the code that it tells of
        #[arg(long)]
        voucher: bool,
        #[arg(long)]
        json: bool,
    },
    /// Send a webhook again
    Replay { id: i64 },
    /// Print what signs a company's webhooks
    Secret {
        /// The company's id in the business file
        company: String,
    },
    /// Make a new secret; the old one signs as well for a while
    Rotate {
        /// The company's id in the business file
        company: String,
        /// For how many hours the old one still signs
        #[arg(long, default_value_t = 24)]
        keep_hours: u32,
    },
    /// Where a company's own webhooks go
    #[command(subcommand)]
    Endpoint(EndpointCommand),
}

#[derive(Debug, Subcommand)]
enum EndpointCommand {
    /// Send a company's events to an address; its secret is shown
    Add {
        /// The company's id in the business file
        company: String,
        /// Where they are posted
        url: String,
        /// Only this event, for example `payment.succeeded`; may be repeated
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
    },
    /// The endpoints and what they are told of
    List {
        /// Only this company's
        #[arg(long)]
        company: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// Change what an endpoint is told of; one that was gone hears again
    Events {
        id: String,
        /// Only this event; may be repeated; without it all
        #[arg(long, value_name = "EVENT")]
        event: Vec<String>,
    },
    /// Forget an endpoint; what still waits for it is not sent
    Remove { id: String },
    /// Print what signs an endpoint's webhooks
    Secret { id: String },
    /// Make a new secret; the old one signs as well for a while
    Rotate {
        id: String,
        /// For how many hours the old one still signs
        #[arg(long, default_value_t = 24)]
        keep_hours: u32,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key for a company's programs; it is shown once
    Make {
        /// The company's id in the business file
        company: String,
        /// Who will hold it
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Make a key for the portal pages of a router; it is shown once
    Router {
        /// The router's id in the business file
        router: String,
        /// What it is for
        #[arg(long, default_value = "")]
        name: String,
        /// For how many days it opens the router
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
        /// End all other keys of the router in the same moment
        #[arg(long)]
        replace: bool,
    },
    /// All keys
    List {
        /// Only those of this company
        #[arg(long)]
        company: Option<String>,
        #[arg(long)]
        json: bool,
    },
    /// End a key at once
    Revoke {
        /// The id that `key list` shows
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a user; the password is asked for, or read from a pipe
    Add {
        /// The e-mail address
        email: String,
        /// `super_admin`: the operator's own; `cliente_admin`: one company's
        #[arg(long)]
        role: String,
        /// The company of a `cliente_admin`
        #[arg(long)]
        company: Option<String>,
        /// Who it is; the address when absent
        #[arg(long)]
        name: Option<String>,
    },
    /// All users
    List {
        #[arg(long)]
        json: bool,
    },
    /// Keep a user out and end his sessions
    Disable {
        /// The e-mail address
        email: String,
    },
    /// Let a user in again
    Enable {
        /// The e-mail address
        email: String,
    },
    /// Give a user a new password, asked for or read from a pipe, and end his sessions
    SetPassword {
        /// The e-mail address
        email: String,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// The latest changes
    List {
        /// Only those of this company
        #[arg(long)]
        company: Option<String>,
        #[arg(long, default_value_t = 50)]
        limit: u32,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
enum RouterCommand {
    /// Connect, log in and compare profiles and hotspot servers with the business file
    Test {
        /// The router's id; all of them when absent
        id: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the settings file and, if given, a business file
    Check {
        /// A business file to check as well
        #[arg(long, value_name = "FILE")]
        site: Option<PathBuf>,
    },
    /// Print a settings file with every option and its reason
    Example,
}

#[derive(Debug, Subcommand)]
enum KitCommand {
    /// A script that lets unpaid phones reach the relay and the gateways
    WalledGarden {
        /// Gateways in use: fedapay, cinetpay, feexpay; comma-separated or repeated
        #[arg(long, value_delimiter = ',', required = true)]
        gateway: Vec<String>,
        /// The relay's host name; from `public_url` when absent
        #[arg(long)]
        host: Option<String>,
    },
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
        Command::Demo(args) => demo::run(args.port, args.data),
        Command::Apply { file, prune } => apply::run(&open(config)?, &file, prune, out),
        Command::Export => export::run(&open(config)?, out),
        Command::Import(args) => import::run(&load(config)?, *args, out),
        Command::Plan(plan_import::PlanCommand::Import(args)) => plan_import::run(&load(config)?, &args, out),
        Command::Order(command) => match command {
            OrderCommand::List { state, limit, json } => order::list(&open(config)?, &state, limit, json, out),
            OrderCommand::Show {
                reference,
                voucher,
                json,
            } => order::show(&open(config)?, &reference, voucher, json, out),
            OrderCommand::Retry { reference } => order::retry(&open(config)?, &reference, out),
            OrderCommand::Refund {
                reference,
                yes,
                reason,
                payment,
            } => {
                let wish = refund::Wish {
                    reference,
                    payment,
                    reason: reason.into(),
                    yes,
                };
                refund::refund(&open(config)?, &wish, out)
            }
            OrderCommand::Refunded { reference, payment } => {
                refund::refunded(&open(config)?, &reference, payment.as_deref(), out)
            }
            OrderCommand::Ledger { json } => ledger::print(&open(config)?, json, out),
        },
        Command::Event(command) => match command {
            EventCommand::List {
                open: only_open,
                limit,
                json,
            } => event::list(&open(config)?, only_open, limit, json, out),
            EventCommand::Show { id, json } => event::show(&open(config)?, id, json, out),
            EventCommand::Replay { id } => event::replay(&open(config)?, id, out),
        },
        Command::Hook(command) => run_hook(&open(config)?, command, out),
        Command::Key(command) => run_key(&load(config)?, command, out),
        Command::User(command) => run_user(&open(config)?, command, out),
        Command::Audit(AuditCommand::List { company, limit, json }) => {
            user::audit(&open(config)?, company.as_deref(), limit, json, out)
        }
        Command::Router(RouterCommand::Test { id }) => router::test(&open(config)?, id.as_deref(), out),
        Command::Config(ConfigCommand::Check { site }) => config::check(config, site.as_deref(), out),
        Command::Config(ConfigCommand::Example) => config::example(out),
        Command::Kit(KitCommand::WalledGarden { gateway, host }) => {
            let host = host.map_or_else(|| load(config).map(|config| config.public_host()), Ok)?;
            kit::walled_garden(&gateway, &host, out)
        }
        Command::Health { url } => health::run(url.as_deref(), || load(config)),
    }
}

fn run_key(config: &Config, command: KeyCommand, out: &mut dyn Write) -> Result<()> {
    let (store, master) = app::open_store(config)?;
    match command {
        KeyCommand::Make { company, name } => key::make(&store, &company, &name, out),
        KeyCommand::Router {
            router,
            name,
            days,
            replace,
        } => {
            let wish = KeyWish {
                name: name.trim().to_owned(),
                lifetime: SignedDuration::from_hours(i64::from(days) * 24),
                replacing: replace,
            };
            let tokens = router_keys::tokens(&master, &config.api.token_secrets);
            key::make_for_router(&store, tokens, &router, wish, out)
        }
        KeyCommand::List { company, json } => key::list(&store, company.as_deref(), json, out),
        KeyCommand::Revoke { id } => key::revoke(&store, &id, out),
    }
}

fn run_hook(store: &Store, command: HookCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        HookCommand::List { open, limit, json } => hook::list(store, open, limit, json, out),
        HookCommand::Show { id, voucher, json } => hook::show(store, id, voucher, json, out),
        HookCommand::Replay { id } => hook::replay(store, id, out),
        HookCommand::Secret { company } => hook::secret(store, &company, out),
        HookCommand::Rotate { company, keep_hours } => hook::rotate(store, &company, keep_hours, out),
        HookCommand::Endpoint(command) => run_hook_endpoint(store, command, out),
    }
}

fn run_hook_endpoint(store: &Store, command: EndpointCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        EndpointCommand::Add { company, url, event } => hook_endpoint::add(store, &company, &url, &event, out),
        EndpointCommand::List { company, json } => hook_endpoint::list(store, company.as_deref(), json, out),
        EndpointCommand::Events { id, event } => hook_endpoint::events(store, &id, &event, out),
        EndpointCommand::Remove { id } => hook_endpoint::remove(store, &id, out),
        EndpointCommand::Secret { id } => hook_endpoint::secret(store, &id, out),
        EndpointCommand::Rotate { id, keep_hours } => hook_endpoint::rotate(store, &id, keep_hours, out),
    }
}

fn run_user(store: &Store, command: UserCommand, out: &mut dyn Write) -> Result<()> {
    match command {
        UserCommand::Add {
            email,
            role,
            company,
            name,
        } => user::add(
            store,
            &email,
            &role,
            company.as_deref(),
            name.as_deref(),
            user::ask_password,
            out,
        ),
        UserCommand::List { json } => user::list(store, json, out),
        UserCommand::Disable { email } => user::set_active(store, &email, false, out),
        UserCommand::Enable { email } => user::set_active(store, &email, true, out),
        UserCommand::SetPassword { email } => user::set_password(store, &email, user::ask_password, out),
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

//! A RouterOS router on loopback: its API with a hotspot behind it, for `mikrelay demo` and the tests.
//!
//! It imitates three generations (`SimVersion`), both logins, queries, traps, policies, name matching by unique
//! beginnings, users whose time adds up over sessions, the host table's checks at login, `listen` and
//! `/cancel`, and on wish what Mikhmon's scripts do. Facts: `routeros.md` 11, `mikhmon.md` 2 and 3.
//!
//! It does not imitate: traffic (a test sets what was used), queues and address pools, RADIUS, `copy-from` and
//! `place-before`, scripts and schedulers that run, changes of the clock through the API, abbreviated paths,
//! limits on sessions, and the exact texts of refusals that nobody has published.

mod commands;
mod control;
mod faults;
mod hotspot;
mod menus;
mod mikhmon;
mod query;
mod server;
mod values;
mod wire;
mod world;

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::clock::Clock;
pub use control::{SimActive, SimHost, SimUser};
use faults::Faults;
pub use faults::{CutAt, Misbehaviour};
use world::World;

/// Which generation of RouterOS is imitated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SimVersion {
    /// 7.24: login in clear, ISO dates, `!empty`.
    #[default]
    V7,
    /// 6.49: login in clear, `jun/15/2026`, no `!empty`.
    V6,
    /// 6.42: login by challenge only, otherwise as 6.49.
    Old,
}

impl SimVersion {
    fn text(self) -> &'static str {
        match self {
            Self::V7 => "7.24 (stable)",
            Self::V6 => "6.49.19 (long-term)",
            Self::Old => "6.42.12 (long-term)",
        }
    }
}

/// How a simulated router begins.
#[derive(Clone)]
pub struct SimRouterConfig {
    pub version: SimVersion,
    pub identity: String,
    /// The API account.
    pub user: String,
    pub password: String,
    /// Its group's policy.
    pub policy: String,
    /// Names of hotspot servers.
    pub servers: Vec<String>,
    /// Names of user profiles, besides `default`.
    pub profiles: Vec<String>,
    pub dns_name: String,
    pub clock: Clock,
    /// IANA name.
    pub time_zone: String,
    /// Mikhmon's on-login script runs at a login, where a profile carries one.
    pub mikhmon: bool,
    /// Serves `api-ssl` instead of `api`.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// 0: any free one.
    pub port: u16,
}

impl Default for SimRouterConfig {
    fn default() -> Self {
        Self {
            version: SimVersion::V7,
            identity: "demo-router".to_owned(),
            user: "relay".to_owned(),
            password: "relay-password".to_owned(),
            policy: "api,read,write".to_owned(),
            servers: vec!["hotspot1".to_owned()],
            profiles: Vec::new(),
            dns_name: "wifi.test".to_owned(),
            clock: Clock::System,
            time_zone: "Africa/Porto-Novo".to_owned(),
            mikhmon: false,
            tls: None,
            port: 0,
        }
    }
}

/// The running router. Dropping it switches it off.
pub struct SimRouter {
    shared: Arc<Shared>,
    address: SocketAddr,
    /// Keeps the port while the power is off: bound, and not listening.
    _port: TcpSocket,
    service: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    inner: Mutex<Inner>,
    tls: Option<TlsAcceptor>,
    /// Counts changes of the world, for `listen`.
    changes: watch::Sender<u64>,
    connections: watch::Sender<usize>,
}

struct Inner {
    world: World,
    faults: Faults,
    commands: VecDeque<String>,
    logins: usize,
}

impl SimRouter {
    /// Starts a router on loopback.
    pub async fn start(config: SimRouterConfig) -> io::Result<Self> {
        let port = reserve(config.port)?;
        let address = port.local_addr()?;
        let shared = Arc::new(Shared {
            inner: Mutex::new(Inner {
                world: World::new(&config),
                faults: Faults::default(),
                commands: VecDeque::new(),
                logins: 0,
            }),
            tls: config.tls.map(TlsAcceptor::from),
            changes: watch::Sender::new(0),
            connections: watch::Sender::new(0),
        });
        let router = Self {
            shared,
            address,
            _port: port,
            service: Mutex::new(None),
        };
        router.power_on().await?;
        Ok(router)
    }

    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections and refuses new ones. Users and clock stay; nobody is online any more.
    pub async fn power_off(&self) {
        let service = self.service().take();
        if let Some(service) = service {
            service.abort();
            // It was cancelled: the error says so.
            drop(service.await);
        }
        let mut inner = self.shared.lock();
        let online: Vec<u64> = inner.world.rows(menus::ACTIVE).iter().map(|row| row.id).collect();
        online.into_iter().for_each(|id| inner.world.end_session(id));
    }

    /// Takes connections again, at the same address.
    pub async fn power_on(&self) -> io::Result<()> {
        let mut service = self.service();
        if service.is_none() {
            let listener = listen(self.address)?;
            *service = Some(tokio::spawn(server::accept(listener, Arc::clone(&self.shared))));
        }
        Ok(())
    }

    pub fn is_on(&self) -> bool {
        self.service().is_some()
    }

    fn service(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SimRouter {
    fn drop(&mut self) {
        if let Some(service) = self.service().take() {
            service.abort();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Keeps a sentence for the tests, without its secrets.
    fn note(&self, sentence: &wire::Sentence) {
        let shown = |word: &Vec<u8>| {
            let secret = ["=password=", "=response="]
                .into_iter()
                .find(|name| word.starts_with(name.as_bytes()));
            secret.map_or_else(
                || String::from_utf8_lossy(word).into_owned(),
                |name| format!("{name}<hidden>"),
            )
        };
        let words: Vec<String> = sentence
            .iter()
            .filter(|word| !word.starts_with(b".tag="))
            .map(shown)
            .collect();
        let mut inner = self.lock();
        if inner.commands.len() == COMMANDS_KEPT {
            inner.commands.pop_front();
        }
        inner.commands.push_back(words.join(" "));
    }

    fn count_connection(self: &Arc<Self>) -> Counted {
        self.connections.send_modify(|count| *count += 1);
        Counted(Arc::clone(self))
    }
}

/// One open connection.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.connections.send_modify(|count| *count = count.saturating_sub(1));
    }
}

/// A port of our own that nobody can take while we do not listen.
fn reserve(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    Ok(socket)
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = reserve(address.port())?;
    socket.listen(BACKLOG)
}

/// Sentences kept for tests and the demo's page; a demo may run for days.
const COMMANDS_KEPT: usize = 10_000;

/// Connections waiting to be accepted; a test opens a few.
const BACKLOG: u32 = 64;

//! What is wrong, in plain words: routers, accounts, walled garden, mail, the public address and this machine are looked
//! at as sales need them. What was asked is judged by pure functions, one file for each area; this file asks.
//!
//! Promises: nothing is changed anywhere, each question has a deadline, a broken part hides no other, and no secret
//! stands in a finding. A relay may run meanwhile, and need not.

mod account;
mod business;
mod finding;
mod garden;
mod hotspot;
mod mail;
mod page;
mod profile;
mod public;
mod room;
mod router;
mod stored;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::RootCertStore;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use url::Url;

pub use finding::{Finding, Kind, Level, Report, Section};
pub use room::Room;
pub use stored::Stored;

use crate::clock::Clock;
use crate::company::{Account, Directory, GatewayName, LinkPolicy, Router, RouterCredentials};
use crate::config::Config;
use crate::gateway::{self, PaymentKey};
use crate::http_client::HttpClient;
use crate::ids::{AccountId, OrderRef, RouterId};
use crate::kit::walled_garden_hosts;
use crate::routeros::{Deadlines, Look, RouterError, Session, Target};
use crate::sorted::Arrange;
use crate::store::StoreError;
use crate::tls::shown;
use router::Expected;

/// What the doctor looks with.
#[derive(Clone)]
pub struct Means {
    pub http: HttpClient,
    pub deadlines: Deadlines,
    pub clock: Clock,
    /// Who may vouch for the certificate of the public address.
    pub roots: Arc<RootCertStore>,
    /// Where the public address is served, instead of where its name leads.
    pub public_at: Option<SocketAddr>,
    pub room: fn(&Path) -> io::Result<Room>,
}

impl Default for Means {
    fn default() -> Self {
        Self {
            http: HttpClient::new(),
            deadlines: Deadlines::default(),
            clock: Clock::System,
            roots: shown::public_roots(),
            public_at: None,
            room: Room::of,
        }
    }
}

/// What is to be looked at; everything when nothing is named.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub router: Option<RouterId>,
    pub account: Option<AccountId>,
    /// Asks nobody beyond this machine.
    pub offline: bool,
}

impl Wish {
    fn is_whole(&self) -> bool {
        self.router.is_none() && self.account.is_none()
    }
}

/// Looks at everything that is wished. `stored` is what the database holds, or why it cannot be read; nothing where there
/// is none yet.
pub async fn examine(
    config: &Config,
    stored: Result<Option<Stored>, StoreError>,
    wish: &Wish,
    means: &Means,
) -> Report {
    let known = stored.as_ref().ok().and_then(Option::as_ref);
    let empty = Stored::default();
    let records = known.unwrap_or(&empty);
    let routers = start_routers(config, records, wish, means);
    let accounts = start_accounts(config, records, wish, means);
    let mut sections = Vec::new();
    if wish.is_whole() {
        let (machine, public, mail) = tokio::join!(
            machine(config, &stored, wish, means),
            public(config, wish, means),
            mail::look(config, known.map(|known| &*known.directory), wish.offline),
        );
        sections.push(section("machine", "This machine", machine));
        sections.push(section("public", "Public address", public));
        sections.push(section("mail", "Mail", mail));
        if let Some(known) = known {
            let mut findings = business::backlog(&known.backlog, means.clock.now());
            findings.extend(business::plans(&known.directory));
            sections.push(section("business", "Sales", findings));
        }
    }
    for task in routers.into_iter().chain(accounts) {
        match task.await {
            Ok(section) => sections.push(section),
            Err(error) => tracing::error!("a part of the examination broke off: {error}"),
        }
    }
    Report { sections }
}

fn section(area: &'static str, title: &str, findings: Vec<Finding>) -> Section {
    Section {
        area,
        id: None,
        title: title.to_owned(),
        findings,
    }
}

/// Disk, database, clock, and whether a relay runs.
async fn machine(
    config: &Config,
    stored: &Result<Option<Stored>, StoreError>,
    wish: &Wish,
    means: &Means,
) -> Vec<Finding> {
    let now = means.clock.now();
    let mut findings = vec![relay(config, means).await];
    match stored {
        Ok(Some(stored)) => findings.extend(stored.judge(now)),
        Ok(None) => findings.push(Finding::new(
            Kind::DatabaseMissing,
            format!("`{}` holds no database yet", config.data_dir.display()),
            "write a business file and `mikrelay apply` it (`mikrelay config check --site` looks it over first)",
        )),
        Err(error) => findings.push(stored::unusable(error)),
    }
    findings.extend(stored::soundness(config, wish).await);
    // The folder may not be there yet; its room is that of the one above.
    let folder = config.data_dir.ancestors().find(|folder| folder.exists());
    let folder = folder
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    findings.extend(room::judge(
        &config.data_dir,
        &(means.room)(folder),
        stored::sizes(config),
    ));
    findings
}

async fn relay(config: &Config, means: &Means) -> Finding {
    let mut listen = config.listen;
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let shown = listen.to_string();
    let asked = match Url::parse(&format!("http://{shown}/health/ready")) {
        Ok(url) => tokio::time::timeout(TIME_FOR_RELAY, page::get(&url, None, &means.roots, 0))
            .await
            .ok(),
        Err(_) => None,
    };
    public::relay(&shown, asked)
}

async fn public(config: &Config, wish: &Wish, means: &Means) -> Vec<Finding> {
    let url = config.public_url.as_ref();
    let mut findings = public::address(url);
    let Some(url) = url.filter(|url| public::reach(url) != public::Reach::ThisMachine) else {
        return findings;
    };
    if wish.offline {
        findings.push(Finding::ok(format!("`{url}` was not asked")));
        return findings;
    }
    let now = means.clock.now();
    let live = url.join("health/live").unwrap_or_else(|_| url.clone());
    let now_s = u64::try_from(now.as_second()).unwrap_or(0);
    let asked = tokio::time::timeout(TIME_FOR_PUBLIC, page::get(&live, means.public_at, &means.roots, now_s)).await;
    match asked {
        Ok(asked) => findings.extend(public::answer(url, asked, now)),
        Err(_) => findings.push(public::late(url, TIME_FOR_PUBLIC.as_secs())),
    }
    findings
}

/// The wished routers, each looked at in a task of its own, a few at a time.
fn start_routers(config: &Config, stored: &Stored, wish: &Wish, means: &Means) -> Vec<JoinHandle<Section>> {
    if wish.offline || (wish.router.is_none() && wish.account.is_some()) {
        return Vec::new();
    }
    let mut routers: Vec<_> = stored
        .directory
        .routers
        .values()
        .filter(|router| router.card.removed_at.is_none())
        .filter(|router| wish.router.as_ref().is_none_or(|id| *id == router.id))
        .collect();
    routers.arrange_by(|a, b| a.id.cmp(&b.id));
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    let relay_host = config
        .public_url
        .as_ref()
        .filter(|url| public::reach(url) != public::Reach::ThisMachine);
    let relay_host = relay_host.and_then(|url| url.host_str().map(str::to_owned));
    let start = |router: &Router| {
        let (directory, means, seats) = (Arc::clone(&stored.directory), means.clone(), Arc::clone(&seats));
        let (id, relay_host) = (router.id.clone(), relay_host.clone());
        tokio::spawn(async move {
            let _seat = seats.acquire_owned().await;
            let findings = match directory.routers.get(&id) {
                Some(router) => examine_router(&directory, router, relay_host, &means).await,
                None => Vec::new(),
            };
            let name = directory.routers.get(&id).map_or(id.as_str(), Router::shown_name);
            Section {
                area: "router",
                title: format!("Router {name}"),
                id: Some(id.to_string()),
                findings,
            }
        })
    };
    routers.into_iter().map(start).collect()
}

async fn examine_router(
    directory: &Directory,
    router: &Router,
    relay_host: Option<String>,
    means: &Means,
) -> Vec<Finding> {
    let Some(credentials) = &router.credentials else {
        return vec![Finding::new(
            Kind::RouterNoLogin,
            "no user and password are known",
            "write `user` and `password` into the business file and `mikrelay apply` it",
        )];
    };
    let expected = Expected::of(directory, router);
    let mut findings: Vec<_> = router::plain_password(router).into_iter().collect();
    let looked = tokio::time::timeout(TIME_FOR_ROUTER, look(&expected, credentials, means)).await;
    let (look, scheduled) = match looked {
        Ok(Ok(looked)) => looked,
        Ok(Err(error)) => {
            findings.push(router::shut_out(&error, &router.tls));
            return findings;
        }
        Err(_) => {
            let late = RouterError::Timeout {
                step: "everything",
                after_s: TIME_FOR_ROUTER.as_secs(),
            };
            findings.push(router::shut_out(&late, &router.tls));
            return findings;
        }
    };
    findings.push(Finding::ok(format!(
        "logged in as `{}` at {}",
        credentials.user, router.address
    )));
    if router::may_not_read(&look) {
        findings.push(router::lacks("the login may not read on the router"));
        return findings;
    }
    findings.extend(router::access(&expected, &look));
    findings.extend(router::system(&look));
    findings.extend(router::clock(&look, expected.company, means.clock.now()));
    findings.extend(hotspots(&expected, &look));
    findings.extend(tickets(&expected, &look, scheduled.as_deref()));
    findings.extend(garden(directory, &expected, &look, relay_host));
    findings
}

async fn look(
    expected: &Expected<'_>,
    credentials: &RouterCredentials,
    means: &Means,
) -> Result<(Look, Option<Vec<String>>), RouterError> {
    let target = Target {
        address: expected.router.address.clone(),
        tls: expected.router.tls.clone(),
        user: credentials.user.clone(),
        password: credentials.password.clone(),
    };
    let mut session = Session::connect(&target, &means.deadlines).await?;
    let look = session.look(&credentials.user).await?;
    let monitored = look
        .profiles
        .as_ref()
        .map(|profiles| profile::monitored(profiles, expected));
    // Without an answer nothing is said about schedulers.
    let scheduled = match monitored {
        Ok(names) if !names.is_empty() => session.scheduled(&names).await.ok(),
        _ => None,
    };
    session.close().await;
    Ok((look, scheduled))
}

fn hotspots(expected: &Expected<'_>, look: &Look) -> Vec<Finding> {
    let (servers, profiles) = match (&look.servers, &look.server_profiles) {
        (Ok(servers), Ok(profiles)) => (servers, profiles),
        (Err(error), _) | (_, Err(error)) => return vec![router::unread("its hotspots", error)],
    };
    let judge = |hotspot: &&crate::company::Hotspot| {
        let has_plans = expected.plans.iter().any(|plan| plan.hotspot == hotspot.id);
        hotspot::judge(hotspot, servers, profiles, has_plans)
    };
    expected.hotspots.iter().flat_map(judge).collect()
}

fn tickets(expected: &Expected<'_>, look: &Look, scheduled: Option<&[String]>) -> Vec<Finding> {
    let profiles = match &look.profiles {
        Ok(profiles) => profiles,
        Err(error) => return vec![router::unread("its user profiles", error)],
    };
    let version = look.resource.as_ref().map(|resource| resource.version.as_str());
    let mut findings = profile::presence(profiles, expected);
    findings.extend(profile::scripts(
        profiles,
        expected,
        version.unwrap_or_default(),
        scheduled,
        look.device_mode.as_ref().ok(),
    ));
    findings
}

fn garden(directory: &Directory, expected: &Expected<'_>, look: &Look, relay_host: Option<String>) -> Vec<Finding> {
    let (ip, http) = match (&look.garden_ip, &look.garden_http) {
        (Ok(ip), Ok(http)) => (ip, http),
        (Err(error), _) | (_, Err(error)) => return vec![router::unread("its walled garden", error)],
    };
    let gateways = gateways_on(directory, expected);
    let mut hosts: Vec<String> = relay_host.into_iter().collect();
    for host in gateways.iter().copied().flat_map(walled_garden_hosts) {
        if !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
        }
    }
    let servers: Vec<&str> = expected.hotspots.iter().map(|hotspot| hotspot.name.as_str()).collect();
    let names: Vec<&str> = gateways.iter().map(|gateway| gateway.as_str()).collect();
    let script = format!("mikrelay kit walled-garden --gateway {}", names.join(","));
    garden::judge(ip, http, &hosts, &servers, &script)
}

/// The gateways by which something is sold on a router.
fn gateways_on(directory: &Directory, expected: &Expected<'_>) -> Vec<GatewayName> {
    let open = |account: &Account| {
        let is_open = |hotspot: &&&crate::company::Hotspot| hotspot.links == LinkPolicy::Open;
        account.company == expected.router.company && expected.hotspots.iter().any(|hotspot| is_open(&hotspot))
    };
    let sells =
        |account: &Account| open(account) || expected.plans.iter().any(|plan| directory.may_sell(account, plan));
    let used = |gateway: &GatewayName| {
        let mut accounts = directory.accounts.values();
        accounts.any(|account| account.gateway() == *gateway && sells(account))
    };
    GatewayName::ALL.into_iter().filter(used).collect()
}

/// The wished accounts, each in a task of its own.
fn start_accounts(config: &Config, stored: &Stored, wish: &Wish, means: &Means) -> Vec<JoinHandle<Section>> {
    if wish.account.is_none() && wish.router.is_some() {
        return Vec::new();
    }
    let mut accounts: Vec<_> = stored
        .directory
        .accounts
        .values()
        .filter(|account| wish.account.as_ref().is_none_or(|id| *id == account.id))
        .collect();
    accounts.arrange_by(|a, b| a.id.cmp(&b.id));
    let base = config.public_url_at(config.listen);
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    let start = |account: &Account| {
        let now = means.clock.now();
        let company = stored.directory.companies.get(&account.company);
        let mut findings = account::keys(account, company);
        let history = account::history(
            account,
            &stored.past(account),
            &hook(&stored.directory, account, &base),
            now,
        );
        let asks = !wish.offline && gateway::of(account).can_ask(account);
        let (account, http, seats) = (account.clone(), means.http.clone(), Arc::clone(&seats));
        tokio::spawn(async move {
            if asks {
                let _seat = seats.acquire_owned().await;
                let question = gateway::of(&account).ask(&account, &nobodys_payment(now));
                let tried = tokio::time::timeout(TIME_FOR_ACCOUNT, http.converse(question)).await;
                findings.push(account::answer(tried.ok().map(|tried| tried.map(drop))));
            }
            findings.extend(history);
            Section {
                area: "account",
                title: format!("Account {} ({})", account.id, account.gateway().title()),
                id: Some(account.id.to_string()),
                findings,
            }
        })
    };
    accounts.into_iter().map(start).collect()
}

/// Where the gateway's webhooks go, for the first hotspot that the account sells at.
fn hook(directory: &Directory, account: &Account, base: &Url) -> String {
    let sells = |plan: &&crate::plan::Plan| directory.may_sell(account, plan);
    let mut labels: Vec<_> = directory
        .plans
        .values()
        .filter(sells)
        .filter_map(|plan| directory.hotspots.get(&plan.hotspot))
        .map(|hotspot| hotspot.label.as_str())
        .collect();
    labels.arrange();
    let label = labels.first().copied().unwrap_or("<label>");
    format!("{base}pay_callback/{}/{label}", account.gateway().as_str())
}

/// A question about a payment that nobody made: a gateway that takes the key says that it knows none.
fn nobodys_payment(now: Timestamp) -> PaymentKey {
    PaymentKey {
        order: OrderRef::new(NOBODYS_REFERENCE),
        gateway_id: None,
        created_at: now,
    }
}

/// Shorter than any reference of ours, so no order has it; letters and digits that each gateway takes.
const NOBODYS_REFERENCE: &str = "DOCTOR000000";
/// Routers and accounts asked at the same time: a wave of slow ones must not open hundreds of connections.
const AT_ONCE: usize = 8;
/// Two commands; the steps have shorter deadlines of their own.
const TIME_FOR_ROUTER: Duration = Duration::from_secs(40);
/// Some gateways are asked two or three times for one answer.
const TIME_FOR_ACCOUNT: Duration = Duration::from_secs(30);
const TIME_FOR_PUBLIC: Duration = Duration::from_secs(15);
/// It is this machine.
const TIME_FOR_RELAY: Duration = Duration::from_secs(3);

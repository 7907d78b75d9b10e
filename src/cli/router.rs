//! `mikrelay router test`: connects to routers as a sale would, and compares what is there with the business
//! file. It changes nothing on a router. The list goes to standard output: `ok`, `warning:` and `error:` lines,
//! each trouble with a `hint:` that says what to do.

use std::error::Error;
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Subcommand;
use jiff::Timestamp;

use super::fault::{hinted, unknown};
use super::progress::Progress;
use super::table::plain;
use super::{open, record};
use crate::clock::Clock;
use crate::company::{Directory, Hotspot, Router, RouterTls};
use crate::ids::RouterId;
use crate::routeros::{Deadlines, RouterError, Session, Survey, Target, TrapKind};
use crate::sorted::Arrange;
use crate::store::Store;
use crate::tls::TlsError;

#[derive(Debug, Subcommand)]
pub enum Command {
    #[command(flatten)]
    Record(record::Command<record::fields::Router>),
    /// Connect, log in and compare profiles and hotspot servers with the business file
    Test {
        /// The router's id; all of them when absent
        id: Option<String>,
    },
}

impl Command {
    pub fn run(self, config: Option<&Path>, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Record(command) => command.run(config, out),
            Self::Test { id } => test(&open(config)?, id.as_deref(), out),
        }
    }
}

/// Tests one router of the store, or all of them. Fails if any has an error.
pub fn test(store: &Store, id: Option<&str>, out: &mut dyn Write) -> Result<()> {
    let directory = store.directory();
    let routers = chosen(&directory, id)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let progress = Progress::begin("asking routers");
    let mut broken = 0;
    for (number, router) in routers.iter().enumerate() {
        progress.say(&format!(
            "asking `{}`, router {} of {}",
            router.id,
            number + 1,
            routers.len()
        ));
        let mut found = Vec::new();
        let errors = runtime.block_on(test_router(router, &directory, &mut found))?;
        progress.above(|| out.write_all(&found).and_then(|()| out.flush()))?;
        broken += usize::from(errors > 0);
    }
    drop(progress);
    if broken > 0 {
        return Err(hinted(
            format!("{broken} of {} routers cannot serve sales", routers.len()),
            "the hints above say what to do for each",
        ));
    }
    Ok(())
}

/// What the business file needs of a router.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    pub hotspots: Vec<ExpectedHotspot>,
    /// Names of user profiles, each with the plan that needs it.
    pub profiles: Vec<(String, String)>,
}

/// A hotspot server of the business file.
#[derive(Clone, Debug)]
pub struct ExpectedHotspot {
    pub name: String,
    pub dns_name: Option<String>,
}

impl Expected {
    /// Everything that is sold through a router.
    pub fn of(directory: &Directory, router: &RouterId) -> Self {
        let mut hotspots: Vec<_> = directory
            .hotspots
            .values()
            .filter(|hotspot| &hotspot.router == router)
            .collect();
        hotspots.arrange_by(|a, b| a.id.cmp(&b.id));
        let mut profiles: Vec<(String, String)> = Vec::new();
        for plan in hotspots.iter().flat_map(|hotspot| directory.plans_of(&hotspot.id)) {
            if !profiles.iter().any(|(profile, _)| *profile == plan.profile) {
                profiles.push((plan.profile.clone(), plan.id.to_string()));
            }
        }
        let hotspots = hotspots
            .into_iter()
            .map(|hotspot| ExpectedHotspot {
                name: hotspot.name.clone(),
                dns_name: hotspot.dns_name.clone(),
            })
            .collect();
        Self { hotspots, profiles }
    }
}

/// Tests one router and prints what it finds; returns how many errors there are.
pub async fn check(
    target: &Target,
    expected: &Expected,
    deadlines: &Deadlines,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut list = List { out, errors: 0 };
    warn_about_plain(target, &mut list)?;
    let begun = Instant::now();
    let surveyed = async {
        let mut session = Session::connect(target, deadlines).await?;
        let survey = session.survey().await?;
        session.close().await;
        Ok::<_, RouterError>(survey)
    };
    match surveyed.await {
        Err(error) => list.error(&chain(&error), Some(&hint(&error)))?,
        Ok(survey) => {
            list.ok(&format!(
                "logged in as `{}` and asked within {} ms",
                target.user,
                begun.elapsed().as_millis()
            ))?;
            list.ok(&format!(
                "it is `{}`, RouterOS {} on {}",
                survey.identity, survey.resource.version, survey.resource.board_name
            ))?;
            check_clock(&survey, Clock::System.now(), &mut list)?;
            for hotspot in &expected.hotspots {
                check_hotspot(&survey, hotspot, &mut list)?;
            }
            for (profile, plan) in &expected.profiles {
                check_profile(&survey, profile, plan, &mut list)?;
            }
        }
    }
    Ok(list.errors)
}

fn chosen<'a>(directory: &'a Directory, id: Option<&str>) -> Result<Vec<&'a Router>> {
    let mut routers: Vec<_> = directory.routers.values().collect();
    routers.arrange_by(|a, b| a.id.cmp(&b.id));
    let known: Vec<_> = routers.iter().map(|router| router.id.as_str()).collect();
    if known.is_empty() {
        return Err(hinted(
            "there is no router yet",
            "`mikrelay router add` makes one, `mikrelay apply` takes over a business file",
        ));
    }
    if let Some(id) = id {
        routers.retain(|router| router.id.as_str() == id);
        if routers.is_empty() {
            return Err(unknown("router", id, known));
        }
    }
    Ok(routers)
}

async fn test_router(router: &Router, directory: &Directory, out: &mut dyn Write) -> io::Result<usize> {
    writeln!(
        out,
        "router `{}` at {}",
        plain(router.id.as_str()),
        plain(&router.address)
    )?;
    let Some(credentials) = &router.credentials else {
        let mut list = List { out, errors: 0 };
        list.error(
            "no user and password are known",
            Some("put `user` and `password` into the business file and apply it"),
        )?;
        return Ok(list.errors);
    };
    let target = Target {
        address: router.address.clone(),
        tls: router.tls.clone(),
        user: credentials.user.clone(),
        password: credentials.password.clone(),
    };
    check(
        &target,
        &Expected::of(directory, &router.id),
        &Deadlines::default(),
        out,
    )
    .await
}

/// The lines, and how many errors were among them.
struct List<'a> {
    out: &'a mut dyn Write,
    errors: usize,
}

impl List<'_> {
    fn ok(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "  ok: {}", plain(text))
    }

    fn warning(&mut self, text: &str, hint: &str) -> io::Result<()> {
        writeln!(self.out, "  warning: {}", plain(text))?;
        writeln!(self.out, "  hint: {}", plain(hint))
    }

    fn error(&mut self, text: &str, hint: Option<&str>) -> io::Result<()> {
        self.errors += 1;
        writeln!(self.out, "  error: {}", plain(text))?;
        hint.map_or(Ok(()), |hint| writeln!(self.out, "  hint: {}", plain(hint)))
    }
}

/// Without TLS the password crosses the network in clear: fine within a tunnel or one's own network.
fn warn_about_plain(target: &Target, list: &mut List<'_>) -> io::Result<()> {
    let host = target
        .address
        .rsplit_once(':')
        .map_or(target.address.as_str(), |(host, _)| host);
    let public = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared(address))
        }
        Ok(IpAddr::V6(address)) => {
            !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local())
        }
        Err(_) => false,
    };
    if target.tls == RouterTls::Off && public {
        list.warning(
            "the connection is not protected and the address is public: the router's password can be read on the way",
            "reach it through a tunnel (WireGuard), or use `api-ssl` and pin its certificate",
        )?;
    }
    Ok(())
}

/// 100.64.0.0/10, which providers and some tunnels use inside.
fn is_shared(address: std::net::Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    first == 100 && (64..128).contains(&second)
}

fn check_clock(survey: &Survey, now: Timestamp, list: &mut List<'_>) -> io::Result<()> {
    let clock = &survey.clock;
    let shown = format!("{} {} {}", clock.date, clock.time, clock.time_zone);
    let Some(apart_s) = clock
        .timestamp()
        .map(|router| router.duration_since(now).as_secs().abs())
    else {
        return list.warning(
            &format!("the clock shows {shown}, and nobody knows where that is"),
            "set the time zone: /system clock set time-zone-name=Africa/Porto-Novo",
        );
    };
    if apart_s <= CLOCK_TOLERANCE_S {
        return list.ok(&format!(
            "the clock shows {shown}, {apart_s} s apart from this machine's"
        ));
    }
    list.warning(
        &format!("the clock shows {shown}, {apart_s} s apart from this machine's: comments and Mikhmon's expiry will be wrong"),
        "let the router ask for the time: /system ntp client set enabled=yes, with a server that it can reach",
    )
}

fn check_hotspot(survey: &Survey, wanted: &ExpectedHotspot, list: &mut List<'_>) -> io::Result<()> {
    let name = &wanted.name;
    if name == Hotspot::ANY_SERVER {
        return list.ok("codes are good on every hotspot server (`all`)");
    }
    let Some(server) = survey.servers.iter().find(|server| &server.name == name) else {
        let names = survey.servers.iter().map(|server| server.name.as_str());
        return list.error(
            &format!("no hotspot server is named exactly `{name}`"),
            Some(&there_are(names, "hotspot server")),
        );
    };
    if server.disabled || server.invalid {
        let state = if server.disabled { "disabled" } else { "invalid" };
        return list.error(
            &format!("hotspot server `{name}` is {state}"),
            Some("look at it in IP > Hotspot > Servers"),
        );
    }
    list.ok(&format!("hotspot server `{name}` on {}", server.interface))?;
    let Some(profile) = survey
        .server_profiles
        .iter()
        .find(|profile| profile.name == server.profile)
    else {
        return Ok(());
    };
    if let Some(dns_name) = &wanted.dns_name
        && dns_name.split(':').next() != Some(profile.dns_name.as_str())
    {
        list.warning(
            &format!(
                "the business file calls it `{dns_name}`, the router `{}`",
                profile.dns_name
            ),
            &format!(
                "correct `dns_name`, or: /ip hotspot profile set [find name={}] dns-name={dns_name}",
                profile.name
            ),
        )?;
    }
    if !profile.login_by.iter().any(|way| way == "http-pap" || way == "https") {
        list.warning(
            &format!("server profile `{}` takes no password from a link, so buyers who are not logged in by the API type their code", profile.name),
            &format!("/ip hotspot profile set [find name={}] login-by={},http-pap", profile.name, profile.login_by.join(",")),
        )?;
    }
    Ok(())
}

fn check_profile(survey: &Survey, profile: &str, plan: &str, list: &mut List<'_>) -> io::Result<()> {
    if survey.profiles.iter().any(|name| name == profile) {
        return list.ok(&format!("user profile `{profile}`"));
    }
    let names = survey.profiles.iter().map(String::as_str);
    list.error(
        &format!("no user profile is named exactly `{profile}`, which plan `{plan}` sells"),
        Some(&there_are(names, "user profile")),
    )
}

fn there_are<'a>(names: impl Iterator<Item = &'a str>, kind: &str) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match names.is_empty() {
        true => format!("the router has no {kind} at all"),
        false => format!("the router has {}; capitals and spaces count", names.join(", ")),
    }
}

/// The error with what caused it, on one line.
fn chain(error: &RouterError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn hint(error: &RouterError) -> String {
    let text = match error {
        RouterError::Address(_) => "correct the router's `address` in the business file",
        RouterError::Connect { .. } | RouterError::Timeout { step: "connect", .. } => {
            "is the router on, is its tunnel up, and is the API open to this machine? \
             /ip service set api disabled=no address=<address of the relay>"
        }
        RouterError::Tls(TlsError::Handshake(_)) => {
            "compare the pinned SHA-256 with the certificate of `api-ssl` (/ip service, /certificate), and the port with 8729"
        }
        RouterError::LoginRefused(_) => {
            "compare `user` and `password` in the business file with /user on the router; its group needs the policies \
             `api`, `read` and `write`, and its `address` must admit this machine"
        }
        RouterError::Trap(trap) if trap.kind == TrapKind::NotPermitted => {
            "the user's group needs the policies `api`, `read` and `write`; the script of `mikrelay kit` gives them"
        }
        RouterError::Protocol(_) => {
            "something else listens there: the API's port is 8728 (8729 with TLS), not that of WinBox or the web"
        }
        RouterError::Timeout { .. } => {
            "the router is reached and does not answer: is its processor at 100 %, or its API disabled?"
        }
        RouterError::Closed | RouterError::JustFailed | RouterError::Broken(_) | RouterError::Fatal(_) => {
            "does /ip service admit this machine's address, and are the router's sessions not used up?"
        }
        _ => "try again, and look at the router's log",
    };
    text.to_owned()
}

/// Orders' comments carry a date, so minutes do not matter; a router without a clock is years behind.
const CLOCK_TOLERANCE_S: i64 = 300;

//! One router: whether the relay gets in, what it may do there, and whether version, clock, services and hotspots are as
//! sales need them. Everything here judges what was asked before; nothing asks.

use std::error::Error;
use std::net::IpAddr;

use jiff::Timestamp;

use super::finding::{Finding, Kind};
use crate::company::{Company, Directory, Hotspot, Router, RouterTls};
use crate::plan::Plan;
use crate::routeros::{Look, Resource, RouterClock, RouterError, TrapKind};
use crate::sorted::Arrange;
use crate::tls::TlsError;

/// What the business file needs of a router.
pub struct Expected<'a> {
    pub router: &'a Router,
    pub company: Option<&'a Company>,
    /// In the order of their ids.
    pub hotspots: Vec<&'a Hotspot>,
    pub plans: Vec<&'a Plan>,
    /// Whether portals bring buyers back on it.
    pub has_portal: bool,
}

impl<'a> Expected<'a> {
    pub fn of(directory: &'a Directory, router: &'a Router) -> Self {
        let mut hotspots: Vec<_> = directory
            .hotspots
            .values()
            .filter(|hotspot| hotspot.router == router.id)
            .collect();
        hotspots.arrange_by(|a, b| a.id.cmp(&b.id));
        let plans = hotspots.iter().flat_map(|hotspot| directory.plans_of(&hotspot.id));
        Self {
            router,
            company: directory.companies.get(&router.company),
            plans: plans.collect(),
            hotspots,
            has_portal: directory.router_keys.values().any(|key| key.router == router.id),
        }
    }

    /// Whether the relay itself ends what this plan sold.
    pub(super) fn ends_tickets(&self, plan: &Plan) -> bool {
        let mut hotspots = self.hotspots.iter().filter(|hotspot| hotspot.id == plan.hotspot);
        hotspots.any(|hotspot| hotspot.mikhmon.expiry)
    }
}

/// Why the relay does not get in, or is told nothing there.
pub(super) fn shut_out(error: &RouterError, tls: &RouterTls) -> Finding {
    let (kind, fix) = match error {
        RouterError::Address(_) => (
            Kind::RouterAddress,
            "write `address` as `host:port` in the business file",
        ),
        RouterError::Connect { .. } | RouterError::Timeout { step: "connect", .. } => (
            Kind::RouterUnreachable,
            "is the router on, is its tunnel up, and is its API open to this machine? On the router: \
             /ip service set api disabled=no address=<address of the relay>",
        ),
        // A plain port takes the beginning of TLS for a long word and waits for its end.
        RouterError::Timeout { step: "login", .. } if *tls != RouterTls::Off => (Kind::RouterTls, WRONG_PIN_OR_PORT),
        RouterError::Tls(TlsError::Handshake(_)) => (Kind::RouterTls, WRONG_PIN_OR_PORT),
        RouterError::Tls(_) => (
            Kind::RouterTls,
            "correct the router's `address` and `tls` in the business file",
        ),
        RouterError::LoginRefused(_) => (
            Kind::RouterLogin,
            "compare `user` and `password` in the business file with /user on the router; its group needs the policy `api`, \
             and its `address` must admit this machine",
        ),
        RouterError::Protocol(_) => (
            Kind::RouterNotApi,
            "the API's port is 8728, with TLS 8729; WinBox (8291) and the web (80) are others",
        ),
        _ => (
            Kind::RouterSilent,
            "is its processor at 100 %, does /ip service admit this machine, and are its API sessions not used up?",
        ),
    };
    let what = match error {
        RouterError::Tls(error) => error.other_certificate(),
        _ => None,
    };
    Finding::new(kind, what.unwrap_or_else(|| chain(error)), fix)
}

/// The login itself: how it is protected, and what it may do.
pub(super) fn access(expected: &Expected<'_>, look: &Look) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &look.login {
        Ok(login) => {
            let has = |policy: &str| login.policies.iter().any(|granted| granted == policy);
            let missing: Vec<_> = NEEDED.iter().copied().filter(|policy| !has(policy)).collect();
            let spare: Vec<_> = SPARE.iter().copied().filter(|policy| has(policy)).collect();
            if !missing.is_empty() {
                findings.push(lacks(&format!("group `{}` lacks {}", login.group, missing.join(", "))));
            } else if !spare.is_empty() {
                findings.push(Finding::new(
                    Kind::RouterRightsMany,
                    format!("group `{}` may also {}", login.group, spare.join(", ")),
                    "`mikrelay kit --user mikrelay` makes an account and a group of the relay's own",
                ));
            } else {
                findings.push(Finding::ok(format!("the rights of group `{}` are enough", login.group)));
            }
            if expected.has_portal && missing.is_empty() && !has("sensitive") {
                findings.push(Finding::new(
                    Kind::RouterPasswordsHidden,
                    format!("group `{}` may not see passwords (policy `sensitive`)", login.group),
                    "only if portals are to bring back buyers of printed tickets: `mikrelay kit script --sensitive`",
                ));
            }
        }
        Err(error) => findings.push(unread("its own rights", error)),
    }
    if let Ok(services) = &look.services {
        let name = if expected.router.tls == RouterTls::Off {
            "api"
        } else {
            "api-ssl"
        };
        let service = services
            .iter()
            .find(|service| service.name == name && !service.disabled);
        let is_login_bound = look.login.as_ref().is_ok_and(|login| !login.address.is_empty());
        match service {
            Some(service) if !service.address.is_empty() => {
                findings.push(Finding::ok(format!("`{name}` answers {} alone", service.address)));
            }
            Some(_) if is_login_bound => {
                findings.push(Finding::ok("the login is taken from the relay's address alone"))
            }
            Some(_) => findings.push(Finding::new(
                Kind::RouterApiOpen,
                format!("`{name}` answers every address"),
                format!("/ip service set {name} address=<address of the relay>/32"),
            )),
            None => {}
        }
    }
    findings
}

/// Whether the router refuses to show anything at all.
pub(super) fn may_not_read(look: &Look) -> bool {
    let is_refused =
        |error: &RouterError| matches!(error, RouterError::Trap(trap) if trap.kind == TrapKind::NotPermitted);
    look.resource.as_ref().is_err_and(is_refused)
}

pub(super) fn lacks(what: &str) -> Finding {
    Finding::new(
        Kind::RouterRights,
        what,
        "run the script of `mikrelay kit` on the router, or give the group of the relay's account the policies api, read and write",
    )
}

/// Without TLS the password crosses the network in clear: fine within a tunnel or one's own network.
pub(super) fn plain_password(router: &Router) -> Option<Finding> {
    let (host, _) = crate::routeros::endpoint(&router.address, &router.tls)?;
    let is_public = host.parse().is_ok_and(is_public);
    (router.tls == RouterTls::Off && is_public).then(|| {
        Finding::new(
            Kind::RouterPlain,
            format!("`{host}` is a public address, and the connection is not protected"),
            "reach the router through a tunnel (WireGuard), or use `api-ssl` and pin its certificate (`tls` in the business file)",
        )
    })
}

pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // 100.64.0.0/10: providers and some tunnels use it inside.
            let is_shared = first == 100 && (64..128).contains(&second);
            !(address.is_private() || address.is_loopback() || address.is_link_local() || is_shared)
        }
        IpAddr::V6(address) => !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()),
    }
}

/// What it is, and what its version and its device mode allow.
pub(super) fn system(look: &Look) -> Vec<Finding> {
    let mut findings = Vec::new();
    match &look.resource {
        Ok(resource) => {
            let identity = look.identity.as_deref().unwrap_or("?");
            let what = format!(
                "it is `{identity}`, RouterOS {} on {}",
                resource.version, resource.board_name
            );
            findings.push(if is_old(resource) {
                Finding::new(
                    Kind::RouterOld,
                    what,
                    "update it: System > Packages > Check For Updates, channel `long-term`",
                )
            } else {
                Finding::ok(what)
            });
        }
        Err(error) => findings.push(unread("its version", error)),
    }
    if let Ok(mode) = &look.device_mode
        && mode.hotspot == Some(false)
    {
        findings.push(Finding::new(
            Kind::DeviceModeHotspot,
            format!("device mode `{}` forbids the hotspot", mode.mode),
            "/system device-mode update hotspot=yes, and then press the router's button or cut its power, as it asks",
        ));
    }
    if let Ok(false) = look.answers_names {
        findings.push(Finding::new(
            Kind::NamesRefused,
            "the router answers no phone that asks for a name",
            "/ip dns set allow-remote-requests=yes (and keep port 53 closed towards the internet)",
        ));
    }
    findings
}

fn is_old(resource: &Resource) -> bool {
    let mut parts = resource
        .version_number()
        .split('.')
        .map(|part| part.parse::<u32>().ok());
    let number = (parts.next().flatten(), parts.next().flatten());
    matches!(number, (Some(major), minor) if (major, minor.unwrap_or(0)) < OLDEST)
}

/// The clock, its source and its zone.
pub(super) fn clock(look: &Look, company: Option<&Company>, now: Timestamp) -> Vec<Finding> {
    let clock = match &look.clock {
        Ok(clock) => clock,
        Err(error) => return vec![unread("its clock", error)],
    };
    let asks = look.asks_for_time.as_ref().ok().copied();
    let mut findings = vec![moment(clock, asks, now)];
    if asks == Some(false) && findings.iter().all(|finding| finding.kind.is_none()) {
        findings.push(Finding::new(
            Kind::ClockNoNtp,
            "the router asks no time server",
            "/system ntp client set enabled=yes, with a server that it can reach",
        ));
    }
    if let (Some(offset_s), Some(company)) = (clock.gmt_offset_s, company)
        && let Some(zone) = crate::packed::time_zone(&company.timezone)
    {
        let wanted_s = zone.to_offset(now).seconds();
        if wanted_s != offset_s {
            findings.push(Finding::new(
                Kind::TimeZone,
                format!(
                    "the router's time zone is `{}`, {} from the company's, `{}`",
                    clock.time_zone,
                    hours(offset_s - wanted_s),
                    company.timezone
                ),
                format!("/system clock set time-zone-name={}", company.timezone),
            ));
        }
    }
    findings
}

fn moment(clock: &RouterClock, asks: Option<bool>, now: Timestamp) -> Finding {
    let shown = format!("{} {} {}", clock.date, clock.time, clock.time_zone);
    let Some(apart_s) = clock
        .timestamp()
        .map(|router| router.duration_since(now).as_secs().abs())
    else {
        return Finding::new(
            Kind::ClockUnknown,
            format!("the clock shows {shown}, and nobody knows where that is"),
            "/system clock set time-zone-name=Africa/Porto-Novo (with your own zone)",
        );
    };
    if apart_s <= CLOCK_TOLERANCE_S {
        return Finding::ok(format!(
            "the clock shows {shown}, {apart_s} s apart from this machine's"
        ));
    }
    let fix = match asks {
        Some(true) => {
            "the router asks a time server: can it reach one (/system ntp client print)? If it does, this machine's clock is \
             the wrong one (`timedatectl`)"
        }
        _ => "/system ntp client set enabled=yes, with a server that it can reach",
    };
    Finding::new(
        Kind::ClockWrong,
        format!(
            "the clock shows {shown}, {} apart from this machine's",
            long_time(apart_s)
        ),
        fix,
    )
}

/// `+1 h`, `-3 h 30 min`.
fn hours(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
    match minutes % 60 {
        0 => format!("{sign}{} h", minutes / 60),
        rest => format!("{sign}{} h {rest} min", minutes / 60),
    }
}

/// In the unit that people would use.
pub(super) fn long_time(seconds: i64) -> String {
    let units = [
        (365 * 86_400, "years"),
        (86_400, "days"),
        (3_600, "hours"),
        (60, "minutes"),
    ];
    let fitting = units.into_iter().find(|(size, _)| seconds >= size * 2);
    fitting.map_or_else(
        || format!("{seconds} s"),
        |(size, unit)| format!("{} {unit}", seconds / size),
    )
}

pub(super) fn unread(what: &str, error: &RouterError) -> Finding {
    Finding::new(
        Kind::RouterUnread,
        format!("{what} cannot be read: {}", chain(error)),
        "look at the router's log, and at what the group of the relay's login may do",
    )
}

pub(super) fn there_are<'a>(names: impl Iterator<Item = &'a str>, kind: &str) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match names.is_empty() {
        true => format!("the router has no {kind} at all"),
        false => format!("the router has {}; capitals and spaces count", names.join(", ")),
    }
}

/// The error with what caused it, on one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

const WRONG_PIN_OR_PORT: &str = "compare the pinned SHA-256 with the certificate that `/ip service` gives to `api-ssl`, and the \
     port with 8729";
/// What a sale needs (facts: routeros 6).
const NEEDED: &[&str] = &["api", "read", "write"];
/// What it never needs and an intruder would like.
const SPARE: &[&str] = &[
    "policy", "ftp", "reboot", "ssh", "telnet", "winbox", "web", "rest-api", "password", "sniff", "romon",
];
/// Orders' comments carry a date, so minutes do not matter; a router without a clock is years behind.
const CLOCK_TOLERANCE_S: i64 = 300;
/// The last branch of version 6.
const OLDEST: (u32, u32) = (6, 49);

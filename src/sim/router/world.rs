//! What the simulated router holds: rows by menu, its clock, and who may do what.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::menus::{self, Menu};
use super::values;
use super::{SimRouterConfig, SimVersion};
use crate::clock::Clock;
use crate::sorted::gathered;

/// One row; computed properties are added when it is printed.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub id: u64,
    pub values: BTreeMap<String, Vec<u8>>,
    /// Users: seconds used in sessions that are over.
    pub used_s: u64,
    /// Users: bytes from and to the client so far.
    pub bytes: (u64, u64),
    /// Active sessions: when they began.
    pub since: Option<Timestamp>,
}

impl Row {
    pub fn new(values: &[(&str, &[u8])]) -> Self {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec()));
        Self {
            values: gathered(values),
            ..Self::default()
        }
    }

    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    pub fn text(&self, name: &str) -> String {
        self.get(name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
            .unwrap_or_default()
    }

    pub fn is(&self, name: &str, value: &[u8]) -> bool {
        self.get(name) == Some(value)
    }

    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        self.values.insert(name.to_owned(), value.into());
    }

    pub fn id_text(&self) -> String {
        format!("*{:X}", self.id)
    }
}

/// A command that the router does not carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub category: Option<u8>,
    pub message: String,
}

impl Refusal {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            category: None,
            message: message.into(),
        }
    }

    pub fn of(category: u8, message: impl Into<String>) -> Self {
        Self {
            category: Some(category),
            message: message.into(),
        }
    }
}

/// Everything on the router.
pub(super) struct World {
    pub version: SimVersion,
    /// What it says of its version.
    pub version_text: String,
    pub mikhmon: bool,
    /// A scheduler's next run is told without its year, which some versions from 7.10 on do.
    pub short_next_run: bool,
    clock: Clock,
    zone: TimeZone,
    zone_name: String,
    /// It does not tell how far it is from UTC.
    pub hides_offset: bool,
    /// How far the router's clock is ahead.
    pub skew: SignedDuration,
    started: Timestamp,
    tables: BTreeMap<&'static str, Vec<Row>>,
    next_id: u64,
}

impl World {
    pub fn new(config: &SimRouterConfig) -> Self {
        let mut world = Self {
            version: config.version,
            version_text: config.version.text().to_owned(),
            mikhmon: config.mikhmon,
            short_next_run: false,
            clock: config.clock.clone(),
            zone: crate::packed::time_zone(&config.time_zone).unwrap_or(TimeZone::UTC),
            zone_name: config.time_zone.clone(),
            hides_offset: false,
            skew: SignedDuration::ZERO,
            started: config.clock.now(),
            tables: BTreeMap::new(),
            next_id: 1,
        };
        world.furnish(config);
        world
    }

    fn furnish(&mut self, config: &SimRouterConfig) {
        self.fill(menus::IDENTITY, &[("name", config.identity.as_bytes())]);
        self.fill(menus::NTP_CLIENT, &[("enabled", b"true"), ("servers", b"pool.ntp.org")]);
        self.fill(menus::DNS, &[("allow-remote-requests", b"true")]);
        let device_mode = [("mode", &b"advanced"[..]), ("hotspot", b"true"), ("scheduler", b"true")];
        self.fill(menus::DEVICE_MODE, &device_mode);
        self.fill(menus::GROUP, &[("name", b"full"), ("policy", FULL_POLICY.as_bytes())]);
        self.fill(
            menus::GROUP,
            &[("name", b"relay"), ("policy", config.policy.as_bytes())],
        );
        self.fill(
            menus::LOGIN_USER,
            &[
                ("name", config.user.as_bytes()),
                ("password", config.password.as_bytes()),
                ("group", b"relay"),
                ("address", b""),
            ],
        );
        for (name, port) in [
            ("api", &b"8728"[..]),
            ("ssh", b"22"),
            ("www", b"80"),
            ("winbox", b"8291"),
            ("api-ssl", b"8729"),
        ] {
            self.fill(
                menus::SERVICE,
                &[
                    ("name", name.as_bytes()),
                    ("port", port),
                    ("address", b""),
                    ("disabled", b"false"),
                ],
            );
        }
        self.fill(menus::SERVER_PROFILE, &[("name", b"default")]);
        self.fill(
            menus::SERVER_PROFILE,
            &[
                ("name", b"hsprof1"),
                ("dns-name", config.dns_name.as_bytes()),
                ("login-by", b"cookie,http-chap,http-pap,mac-cookie"),
            ],
        );
        self.fill(menus::USER_PROFILE, &[("name", b"default"), ("default", b"true")]);
        for name in &config.profiles {
            self.fill(menus::USER_PROFILE, &[("name", name.as_bytes())]);
        }
        for name in &config.servers {
            self.fill(menus::SERVER, &[("name", name.as_bytes()), ("profile", b"hsprof1")]);
        }
        self.fill(menus::USER, &[("name", b"default-trial"), ("default", b"true")]);
    }

    /// Puts a row in without the checks of `add`.
    pub fn fill(&mut self, path: &'static str, values: &[(&str, &[u8])]) -> u64 {
        let mut row = Row::new(values);
        if let Some(menu) = menus::find(path) {
            complete(menu, &mut row);
        }
        self.insert(path, row)
    }

    pub fn insert(&mut self, path: &'static str, mut row: Row) -> u64 {
        row.id = self.next_id;
        self.next_id += 1;
        let id = row.id;
        self.tables.entry(path).or_default().push(row);
        id
    }

    pub fn rows(&self, path: &str) -> &[Row] {
        self.tables.get(path).map_or(&[], Vec::as_slice)
    }

    pub fn row(&self, path: &str, id: u64) -> Option<&Row> {
        self.rows(path).iter().find(|row| row.id == id)
    }

    pub fn row_mut(&mut self, path: &str, id: u64) -> Option<&mut Row> {
        self.tables.get_mut(path)?.iter_mut().find(|row| row.id == id)
    }

    pub fn named(&self, path: &str, name: &[u8]) -> Option<&Row> {
        self.rows(path).iter().find(|row| row.is("name", name))
    }

    pub fn remove(&mut self, path: &str, id: u64) -> Option<Row> {
        let rows = self.tables.get_mut(path)?;
        let at = rows.iter().position(|row| row.id == id)?;
        Some(rows.remove(at))
    }

    /// Keeps the rows that `keep` likes.
    pub fn retain(&mut self, path: &str, keep: impl Fn(&Row) -> bool) {
        if let Some(rows) = self.tables.get_mut(path) {
            rows.retain(keep);
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the router's own clock shows.
    pub fn local(&self) -> DateTime {
        self.zone
            .to_datetime(self.now().saturating_add(self.skew).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// From 7.10 on (facts: routeros 6).
    pub fn iso_dates(&self) -> bool {
        let mut parts = self
            .version_text
            .split(['.', ' '])
            .map(|part| part.parse().unwrap_or(0));
        let number: (u32, u32) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        number >= (7, 10)
    }

    /// What a login user's group allows.
    pub fn policies(&self, user: &str) -> BTreeSet<String> {
        let group = self
            .named(menus::LOGIN_USER, user.as_bytes())
            .map(|row| row.text("group"))
            .unwrap_or_default();
        let policy = self
            .named(menus::GROUP, group.as_bytes())
            .map(|row| row.text("policy"))
            .unwrap_or_default();
        let allowed = policy
            .split(',')
            .filter(|name| !name.is_empty() && !name.starts_with('!'));
        gathered(allowed.map(str::to_owned))
    }

    /// A login user who is enabled and whose group may use the API.
    pub fn login_password(&self, user: &str) -> Option<Vec<u8>> {
        let row = self
            .named(menus::LOGIN_USER, user.as_bytes())
            .filter(|row| !row.is("disabled", b"true"))?;
        self.policies(user)
            .contains("api")
            .then(|| row.get("password").unwrap_or_default().to_vec())
    }

    /// The one row of a menu that is a record, computed now.
    pub fn record(&self, path: &str) -> Row {
        let offset = self.zone.to_offset(self.now()).seconds();
        let uptime = self.now().duration_since(self.started).as_secs().max(0).unsigned_abs();
        let local = self.local();
        let pairs: Vec<(&str, String)> = match path {
            menus::CLOCK => vec![
                ("date", values::date_text(local.date(), self.iso_dates())),
                ("time", local.time().strftime("%H:%M:%S").to_string()),
                (
                    "time-zone-name",
                    if self.hides_offset {
                        "manual".to_owned()
                    } else {
                        self.zone_name.clone()
                    },
                ),
                ("time-zone-autodetect", "true".to_owned()),
                (
                    "gmt-offset",
                    if self.hides_offset {
                        String::new()
                    } else {
                        offset_text(offset)
                    },
                ),
                ("dst-active", "false".to_owned()),
            ],
            menus::RESOURCE => vec![
                ("version", self.version_text.clone()),
                ("uptime", values::duration_text(uptime)),
                ("board-name", "simulated".to_owned()),
                ("architecture-name", "x86_64".to_owned()),
                ("platform", "MikroTik".to_owned()),
                ("cpu-load", "1".to_owned()),
                ("free-memory", "67108864".to_owned()),
                ("total-memory", "134217728".to_owned()),
            ],
            _ => return self.rows(path).first().cloned().unwrap_or_default(),
        };
        Row {
            values: pairs
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into_bytes()))
                .collect(),
            ..Row::default()
        }
    }
}

/// Fills in what `add` was not told.
pub(super) fn complete(menu: &Menu, row: &mut Row) {
    for (name, value) in menu.defaults {
        row.values
            .entry((*name).to_owned())
            .or_insert_with(|| value.as_bytes().to_vec());
    }
}

fn offset_text(seconds: i32) -> String {
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

const FULL_POLICY: &str =
    "local,telnet,ssh,ftp,reboot,read,write,policy,test,winbox,password,web,sniff,sensitive,api,romon";

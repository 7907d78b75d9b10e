//! The few things a payment relay asks of a hotspot router. Facts: `routeros.md` 2, 4 and 6.
//!
//! Names of profiles and servers are listed for the caller to compare byte for byte: the API itself takes a
//! unique beginning for the whole name and would use another profile in silence. Passwords are never read.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use secrecy::{ExposeSecret, SecretString};

use super::command::{self, Command};
use super::connection::Session;
use super::reply::{Reply, Row};
use super::{RouterError, values};
use crate::plan::{DataLimit, TimeLimit};

/// What a router says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// As printed: `7.21.4 (long-term)`.
    pub version: String,
    pub board_name: String,
    pub architecture: String,
    pub uptime: String,
}

impl Resource {
    /// The digits of the version: `7.21.4`.
    pub fn version_number(&self) -> &str {
        self.version.split(' ').next().unwrap_or_default()
    }
}

/// The router's local time. Without NTP it starts in 1970 after a power loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterClock {
    pub date: Date,
    pub time: Time,
    /// IANA name, or `manual`.
    pub time_zone: String,
    /// Seconds east of UTC.
    pub gmt_offset_s: Option<i32>,
}

impl RouterClock {
    /// The moment it shows; `None` if the router does not say where it is.
    pub fn timestamp(&self) -> Option<Timestamp> {
        let local = DateTime::from_parts(self.date, self.time);
        let zone = match self.gmt_offset_s {
            Some(seconds) => TimeZone::fixed(Offset::from_seconds(seconds).ok()?),
            None => TimeZone::get(&self.time_zone).ok()?,
        };
        zone.to_timestamp(local).ok()
    }
}

/// A hotspot server; `name` is what `$(server-name)` and `nasid` say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HotspotServer {
    pub name: String,
    pub interface: String,
    /// Its server profile, which has the dns-name and the kinds of login.
    pub profile: String,
    pub disabled: bool,
    pub invalid: bool,
}

/// How a hotspot server lets people in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerProfile {
    pub name: String,
    pub dns_name: String,
    /// `http-chap`, `http-pap`, `mac-cookie` and others.
    pub login_by: Vec<String>,
}

/// A hotspot user to be made. Nothing is bound to a device: phones change their MAC.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Name of a hotspot server, or `all`.
    pub server: String,
    pub name: SecretString,
    pub password: SecretString,
    pub profile: String,
    pub limit_uptime: TimeLimit,
    pub limit_bytes_total: DataLimit,
    pub comment: String,
    /// Mikhmon leaves it alone. Not sent when empty.
    pub email: String,
    /// It is there and nobody can log in as it.
    pub disabled: bool,
}

/// A hotspot user as the router has it, without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRow {
    /// The router's id, `*1A`.
    pub id: String,
    pub name: String,
    /// `all` where the router names no server.
    pub server: String,
    pub profile: String,
    pub comment: String,
    pub email: String,
    pub disabled: bool,
    pub limit_uptime: TimeLimit,
    pub limit_bytes_total: DataLimit,
    /// Time used so far, over all sessions.
    pub uptime: TimeLimit,
}

/// In voucher mode the name is the password.
impl std::fmt::Debug for UserRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserRow")
            .field("id", &self.id)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// A device the hotspot has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub mac: String,
    /// The address the device uses.
    pub address: String,
    /// The address the router translates it to, often the same.
    pub to_address: String,
    pub server: String,
    /// A user is logged in on it.
    pub authorized: bool,
    pub bypassed: bool,
}

/// A user who is online.
#[derive(Clone, PartialEq, Eq)]
pub struct Active {
    pub id: String,
    pub user: String,
    pub address: String,
    pub mac: String,
    pub server: String,
    pub uptime: TimeLimit,
    /// `None` where nothing limits the session.
    pub time_left: Option<TimeLimit>,
    /// From the device, in this session.
    pub bytes_in: u64,
    pub bytes_out: u64,
}

impl std::fmt::Debug for Active {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Active")
            .field("id", &self.id)
            .field("mac", &self.mac)
            .finish_non_exhaustive()
    }
}

/// What a router says of itself and of its hotspots, asked in one round trip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    pub identity: String,
    pub resource: Resource,
    pub clock: RouterClock,
    /// Names of the user profiles.
    pub profiles: Vec<String>,
    pub servers: Vec<HotspotServer>,
    pub server_profiles: Vec<ServerProfile>,
}

impl Session {
    pub async fn identity(&mut self) -> Result<String, RouterError> {
        read_identity(&self.run(command::IDENTITY.with([])).await?)
    }

    pub async fn resource(&mut self) -> Result<Resource, RouterError> {
        read_resource(&self.run(command::RESOURCE.with([])).await?)
    }

    pub async fn clock(&mut self) -> Result<RouterClock, RouterError> {
        read_clock(&self.run(command::CLOCK.with([])).await?)
    }

    /// The names of the user profiles.
    pub async fn profiles(&mut self) -> Result<Vec<String>, RouterError> {
        Ok(read_names(&self.run(command::PROFILES.with([])).await?))
    }

    pub async fn servers(&mut self) -> Result<Vec<HotspotServer>, RouterError> {
        Ok(self
            .run(command::SERVERS.with([]))
            .await?
            .rows
            .iter()
            .map(server_row)
            .collect())
    }

    pub async fn server_profiles(&mut self) -> Result<Vec<ServerProfile>, RouterError> {
        Ok(self
            .run(command::SERVER_PROFILES.with([]))
            .await?
            .rows
            .iter()
            .map(server_profile_row)
            .collect())
    }

    /// All of the above at once.
    pub async fn survey(&mut self) -> Result<Survey, RouterError> {
        let commands = [
            command::IDENTITY.with([]),
            command::RESOURCE.with([]),
            command::CLOCK.with([]),
            command::PROFILES.with([]),
            command::SERVERS.with([]),
            command::SERVER_PROFILES.with([]),
        ];
        let mut outcomes = self.run_together(&commands).await?.into_iter();
        let mut next = || {
            outcomes
                .next()
                .unwrap_or(Ok(Reply::default()))
                .map_err(RouterError::Trap)
        };
        Ok(Survey {
            identity: read_identity(&next()?)?,
            resource: read_resource(&next()?)?,
            clock: read_clock(&next()?)?,
            profiles: read_names(&next()?),
            servers: next()?.rows.iter().map(server_row).collect(),
            server_profiles: next()?.rows.iter().map(server_profile_row).collect(),
        })
    }

    /// The user of this name for this server, both byte for byte: the same name may stand once per server
    /// and once for `all`.
    pub async fn user(&mut self, name: &str, server: &str) -> Result<Option<UserRow>, RouterError> {
        let command = command::USERS.with([Some(values::ascii("user", name)?)]);
        // The server is compared here: not every version prints it for a user of all servers.
        let rows = self.rows(command, user_row).await?;
        Ok(rows.into_iter().find(|row| row.name == name && row.server == server))
    }

    /// Adds a user. A trap of kind `AlreadyExists` means that the name is taken for this server.
    pub async fn add_user(&mut self, user: &NewUser) -> Result<(), RouterError> {
        let added = self.run(add_user_command(user)?).await;
        added
            .map(drop)
            .map_err(|error| error.without_name(user.name.expose_secret()))
    }

    pub async fn disable_user(&mut self, id: &str) -> Result<(), RouterError> {
        self.run(command::DISABLE_USER.with([Some(values::ascii("id", id)?)]))
            .await
            .map(drop)
    }

    pub async fn enable_user(&mut self, id: &str) -> Result<(), RouterError> {
        self.run(command::ENABLE_USER.with([Some(values::ascii("id", id)?)]))
            .await
            .map(drop)
    }

    /// Takes a user away; one that is gone already is no error.
    pub async fn remove_user(&mut self, id: &str) -> Result<(), RouterError> {
        let removed = self
            .run(command::REMOVE_USER.with([Some(values::ascii("id", id)?)]))
            .await;
        match removed {
            Err(RouterError::Trap(trap)) if trap.kind == super::TrapKind::NoSuchItem => Ok(()),
            other => other.map(drop),
        }
    }

    /// Forgets the devices that may log in as this user without a page.
    pub async fn remove_cookies_of(&mut self, user: &str) -> Result<usize, RouterError> {
        let asked = command::COOKIES.with([Some(values::ascii("user", user)?)]);
        let cookies = self.rows(asked, |row| text(row, ".id")).await?;
        for id in &cookies {
            let removed = self
                .run(command::REMOVE_COOKIE.with([Some(values::ascii("id", id)?)]))
                .await;
            match removed {
                // It expired, or went with its session.
                Err(RouterError::Trap(trap)) if trap.kind == super::TrapKind::NoSuchItem => {}
                other => drop(other?),
            }
        }
        Ok(cookies.len())
    }

    /// Logs the user off wherever he is; returns from how many devices.
    pub async fn remove_active_of(&mut self, user: &str) -> Result<usize, RouterError> {
        let sessions = self.active_of(user).await?;
        for active in &sessions {
            self.remove_active(&active.id).await?;
        }
        Ok(sessions.len())
    }

    /// Ends one session. One that is over already is no error.
    pub async fn remove_active(&mut self, id: &str) -> Result<(), RouterError> {
        let removed = self
            .run(command::REMOVE_ACTIVE.with([Some(values::ascii("id", id)?)]))
            .await;
        match removed {
            Err(RouterError::Trap(trap)) if trap.kind == super::TrapKind::NoSuchItem => Ok(()),
            other => other.map(drop),
        }
    }

    /// Logs a device in as `user`. `ip` and `mac` come from a browser, so what is no address is refused here.
    pub async fn log_in(&mut self, user: &str, password: &str, ip: &str, mac: Option<&str>) -> Result<(), RouterError> {
        let not_sendable = |field, wanted| RouterError::NotSendable { field, wanted };
        let ip: std::net::Ipv4Addr = ip.trim().parse().map_err(|_| not_sendable("ip", "an IPv4 address"))?;
        let mac = mac
            .map(|mac| values::normal_mac(mac).ok_or_else(|| not_sendable("mac", "a MAC address")))
            .transpose()?;
        let command = command::LOG_IN.with([
            Some(values::ascii("user", user)?),
            Some(values::ascii("password", password)?),
            Some(ip.to_string().as_bytes()),
            mac.as_deref().map(str::as_bytes),
        ]);
        self.run(command)
            .await
            .map(drop)
            .map_err(|error| error.without_name(user))
    }

    /// What the host table knows of a device. Text that is no MAC address finds nothing.
    pub async fn host_by_mac(&mut self, mac: &str) -> Result<Option<Host>, RouterError> {
        let Some(mac) = values::normal_mac(mac) else {
            return Ok(None);
        };
        let rows = self.rows(command::HOSTS.with([Some(mac.as_bytes())]), host_row).await?;
        Ok(rows.into_iter().next())
    }

    /// The devices a user is online with.
    pub async fn active_of(&mut self, user: &str) -> Result<Vec<Active>, RouterError> {
        self.rows(
            command::ACTIVE.with([Some(values::ascii("user", user)?), None]),
            active_row,
        )
        .await
    }

    /// Who is online on a device.
    pub async fn active_on(&mut self, mac: &str) -> Result<Vec<Active>, RouterError> {
        let Some(mac) = values::normal_mac(mac) else {
            return Ok(Vec::new());
        };
        self.rows(command::ACTIVE.with([None, Some(mac.as_bytes())]), active_row)
            .await
    }

    pub(super) async fn rows<T>(&mut self, command: Command, read: impl Fn(&Row) -> T) -> Result<Vec<T>, RouterError> {
        Ok(self.run(command).await?.rows.iter().map(read).collect())
    }
}

fn add_user_command(user: &NewUser) -> Result<Command, RouterError> {
    let email = (!user.email.is_empty())
        .then(|| values::ascii("email", &user.email))
        .transpose()?;
    Ok(command::ADD_USER.with([
        Some(values::existing_name("server", &user.server)?),
        Some(values::ascii("user", user.name.expose_secret())?),
        Some(values::ascii("password", user.password.expose_secret())?),
        Some(values::existing_name("profile", &user.profile)?),
        Some(user.limit_uptime.to_routeros().as_bytes()),
        Some(user.limit_bytes_total.to_routeros().as_bytes()),
        Some(values::ascii("comment", &user.comment)?),
        email,
        user.disabled.then_some(b"yes".as_slice()),
    ]))
}

pub(super) fn read_identity(reply: &Reply) -> Result<String, RouterError> {
    let row = record(reply, "/system/identity/print", "name")?;
    Ok(text(row, "name"))
}

pub(super) fn read_resource(reply: &Reply) -> Result<Resource, RouterError> {
    let row = record(reply, "/system/resource/print", "version")?;
    Ok(Resource {
        version: text(row, "version"),
        board_name: text(row, "board-name"),
        architecture: text(row, "architecture-name"),
        uptime: text(row, "uptime"),
    })
}

pub(super) fn read_clock(reply: &Reply) -> Result<RouterClock, RouterError> {
    let command = "/system/clock/print";
    let row = record(reply, command, "date")?;
    let missing = |property| RouterError::Answer { command, property };
    Ok(RouterClock {
        date: values::date(&text(row, "date")).ok_or_else(|| missing("date"))?,
        time: values::time(&text(row, "time")).ok_or_else(|| missing("time"))?,
        time_zone: text(row, "time-zone-name"),
        gmt_offset_s: values::gmt_offset(&text(row, "gmt-offset")),
    })
}

fn read_names(reply: &Reply) -> Vec<String> {
    reply.rows.iter().map(|row| text(row, "name")).collect()
}

/// The one row of a menu that is a record, with the property that makes it one.
pub(super) fn record<'a>(
    reply: &'a Reply,
    command: &'static str,
    property: &'static str,
) -> Result<&'a Row, RouterError> {
    let row = reply.rows.first().filter(|row| row.get(property).is_some());
    row.ok_or(RouterError::Answer { command, property })
}

pub(super) fn server_row(row: &Row) -> HotspotServer {
    HotspotServer {
        name: text(row, "name"),
        interface: text(row, "interface"),
        profile: text(row, "profile"),
        disabled: values::is_true(&text(row, "disabled")),
        invalid: values::is_true(&text(row, "invalid")),
    }
}

pub(super) fn server_profile_row(row: &Row) -> ServerProfile {
    ServerProfile {
        name: text(row, "name"),
        dns_name: text(row, "dns-name"),
        login_by: text(row, "login-by")
            .split(',')
            .filter(|way| !way.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

fn host_row(row: &Row) -> Host {
    Host {
        mac: text(row, "mac-address"),
        address: text(row, "address"),
        to_address: text(row, "to-address"),
        server: text(row, "server"),
        authorized: values::is_true(&text(row, "authorized")),
        bypassed: values::is_true(&text(row, "bypassed")),
    }
}

fn user_row(row: &Row) -> UserRow {
    let server = text(row, "server");
    UserRow {
        id: text(row, ".id"),
        name: text(row, "name"),
        server: if server.is_empty() {
            ALL_SERVERS.to_owned()
        } else {
            server
        },
        profile: text(row, "profile"),
        comment: text(row, "comment"),
        email: text(row, "email"),
        disabled: values::is_true(&text(row, "disabled")),
        limit_uptime: time_limit(row, "limit-uptime"),
        limit_bytes_total: DataLimit::parse(&text(row, "limit-bytes-total")).unwrap_or_default(),
        uptime: time_limit(row, "uptime"),
    }
}

fn active_row(row: &Row) -> Active {
    Active {
        id: text(row, ".id"),
        user: text(row, "user"),
        address: text(row, "address"),
        mac: text(row, "mac-address"),
        server: text(row, "server"),
        uptime: time_limit(row, "uptime"),
        time_left: row
            .get("session-time-left")
            .map(|_| time_limit(row, "session-time-left")),
        bytes_in: bytes(row, "bytes-in"),
        bytes_out: bytes(row, "bytes-out"),
    }
}

pub(super) fn text(row: &Row, name: &str) -> String {
    row.text(name).unwrap_or_default()
}

/// For display; a form nobody knows yet reads as none.
pub(super) fn time_limit(row: &Row, name: &str) -> TimeLimit {
    TimeLimit::parse(&text(row, name)).unwrap_or_default()
}

/// Plain digits; what a router does not count is none.
pub(super) fn bytes(row: &Row, name: &str) -> u64 {
    DataLimit::parse(&text(row, name)).unwrap_or_default().bytes
}

/// A user who may log in on any server of the router.
pub(super) const ALL_SERVERS: &str = "all";

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str, offset: Option<i32>) -> RouterClock {
        RouterClock {
            date: jiff::civil::date(2026, 6, 15),
            time: jiff::civil::time(10, 15, 0, 0),
            time_zone: zone.to_owned(),
            gmt_offset_s: offset,
        }
    }

    #[test]
    fn a_clock_shows_a_moment_if_it_knows_where_it_is() {
        let noon = |clock: RouterClock| clock.timestamp().map(|moment| moment.to_string());
        assert_eq!(
            noon(clock("Africa/Porto-Novo", None)).as_deref(),
            Some("2026-06-15T09:15:00Z")
        );
        assert_eq!(
            noon(clock("manual", Some(-10_800))).as_deref(),
            Some("2026-06-15T13:15:00Z")
        );
        assert_eq!(noon(clock("manual", None)), None);
    }

    #[test]
    fn a_version_is_the_digits_before_the_first_space() {
        let resource = |version: &str| Resource {
            version: version.to_owned(),
            board_name: String::new(),
            architecture: String::new(),
            uptime: String::new(),
        };
        assert_eq!(resource("7.21.4 (long-term)").version_number(), "7.21.4");
        assert_eq!(resource("6.49.19").version_number(), "6.49.19");
    }

    #[test]
    fn x4_a_user_with_unfit_text_is_not_sent() {
        let good = NewUser {
            server: "hotspot1".to_owned(),
            name: SecretString::from("canary"),
            password: SecretString::from("canary"),
            profile: "1 día".to_owned(),
            limit_uptime: TimeLimit { seconds: 3_600 },
            limit_bytes_total: DataLimit::default(),
            comment: "vc-123-06.15.26-".to_owned(),
            email: String::new(),
            disabled: false,
        };
        let command = add_user_command(&good).unwrap();
        let words: Vec<_> = command
            .words
            .words()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        assert_eq!(
            words[5..],
            ["=limit-uptime=1h", "=limit-bytes-total=0", "=comment=vc-123-06.15.26-"]
        );
        assert!(!format!("{good:?}").contains("canary"));
        for bad in [
            NewUser {
                comment: "a\nb".to_owned(),
                ..good.clone()
            },
            NewUser {
                email: "é@x".to_owned(),
                ..good.clone()
            },
            NewUser {
                name: SecretString::from("a\0"),
                ..good.clone()
            },
        ] {
            assert!(matches!(add_user_command(&bad), Err(RouterError::NotSendable { .. })));
        }
    }
}

//! A look at everything on a router that sales depend on, for whoever has to say what is wrong with it. It reads and
//! changes nothing. What the router refuses to show, or does not have, is missing from the look and spoils nothing else
//! of it. Facts: `routeros.md` 4.2, 4.3, 5 and 6.

use super::command;
use super::connection::Session;
use super::hotspot::{self, HotspotServer, Resource, RouterClock, ServerProfile, text};
use super::reply::{Reply, Row};
use super::trap::Trap;
use super::{RouterError, values};

/// What a router shows of itself. Each part is there, or why it is not.
#[derive(Debug)]
pub struct Look {
    pub identity: Result<String, RouterError>,
    pub resource: Result<Resource, RouterError>,
    pub clock: Result<RouterClock, RouterError>,
    /// Whether it asks time servers.
    pub asks_for_time: Result<bool, RouterError>,
    /// Whether phones may ask it for names.
    pub answers_names: Result<bool, RouterError>,
    pub device_mode: Result<DeviceMode, RouterError>,
    pub servers: Result<Vec<HotspotServer>, RouterError>,
    pub server_profiles: Result<Vec<ServerProfile>, RouterError>,
    pub profiles: Result<Vec<ProfileLook>, RouterError>,
    /// The menu that opens addresses, in its order: the first rule that fits decides.
    pub garden_ip: Result<Vec<GardenRule>, RouterError>,
    /// The menu of plain HTTP.
    pub garden_http: Result<Vec<GardenRule>, RouterError>,
    pub services: Result<Vec<Service>, RouterError>,
    /// Our own account.
    pub login: Result<Login, RouterError>,
}

/// What a 7.x router is allowed to do at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceMode {
    pub mode: String,
    /// `None` where this version does not say.
    pub hotspot: Option<bool>,
    pub scheduler: Option<bool>,
}

/// A user profile and the script that runs when one of its users logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileLook {
    pub name: String,
    pub on_login: String,
}

/// A rule of either walled garden; texts are empty where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GardenRule {
    pub action: String,
    pub comment: String,
    pub disabled: bool,
    pub dst_host: String,
    pub dst_address: String,
    pub dst_address_list: String,
    pub dst_port: String,
    pub protocol: String,
    /// Name of a hotspot server; empty for all.
    pub server: String,
    /// Whether it is for some phones alone.
    pub has_source: bool,
    /// Whether it is for some methods or paths of HTTP alone.
    pub has_path: bool,
}

/// A service such as `api`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    pub port: String,
    /// The addresses it answers; empty for any.
    pub address: String,
    pub disabled: bool,
}

/// An account that people and programs log in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub group: String,
    /// Where it may come from; empty for anywhere.
    pub address: String,
    /// What its group may do.
    pub policies: Vec<String>,
}

impl Session {
    /// Looks at everything, in one round trip. `login` is our own account's name.
    pub async fn look(&mut self, login: &str) -> Result<Look, RouterError> {
        let name = values::existing_name("login", login)?;
        let commands = [
            command::IDENTITY.with([]),
            command::RESOURCE.with([]),
            command::CLOCK.with([]),
            command::NTP_CLIENT.with([]),
            command::DNS.with([]),
            command::DEVICE_MODE.with([]),
            command::SERVERS.with([]),
            command::SERVER_PROFILES.with([]),
            command::PROFILE_SCRIPTS.with([None]),
            command::GARDEN_IP.with([]),
            command::GARDEN.with([]),
            command::SERVICES.with([None]),
            command::LOGINS.with([Some(name)]),
            command::GROUPS.with([None]),
        ];
        let mut parts = Parts(self.run_together(&commands).await?.into_iter());
        Ok(Look {
            identity: parts.next().and_then(|reply| hotspot::read_identity(&reply)),
            resource: parts.next().and_then(|reply| hotspot::read_resource(&reply)),
            clock: parts.next().and_then(|reply| hotspot::read_clock(&reply)),
            asks_for_time: parts.flag("/system/ntp/client/print", "enabled"),
            answers_names: parts.flag("/ip/dns/print", "allow-remote-requests"),
            device_mode: parts.next().and_then(|reply| device_mode(&reply)),
            servers: parts.rows(hotspot::server_row),
            server_profiles: parts.rows(hotspot::server_profile_row),
            profiles: parts.rows(|row| ProfileLook {
                name: text(row, "name"),
                on_login: text(row, "on-login"),
            }),
            garden_ip: parts.rows(garden_rule),
            garden_http: parts.rows(garden_rule),
            services: parts.services(),
            login: parts.login(),
        })
    }

    /// The names out of `names` that enabled schedulers have.
    pub async fn scheduled(&mut self, names: &[String]) -> Result<Vec<String>, RouterError> {
        let asked = names
            .iter()
            .map(|name| Ok(command::SCHEDULERS.with([Some(values::existing_name("scheduler", name)?)])))
            .collect::<Result<Vec<_>, RouterError>>()?;
        let mut found = Vec::new();
        for outcome in self.run_together(&asked).await? {
            let rows = outcome.map_err(RouterError::Trap)?.rows;
            let enabled = rows.iter().filter(|row| !values::is_true(&text(row, "disabled")));
            found.extend(enabled.map(|row| text(row, "name")));
        }
        Ok(found)
    }
}

/// The outcomes, taken in the order of the commands.
struct Parts(std::vec::IntoIter<Result<Reply, Trap>>);

impl Parts {
    fn next(&mut self) -> Result<Reply, RouterError> {
        self.0.next().unwrap_or(Ok(Reply::default())).map_err(RouterError::Trap)
    }

    fn rows<T>(&mut self, read: impl Fn(&Row) -> T) -> Result<Vec<T>, RouterError> {
        Ok(self.next()?.rows.iter().map(read).collect())
    }

    fn flag(&mut self, command: &'static str, property: &'static str) -> Result<bool, RouterError> {
        let reply = self.next()?;
        Ok(values::is_true(&text(
            hotspot::record(&reply, command, property)?,
            property,
        )))
    }

    fn services(&mut self) -> Result<Vec<Service>, RouterError> {
        let reply = self.next()?;
        let listening = reply.rows.iter().filter(|row| !values::is_true(&text(row, "dynamic")));
        let service = |row| Service {
            name: text(row, "name"),
            port: text(row, "port"),
            address: text(row, "address"),
            disabled: values::is_true(&text(row, "disabled")),
        };
        Ok(listening.map(service).collect())
    }

    fn login(&mut self) -> Result<Login, RouterError> {
        let (logins, groups) = (self.next(), self.next()?);
        let logins = logins?;
        let row = hotspot::record(&logins, "/user/print", "group")?;
        let name = text(row, "group");
        let group = groups.rows.iter().find(|group| text(group, "name") == name);
        let group = group.ok_or(RouterError::Answer {
            command: "/user/group/print",
            property: "policy",
        })?;
        let policies = text(group, "policy");
        let granted = policies
            .split(',')
            .map(str::trim)
            .filter(|policy| !policy.is_empty() && !policy.starts_with('!'));
        Ok(Login {
            group: name,
            address: text(row, "address"),
            policies: granted.map(str::to_owned).collect(),
        })
    }
}

fn device_mode(reply: &Reply) -> Result<DeviceMode, RouterError> {
    let row = hotspot::record(reply, "/system/device-mode/print", "mode")?;
    let flag = |name| row.text(name).map(|value| values::is_true(&value));
    Ok(DeviceMode {
        mode: text(row, "mode"),
        hotspot: flag("hotspot"),
        scheduler: flag("scheduler"),
    })
}

fn garden_rule(row: &Row) -> GardenRule {
    let is_set = |name: &&str| !text(row, name).is_empty();
    let server = text(row, "server");
    GardenRule {
        action: text(row, "action"),
        comment: text(row, "comment"),
        disabled: ["disabled", "invalid"]
            .iter()
            .any(|flag| values::is_true(&text(row, flag))),
        dst_host: text(row, "dst-host"),
        dst_address: text(row, "dst-address"),
        dst_address_list: text(row, "dst-address-list"),
        dst_port: text(row, "dst-port"),
        protocol: text(row, "protocol"),
        server: if server == hotspot::ALL_SERVERS {
            String::new()
        } else {
            server
        },
        has_source: ["src-address", "src-address-list"].iter().any(is_set),
        has_path: ["path", "method"].iter().any(is_set),
    }
}

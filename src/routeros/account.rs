//! A hotspot user's whole record, for its owner to come back with: password, device, limits and what is used of them.
//! Every value is read as text and stays text until a rule needs a number, so that a password `0042` or a profile
//! named `24` are what they are. Facts: `routeros.md` 2, 3 and 6; `pagos-hotspot-api.md` 8.

use secrecy::{ExposeSecret, SecretString};

use super::command;
use super::connection::Session;
use super::hotspot::{ALL_SERVERS, bytes, text, time_limit};
use super::reply::Row;
use super::{RouterError, values};

/// A hotspot user as the router has it.
#[derive(Clone)]
pub struct Account {
    /// The router's id, `*1A`.
    pub id: String,
    pub name: String,
    /// `None` where the router did not show it: it is empty, or our account lacks the policy `sensitive`.
    pub password: Option<SecretString>,
    /// `all` where the router names no server.
    pub server: String,
    pub profile: String,
    /// The one device it may use, as the router prints it; `None` for any.
    pub mac: Option<String>,
    pub comment: String,
    pub email: String,
    pub disabled: bool,
    /// The router's own: the row for trials, and users that come and go by themselves.
    pub built_in: bool,
    pub limits: Usage,
    pub used: Usage,
}

/// In voucher mode the name is the password.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// What a user may use, or has used. As a limit zero means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Seconds over all sessions.
    pub uptime_s: u64,
    /// From the client.
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub bytes_total: u64,
}

/// A further user with the rights of another, for one device.
#[derive(Clone)]
pub struct AccountCopy<'a> {
    pub of: &'a Account,
    pub name: String,
    pub password: &'a SecretString,
    /// As the router prints it.
    pub mac: &'a str,
    pub limits: Usage,
}

/// A hotspot user profile, by the router's own words; `None` is what it does not print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserProfile {
    pub id: String,
    pub name: String,
    pub session_timeout: Option<String>,
    pub idle_timeout: Option<String>,
    pub keepalive_timeout: Option<String>,
    pub status_autorefresh: Option<String>,
    pub shared_users: Option<String>,
    pub rate_limit: Option<String>,
    pub address_list: Option<String>,
    /// The router lets a device that logged in come back without a page.
    pub add_mac_cookie: bool,
    pub mac_cookie_timeout: Option<String>,
}

impl Session {
    /// The users of this name: one for each server at most, and one for all.
    pub async fn accounts(&mut self, name: &str) -> Result<Vec<Account>, RouterError> {
        let asked = command::ACCOUNTS.with([Some(values::ascii("user", name)?)]);
        let rows = self.rows(asked, account_row).await?;
        Ok(rows.into_iter().filter(|row| row.name == name).collect())
    }

    /// The users of several names, asked at once.
    pub async fn accounts_named(&mut self, names: &[String]) -> Result<Vec<Account>, RouterError> {
        let asked = names
            .iter()
            .map(|name| Ok(command::ACCOUNTS.with([Some(values::ascii("user", name)?)])))
            .collect::<Result<Vec<_>, RouterError>>()?;
        let mut found = Vec::new();
        for (name, outcome) in names.iter().zip(self.run_together(&asked).await?) {
            let reply = outcome.map_err(RouterError::Trap)?;
            found.extend(reply.rows.iter().map(account_row).filter(|row| row.name == *name));
        }
        Ok(found)
    }

    /// Lets a user log in from this device alone.
    pub async fn bind_user(&mut self, id: &str, mac: &str) -> Result<(), RouterError> {
        let mac = values::normal_mac(mac).ok_or(RouterError::NotSendable {
            field: "mac",
            wanted: "a MAC address",
        })?;
        self.run(command::BIND_USER.with([Some(values::ascii("id", id)?), Some(mac.as_bytes())]))
            .await
            .map(drop)
    }

    /// Replaces all limits of a user.
    pub async fn limit_user(&mut self, id: &str, limits: &Usage) -> Result<(), RouterError> {
        let [uptime, bytes_in, bytes_out, bytes_total] = limits.texts();
        let command = command::LIMIT_USER.with([
            Some(values::ascii("id", id)?),
            Some(uptime.as_bytes()),
            Some(bytes_in.as_bytes()),
            Some(bytes_out.as_bytes()),
            Some(bytes_total.as_bytes()),
        ]);
        self.run(command).await.map(drop)
    }

    /// Adds a user with the rights of another. A trap of kind `AlreadyExists` means that the name is taken.
    pub async fn add_copy(&mut self, copy: &AccountCopy<'_>) -> Result<(), RouterError> {
        let [uptime, bytes_in, bytes_out, bytes_total] = copy.limits.texts();
        let comment = unless_empty("comment", &copy.of.comment)?;
        let email = unless_empty("email", &copy.of.email)?;
        let command = command::ADD_COPY.with([
            Some(values::existing_name("server", &copy.of.server)?),
            Some(values::ascii("user", &copy.name)?),
            Some(values::existing_name("password", copy.password.expose_secret())?),
            Some(values::existing_name("profile", &copy.of.profile)?),
            Some(copy.mac.as_bytes()),
            Some(uptime.as_bytes()),
            Some(bytes_in.as_bytes()),
            Some(bytes_out.as_bytes()),
            Some(bytes_total.as_bytes()),
            comment,
            email,
        ]);
        let added = self.run(command).await;
        added.map(drop).map_err(|error| error.without_name(&copy.name))
    }

    /// The user profiles, all or the one of this name.
    pub async fn user_profiles(&mut self, name: Option<&str>) -> Result<Vec<UserProfile>, RouterError> {
        let asked = name.map(|name| values::existing_name("profile", name)).transpose()?;
        let rows = self.rows(command::USER_PROFILES.with([asked]), profile_row).await?;
        Ok(rows
            .into_iter()
            .filter(|row| name.is_none_or(|name| row.name == name))
            .collect())
    }

    /// Whether this login's group has the policy `sensitive`, without which passwords do not show.
    pub async fn sees_passwords(&mut self, login: &str) -> Result<bool, RouterError> {
        let asked = command::LOGINS.with([Some(values::existing_name("login", login)?)]);
        let groups = self.rows(asked, |row| text(row, "group")).await?;
        let Some(group) = groups.first() else { return Ok(false) };
        let asked = command::GROUPS.with([Some(values::existing_name("group", group)?)]);
        let policies = self.rows(asked, |row| text(row, "policy")).await?;
        Ok(policies
            .iter()
            .flat_map(|policy| policy.split(','))
            .any(|policy| policy.trim() == "sensitive"))
    }
}

impl Usage {
    /// As the arguments of `add` and `set`, in the order of the fields.
    fn texts(&self) -> [String; 4] {
        let time = crate::plan::TimeLimit { seconds: self.uptime_s };
        [
            time.to_routeros(),
            self.bytes_in.to_string(),
            self.bytes_out.to_string(),
            self.bytes_total.to_string(),
        ]
    }
}

fn unless_empty<'a>(field: &'static str, value: &'a str) -> Result<Option<&'a [u8]>, RouterError> {
    (!value.is_empty())
        .then(|| values::existing_name(field, value))
        .transpose()
}

fn account_row(row: &Row) -> Account {
    let server = text(row, "server");
    let (bytes_in, bytes_out) = (bytes(row, "bytes-in"), bytes(row, "bytes-out"));
    Account {
        id: text(row, ".id"),
        name: text(row, "name"),
        password: row.text("password").map(SecretString::from),
        server: if server.is_empty() {
            ALL_SERVERS.to_owned()
        } else {
            server
        },
        profile: text(row, "profile"),
        mac: values::normal_mac(&text(row, "mac-address")).filter(|mac| mac != ANY_MAC),
        comment: text(row, "comment"),
        email: text(row, "email"),
        disabled: values::is_true(&text(row, "disabled")),
        built_in: ["default", "dynamic"]
            .iter()
            .any(|flag| values::is_true(&text(row, flag))),
        limits: Usage {
            uptime_s: time_limit(row, "limit-uptime").seconds,
            bytes_in: bytes(row, "limit-bytes-in"),
            bytes_out: bytes(row, "limit-bytes-out"),
            bytes_total: bytes(row, "limit-bytes-total"),
        },
        used: Usage {
            uptime_s: time_limit(row, "uptime").seconds,
            bytes_in,
            bytes_out,
            bytes_total: bytes_in.saturating_add(bytes_out),
        },
    }
}

fn profile_row(row: &Row) -> UserProfile {
    let shown = |name| row.text(name).filter(|value| !value.is_empty());
    UserProfile {
        id: text(row, ".id"),
        name: text(row, "name"),
        session_timeout: shown("session-timeout"),
        idle_timeout: shown("idle-timeout"),
        keepalive_timeout: shown("keepalive-timeout"),
        status_autorefresh: shown("status-autorefresh"),
        shared_users: shown("shared-users"),
        rate_limit: shown("rate-limit"),
        address_list: shown("address-list"),
        add_mac_cookie: values::is_true(&text(row, "add-mac-cookie")),
        mac_cookie_timeout: shown("mac-cookie-timeout"),
    }
}

/// What stands for any device (facts `routeros.md` 2).
const ANY_MAC: &str = "00:00:00:00:00:00";

//! Logging devices in and off, and the time they use. Facts: `routeros.md` 2 and 4.
//!
//! The texts of some refusals are documented nowhere (a device that is online already); theirs are ours.

use jiff::{SignedDuration, Timestamp};

use super::menus::{ACTIVE, COOKIE, HOST, SCHEDULER, SERVER, SERVER_PROFILE, USER, USER_PROFILE};
use super::values;
use super::world::{Refusal, Row, World};

/// Someone who wants to be online.
pub(super) struct Attempt<'a> {
    pub user: &'a [u8],
    pub password: &'a [u8],
    pub address: &'a str,
    pub mac: Option<&'a str>,
    pub way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `/ip/hotspot/active/login`.
    Api,
    /// The login page, with the password in clear.
    Form,
}

impl World {
    /// Logs a device in; every check that the facts know of, in their order.
    pub fn log_in(&mut self, attempt: &Attempt<'_>) -> Result<(), Refusal> {
        self.settle();
        let host = self.host_of(attempt)?;
        let (mac, server) = (host.text("mac-address"), host.text("server"));
        self.check_way(attempt.way, &server)?;
        let user = self.user_of(attempt, &server)?;
        self.check_user(&user, &mac, attempt.way)?;
        if self.is_active(&mac) {
            return Err(Refusal::new("failure: this host is already logged in"));
        }
        let values: [(&str, &[u8]); 6] = [
            ("user", attempt.user),
            ("address", attempt.address.as_bytes()),
            ("mac-address", mac.as_bytes()),
            ("server", server.as_bytes()),
            ("login-by", if attempt.way == Way::Form { b"http-pap" } else { b"" }),
            ("radius", b"false"),
        ];
        self.insert(
            ACTIVE,
            Row {
                since: Some(self.now()),
                ..Row::new(&values)
            },
        );
        if let Some(host) = self.row_mut(HOST, host.id) {
            host.set("authorized", "true");
        }
        if attempt.way == Way::Form {
            self.plant_cookie(&user, &mac, &server);
        }
        if self.mikhmon {
            self.run_mikhmon(&user, attempt.address, &mac);
        }
        Ok(())
    }

    pub fn is_active(&self, mac: &str) -> bool {
        self.rows(ACTIVE)
            .iter()
            .any(|active| active.is("mac-address", mac.as_bytes()))
    }

    /// Logs off whose time is up.
    pub fn settle(&mut self) {
        let over: Vec<u64> = self
            .rows(ACTIVE)
            .iter()
            .filter(|active| self.user_of_session(active).and_then(|user| self.time_left(user)) == Some(0))
            .map(|active| active.id)
            .collect();
        over.into_iter().for_each(|id| self.end_session(id));
    }

    /// Ends a session and adds its time to the user's.
    pub fn end_session(&mut self, id: u64) {
        let Some(active) = self.row(ACTIVE, id).cloned() else {
            return;
        };
        let (user, elapsed) = (
            self.user_of_session(&active).map(|user| user.id),
            self.elapsed_s(active.since),
        );
        self.remove(ACTIVE, id);
        if let Some(user) = user.and_then(|id| self.row_mut(USER, id)) {
            let limit = user.get("limit-uptime").map_or(0, values::seconds_of);
            user.used_s += elapsed;
            // The router ends a session at its limit, however late we look.
            if limit > 0 {
                user.used_s = user.used_s.min(limit);
            }
        }
        let host = self
            .rows(HOST)
            .iter()
            .find(|host| host.get("mac-address") == active.get("mac-address"));
        if let Some(host) = host.map(|host| host.id).and_then(|id| self.row_mut(HOST, id)) {
            host.set("authorized", "false");
        }
    }

    /// What `active remove` does: the session and the device's cookie go.
    pub fn log_off(&mut self, id: u64) {
        let mac = self
            .row(ACTIVE, id)
            .map(|active| active.text("mac-address"))
            .unwrap_or_default();
        self.end_session(id);
        self.retain(COOKIE, |cookie| !cookie.is("mac-address", mac.as_bytes()));
    }

    /// Seconds used over all sessions, the running ones included.
    pub fn uptime(&self, user: &Row) -> u64 {
        let running = self
            .rows(ACTIVE)
            .iter()
            .filter(|active| self.user_of_session(active).is_some_and(|owner| owner.id == user.id));
        user.used_s + running.map(|active| self.elapsed_s(active.since)).sum::<u64>()
    }

    /// The rows as `print` shows them, with what is computed.
    pub fn shown(&self, path: &str) -> Vec<Row> {
        let mut rows = self.rows(path).to_vec();
        for row in &mut rows {
            match path {
                USER => self.show_user(row),
                ACTIVE => self.show_active(row),
                SCHEDULER => self.show_scheduler(row),
                _ => {}
            }
        }
        rows
    }

    fn show_user(&self, row: &mut Row) {
        row.set("uptime", values::duration_text(self.uptime(row)));
        let (bytes_in, bytes_out) = row.bytes;
        let counters = [
            ("bytes-in", bytes_in),
            ("bytes-out", bytes_out),
            ("packets-in", 0),
            ("packets-out", 0),
        ];
        for (counter, count) in counters {
            row.set(counter, count.to_string());
        }
        row.set("dynamic", "false");
        // None is not printed.
        row.values
            .retain(|name, value| !(name.starts_with("limit-") && matches!(value.as_slice(), b"0" | b"0s")));
    }

    fn show_active(&self, row: &mut Row) {
        row.set("uptime", values::duration_text(self.elapsed_s(row.since)));
        row.set("idle-time", "0s");
        row.set("keepalive-timeout", "2m");
        row.set("bytes-in", "0");
        row.set("bytes-out", "0");
        if let Some(left) = self.user_of_session(row).and_then(|user| self.time_left(user)) {
            row.set("session-time-left", values::duration_text(left));
        }
    }

    fn show_scheduler(&self, row: &mut Row) {
        let interval = values::seconds_of(row.get("interval").unwrap_or_default());
        if interval > 0 {
            row.set(
                "next-run",
                values::date_time_text(self.local_in(interval), self.iso_dates()),
            );
        }
    }

    pub fn local_in(&self, seconds: u64) -> jiff::civil::DateTime {
        let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        self.local().saturating_add(wait)
    }

    fn host_of(&self, attempt: &Attempt<'_>) -> Result<Row, Refusal> {
        let at_address = |host: &&Row| {
            host.is("address", attempt.address.as_bytes()) || host.is("to-address", attempt.address.as_bytes())
        };
        let host = self
            .rows(HOST)
            .iter()
            .find(at_address)
            .ok_or_else(|| Refusal::new("unknown host IP"))?;
        match attempt.mac {
            Some(mac) if host.text("mac-address") != mac => Err(Refusal::new("wrong MAC provided")),
            _ => Ok(host.clone()),
        }
    }

    /// A password in clear is only taken where the server's profile allows it.
    fn check_way(&self, way: Way, server: &str) -> Result<(), Refusal> {
        let profile = self
            .named(SERVER, server.as_bytes())
            .map(|row| row.text("profile"))
            .unwrap_or_default();
        let ways = self
            .named(SERVER_PROFILE, profile.as_bytes())
            .map(|row| row.text("login-by"))
            .unwrap_or_default();
        if way == Way::Form && !ways.split(',').any(|way| way == "http-pap") {
            return Err(Refusal::new(
                "web browser did not send challenge response (try again, enable JavaScript)",
            ));
        }
        Ok(())
    }

    fn user_of(&self, attempt: &Attempt<'_>, server: &str) -> Result<Row, Refusal> {
        let named = |row: &&Row, server: &[u8]| row.is("name", attempt.user) && row.is("server", server);
        let rows = self.rows(USER);
        let user = rows
            .iter()
            .find(|row| named(row, server.as_bytes()))
            .or_else(|| rows.iter().find(|row| named(row, b"all")));
        let wrong = || Refusal::new("invalid username or password");
        let user = match (user, attempt.way) {
            (Some(user), _) => user,
            (None, Way::Api) => return Err(Refusal::new("no such user")),
            (None, Way::Form) => return Err(wrong()),
        };
        let enabled = !user.is("disabled", b"true");
        let fits = user.get("password").unwrap_or_default() == attempt.password;
        if enabled && fits {
            Ok(user.clone())
        } else {
            Err(wrong())
        }
    }

    fn check_user(&self, user: &Row, mac: &str, way: Way) -> Result<(), Refusal> {
        let name = user.text("name");
        let bound = user.text("mac-address");
        if !matches!(bound.as_str(), "" | "00:00:00:00:00:00") && bound != mac {
            return Err(Refusal::new(format!(
                "user {name} is not allowed to log in from this MAC address"
            )));
        }
        if self.time_left(user) == Some(0) {
            return Err(Refusal::new(match way {
                Way::Api => "your uptime limit is reached".to_owned(),
                Way::Form => format!("user {name} has reached uptime limit"),
            }));
        }
        if traffic_reached(user) {
            return Err(Refusal::new(format!("user {name} has reached traffic limit")));
        }
        let shared = self
            .profile_of(user)
            .map(|row| row.text("shared-users"))
            .unwrap_or_default();
        let sessions = self
            .rows(ACTIVE)
            .iter()
            .filter(|active| active.is("user", name.as_bytes()))
            .count();
        if shared
            .parse()
            .is_ok_and(|allowed: usize| allowed > 0 && sessions >= allowed)
        {
            return Err(Refusal::new(format!("no more sessions are allowed for user {name}")));
        }
        Ok(())
    }

    pub fn profile_of(&self, user: &Row) -> Option<&Row> {
        self.named(USER_PROFILE, user.get("profile")?)
    }

    /// The user behind a session: of its server, else of all servers.
    fn user_of_session(&self, active: &Row) -> Option<&Row> {
        let (name, server) = (active.get("user")?, active.get("server")?);
        let rows = self.rows(USER);
        let of = |server: &[u8]| rows.iter().find(|row| row.is("name", name) && row.is("server", server));
        of(server).or_else(|| of(b"all"))
    }

    /// Seconds a user has left; `None` where nothing limits him.
    fn time_left(&self, user: &Row) -> Option<u64> {
        let limit = values::seconds_of(user.get("limit-uptime")?);
        (limit > 0).then(|| limit.saturating_sub(self.uptime(user)))
    }

    fn elapsed_s(&self, since: Option<Timestamp>) -> u64 {
        since.map_or(0, |since| {
            self.now().duration_since(since).as_secs().max(0).unsigned_abs()
        })
    }

    fn plant_cookie(&mut self, user: &Row, mac: &str, server: &str) {
        let profile = self
            .named(SERVER, server.as_bytes())
            .map(|row| row.text("profile"))
            .unwrap_or_default();
        let ways = self
            .named(SERVER_PROFILE, profile.as_bytes())
            .map(|row| row.text("login-by"))
            .unwrap_or_default();
        let wanted = self
            .profile_of(user)
            .is_some_and(|row| row.is("add-mac-cookie", b"true"));
        if wanted && ways.split(',').any(|way| way == "mac-cookie") {
            let name = user.get("name").unwrap_or_default().to_vec();
            let values: [(&str, &[u8]); 3] = [
                ("user", &name),
                ("mac-address", mac.as_bytes()),
                ("mac-cookie", b"true"),
            ];
            self.insert(COOKIE, Row::new(&values));
        }
    }
}

fn traffic_reached(user: &Row) -> bool {
    let (bytes_in, bytes_out) = user.bytes;
    let reached = |limit: &str, used: u64| {
        let limit: u64 = user.text(limit).parse().unwrap_or(0);
        limit > 0 && used >= limit
    };
    reached("limit-bytes-in", bytes_in)
        || reached("limit-bytes-out", bytes_out)
        || reached("limit-bytes-total", bytes_in + bytes_out)
}

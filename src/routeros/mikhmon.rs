//! What is asked of a router because Mikhmon keeps its business on it, too: scripts of profiles, sale records, names
//! that are taken, users and how long they were online. Facts: `mikhmon.md` 2 and 3. What the answers mean is not
//! known here.

use crate::sorted::Arrange;
use std::collections::HashMap;

use super::command;
use super::connection::Session;
use super::hotspot::{ALL_SERVERS, text, time_limit};
use super::reply::Row;
use super::{RouterError, TrapKind, values};

/// A profile and what it does at a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileLogin {
    pub name: String,
    /// Empty where it has none.
    pub on_login: String,
}

/// A script to be added that nobody will run.
#[derive(Clone, Copy, Debug)]
pub struct NewScript<'a> {
    pub name: &'a str,
    pub owner: &'a str,
    pub source: &'a str,
    pub comment: &'a str,
}

/// A hotspot user, as far as it matters whether his time is over.
#[derive(Clone, PartialEq, Eq)]
pub struct SoldUser {
    pub id: String,
    pub name: String,
    /// `all` where the router names no server.
    pub server: String,
    pub comment: String,
    pub email: String,
    pub disabled: bool,
    /// Seconds over all sessions. Whether the running one is among them differs by version.
    pub uptime_s: u64,
}

/// In voucher mode the name is the password.
impl std::fmt::Debug for SoldUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SoldUser").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Seconds of each user's longest running session, by user name.
pub type UserSession = HashMap<String, u64>;

impl Session {
    /// The scripts of all profiles, or of the one of this name.
    pub async fn profile_scripts(&mut self, name: Option<&str>) -> Result<Vec<ProfileLogin>, RouterError> {
        let asked = name.map(|name| values::existing_name("profile", name)).transpose()?;
        let read = |row: &Row| ProfileLogin {
            name: text(row, "name"),
            on_login: text(row, "on-login"),
        };
        let mut rows = self.rows(command::PROFILE_SCRIPTS.with([asked]), read).await?;
        rows.retain(|row| name.is_none_or(|name| row.name == name));
        Ok(rows)
    }

    /// Whether a script or a scheduler has this name: Mikhmon's own script makes a scheduler of a user's name, and
    /// deletes with a user what is called like him. What our account may not see is not taken.
    pub async fn has_namesake(&mut self, name: &str) -> Result<bool, RouterError> {
        let wanted = values::ascii("user", name)?;
        let asked = [
            command::SCHEDULERS_NAMED.with([Some(wanted)]),
            command::SCRIPTS_NAMED.with([Some(wanted)]),
        ];
        let outcomes = self.run_together(&asked).await?;
        Ok(outcomes.into_iter().flatten().any(|reply| !reply.rows.is_empty()))
    }

    /// Whether there is a script of this name.
    pub async fn has_script(&mut self, name: &str) -> Result<bool, RouterError> {
        let asked = command::SCRIPTS_NAMED.with([Some(values::existing_name("script", name)?)]);
        let names = self.rows(asked, |row| text(row, "name")).await?;
        Ok(names.iter().any(|found| found == name))
    }

    /// The `owner` of each script with this comment, the newest first.
    pub async fn script_owners(&mut self, comment: &str) -> Result<Vec<String>, RouterError> {
        let asked = command::SALE_RECORDS.with([Some(values::ascii("comment", comment)?)]);
        let read = |row: &Row| (number_of(&text(row, ".id")), text(row, "owner"));
        let mut rows = self.rows(asked, read).await?;
        rows.arrange_by_key(|(number, _)| std::cmp::Reverse(*number));
        Ok(rows.into_iter().map(|(_, owner)| owner).collect())
    }

    /// Adds a script that may do nothing but read. One of the same name is there already: that is no error.
    pub async fn add_script(&mut self, script: &NewScript<'_>) -> Result<(), RouterError> {
        let command = command::ADD_SALE_RECORD.with([
            Some(values::existing_name("script", script.name)?),
            Some(values::ascii("owner", script.owner)?),
            Some(values::ascii("source", script.source)?),
            Some(values::ascii("comment", script.comment)?),
            // Without this the router gives it every right, which an account without them may not (facts 3.3).
            Some(b"read"),
        ]);
        match self.run(command).await {
            Err(RouterError::Trap(trap)) if trap.kind == TrapKind::AlreadyExists => Ok(()),
            other => other.map(drop),
        }
    }

    /// The users of a profile.
    pub async fn users_of_profile(&mut self, profile: &str) -> Result<Vec<SoldUser>, RouterError> {
        let asked = command::USERS_OF_PROFILE.with([Some(values::existing_name("profile", profile)?)]);
        self.rows(asked, sold_user).await
    }

    /// Who is online, and for how long.
    pub async fn running_sessions(&mut self) -> Result<UserSession, RouterError> {
        let read = |row: &Row| (text(row, "user"), time_limit(row, "uptime").seconds);
        let mut longest = UserSession::new();
        for (user, uptime_s) in self.rows(command::SESSIONS.with([]), read).await? {
            let known = longest.entry(user).or_default();
            *known = (*known).max(uptime_s);
        }
        Ok(longest)
    }
}

fn sold_user(row: &Row) -> SoldUser {
    let server = text(row, "server");
    SoldUser {
        id: text(row, ".id"),
        name: text(row, "name"),
        server: if server.is_empty() {
            ALL_SERVERS.to_owned()
        } else {
            server
        },
        comment: text(row, "comment"),
        email: text(row, "email"),
        disabled: values::is_true(&text(row, "disabled")),
        uptime_s: time_limit(row, "uptime").seconds,
    }
}

/// Ids grow with time: `*1A` is older than `*1B`.
fn number_of(id: &str) -> u64 {
    id.strip_prefix('*')
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .unwrap_or_default()
}

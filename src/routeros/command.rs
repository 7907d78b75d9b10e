//! Every command this client can send. A command is only made from an entry of the table, and an entry fixes
//! the names of its arguments, so that nothing can be sent which the table does not have; a test compares the
//! table with RouterOS 7.9.2 and 7.24.
//!
//! `/login` and `/quit` belong to the protocol itself and are made by `login` and `connection`.

use std::fmt;

use super::codec::Sentence;

/// One command of one menu.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub path: &'static str,
    pub effect: Effect,
    /// For `Read`: the properties that may be asked for (`?name=`); else the arguments (`=name=`).
    pub slots: &'static [&'static str],
    /// `Read` only: the columns wanted. Empty for the menus that are one record and know no choice.
    pub columns: &'static [&'static str],
}

/// Whether a lost answer leaves a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// `print`: can be asked again.
    Read,
    /// Changes the router: a lost answer is unknown.
    Write,
}

/// An entry whose `N` values are given by position, in the order of `slots`.
#[derive(Clone, Copy, Debug)]
pub struct Verb<const N: usize>(Entry);

impl<const N: usize> Verb<N> {
    /// The command with a value for each slot that has one.
    pub fn with(&self, values: [Option<&[u8]>; N]) -> Command {
        let mut command = Command::bare(self.0.path, self.0.effect);
        let (before, middle) = match self.0.effect {
            Effect::Read => ("?", "="),
            Effect::Write => ("=", "="),
        };
        for (name, value) in self.0.slots.iter().zip(values) {
            let Some(value) = value else { continue };
            command
                .words
                .push(&[before.as_bytes(), name.as_bytes(), middle.as_bytes(), value].concat());
        }
        if !self.0.columns.is_empty() {
            command
                .words
                .push(format!("=.proplist={}", self.0.columns.join(",")).as_bytes());
        }
        command
    }
}

/// One command, ready to be sent.
#[derive(Clone)]
pub struct Command {
    pub(super) path: &'static str,
    pub(super) effect: Effect,
    pub(super) words: Sentence,
}

impl Command {
    pub(super) fn bare(path: &'static str, effect: Effect) -> Self {
        let words = std::iter::once(path.as_bytes()).collect();
        Self { path, effect, words }
    }

    pub(super) fn attribute(mut self, name: &str, value: &[u8]) -> Self {
        self.words.push(&[b"=", name.as_bytes(), b"=", value].concat());
        self
    }
}

/// Values may be passwords and voucher names, so only the path is shown.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({}, {} words)", self.path, self.words.word_count())
    }
}

/// Declares the table: each line becomes a constant and a member of `ALL`.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $effect:ident $path:literal [$($slot:literal),*] columns [$($column:literal),*];)*) => {
        $($(#[$doc])* pub(super) const $name: Verb<{ count(&[$($slot),*]) }> = Verb(Entry {
            path: $path,
            effect: Effect::$effect,
            slots: &[$($slot),*],
            columns: &[$($column),*],
        });)*

        /// The whole table.
        #[cfg(test)]
        const ALL: &[Entry] = &[$($name.0),*];
    };
}

const fn count(names: &[&str]) -> usize {
    names.len()
}

commands! {
    IDENTITY = Read "/system/identity/print" [] columns [];
    RESOURCE = Read "/system/resource/print" [] columns [];
    CLOCK = Read "/system/clock/print" [] columns [];
    PROFILES = Read "/ip/hotspot/user/profile/print" [] columns ["name"];
    USER_PROFILES = Read "/ip/hotspot/user/profile/print" ["name"] columns [
        ".id", "name", "session-timeout", "idle-timeout", "keepalive-timeout", "status-autorefresh", "shared-users",
        "rate-limit", "address-list", "add-mac-cookie", "mac-cookie-timeout"
    ];
    SERVERS = Read "/ip/hotspot/print" [] columns ["name", "interface", "profile", "disabled", "invalid"];
    SERVER_PROFILES = Read "/ip/hotspot/profile/print" [] columns ["name", "dns-name", "login-by"];
    /// Never asks for `password`, which needs a policy that a sale does not want.
    USERS = Read "/ip/hotspot/user/print" ["name"] columns [
        ".id", "name", "server", "profile", "comment", "email", "disabled",
        "limit-uptime", "limit-bytes-total", "uptime", "bytes-in", "bytes-out"
    ];
    ADD_USER = Write "/ip/hotspot/user/add" [
        "server", "name", "password", "profile", "limit-uptime", "limit-bytes-total", "comment", "email",
        "disabled"
    ] columns [];
    /// The whole record. A router shows `password` only to accounts with the policy `sensitive`.
    ACCOUNTS = Read "/ip/hotspot/user/print" ["name"] columns [
        ".id", "name", "password", "server", "profile", "mac-address", "comment", "email", "disabled", "default",
        "dynamic", "limit-uptime", "limit-bytes-in", "limit-bytes-out", "limit-bytes-total", "uptime", "bytes-in",
        "bytes-out"
    ];
    ADD_COPY = Write "/ip/hotspot/user/add" [
        "server", "name", "password", "profile", "mac-address", "limit-uptime", "limit-bytes-in", "limit-bytes-out",
        "limit-bytes-total", "comment", "email"
    ] columns [];
    BIND_USER = Write "/ip/hotspot/user/set" [".id", "mac-address"] columns [];
    LIMIT_USER = Write "/ip/hotspot/user/set" [
        ".id", "limit-uptime", "limit-bytes-in", "limit-bytes-out", "limit-bytes-total"
    ] columns [];
    REMOVE_USER = Write "/ip/hotspot/user/remove" [".id"] columns [];
    DISABLE_USER = Write "/ip/hotspot/user/disable" [".id"] columns [];
    ENABLE_USER = Write "/ip/hotspot/user/enable" [".id"] columns [];
    ACTIVE = Read "/ip/hotspot/active/print" ["user", "mac-address"] columns [
        ".id", "user", "address", "mac-address", "server", "uptime", "session-time-left", "bytes-in", "bytes-out"
    ];
    LOG_IN = Write "/ip/hotspot/active/login" ["user", "password", "ip", "mac-address"] columns [];
    REMOVE_ACTIVE = Write "/ip/hotspot/active/remove" [".id"] columns [];
    COOKIES = Read "/ip/hotspot/cookie/print" ["user"] columns [".id", "user", "mac-address"];
    REMOVE_COOKIE = Write "/ip/hotspot/cookie/remove" [".id"] columns [];
    HOSTS = Read "/ip/hotspot/host/print" ["mac-address"] columns [
        "address", "to-address", "mac-address", "server", "authorized", "bypassed"
    ];
    /// `on-login` is where Mikhmon keeps price and validity.
    PROFILE_SCRIPTS = Read "/ip/hotspot/user/profile/print" ["name"] columns ["name", "on-login"];
    USERS_OF_PROFILE = Read "/ip/hotspot/user/print" ["profile"] columns [
        ".id", "name", "server", "profile", "comment", "email", "disabled", "uptime"
    ];
    SESSIONS = Read "/ip/hotspot/active/print" [] columns ["user", "uptime"];
    SCRIPTS_NAMED = Read "/system/script/print" ["name"] columns [".id", "name"];
    SCHEDULERS_NAMED = Read "/system/scheduler/print" ["name"] columns [".id", "name"];
    /// Mikhmon's sale records, and of each no more than tells in which form it is.
    SALE_RECORDS = Read "/system/script/print" ["comment"] columns [".id", "owner"];
    ADD_SALE_RECORD = Write "/system/script/add" ["name", "owner", "source", "comment", "policy"] columns [];
    LOGINS = Read "/user/print" ["name"] columns ["name", "group", "address"];
    GROUPS = Read "/user/group/print" ["name"] columns ["name", "policy"];
    GARDEN = Read "/ip/hotspot/walled-garden/print" [] columns [
        "action", "comment", "disabled", "dst-host", "dst-port", "method", "path", "server", "src-address"
    ];
    GARDEN_IP = Read "/ip/hotspot/walled-garden/ip/print" [] columns [
        "action", "comment", "disabled", "invalid", "dst-address", "dst-address-list", "dst-host", "dst-port", "protocol",
        "server", "src-address", "src-address-list"
    ];
    /// Newer versions list open connections too, as `dynamic` rows.
    SERVICES = Read "/ip/service/print" ["name"] columns ["name", "port", "address", "disabled", "dynamic"];
    SCHEDULERS = Read "/system/scheduler/print" ["name"] columns ["name", "disabled"];
    DNS = Read "/ip/dns/print" [] columns [];
    NTP_CLIENT = Read "/system/ntp/client/print" [] columns [];
    /// Not in version 6.
    DEVICE_MODE = Read "/system/device-mode/print" [] columns [];
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// Commands and arguments of RouterOS 7.9.2 and 7.24. Cut from tikoci/restraml (`docs/{version}/inspect.json`,
    /// commit 676c4bd), which is in the public domain (The Unlicense).
    const SCHEMA: &str = include_str!("../../tests/data/routeros-schema-extract.json");

    /// What an entry needs to exist and does not, in one version.
    fn missing(entry: &Entry, version: &Value, properties: &Value) -> Vec<String> {
        let (menu, command) = entry.path.rsplit_once('/').unwrap();
        let Some(arguments) = version[menu][command].as_object() else {
            return vec![format!("{menu} has no {command}")];
        };
        let asks = |name: &&str| arguments.contains_key(*name);
        let shows = |name: &&str| {
            *name == ".id"
                || properties[menu]
                    .as_array()
                    .is_some_and(|names| names.iter().any(|known| known == *name))
        };
        let (slots, columns): (Vec<_>, Vec<_>) = match entry.effect {
            Effect::Read => {
                let choice = (!entry.columns.is_empty()).then_some("proplist");
                (
                    choice.into_iter().collect(),
                    entry.slots.iter().chain(entry.columns).copied().collect(),
                )
            }
            // The extract calls the item selector `numbers`; the API sends it as `.id`.
            Effect::Write => {
                let slots = entry
                    .slots
                    .iter()
                    .map(|name| if *name == ".id" { "numbers" } else { name });
                (slots.collect(), entry.columns.to_vec())
            }
        };
        let absent = slots.iter().filter(|name| !asks(name));
        let hidden = columns.iter().filter(|name| !shows(name));
        absent
            .chain(hidden)
            .map(|name| format!("{} has no {name}", entry.path))
            .collect()
    }

    #[test]
    fn every_command_and_argument_exists_in_both_versions() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        for version in ["7.9.2", "7.24"] {
            for entry in ALL {
                let missing = missing(entry, &schema["versions"][version], &schema["print_properties"]);
                assert!(missing.is_empty(), "{version}: {missing:?}");
            }
        }
    }

    #[test]
    fn every_written_user_property_exists_in_version_6() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let known = schema["v6_settable"]["/ip/hotspot/user"].as_array().unwrap();
        for entry in [ADD_USER.0, ADD_COPY.0, BIND_USER.0, LIMIT_USER.0] {
            let unknown: Vec<_> = entry
                .slots
                .iter()
                .filter(|name| **name != ".id" && !known.iter().any(|known| known == *name))
                .collect();
            assert!(unknown.is_empty(), "{}: {unknown:?}", entry.path);
        }
    }

    #[test]
    fn the_comparison_can_fail() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let (version, properties) = (&schema["versions"]["7.24"], &schema["print_properties"]);
        let entry = |path, slots, columns, effect| Entry {
            path,
            effect,
            slots,
            columns,
        };
        for wrong in [
            entry("/ip/hotspot/user/ad", &[], &[], Effect::Write),
            entry("/ip/hotspots/add", &[], &[], Effect::Write),
            entry("/ip/hotspot/active/login", &["server"], &[], Effect::Write),
            entry("/ip/hotspot/active/login", &[".id"], &[], Effect::Write),
            entry("/ip/hotspot/user/print", &["nam"], &[], Effect::Read),
            entry("/ip/hotspot/user/print", &[], &["uptimes"], Effect::Read),
            // One record knows no choice of columns.
            entry("/system/clock/print", &[], &["date"], Effect::Read),
        ] {
            assert!(!missing(&wrong, version, properties).is_empty(), "{wrong:?}");
        }
    }

    #[test]
    fn commands_are_made_as_the_protocol_says() {
        let words = |command: &Command| -> Vec<String> {
            command
                .words
                .words()
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect()
        };
        assert_eq!(
            words(&DISABLE_USER.with([Some(b"*1A")])),
            ["/ip/hotspot/user/disable", "=.id=*1A"]
        );
        let print = words(&ACTIVE.with([None, Some(b"AA:BB")]));
        assert_eq!(print[..2], ["/ip/hotspot/active/print", "?mac-address=AA:BB"]);
        assert!(print[2].starts_with("=.proplist=.id,user,"));
        assert_eq!(words(&CLOCK.with([])), ["/system/clock/print"]);
    }

    #[test]
    fn a_password_does_not_show_in_debug() {
        let command = LOG_IN.with([Some(b"canary"), Some(b"canary"), None, None]);
        assert_eq!(format!("{command:?}"), "Command(/ip/hotspot/active/login, 3 words)");
    }
}

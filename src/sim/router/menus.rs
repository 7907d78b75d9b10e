//! The menus the simulated router has, with the commands and arguments it takes. A test compares them with the
//! extract of RouterOS 7.9.2 and 7.24. Source: facts `routeros.md` 2 to 6.

use super::values::Kind;

/// One menu.
pub(super) struct Menu {
    pub path: &'static str,
    pub commands: &'static [&'static str],
    pub settable: &'static [(&'static str, Kind)],
    /// What `add` fills in.
    pub defaults: &'static [(&'static str, &'static str)],
    /// The properties that must differ together from every other row, and the refusal.
    pub unique: Option<(&'static [&'static str], &'static str)>,
    /// What `add` cannot do without.
    pub required: &'static [&'static str],
}

pub(super) fn find(path: &str) -> Option<&'static Menu> {
    MENUS.iter().find(|menu| menu.path == path)
}

impl Menu {
    pub fn kind(&self, property: &str) -> Option<Kind> {
        self.settable
            .iter()
            .find(|(name, _)| *name == property)
            .map(|(_, kind)| *kind)
    }

    /// One record instead of rows.
    pub fn is_record(&self) -> bool {
        RECORDS.contains(&self.path)
    }
}

pub(super) const USER: &str = "/ip/hotspot/user";
pub(super) const USER_PROFILE: &str = "/ip/hotspot/user/profile";
pub(super) const ACTIVE: &str = "/ip/hotspot/active";
pub(super) const HOST: &str = "/ip/hotspot/host";
pub(super) const COOKIE: &str = "/ip/hotspot/cookie";
pub(super) const SERVER: &str = "/ip/hotspot";
pub(super) const SERVER_PROFILE: &str = "/ip/hotspot/profile";
pub(super) const SCRIPT: &str = "/system/script";
pub(super) const SCHEDULER: &str = "/system/scheduler";
pub(super) const IDENTITY: &str = "/system/identity";
pub(super) const RESOURCE: &str = "/system/resource";
pub(super) const CLOCK: &str = "/system/clock";
pub(super) const DEVICE_MODE: &str = "/system/device-mode";
pub(super) const NTP_CLIENT: &str = "/system/ntp/client";
pub(super) const DNS: &str = "/ip/dns";
pub(super) const GARDEN_IP: &str = "/ip/hotspot/walled-garden/ip";
pub(super) const SERVICE: &str = "/ip/service";
pub(super) const LOGIN_USER: &str = "/user";
pub(super) const GROUP: &str = "/user/group";

const RECORDS: &[&str] = &[IDENTITY, RESOURCE, CLOCK, DEVICE_MODE, NTP_CLIENT, DNS];

const LIST: &[&str] = &["add", "set", "remove", "print", "listen"];
const SWITCHED: &[&str] = &[
    "add", "set", "remove", "print", "listen", "enable", "disable", "comment",
];
const SAME_NAME: &str = "failure: item with this name already exists";
const SERVERS: Kind = Kind::Reference(SERVER, &["all"]);

const MENUS: &[Menu] = &[
    Menu {
        path: USER,
        commands: &[
            "add",
            "set",
            "remove",
            "print",
            "listen",
            "enable",
            "disable",
            "comment",
            "reset-counters",
        ],
        settable: &[
            ("address", Kind::Address),
            ("comment", Kind::Text),
            ("disabled", Kind::Flag),
            ("email", Kind::Text),
            ("limit-bytes-in", Kind::Number),
            ("limit-bytes-out", Kind::Number),
            ("limit-bytes-total", Kind::Number),
            ("limit-uptime", Kind::Time),
            ("mac-address", Kind::Mac),
            ("name", Kind::Text),
            ("password", Kind::Secret),
            ("profile", Kind::Reference(USER_PROFILE, &[])),
            ("routes", Kind::Text),
            ("server", SERVERS),
        ],
        defaults: &[("server", "all"), ("profile", "default"), ("disabled", "false")],
        unique: Some((
            &["name", "server"],
            "failure: already have user with this name for this server",
        )),
        required: &["name"],
    },
    Menu {
        path: USER_PROFILE,
        commands: LIST,
        settable: &[
            ("add-mac-cookie", Kind::Flag),
            ("address-pool", Kind::Text),
            ("idle-timeout", Kind::Text),
            ("keepalive-timeout", Kind::Time),
            ("mac-cookie-timeout", Kind::Time),
            ("name", Kind::Text),
            ("on-login", Kind::Text),
            ("on-logout", Kind::Text),
            ("parent-queue", Kind::Text),
            ("rate-limit", Kind::Text),
            ("session-timeout", Kind::Time),
            ("shared-users", Kind::Number),
            ("status-autorefresh", Kind::Time),
            ("transparent-proxy", Kind::Flag),
        ],
        defaults: &[
            ("idle-timeout", "none"),
            ("keepalive-timeout", "2m"),
            ("status-autorefresh", "1m"),
            ("shared-users", "1"),
            ("add-mac-cookie", "true"),
            ("mac-cookie-timeout", "3d"),
            ("transparent-proxy", "false"),
        ],
        unique: Some((&["name"], SAME_NAME)),
        required: &["name"],
    },
    Menu {
        path: ACTIVE,
        commands: &["login", "print", "listen", "remove"],
        ..EMPTY
    },
    Menu {
        path: HOST,
        commands: &["print", "listen", "remove"],
        ..EMPTY
    },
    Menu {
        path: COOKIE,
        commands: &["print", "listen", "remove"],
        ..EMPTY
    },
    Menu {
        path: SERVER,
        commands: &["add", "set", "remove", "print", "listen", "enable", "disable"],
        settable: &[
            ("address-pool", Kind::Text),
            ("addresses-per-mac", Kind::Text),
            ("disabled", Kind::Flag),
            ("idle-timeout", Kind::Text),
            ("interface", Kind::Text),
            ("keepalive-timeout", Kind::Text),
            ("name", Kind::Text),
            ("profile", Kind::Reference(SERVER_PROFILE, &[])),
        ],
        defaults: &[
            ("interface", "bridge"),
            ("address-pool", "none"),
            ("profile", "default"),
            ("idle-timeout", "5m"),
            ("keepalive-timeout", "none"),
            ("addresses-per-mac", "2"),
            ("disabled", "false"),
            ("invalid", "false"),
        ],
        unique: Some((&["name"], SAME_NAME)),
        required: &["name"],
    },
    Menu {
        path: SERVER_PROFILE,
        commands: LIST,
        settable: &[
            ("dns-name", Kind::Text),
            ("hotspot-address", Kind::Address),
            ("html-directory", Kind::Text),
            ("http-cookie-lifetime", Kind::Time),
            ("login-by", Kind::Text),
            ("name", Kind::Text),
            ("use-radius", Kind::Flag),
        ],
        defaults: &[
            ("html-directory", "hotspot"),
            ("http-cookie-lifetime", "3d"),
            ("login-by", "cookie,http-chap"),
            ("use-radius", "false"),
        ],
        unique: Some((&["name"], SAME_NAME)),
        required: &["name"],
    },
    Menu {
        path: "/ip/hotspot/walled-garden",
        commands: &[
            "add",
            "set",
            "remove",
            "print",
            "listen",
            "enable",
            "disable",
            "comment",
            "reset-counters",
        ],
        settable: &[
            ("action", Kind::Text),
            ("comment", Kind::Text),
            ("disabled", Kind::Flag),
            ("dst-host", Kind::Text),
            ("dst-port", Kind::Text),
            ("method", Kind::Text),
            ("path", Kind::Text),
            ("server", SERVERS),
            ("src-address", Kind::Text),
        ],
        defaults: &[("action", "allow"), ("disabled", "false"), ("hits", "0")],
        ..EMPTY
    },
    Menu {
        path: GARDEN_IP,
        commands: SWITCHED,
        settable: &[
            ("action", Kind::Text),
            ("comment", Kind::Text),
            ("disabled", Kind::Flag),
            ("dst-address", Kind::Text),
            ("dst-host", Kind::Text),
            ("dst-port", Kind::Text),
            ("protocol", Kind::Text),
            ("server", SERVERS),
            ("src-address", Kind::Text),
        ],
        defaults: &[("action", "accept"), ("disabled", "false")],
        ..EMPTY
    },
    Menu {
        path: SCRIPT,
        commands: &["add", "set", "remove", "print", "listen", "comment"],
        settable: &[
            ("comment", Kind::Text),
            ("dont-require-permissions", Kind::Flag),
            ("name", Kind::Text),
            ("owner", Kind::Text),
            ("policy", Kind::Text),
            ("source", Kind::Text),
        ],
        defaults: &[
            (
                "policy",
                "ftp,reboot,read,write,policy,test,password,sniff,sensitive,romon",
            ),
            ("dont-require-permissions", "false"),
            ("run-count", "0"),
            ("invalid", "false"),
        ],
        unique: Some((&["name"], SAME_NAME)),
        required: &["name"],
    },
    Menu {
        path: SCHEDULER,
        commands: SWITCHED,
        settable: &[
            ("comment", Kind::Text),
            ("disabled", Kind::Flag),
            ("interval", Kind::Time),
            ("name", Kind::Text),
            ("on-event", Kind::Text),
            ("policy", Kind::Text),
            ("start-date", Kind::Text),
            ("start-time", Kind::Text),
        ],
        defaults: &[
            ("interval", "0s"),
            ("policy", "read"),
            ("disabled", "false"),
            ("run-count", "0"),
        ],
        unique: Some((&["name"], SAME_NAME)),
        required: &["name"],
    },
    Menu {
        path: IDENTITY,
        commands: &["print", "set"],
        settable: &[("name", Kind::Text)],
        ..EMPTY
    },
    Menu {
        path: RESOURCE,
        commands: &["print"],
        ..EMPTY
    },
    Menu {
        path: CLOCK,
        commands: &["print"],
        ..EMPTY
    },
    Menu {
        path: DEVICE_MODE,
        commands: &["print"],
        ..EMPTY
    },
    Menu {
        path: NTP_CLIENT,
        commands: &["print", "set"],
        settable: &[("enabled", Kind::Flag), ("servers", Kind::Text)],
        ..EMPTY
    },
    Menu {
        path: DNS,
        commands: &["print", "set"],
        settable: &[("allow-remote-requests", Kind::Flag), ("servers", Kind::Text)],
        ..EMPTY
    },
    Menu {
        path: SERVICE,
        commands: &["print", "listen", "set", "enable", "disable"],
        settable: &[
            ("address", Kind::Text),
            ("certificate", Kind::Text),
            ("disabled", Kind::Flag),
            ("port", Kind::Number),
            ("tls-version", Kind::Text),
        ],
        ..EMPTY
    },
    Menu {
        path: LOGIN_USER,
        commands: SWITCHED,
        settable: &[
            ("address", Kind::Text),
            ("comment", Kind::Text),
            ("disabled", Kind::Flag),
            ("group", Kind::Reference(GROUP, &[])),
            ("name", Kind::Text),
            ("password", Kind::Secret),
        ],
        defaults: &[("disabled", "false")],
        unique: Some((&["name"], "failure: user with the same name already exists")),
        required: &["name", "group"],
    },
    Menu {
        path: GROUP,
        commands: &["add", "set", "remove", "print", "listen", "comment"],
        settable: &[
            ("comment", Kind::Text),
            ("name", Kind::Text),
            ("policy", Kind::Text),
            ("skin", Kind::Text),
        ],
        defaults: &[("skin", "default")],
        unique: Some((&["name"], SAME_NAME)),
        required: &["name"],
    },
];

const EMPTY: Menu = Menu {
    path: "",
    commands: &[],
    settable: &[],
    defaults: &[],
    unique: None,
    required: &[],
};

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const SCHEMA: &str = include_str!("../../../tests/data/routeros-schema-extract.json");

    #[test]
    fn it_takes_nothing_a_real_router_lacks() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        for version in ["7.9.2", "7.24"] {
            for menu in MENUS {
                let real = &schema["versions"][version][menu.path];
                // `listen` is the API's own; the console has `print follow`.
                for command in menu.commands.iter().filter(|command| **command != "listen") {
                    assert!(real[command].is_object(), "{version}: {} {command}", menu.path);
                }
                for (argument, _) in menu.settable {
                    let known = real["set"].get(argument).or(real["add"].get(argument));
                    assert!(known.is_some(), "{version}: {} {argument}", menu.path);
                }
            }
        }
    }

    #[test]
    fn defaults_are_in_their_own_form() {
        for menu in MENUS {
            for (name, value) in menu.defaults {
                if let Some(kind) = menu.kind(name) {
                    let kept = super::super::values::normal(kind, value.as_bytes());
                    assert_eq!(kept.as_deref(), Some(value.as_bytes()), "{} {name}", menu.path);
                }
            }
        }
    }
}

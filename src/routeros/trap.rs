//! What a router's refusals mean. The texts are data: a router says them with prefixes and suffixes that
//! differ by version, so they are looked for inside the message, whatever the case.
//! Sources: facts `routeros.md` 2 (trap texts), 4 (login texts), 7.1 (errors.txt).

use std::fmt;

/// A router's refusal of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// 0 missing item or command, 1 bad value, 2 interrupted, 3 scripting, 4 general, 5 API, 6 TTY,
    /// 7 `:return`; often absent.
    pub category: Option<u8>,
    /// The router's words, decoded lossily.
    pub message: String,
    pub kind: TrapKind,
    /// Further refusals of the same command.
    pub more: Vec<String>,
}

impl Trap {
    pub(super) fn read(category: Option<u8>, message: String) -> Self {
        let kind = TrapKind::of(category, &message);
        Self {
            category,
            message,
            kind,
            more: Vec::new(),
        }
    }

    /// A refusal found out without asking the router.
    pub fn local(kind: TrapKind, message: &str) -> Self {
        Self {
            category: None,
            message: message.to_owned(),
            kind,
            more: Vec::new(),
        }
    }

    /// Takes a user's name out of the router's words: in voucher mode it is the password, and errors are logged.
    pub(super) fn without_name(mut self, name: &str) -> Self {
        let hide = |text: &str| {
            let shown = |word: &str| {
                let bare = word.trim_matches(|c: char| c.is_ascii_punctuation() && c != '-');
                if bare == name && !name.is_empty() {
                    word.replace(name, "…")
                } else {
                    word.to_owned()
                }
            };
            text.split(' ').map(shown).collect::<Vec<_>>().join(" ")
        };
        self.message = hide(&self.message);
        self.more.iter_mut().for_each(|text| *text = hide(text));
        self
    }

    /// All of the router's words, on one line.
    pub fn words(&self) -> String {
        let all = std::iter::once(&self.message).chain(&self.more);
        all.map(|text| text.escape_debug().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// One refusal out of all that came: the first whose meaning is known speaks for the others.
    pub(super) fn join(traps: Vec<Self>) -> Option<Self> {
        let speaker = traps.iter().position(|trap| trap.kind != TrapKind::Other).unwrap_or(0);
        let mut main = traps.get(speaker)?.clone();
        main.more = traps
            .into_iter()
            .enumerate()
            .filter(|(at, _)| *at != speaker)
            .map(|(_, trap)| trap.message)
            .collect();
        Some(main)
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.message.escape_debug())?;
        self.more
            .iter()
            .try_for_each(|message| write!(f, ", `{}`", message.escape_debug()))
    }
}

/// What a refusal means to a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrapKind {
    /// A user of this name exists for this server, or a script of this name.
    AlreadyExists,
    NoSuchProfile,
    NoSuchServer,
    /// A reference that fits several names by its beginning.
    Ambiguous,
    NotPermitted,
    NoSuchItem,
    NoSuchCommand,
    UnknownParameter,
    BadValue,
    /// The device is not in the host table.
    UnknownHost,
    WrongMac,
    BadPassword,
    UptimeReached,
    TrafficReached,
    /// More devices than `shared-users` allows.
    SessionLimit,
    /// The router is busy with the same thing, or its RADIUS server did not answer.
    TryLater,
    Interrupted,
    Other,
}

impl TrapKind {
    fn of(category: Option<u8>, message: &str) -> Self {
        let message = message.to_ascii_lowercase();
        let known = TEXTS
            .iter()
            .find(|(text, _)| message.contains(text))
            .map(|(_, kind)| *kind);
        match (known, category) {
            (Some(kind), _) => kind,
            (None, Some(2)) => Self::Interrupted,
            (None, Some(1)) => Self::BadValue,
            (None, _) => Self::Other,
        }
    }
}

/// Lower case; the first text that a message contains decides.
const TEXTS: &[(&str, TrapKind)] = &[
    (
        "already have user with this name for this server",
        TrapKind::AlreadyExists,
    ),
    ("item with this name already exists", TrapKind::AlreadyExists),
    ("input does not match any value of profile", TrapKind::NoSuchProfile),
    ("input does not match any value of server", TrapKind::NoSuchServer),
    ("ambiguous value of", TrapKind::Ambiguous),
    ("not enough permissions", TrapKind::NotPermitted),
    ("cannot use disabled policies", TrapKind::NotPermitted),
    ("access denied", TrapKind::NotPermitted),
    ("no such item", TrapKind::NoSuchItem),
    ("no such command", TrapKind::NoSuchCommand),
    ("unknown parameter", TrapKind::UnknownParameter),
    ("expected item id", TrapKind::NoSuchItem),
    ("missing or invalid resource identifier", TrapKind::NoSuchItem),
    ("unknown host ip", TrapKind::UnknownHost),
    ("wrong mac provided", TrapKind::WrongMac),
    ("not allowed to log in from this mac address", TrapKind::WrongMac),
    ("invalid user name or password", TrapKind::BadPassword),
    ("invalid username or password", TrapKind::BadPassword),
    ("no such user", TrapKind::BadPassword),
    ("cannot log in", TrapKind::BadPassword),
    ("uptime limit", TrapKind::UptimeReached),
    ("traffic limit", TrapKind::TrafficReached),
    ("no more sessions are allowed", TrapKind::SessionLimit),
    ("radius timeout", TrapKind::TryLater),
    ("already authorizing", TrapKind::TryLater),
    ("interrupted", TrapKind::Interrupted),
    ("invalid value", TrapKind::BadValue),
    ("does not match any value of", TrapKind::BadValue),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_recognised_with_their_prefixes_and_suffixes() {
        for (message, kind) in [
            (
                "failure: already have user with this name for this server",
                TrapKind::AlreadyExists,
            ),
            (
                "Failure: Already have user with this name for this server (4)",
                TrapKind::AlreadyExists,
            ),
            ("input does not match any value of profile", TrapKind::NoSuchProfile),
            ("input does not match any value of server", TrapKind::NoSuchServer),
            (
                "ambiguous value of server, more than one possible value matches input",
                TrapKind::Ambiguous,
            ),
            ("no such item (4)", TrapKind::NoSuchItem),
            ("no such command prefix", TrapKind::NoSuchCommand),
            ("unknown parameter numbers", TrapKind::UnknownParameter),
            ("not enough permissions (9)", TrapKind::NotPermitted),
            ("unknown host IP 10.5.50.9", TrapKind::UnknownHost),
            ("wrong MAC provided", TrapKind::WrongMac),
            (
                "user ab is not allowed to log in from this MAC address",
                TrapKind::WrongMac,
            ),
            ("invalid username or password", TrapKind::BadPassword),
            ("your uptime limit is reached", TrapKind::UptimeReached),
            ("user ab has reached uptime limit", TrapKind::UptimeReached),
            ("no more sessions are allowed for user ab", TrapKind::SessionLimit),
            ("invalid value for argument ip", TrapKind::BadValue),
            ("input does not match any value of type", TrapKind::BadValue),
            ("action failed (6)", TrapKind::Other),
        ] {
            assert_eq!(Trap::read(None, message.to_owned()).kind, kind, "{message}");
        }
        assert_eq!(Trap::read(Some(2), "stopped".to_owned()).kind, TrapKind::Interrupted);
        assert_eq!(Trap::read(Some(1), "what".to_owned()).kind, TrapKind::BadValue);
        assert!(TEXTS.iter().all(|(text, _)| *text == text.to_ascii_lowercase()));
    }

    #[test]
    fn the_meaningful_one_of_several_speaks() {
        let traps = ["failure: x", "not enough permissions (9)", "y"].map(|text| Trap::read(None, text.to_owned()));
        let joined = Trap::join(traps.to_vec()).unwrap();
        assert_eq!(joined.kind, TrapKind::NotPermitted);
        assert_eq!(joined.more, ["failure: x", "y"]);
        assert_eq!(Trap::join(Vec::new()), None);
    }

    #[test]
    fn i5_a_voucher_does_not_show_in_a_refusal() {
        let hidden = |text: &str| Trap::read(None, text.to_owned()).without_name("ab-3k").message;
        assert_eq!(
            hidden("no more sessions are allowed for user ab-3k"),
            "no more sessions are allowed for user …"
        );
        assert_eq!(
            hidden("user <ab-3k>: has reached uptime limit"),
            "user <…>: has reached uptime limit"
        );
        assert_eq!(hidden("cab-3ks"), "cab-3ks");
        assert_eq!(Trap::read(None, "a b".to_owned()).without_name("").message, "a b");
    }

    #[test]
    fn x3_a_message_is_shown_on_one_line() {
        assert_eq!(
            Trap::read(None, "a\n\u{1b}[31mb".to_owned()).to_string(),
            r"`a\n\u{1b}[31mb`"
        );
    }
}

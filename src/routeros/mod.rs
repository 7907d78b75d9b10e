//! A client of the RouterOS API (TCP 8728, or 8729 with TLS) for the few things a payment relay asks of a
//! hotspot router.
//!
//! Promises: memory is bounded whatever the peer sends, every step has a deadline, a command that changes
//! something and whose answer is lost says so (`RouterError::Unknown`) instead of failing, values are bytes
//! until they are shown, and no password is shown or logged. It does not retry, keep sessions or know what an
//! order is. Wire facts: `routeros.md` sections 1, 2, 4, 6 and 8.

mod account;
pub mod codec;
mod command;
mod connection;
mod hotspot;
mod login;
mod look;
mod mikhmon;
mod reply;
mod trap;
mod values;

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::company::RouterTls;
use crate::tls::TlsError;

pub use account::{Account, AccountCopy, Usage, UserProfile};
pub use codec::CodecError;
pub use command::{Command, Effect};
pub use connection::{Session, endpoint};
pub use hotspot::{Active, Host, HotspotServer, NewUser, Resource, RouterClock, ServerProfile, Survey, UserRow};
pub use look::{DeviceMode, GardenRule, Login, Look, ProfileLook, Service};
pub use mikhmon::{NewScript, ProfileLogin, SoldUser, UserSession};
pub use reply::{Reply, Row};
pub use trap::{Trap, TrapKind};
pub use values::normal_mac;

/// Where a router is and how to get in.
#[derive(Clone, Debug)]
pub struct Target {
    /// `host`, `host:port` or `[v6]:port`; without a port the API's own is used.
    pub address: String,
    pub tls: RouterTls,
    pub user: String,
    pub password: SecretString,
}

impl Target {
    /// Whether a session opened for `other` serves this target too.
    pub fn same_as(&self, other: &Self) -> bool {
        self.address == other.address
            && self.tls == other.tls
            && self.user == other.user
            && self.password.expose_secret() == other.password.expose_secret()
    }
}

/// How long each step may take. A silent router costs at most this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// TCP alone; measured connects over a tunnel take 17 ms.
    pub connect: Duration,
    /// TLS and login together; small boards were seen to need more than 8 s under load.
    pub login: Duration,
    /// A `print`, with its whole answer.
    pub read: Duration,
    /// A command that changes something; on a board writing to flash it is the slower kind.
    pub write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            login: Duration::from_secs(15),
            read: Duration::from_secs(10),
            write: Duration::from_secs(15),
        }
    }
}

/// Why a router did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    #[error("`{0}` is not the address of a router; write `host:port`")]
    Address(String),
    #[error("cannot connect to `{address}`")]
    Connect { address: String, source: std::io::Error },
    #[error("TLS with the router failed")]
    Tls(#[from] TlsError),
    #[error("the router did not finish `{step}` within {after_s} s")]
    Timeout { step: &'static str, after_s: u64 },
    /// Nothing of the command that met this was executed, unless it is the cause of an `Unknown`.
    #[error("the router closed the connection")]
    Closed,
    /// Nothing was tried: somebody else had just failed.
    #[error("the router did not take a connection a moment ago")]
    JustFailed,
    #[error("the connection to the router broke")]
    Broken(#[source] std::io::Error),
    #[error("the peer does not speak the RouterOS API")]
    Protocol(#[from] ProtocolError),
    /// The router's own words.
    #[error("the router refuses the login: `{}`", .0.escape_debug())]
    LoginRefused(String),
    #[error("the router answered {0}")]
    Trap(Trap),
    /// The bare word of `!fatal`.
    #[error("the router ended the session: `{}`", .0.escape_debug())]
    Fatal(String),
    /// The command was sent and its answer was not received: it may or may not have been executed.
    #[error("whether `{command}` was executed is unknown")]
    Unknown {
        command: &'static str,
        source: Box<RouterError>,
    },
    #[error("`{field}` cannot be written to a router; it takes {wanted}")]
    NotSendable { field: &'static str, wanted: &'static str },
    /// The answer came, and lacks what every router sends.
    #[error("the answer to `{command}` has no usable `{property}`")]
    Answer {
        command: &'static str,
        property: &'static str,
    },
}

impl RouterError {
    /// The same without a user's name, where the router put it into its words.
    fn without_name(self, name: &str) -> Self {
        match self {
            Self::Trap(trap) => Self::Trap(trap.without_name(name)),
            other => other,
        }
    }
}

/// How a peer left the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    #[error(transparent)]
    Codec(#[from] CodecError),
    #[error("an answer has more than {0} rows")]
    TooManyRows(usize),
    #[error("an answer is longer than {0} bytes")]
    ReplyTooLong(usize),
    #[error("the login challenge is not 32 hexadecimal digits")]
    Challenge,
}

/// What helps after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// It may go by itself.
    Later,
    /// Only a person can mend it.
    AskOperator,
    /// Look up whether it happened before doing it again.
    Unknown,
}

impl RouterError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Closed
            | Self::JustFailed
            | Self::Broken(_)
            | Self::Fatal(_) => Retry::Later,
            Self::Tls(error) if error.is_transient() => Retry::Later,
            Self::LoginRefused(text) => trap_retry(&Trap::read(None, text.clone())),
            Self::Trap(trap) => trap_retry(trap),
            Self::Unknown { .. } => Retry::Unknown,
            Self::Address(_) | Self::Tls(_) | Self::Protocol(_) | Self::NotSendable { .. } | Self::Answer { .. } => {
                Retry::AskOperator
            }
        }
    }
}

fn trap_retry(trap: &Trap) -> Retry {
    match trap.kind {
        TrapKind::AlreadyExists => Retry::Unknown,
        TrapKind::UnknownHost
        | TrapKind::WrongMac
        | TrapKind::SessionLimit
        | TrapKind::TryLater
        | TrapKind::Interrupted
        | TrapKind::NoSuchItem => Retry::Later,
        TrapKind::NoSuchProfile
        | TrapKind::NoSuchServer
        | TrapKind::Ambiguous
        | TrapKind::NotPermitted
        | TrapKind::NoSuchCommand
        | TrapKind::UnknownParameter
        | TrapKind::BadValue
        | TrapKind::BadPassword
        | TrapKind::UptimeReached
        | TrapKind::TrafficReached
        | TrapKind::Other => Retry::AskOperator,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r6_every_refusal_has_an_answer_to_what_helps() {
        let trap = |text: &str| RouterError::Trap(Trap::read(None, text.to_owned()));
        for (error, retry) in [
            (RouterError::Closed, Retry::Later),
            (
                RouterError::Timeout {
                    step: "login",
                    after_s: 15,
                },
                Retry::Later,
            ),
            (RouterError::Fatal("too many".to_owned()), Retry::Later),
            (RouterError::Protocol(ProtocolError::Challenge), Retry::AskOperator),
            (
                RouterError::LoginRefused("invalid user name or password (6)".to_owned()),
                Retry::AskOperator,
            ),
            (
                RouterError::LoginRefused("could not authenticate - radius timeout".to_owned()),
                Retry::Later,
            ),
            (trap("not enough permissions (9)"), Retry::AskOperator),
            (
                trap("failure: already have user with this name for this server"),
                Retry::Unknown,
            ),
            (trap("something nobody has seen"), Retry::AskOperator),
            (
                RouterError::Unknown {
                    command: "/x/add",
                    source: Box::new(RouterError::Closed),
                },
                Retry::Unknown,
            ),
        ] {
            assert_eq!(error.retry(), retry, "{error}");
        }
    }

    #[test]
    fn a_target_shows_no_password() {
        let target = Target {
            address: "192.0.2.1".to_owned(),
            tls: RouterTls::Off,
            user: "relay".to_owned(),
            password: SecretString::from("canary"),
        };
        assert!(!format!("{target:?}").contains("canary"));
        assert!(target.same_as(&target.clone()));
        assert!(!target.same_as(&Target {
            password: SecretString::from("other"),
            ..target.clone()
        }));
    }
}

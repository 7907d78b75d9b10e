//! Mail: one message, one recipient, one of four ways out.
//!
//! A [`Mailer`] sends once and says whether trying again makes sense; the outbox does the trying. Nothing
//! that a buyer, a link or a gateway wrote can add a header, a recipient or a command, whatever it holds.
//! It does not sign with DKIM: the mail server it is given does that.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::folder::Folder;
use super::smtp::Smtp;
use super::{compose, folder};
use crate::config;
use crate::message::{Message, is_address};

/// The way out.
#[derive(Clone, Debug)]
pub enum Mailer {
    /// A mail server takes it.
    Smtp(Arc<Smtp>),
    /// One `.eml` file per message.
    Folder(Arc<Folder>),
    /// Kept for the demo and for tests.
    Memory(MemoryMailbox),
    /// Nobody is told anything.
    Off,
}

impl Mailer {
    /// Checks the settings and reads the certificates; connects to nobody.
    pub fn smtp(settings: &Settings) -> Result<Self, MailError> {
        Ok(Self::Smtp(Arc::new(Smtp::new(settings)?)))
    }

    /// Writes messages from `from` into `folder`, which is made if it is missing.
    pub fn folder(folder: impl Into<PathBuf>, from: &str) -> Result<Self, MailError> {
        Ok(Self::Folder(Arc::new(Folder::new(folder.into(), from)?)))
    }

    /// Sends a message once. `Ok` means that somebody else is responsible for it now.
    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        check_address(&message.recipient)?;
        match self {
            Self::Smtp(smtp) => smtp.send(message).await,
            Self::Folder(folder) => folder::store(Arc::clone(folder), message.clone()).await,
            Self::Memory(mailbox) => mailbox.receive(message),
            Self::Off => Ok(()),
        }
    }
}

impl Mailer {
    /// Whether the mail server takes us in. Sends nothing; the other ways have nobody to ask.
    pub async fn check(&self) -> Result<(), MailError> {
        match self {
            Self::Smtp(smtp) => smtp.check().await,
            Self::Folder(_) | Self::Memory(_) | Self::Off => Ok(()),
        }
    }
}

/// How to reach the mail server.
#[derive(Clone, Debug)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Both or neither.
    pub login: Option<Login>,
    /// `relay@example.net` or `Wi-Fi <relay@example.net>`.
    pub from: String,
    /// PEM certificates to trust besides the public authorities.
    pub ca_file: Option<PathBuf>,
}

/// From the settings file, which has checked that a host is there and that user and password go together.
impl From<&config::Mail> for Settings {
    fn from(mail: &config::Mail) -> Self {
        let security = match mail.security {
            config::MailSecurity::Starttls => Security::StartTls,
            config::MailSecurity::Tls => Security::Tls,
            config::MailSecurity::Off => Security::Off,
        };
        let login = mail.user.clone().zip(mail.password.clone());
        Self {
            host: mail.host.clone().unwrap_or_default(),
            port: mail.port.unwrap_or(security.usual_port()),
            security,
            login: login.map(|(user, password)| Login { user, password }),
            from: mail.from.clone(),
            ca_file: mail.ca_file.clone(),
        }
    }
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Begins in the clear and must be upgraded before anything is said; usually port 587.
    StartTls,
    /// Encrypted from the first byte; usually port 465.
    Tls,
    /// In the clear, for a server on the same machine.
    Off,
}

impl Security {
    pub fn usual_port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::Off => 25,
        }
    }
}

#[derive(Clone, Debug)]
pub struct Login {
    pub user: String,
    pub password: config::Password,
}

/// Why a message was not sent, or a mailer not made.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the sender `{0}` is not an address such as `Wi-Fi <relay@example.net>`")]
    Sender(String),
    #[error("the recipient is not one plain address")]
    Recipient,
    #[error("the message cannot be written as a mail")]
    Compose,
    #[error("the certificates of `{path}` cannot be used: {reason}")]
    Certificates { path: PathBuf, reason: String },
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// About this letter or this recipient: it will be the same next time.
    #[error("the mail server refuses the message at {step}: {answer}")]
    Refused { step: Step, answer: String },
    /// About the server, the account or the moment.
    #[error("the mail server does not take it now, at {step}: {answer}")]
    NotNow { step: Step, answer: String },
    #[error("the mail server did not finish within {0} s")]
    Deadline(u64),
    #[error("`{path}` cannot be written")]
    Folder {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// What was being done when a mail server said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Connect,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
}

/// Whether a message should be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Later,
    Never,
}

impl MailError {
    pub fn retry(&self) -> Retry {
        match self {
            Self::Recipient | Self::Compose | Self::Refused { .. } => Retry::Never,
            Self::Sender(_)
            | Self::Certificates { .. }
            | Self::Tls(_)
            | Self::NotNow { .. }
            | Self::Deadline(_)
            | Self::Folder { .. } => Retry::Later,
        }
    }

    pub(super) fn folder(path: &Path, source: std::io::Error) -> Self {
        Self::Folder {
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the greeting",
            Self::StartTls => "STARTTLS",
            Self::Login => "the login",
            Self::Sender => "the sender",
            Self::Recipient => "the recipient",
            Self::Data => "the text",
        })
    }
}

/// Whether `text` may be a recipient.
pub fn check_address(text: &str) -> Result<(), MailError> {
    if is_address(text) {
        Ok(())
    } else {
        Err(MailError::Recipient)
    }
}

/// Messages kept in memory; clones share them. It takes what a mail server would take and nothing else.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailbox {
    inner: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    messages: Vec<Message>,
    refusing: Option<Retry>,
}

impl MemoryMailbox {
    /// Oldest first.
    pub fn messages(&self) -> Vec<Message> {
        self.locked().messages.clone()
    }

    /// From now on every message is refused, as a full or dead mail server would; `None` ends it.
    pub fn refuse(&self, how: Option<Retry>) {
        self.locked().refusing = how;
    }

    fn receive(&self, message: &Message) -> Result<(), MailError> {
        compose::letter(&compose::sender("relay@mikrelay.invalid")?, message)?;
        let mut kept = self.locked();
        let answer = || "this mailbox was told to refuse".to_owned();
        match kept.refusing {
            Some(Retry::Later) => {
                return Err(MailError::NotNow {
                    step: Step::Connect,
                    answer: answer(),
                });
            }
            Some(Retry::Never) => {
                return Err(MailError::Refused {
                    step: Step::Recipient,
                    answer: answer(),
                });
            }
            None => {}
        }
        if kept.messages.len() >= MEMORY_MAX {
            kept.messages.remove(0);
        }
        kept.messages.push(message.clone());
        Ok(())
    }

    /// A panic elsewhere leaves the list whole: it is changed by single pushes and removals alone.
    fn locked(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A demo that runs for weeks must not fill the memory.
const MEMORY_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::super::compose::tests::message;
    use super::*;

    #[tokio::test]
    async fn memory_keeps_what_a_server_would_take() {
        let mailbox = MemoryMailbox::default();
        let mailer = Mailer::Memory(mailbox.clone());
        mailer.send(&message()).await.unwrap();
        assert_eq!(mailbox.messages(), [message()]);
        mailbox.refuse(Some(Retry::Later));
        assert_eq!(mailer.send(&message()).await.unwrap_err().retry(), Retry::Later);
        mailbox.refuse(Some(Retry::Never));
        assert_eq!(mailer.send(&message()).await.unwrap_err().retry(), Retry::Never);
        mailbox.refuse(None);
        mailer.send(&message()).await.unwrap();
        assert_eq!(mailbox.messages().len(), 2);
    }

    #[tokio::test]
    async fn m2_an_address_with_line_ends_or_commas_is_refused_by_every_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let ways = [
            Mailer::Off,
            Mailer::Memory(MemoryMailbox::default()),
            Mailer::folder(folder.path(), "relay@example.net").unwrap(),
        ];
        for mailer in ways {
            for recipient in [
                "a@b.cd\r\nBcc: x@y.zz",
                "a@b.cd,x@y.zz",
                "a@b.cd\n",
                "<a@b.cd>",
                "",
                "a@b.cd x@y.zz",
            ] {
                let bad = Message {
                    recipient: recipient.to_owned(),
                    ..message()
                };
                assert_eq!(
                    mailer.send(&bad).await.unwrap_err().retry(),
                    Retry::Never,
                    "{mailer:?} {recipient:?}"
                );
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn senders_are_checked_when_the_mailer_is_made() {
        let folder = tempfile::tempdir().unwrap();
        for from in [
            "",
            "relay",
            "a@b.cd, x@y.zz",
            "Wi-Fi <a@b.cd>\r\nBcc: x@y.zz",
            "\"a\nb\" <a@b.cd>",
        ] {
            assert!(
                matches!(Mailer::folder(folder.path(), from), Err(MailError::Sender(_))),
                "{from:?}"
            );
        }
    }
}

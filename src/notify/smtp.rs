//! Mail through a server, one connection per message.
//!
//! The conversation is held step by step, because what a refusal means depends on the step: a 5xx to the
//! recipient or the text is about this letter and final; a 5xx to the greeting, the login or the sender is
//! about the server or the account, and the letter waits until the operator has mended it. A letter counts
//! as sent once the server has taken the text; how the goodbye goes does not matter.

use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::compose;
use super::mail::{MailError, Security, Settings, Step};
use crate::message::Message;
use crate::shown::shown_up_to;

/// A mail server with everything that can be prepared before a message exists.
pub struct Smtp {
    settings: Settings,
    from: Mailbox,
    tls: TlsParameters,
    hello: ClientId,
}

impl Smtp {
    pub fn new(settings: &Settings) -> Result<Self, MailError> {
        let from = compose::sender(&settings.from)?;
        let hello = ClientId::Domain(from.email.domain().to_owned());
        Ok(Self {
            tls: tls(settings)?,
            settings: settings.clone(),
            from,
            hello,
        })
    }

    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        let letter = compose::letter(&self.from, message)?;
        let conversation = self.hand_over(letter.envelope(), letter.formatted());
        let mut connection = timeout(DEADLINE, conversation)
            .await
            .map_err(|_| MailError::Deadline(DEADLINE.as_secs()))??;
        // The server has the letter; a goodbye that fails or takes long changes nothing.
        let _ = timeout(GOODBYE_DEADLINE, connection.quit()).await;
        Ok(())
    }

    /// Connects and logs in, and sends nothing.
    pub async fn check(&self) -> Result<(), MailError> {
        let mut connection = timeout(DEADLINE, self.log_in())
            .await
            .map_err(|_| MailError::Deadline(DEADLINE.as_secs()))??;
        let _ = timeout(GOODBYE_DEADLINE, connection.quit()).await;
        Ok(())
    }

    async fn log_in(&self) -> Result<AsyncSmtpConnection, MailError> {
        let mut connection = self.connect().await?;
        if let Some(login) = &self.settings.login {
            let password = login.password.read().map_err(|error| MailError::NotNow {
                step: Step::Login,
                answer: error.to_string(),
            })?;
            let credentials = Credentials::new(login.user.clone(), password.expose_secret().to_owned());
            let answer = connection
                .auth(&[Mechanism::Plain, Mechanism::Login], &credentials)
                .await;
            answer.map_err(|error| login_refused(&error))?;
        }
        Ok(connection)
    }

    async fn hand_over(&self, envelope: &Envelope, letter: Vec<u8>) -> Result<AsyncSmtpConnection, MailError> {
        let mut connection = self.log_in().await?;
        let sender = Mail::new(envelope.from().cloned(), Vec::new());
        connection
            .command(sender)
            .await
            .map_err(|error| later(Step::Sender, &error))?;
        for recipient in envelope.to() {
            let command = Rcpt::new(recipient.clone(), Vec::new());
            connection
                .command(command)
                .await
                .map_err(|error| by_code(Step::Recipient, &error))?;
        }
        connection
            .command(Data)
            .await
            .map_err(|error| by_code(Step::Data, &error))?;
        connection
            .message(&letter)
            .await
            .map_err(|error| by_code(Step::Data, &error))?;
        Ok(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        let settings = &self.settings;
        let at_once = (settings.security == Security::Tls).then(|| self.tls.clone());
        let address = (settings.host.as_str(), settings.port);
        let connected = AsyncSmtpConnection::connect_tokio1(address, Some(DEADLINE), &self.hello, at_once, None).await;
        let mut connection = connected.map_err(|error| later(Step::Connect, &error))?;
        if settings.security == Security::StartTls {
            let upgraded = connection.starttls(self.tls.clone(), &self.hello).await;
            upgraded.map_err(|error| later(Step::StartTls, &error))?;
        }
        Ok(connection)
    }
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Public authorities, and those of the operator's file.
fn tls(settings: &Settings) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(path) = &settings.ca_file {
        let unusable = |reason: String| MailError::Certificates {
            path: path.clone(),
            reason,
        };
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        if !pem.windows(PEM_MARK.len()).any(|window| window == PEM_MARK) {
            return Err(unusable("there is no PEM certificate in it".to_owned()));
        }
        builder =
            builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?);
    }
    builder
        .build_rustls()
        .map_err(|error| MailError::Tls(error.to_string()))
}

fn later(step: Step, error: &lettre::transport::smtp::Error) -> MailError {
    MailError::NotNow {
        step,
        answer: answer(error),
    }
}

/// Some servers quote the line they refuse, and this one holds the password: only the code is taken.
fn login_refused(error: &lettre::transport::smtp::Error) -> MailError {
    let words = |code| format!("code {code}; check `user` and `password`");
    MailError::NotNow {
        step: Step::Login,
        answer: error.status().map_or_else(|| answer(error), words),
    }
}

fn by_code(step: Step, error: &lettre::transport::smtp::Error) -> MailError {
    if error.is_permanent() {
        MailError::Refused {
            step,
            answer: answer(error),
        }
    } else {
        later(step, error)
    }
}

/// The server's words on one line; they are its own and may be anything.
fn answer(error: &lettre::transport::smtp::Error) -> String {
    shown_up_to(&error.to_string(), ANSWER_MAX)
}

/// For the whole conversation: a server that needs longer is as good as down, and the next try costs nothing.
const DEADLINE: Duration = Duration::from_secs(20);

const GOODBYE_DEADLINE: Duration = Duration::from_secs(2);

const ANSWER_MAX: usize = 200;

const PEM_MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

//! The relay's own certificates at work: where they come from, the door that shows them, and a task of their own that
//! renews or reads them again and warns the operator. Serving never waits for that task.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::acme::{self, Acme, Challenges, Shelf};
use crate::clock::Clock;
use crate::company::Language;
use crate::config::{CertificateSource, Config, Tls};
use crate::ids::CompanyId;
use crate::message::Message;
use crate::notify::certificate::{CertificateNotice, mail_about};
use crate::notify::mail::Mailer;
use crate::payment::Relay;
use crate::secrets::{self, MasterKey};
use crate::tls::certificate::Certificate;
use crate::tls::files::{self, Files, Look};
use crate::tls::serving::{self, Certificates};
use crate::tls::validity::Validity;
use crate::web::door::Door;
use crate::web::{App, Https};

/// Where certificates come from.
enum Source {
    Files(Files),
    Acme(Box<Acme>),
}

/// The certificates of a running relay.
struct Keeper {
    source: Source,
    certificates: Certificates,
    /// The names that are watched, each with the label of its certificate.
    watched: Vec<(String, String)>,
    warnings: Warnings,
    clock: Clock,
}

/// What comes of `[tls]`.
pub(super) struct Protected {
    door: Door,
    address: SocketAddr,
    https: Option<Https>,
    challenges: Challenges,
    keeper: Keeper,
}

/// The task that looks after the certificates.
pub(super) struct Keeping {
    pub address: SocketAddr,
    task: JoinHandle<()>,
    wake: Arc<Notify>,
}

impl Keeping {
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// What it was doing is done again after the next start.
    pub(super) fn end(self) {
        self.task.abort();
    }
}

impl Protected {
    /// Adds the door, lets the pages know of it, and begins to look after the certificates.
    pub(super) fn join(self, relay: &Relay, app: &mut App, doors: &mut Vec<Door>) -> Keeping {
        doors.push(self.door);
        app.https = self.https;
        app.challenges = self.challenges;
        let wake = Arc::new(Notify::new());
        let task = tokio::spawn(self.keeper.work(relay.clone(), wake.clone()));
        Keeping {
            address: self.address,
            task,
            wake,
        }
    }
}

/// Reads the certificates and opens the door for HTTPS.
pub(super) async fn open(config: &Config, tls: &Tls, key: MasterKey, mailer: Mailer) -> Result<Protected> {
    let (certificates, challenges, clock) = (Certificates::default(), Challenges::default(), Clock::System);
    let (source, watched) = match &tls.certificate {
        CertificateSource::Files { chain, key } => {
            secrets::warn_if_exposed(key);
            let files = Files::open(chain.clone(), key.clone(), certificates.clone());
            let files = files.context("the certificate of `[tls]` cannot be used")?;
            (
                Source::Files(files),
                vec![(config.public_host(), files::LABEL.to_owned())],
            )
        }
        CertificateSource::Acme(wish) => {
            let tools = acme::Tools {
                shelf: Shelf::new(&config.data_dir, &wish.directory),
                http: acme::http_client(wish.ca_file.as_deref()).context("`tls.acme_ca_file` cannot be used")?,
                key,
                clock: clock.clone(),
                certificates: certificates.clone(),
                challenges: challenges.clone(),
            };
            let wish = acme::Wish {
                domains: wish.domains.clone(),
                directory: wish.directory.clone(),
                email: tls.email.clone(),
            };
            let watched = wish.domains.iter().map(|name| (name.clone(), name.clone())).collect();
            (Source::Acme(Box::new(Acme::new(wish, tools))), watched)
        }
    };
    let listener = TcpListener::bind(tls.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on `{}` (`tls.listen`)", tls.listen))?;
    let address = listener.local_addr()?;
    let door = Door::protected(listener, serving::server_config(certificates.clone())?);
    let https = tls.redirect.then(|| Https {
        certificates: certificates.clone(),
        port: tls.public_port(&config.public_url_at(address), address),
        clock: clock.clone(),
    });
    let keeper = Keeper {
        source,
        certificates,
        watched,
        warnings: Warnings {
            recipient: tls.email.clone(),
            mailer,
            file: config.data_dir.join(WARNED_FILE),
        },
        clock,
    };
    Ok(Protected {
        door,
        address,
        https,
        challenges,
        keeper,
    })
}

impl Keeper {
    /// Works until it is dropped. `wake` is the operator's word that something has changed.
    async fn work(self, relay: Relay, wake: Arc<Notify>) {
        let keeper = Arc::new(self);
        loop {
            let wait = keeper.turn().await;
            let looked = keeper.clone();
            let now = keeper.clock.now();
            // Reading and writing a file may take a moment.
            let due = tokio::task::spawn_blocking(move || looked.warning(now)).await;
            if let Ok(Some(notice)) = due {
                keeper.warn(&relay, &notice).await;
            }
            let wait = Duration::try_from(wait).unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
            let woken = tokio::time::timeout(wait, wake.notified()).await;
            if let (Ok(()), Source::Acme(acme)) = (woken, &keeper.source) {
                acme.forget_pauses();
            }
        }
    }

    async fn turn(self: &Arc<Self>) -> SignedDuration {
        if let Source::Acme(acme) = &self.source {
            return acme.turn().await;
        }
        let keeper = self.clone();
        // Where the process is about to stop, there is nothing to say.
        let _ = tokio::task::spawn_blocking(move || keeper.look_at_files()).await;
        SignedDuration::MAX
    }

    fn look_at_files(&self) {
        let Source::Files(files) = &self.source else { return };
        match files.look(self.clock.now()) {
            Look::Unchanged => {}
            Look::Changed(validity) => {
                let until = validity.not_after;
                tracing::info!(%until, "the certificate files have changed; the new certificate is valid until {until}");
            }
            Look::Refused(error) => tracing::error!(
                "the certificate files have changed and cannot be used, the old certificate stays: {error}; what to do: put a \
                 chain and its key there again"
            ),
        }
    }

    /// What the operator has to be told now.
    fn warning(&self, now: Timestamp) -> Option<CertificateNotice> {
        let ending = self.watched.iter().filter_map(|(name, label)| {
            let certificate = self.certificates.get(label)?;
            is_ending(&certificate, now).then_some((certificate.left(now), name))
        });
        let Some((left, name)) = ending.min() else {
            self.warnings.forget();
            return None;
        };
        self.warnings.are_due(now).then(|| CertificateNotice {
            name: name.clone(),
            days_left: if left.is_negative() { -1 } else { left.as_hours() / 24 },
            is_ours: matches!(self.source, Source::Acme(_)),
        })
    }

    async fn warn(&self, relay: &Relay, notice: &CertificateNotice) {
        let directory = relay.store().directory();
        let first = directory.companies.values().min_by(|a, b| a.id.cmp(&b.id));
        let language = first.map_or(Language::default(), |company| company.language);
        let (name, days) = (&notice.name, notice.days_left);
        tracing::error!(
            name,
            days,
            "the certificate of `{name}` has {days} days left and was not renewed"
        );
        self.warnings.send(language, notice, self.clock.now()).await;
    }
}

/// A sixth of its life is left, and no more than two weeks: renewal began long before.
fn is_ending(certificate: &Certificate, now: Timestamp) -> bool {
    certificate.left(now) < (certificate.life() / 6).min(WARN_BEFORE)
}

/// The mails about certificates, one in three days.
struct Warnings {
    recipient: Option<String>,
    mailer: Mailer,
    /// Holds when the last one was sent: a process that starts again does not send it again.
    file: PathBuf,
}

impl Warnings {
    fn are_due(&self, now: Timestamp) -> bool {
        let last = std::fs::read_to_string(&self.file).ok();
        let last = last.and_then(|text| text.trim().parse::<Timestamp>().ok());
        // A clock that was set back must not silence them.
        last.is_none_or(|last| {
            let since = now.duration_since(last);
            since.is_negative() || since >= WARN_EVERY
        })
    }

    fn forget(&self) {
        if self.file.exists() {
            // It is only the time of a mail.
            let _ = std::fs::remove_file(&self.file);
        }
    }

    async fn send(&self, language: Language, notice: &CertificateNotice, now: Timestamp) {
        if let Some(recipient) = &self.recipient {
            let (subject, text) = mail_about(language, notice);
            let message = Message {
                company: CompanyId::new("relay"),
                order: None,
                recipient: recipient.clone(),
                subject,
                text,
                message_id: format!("certificate.{}@mikrelay.invalid", secrets::random_token(64)),
                created_at: now,
            };
            if let Err(error) = self.mailer.send(&message).await {
                tracing::warn!("the mail about the certificate was not sent and is tried again: {error}");
                return;
            }
        }
        let (file, text) = (self.file.clone(), format!("{now}\n"));
        let written = tokio::task::spawn_blocking(move || std::fs::write(file, text)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!("`{}` cannot be written: {error}", self.file.display());
        }
    }
}

/// The names that the settings promise a certificate for, and the dates of what is there: `None` while there is none.
/// It reads files only; a running relay is not asked.
pub fn kept(config: &Config) -> Result<Vec<(String, Option<Validity>)>> {
    let Some(tls) = &config.tls else {
        return Ok(Vec::new());
    };
    match &tls.certificate {
        CertificateSource::Files { chain, key } => Ok(vec![(config.public_host(), Some(read(chain, key)?))]),
        CertificateSource::Acme(wish) => {
            let shelf = Shelf::new(&config.data_dir, &wish.directory);
            let dated = wish
                .domains
                .iter()
                .map(|name| Ok((name.clone(), shelf.validity(name)?)));
            dated.collect()
        }
    }
}

fn read(chain: &Path, key: &Path) -> Result<Validity> {
    Ok(Certificate::read(chain, key)?.validity)
}

/// Beside the database.
const WARNED_FILE: &str = "certificate-warned";
/// New files are in force after this at the latest; and a clock that was set is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const WARN_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);
const WARN_EVERY: SignedDuration = SignedDuration::from_hours(3 * 24);

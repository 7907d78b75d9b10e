//! Certificates from an authority (ACME, RFC 8555): asked for, kept, put in force and renewed, beside all other work.
//!
//! Promises: serving never waits for any of it; a certificate that is in force stays there until there is a newer one; the
//! authority is asked at a pace that its limits allow, also when the process starts again and again. Each name has a
//! certificate of its own, so that one name that cannot be proved costs the others nothing. The proof is `http-01`: the
//! authority fetches a text from port 80. It does no revocation, and asks for no wildcards.

mod challenges;
mod error;
mod shelf;
mod talk;

use std::collections::HashMap;
use std::fs;
use std::sync::{Mutex, MutexGuard, PoisonError};

use instant_acme::Account;
use jiff::{SignedDuration, Timestamp};
use url::Url;

pub use challenges::Challenges;
pub use error::AcmeError;
pub use shelf::Shelf;
use shelf::{Issued, Trouble};
use talk::Line;

use crate::clock::Clock;
use crate::http_client::HttpClient;
use crate::secrets::{self, MasterKey};
use crate::tls::certificate::Certificate;
use crate::tls::serving::Certificates;

/// What is asked of whom.
#[derive(Clone, Debug)]
pub struct Wish {
    pub domains: Vec<String>,
    pub directory: Url,
    pub email: Option<String>,
}

/// What the work needs.
pub struct Tools {
    pub shelf: Shelf,
    pub http: HttpClient,
    pub key: MasterKey,
    pub clock: Clock,
    pub certificates: Certificates,
    pub challenges: Challenges,
}

/// The certificates of all names, and when each is asked for next.
pub struct Acme {
    wish: Wish,
    tools: Tools,
    line: Line,
    names: Mutex<HashMap<String, Pace>>,
}

/// When a name is tried next.
#[derive(Clone, Copy, Debug)]
struct Pace {
    failures: u32,
    due_at: Timestamp,
}

/// The way out for an authority whose own certificate is signed by who is named in this file.
pub fn http_client(authorities: Option<&std::path::Path>) -> Result<HttpClient, AcmeError> {
    let Some(path) = authorities else {
        return Ok(HttpClient::new());
    };
    let text = fs::read(path).map_err(|source| AcmeError::Read {
        path: path.to_owned(),
        source,
    })?;
    HttpClient::trusting(&text).map_err(|source| AcmeError::Authorities {
        path: path.to_owned(),
        source,
    })
}

impl Acme {
    /// Puts in force what is kept from earlier; calls nobody.
    pub fn new(wish: Wish, tools: Tools) -> Self {
        let line = Line::new(tools.http.clone());
        let acme = Self {
            wish,
            tools,
            line,
            names: Mutex::default(),
        };
        for name in &acme.wish.domains {
            let pace = acme.begin(name);
            acme.names().insert(name.clone(), pace);
        }
        acme
    }

    /// Tries every name that is due, and says after how long the next one is.
    pub async fn turn(&self) -> SignedDuration {
        for name in &self.wish.domains {
            let pace = self.pace_of(name);
            if pace.due_at <= self.now() {
                let next = self.attempt(name, pace.failures).await;
                self.names().insert(name.clone(), next);
            }
        }
        let now = self.now();
        let next = self.names().values().map(|pace| pace.due_at.duration_since(now)).min();
        next.unwrap_or(SignedDuration::MAX).max(SignedDuration::ZERO)
    }

    /// Whoever failed may try again at once: the operator says that he has mended something.
    pub fn forget_pauses(&self) {
        let now = self.now();
        for pace in self.names().values_mut().filter(|pace| pace.failures > 0) {
            pace.due_at = now;
        }
    }

    /// Puts a name's kept certificate in force, and says when it is to be renewed.
    fn begin(&self, name: &str) -> Pace {
        let now = self.now();
        let kept = self.tools.shelf.certificate(&self.tools.key, name);
        let kept = kept.and_then(|kept| kept.map(|issued| issued.certificate()).transpose());
        let due_at = match kept {
            Ok(Some(certificate)) => {
                let due_at = renewal_of(&certificate);
                self.put_in_force(name, certificate);
                due_at
            }
            Ok(None) => now,
            Err(error) => {
                tell_failure(name, &error);
                now
            }
        };
        // A process that dies and starts again must not use up the authority's patience; one that an operator has
        // restarted must not keep him waiting for hours.
        let trouble = self.tools.shelf.trouble(name);
        let pause = trouble.map_or(SignedDuration::ZERO, |trouble| {
            SignedDuration::from_secs(trouble.next_at_s.saturating_sub(now.as_second())).min(START_PAUSE)
        });
        Pace {
            failures: trouble.map_or(0, |trouble| trouble.failures),
            due_at: due_at.max(later(now, pause)),
        }
    }

    async fn attempt(&self, name: &str, failures: u32) -> Pace {
        match self.renew(name).await {
            Ok(certificate) => {
                let until = certificate.validity.not_after;
                let due_at = renewal_of(&certificate);
                self.put_in_force(name, certificate);
                tracing::info!(name, %until, renewal = %due_at, "`{name}` has a certificate until {until}");
                self.remember(name, None);
                Pace { failures: 0, due_at }
            }
            Err(error) => {
                tell_failure(name, &error);
                let (failures, now) = (failures.saturating_add(1), self.now());
                let rest = SignedDuration::from_secs(i64::from(self.line.take_rest_s())).min(REST_MAX);
                let least = if error.is_rate_limit() {
                    RATE_LIMIT_PAUSE
                } else {
                    SignedDuration::ZERO
                };
                let pause = if rest.is_zero() {
                    pause_after(failures).max(least)
                } else {
                    rest.max(FIRST_PAUSE)
                };
                let due_at = later(now, jittered(pause, chance()));
                tracing::info!(name, at = %due_at, "the certificate of `{name}` is asked for again at {due_at}");
                self.remember(
                    name,
                    Some(Trouble {
                        failures,
                        next_at_s: due_at.as_second(),
                    }),
                );
                Pace { failures, due_at }
            }
        }
    }

    async fn renew(&self, name: &str) -> Result<Certificate, AcmeError> {
        tracing::info!(name, authority = %self.wish.directory, "asking for a certificate for `{name}`");
        self.line.take_rest_s();
        let issued = match self.obtain(name).await {
            // Whoever runs an authority of his own may have lost its database; a new account costs nothing.
            Err(error) if error.is_lost_account() => {
                self.tools.shelf.remove_account()?;
                self.obtain(name).await?
            }
            other => other?,
        };
        let certificate = issued.certificate()?;
        if !certificate.names(name) {
            return Err(AcmeError::OtherName);
        }
        if let Err(error) = self.tools.shelf.put_certificate(&self.tools.key, name, &issued) {
            let hint = error.hint(name);
            tracing::error!(
                name,
                "the new certificate of `{name}` is in use but cannot be kept: {error}; what to do: {hint}"
            );
        }
        Ok(certificate)
    }

    async fn obtain(&self, name: &str) -> Result<Issued, AcmeError> {
        let account = self.account().await?;
        talk::obtain(&account, name, &self.tools.challenges).await
    }

    async fn account(&self) -> Result<Account, AcmeError> {
        let Tools { shelf, key, .. } = &self.tools;
        if let Some(known) = shelf.account(key)? {
            return self.line.return_to(known).await;
        }
        let (account, credentials) = self.line.join(&self.wish.directory, self.wish.email.as_deref()).await?;
        shelf.put_account(key, &credentials)?;
        Ok(account)
    }

    fn put_in_force(&self, name: &str, certificate: Certificate) {
        self.tools.certificates.put(name, certificate);
    }

    fn remember(&self, name: &str, trouble: Option<Trouble>) {
        if let Err(error) = self.tools.shelf.put_trouble(name, trouble) {
            tracing::warn!(
                name,
                "{error}; after a restart it is not known how often `{name}` failed"
            );
        }
    }

    fn pace_of(&self, name: &str) -> Pace {
        let found = self.names().get(name).copied();
        found.unwrap_or(Pace {
            failures: 0,
            due_at: self.now(),
        })
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, Pace>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.tools.clock.now()
    }
}

fn tell_failure(name: &str, error: &AcmeError) {
    let hint = error.hint(name);
    let causes: String = std::iter::successors(std::error::Error::source(error), |error| error.source())
        .map(|cause| format!(": {cause}"))
        .collect();
    tracing::error!(
        name,
        "no new certificate for `{name}`: {error}{causes}; what to do: {hint}"
    );
}

/// When a third of its life is left; a little earlier by chance, so that not all relays of the world ask at once.
fn renewal_of(certificate: &Certificate) -> Timestamp {
    let life = certificate.life();
    let early = life / 3 + spread(life / 30, chance());
    certificate
        .validity
        .not_after
        .checked_sub(early)
        .unwrap_or(Timestamp::MIN)
}

fn pause_after(failures: u32) -> SignedDuration {
    let steps = failures.saturating_sub(1).min(PAUSE_STEPS);
    FIRST_PAUSE
        .saturating_mul(3_i32.saturating_pow(steps))
        .min(LONGEST_PAUSE)
}

/// Up to a quarter longer.
fn jittered(pause: SignedDuration, chance: u8) -> SignedDuration {
    pause.saturating_add(spread(pause / 4, chance))
}

fn spread(most: SignedDuration, chance: u8) -> SignedDuration {
    most / 256 * i32::from(chance)
}

fn chance() -> u8 {
    let [chance] = secrets::random_bytes();
    chance
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Let's Encrypt allows five failed checks of a name in an hour: with this pause and its growth there are four.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(2);
/// A name that leads elsewhere is mended some day, and then nobody wants to wait until tomorrow.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);
/// Beyond these the longest pause is reached.
const PAUSE_STEPS: u32 = 5;
/// Where a limit was hit and nothing was said about how long it lasts.
const RATE_LIMIT_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// What an authority asks for is kept, but for no longer than this.
const REST_MAX: SignedDuration = SignedDuration::from_hours(24);
/// After a start that finds an earlier failure.
const START_PAUSE: SignedDuration = SignedDuration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_six_hours() {
        let minutes: Vec<_> = (1..9).map(|failures| pause_after(failures).as_mins()).collect();
        assert_eq!(minutes, [2, 6, 18, 54, 162, 360, 360, 360]);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
        // Let's Encrypt: at most five failures an hour.
        let in_an_hour = minutes.iter().scan(0, |at, pause| {
            *at += pause;
            Some(*at)
        });
        assert!(in_an_hour.take_while(|at| *at < 60).count() < 5);
    }

    #[test]
    fn chance_only_lengthens_and_by_little() {
        let hour = SignedDuration::from_hours(1);
        assert_eq!(jittered(hour, 0), hour);
        let most = jittered(hour, 255);
        assert!(most > hour && most <= SignedDuration::from_mins(75), "{most:?}");
    }

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_life_is_left() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["pay.example.net".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let (chain, key) = (params.self_signed(&key).unwrap().pem(), key.serialize_pem());
        let certificate = Issued { chain, key }.certificate().unwrap();
        for _ in 0..50 {
            let left = certificate.validity.not_after.duration_since(renewal_of(&certificate));
            let days = left.as_hours() / 24;
            assert!((30..=33).contains(&days), "{days}");
        }
    }
}

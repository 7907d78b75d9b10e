//! What the database holds that matters here, and the database itself.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::Wish;
use super::account::{DAYS_OF_REFUSALS, Past};
use super::business::{Backlog, EVENTS_WAIT};
use super::finding::{Finding, Kind};
use super::room::Sizes;
use super::router::{chain, long_time};
use crate::company::{Account, Directory};
use crate::config::Config;
use crate::event::RefusedCallbacks;
use crate::ids::AccountId;
use crate::ledger::Comparison;
use crate::store::{self, DATABASE_FILE, Db, Reading, Soundness, StoreError};

/// Everything that is read, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub(super) directory: Arc<Directory>,
    pub(super) backlog: Backlog,
    last_webhooks: Vec<(AccountId, Timestamp)>,
    last_payments: Vec<(AccountId, Timestamp)>,
    refused: Vec<RefusedCallbacks>,
    comparisons: Vec<Comparison>,
    newest: Option<Timestamp>,
    /// What could not be read, in sentences.
    unread: Vec<String>,
}

impl Stored {
    /// Reads a database that a relay may serve meanwhile. Blocks.
    pub fn read(reading: &Reading, now: Timestamp) -> Self {
        let mut unread = Vec::new();
        let since = now
            .saturating_sub(SignedDuration::from_hours(24 * DAYS_OF_REFUSALS))
            .unwrap_or(now);
        let overdue = now.saturating_sub(EVENTS_WAIT).unwrap_or(now);
        Self {
            directory: reading.directory(),
            backlog: Backlog {
                by_state: ask(reading, &mut unread, |db| db.count_orders_by_state()),
                waiting_since: ask(reading, &mut unread, |db| db.oldest_unprovisioned()),
                refunds: ask(reading, &mut unread, |db| {
                    Ok(db
                        .open_refunds(now)?
                        .into_iter()
                        .map(|refund| refund.wished_at)
                        .collect())
                }),
                open_events: ask(reading, &mut unread, |db| db.count_open_events(overdue)),
            },
            last_webhooks: ask(reading, &mut unread, |db| db.last_webhooks()),
            last_payments: ask(reading, &mut unread, |db| db.last_payments()),
            refused: ask(reading, &mut unread, |db| db.refused_callbacks(since)),
            comparisons: ask(reading, &mut unread, |db| db.comparisons(None)),
            newest: ask(reading, &mut unread, |db| db.newest_moment()),
            unread,
        }
    }

    /// The business records.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// What the rows say of this machine.
    pub(super) fn judge(&self, now: Timestamp) -> Vec<Finding> {
        let mut findings: Vec<_> = self.unread.iter().map(|why| unchecked(why)).collect();
        let ahead_s = self.newest.map_or(0, |newest| newest.duration_since(now).as_secs());
        let shown = now.strftime("%Y-%m-%d %H:%M:%SZ");
        findings.push(if ahead_s > CLOCK_TOLERANCE_S {
            Finding::new(
                Kind::MachineClock,
                format!(
                    "this machine's clock shows {shown}, and something was stored {} later than that",
                    long_time(ahead_s)
                ),
                "let it ask a time server (`timedatectl set-ntp true`), and compare it with your own watch",
            )
        } else {
            Finding::ok(format!("this machine's clock shows {shown}"))
        });
        findings
    }

    pub(super) fn past(&self, account: &Account) -> Past {
        let of = |times: &[(AccountId, Timestamp)]| {
            let found = times.iter().find(|(id, _)| *id == account.id);
            found.map(|(_, at)| *at)
        };
        let is_own = |one: &&RefusedCallbacks| {
            let hotspot = self.directory.hotspots.get(&one.hotspot);
            let company = hotspot.and_then(|hotspot| self.directory.company_of(hotspot));
            one.gateway == account.gateway() && company.is_some_and(|company| company.id == account.company)
        };
        Past {
            last_webhook: of(&self.last_webhooks),
            last_payment: of(&self.last_payments),
            refused: self.refused.iter().filter(is_own).cloned().collect(),
            comparison: self.comparisons.iter().find(|one| one.account == account.id).cloned(),
        }
    }
}

/// One question; what cannot be answered is noted and counts as nothing.
fn ask<T: Default>(
    reading: &Reading,
    unread: &mut Vec<String>,
    question: impl FnOnce(&Db<'_>) -> Result<T, StoreError>,
) -> T {
    reading.read_now(question).unwrap_or_else(|error| {
        unread.push(chain(&error));
        T::default()
    })
}

pub(super) fn unusable(error: &StoreError) -> Finding {
    let fix = match error {
        StoreError::OlderSchema { .. } => "start the relay once, then ask again",
        StoreError::Busy => "try again in a moment",
        _ => "see what the message says; `mikrelay serve` says the same when it starts",
    };
    Finding::new(Kind::DatabaseUnusable, chain(error), fix)
}

/// Goes through the whole file, beside whoever writes to it.
pub(super) async fn soundness(config: &Config, wish: &Wish) -> Option<Finding> {
    let path = config.data_dir.join(DATABASE_FILE);
    if !wish.is_whole() || !path.exists() {
        return None;
    }
    let shown = path.display().to_string();
    let checked = tokio::task::spawn_blocking(move || store::check_soundness(&path, TIME_FOR_CHECK)).await;
    Some(match checked {
        Ok(Ok(Soundness::Sound)) => Finding::ok(format!("the database `{shown}` is sound")),
        Ok(Ok(Soundness::Damaged(words))) => Finding::new(
            Kind::DatabaseDamaged,
            format!("the database `{shown}` is damaged: {words}"),
            "stop the relay, keep a copy of the data folder, and restore a backup; then check the disk (`dmesg`, `smartctl`)",
        ),
        Ok(Ok(Soundness::Unfinished)) => unchecked(&format!(
            "the database is too large to be checked within {} s",
            TIME_FOR_CHECK.as_secs()
        )),
        Ok(Err(error)) => unchecked(&chain(&error)),
        Err(error) => unchecked(&error.to_string()),
    })
}

fn unchecked(why: &str) -> Finding {
    Finding::new(
        Kind::DatabaseUnchecked,
        format!("a part of the database was not checked: {why}"),
        "ask again when the machine has less to do",
    )
}

pub(super) fn sizes(config: &Config) -> Sizes {
    let (database_bytes, log_bytes) = store::sizes(&config.data_dir.join(DATABASE_FILE));
    Sizes {
        database_bytes,
        log_bytes,
    }
}

/// Clocks are put right by seconds; a battery that died puts them back by years.
const CLOCK_TOLERANCE_S: i64 = 120;
/// A gigabyte on a small disk.
const TIME_FOR_CHECK: Duration = Duration::from_secs(20);

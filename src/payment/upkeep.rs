//! What the relay does by the clock: plans the daily jobs, each in its company's own morning.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{Relay, recheck};
use crate::company::{Account, Company, Directory};
use crate::gateway;
use crate::job::{Lane, NewJob, Task};
use crate::store::StoreError;

/// Adds the daily jobs that are missing. Costs a read where nothing is.
pub(super) async fn plan(relay: &Relay) -> Result<(), StoreError> {
    let directory = relay.store().directory();
    let now = relay.now();
    let ledgers = directory.accounts.values().map(|account| {
        let id = account.id.clone();
        NewJob {
            task: Task::Ledger(id.clone()),
            lane: Lane::Ledger(id),
            due_at: next_morning(&directory, account, now),
        }
    });
    let rechecks = directory
        .accounts
        .values()
        .filter(|account| gateway::of(account).can_ask(account))
        .map(|account| recheck::plan(&directory, account, now));
    let housekeeping = NewJob {
        task: Task::Housekeeping,
        lane: Lane::Upkeep,
        due_at: next_cleaning(&directory, now),
    };
    let wanted: Vec<_> = ledgers.chain(rechecks).chain([housekeeping]).collect();
    let missing = relay
        .store()
        .read(move |db| {
            let mut missing = Vec::new();
            for job in wanted {
                if !db.has_job(&job.task)? {
                    missing.push(job);
                }
            }
            Ok(missing)
        })
        .await?;
    if missing.is_empty() {
        return Ok(());
    }
    relay
        .change(move |change| missing.into_iter().try_for_each(|job| change.add_job(job)))
        .await
}

/// When the account is compared next: early in the company's morning, each account at a minute of its own.
pub(super) fn next_morning(directory: &Directory, account: &Account, now: Timestamp) -> Timestamp {
    let company = directory.companies.get(&account.company);
    morning(company, now, spread(account.id.as_str()))
}

/// When the housekeeping is done next: in the morning of some company, after its comparisons.
pub(super) fn next_cleaning(directory: &Directory, now: Timestamp) -> Timestamp {
    let company = directory.companies.values().min_by(|a, b| a.id.cmp(&b.id));
    morning(company, now, 60)
}

/// The next three o'clock of the company's own time, and some minutes.
fn morning(company: Option<&Company>, now: Timestamp, minutes: i64) -> Timestamp {
    let zone = company
        .and_then(|company| crate::packed::time_zone(&company.timezone))
        .unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(zone.clone()).date();
    let days = [Some(today), today.tomorrow().ok()];
    let mornings = days.into_iter().flatten().filter_map(|day| {
        let moment = day.at(MORNING_HOUR, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        moment.timestamp().checked_add(minutes.minutes()).ok()
    });
    mornings
        .into_iter()
        .find(|morning| *morning > now)
        .unwrap_or_else(|| now.saturating_add(A_DAY).unwrap_or(now))
}

/// A minute of the hour that stays the same for a name.
fn spread(name: &str) -> i64 {
    let sum = name
        .bytes()
        .fold(0_i64, |sum, byte| (sum * 31 + i64::from(byte)) % SPREAD_MINUTES);
    sum % SPREAD_MINUTES
}

/// Nobody sells much then.
const MORNING_HOUR: i8 = 3;
const SPREAD_MINUTES: i64 = 50;
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::company::Language;
    use crate::ids::CompanyId;

    fn next(zone: &str, now: &str) -> String {
        let company = Company {
            id: CompanyId::new("c"),
            name: "C".to_owned(),
            country: "BJ".to_owned(),
            language: Language::Fr,
            timezone: zone.to_owned(),
            notify_email: None,
            card: crate::company::CompanyCard::default(),
        };
        morning(Some(&company), now.parse().unwrap(), 7).to_string()
    }

    #[test]
    fn mornings_are_the_companys_own() {
        assert_eq!(
            next("Africa/Porto-Novo", "2026-11-02T12:00:00Z"),
            "2026-11-03T02:07:00Z"
        );
        assert_eq!(
            next("Africa/Porto-Novo", "2026-11-03T02:06:59Z"),
            "2026-11-03T02:07:00Z"
        );
        assert_eq!(
            next("Africa/Porto-Novo", "2026-11-03T02:07:00Z"),
            "2026-11-04T02:07:00Z"
        );
        assert_eq!(
            next("America/Mexico_City", "2026-11-02T02:00:00Z"),
            "2026-11-02T09:07:00Z"
        );
        assert_eq!(next("No/Where", "2026-11-02T12:00:00Z"), "2026-11-03T03:07:00Z");
        // The clock jumps from two to three in that night.
        assert_eq!(next("Europe/Paris", "2026-03-28T12:00:00Z"), "2026-03-29T01:07:00Z");
    }

    #[test]
    fn accounts_have_minutes_of_their_own() {
        assert_eq!(spread("awa-fedapay"), spread("awa-fedapay"));
        assert_ne!(spread("awa-fedapay"), spread("awa-cinetpay"));
        let all = (0..1_000).map(|n| spread(&format!("account-{n}")));
        assert!(all.into_iter().all(|minute| (0..SPREAD_MINUTES).contains(&minute)));
    }
}

//! Ends vouchers whose validity is over where Mikhmon's script cannot: the stock script on RouterOS 7.10 and later
//! (facts `mikhmon.md` 6). The validity is the profile's own, counted from the first login.
//!
//! Promises: only users of orders that this relay delivered are touched, only disabled and never deleted, and none
//! whose profile is served by a script that can end him. What is not known exactly counts for the buyer: the first
//! login is taken to be as late as it can have been. What was seen is a row, so a restart forgets nothing.

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use super::super::provision::{Work, down_or_later, reference_of_tag};
use super::super::routers::Loan;
use super::super::{Outcome, Relay};
use crate::ids::{OrderRef, RouterId};
use crate::job::{Lane, NewJob, Task};
use crate::mikhmon::{Expiry, ProfileScript, Validity};
use crate::order::State;
use crate::routeros::{RouterError, SoldUser, UserSession};
use crate::store::{StoreError, ValidityWatch};
use crate::voucher;

/// The job that looks at a router's vouchers for the first time after a sale.
pub(super) fn look_at(router: &RouterId, now: Timestamp) -> NewJob {
    NewJob {
        task: Task::Validity(router.clone()),
        lane: Lane::Router(router.clone()),
        due_at: now.saturating_add(LOOK_EVERY).unwrap_or(now),
    }
}

/// Looks at the watched vouchers of a router and ends what is over. Comes back for as long as there are any.
pub(in super::super) async fn look(relay: &Relay, router: &RouterId) -> Result<Outcome, StoreError> {
    let watched = load(relay, router).await?;
    let directory = relay.store().directory();
    let record = directory.routers.get(router);
    let (Some(record), false) = (record, watched.is_empty()) else {
        return Ok(Outcome::Done);
    };
    let Some(credentials) = record.credentials.as_ref() else {
        return Ok(later(LOOK_SELDOM, "the router has no login yet"));
    };
    let mut loan = match relay.0.routers.lend(record, credentials).await {
        Ok(loan) => loan,
        Err(error) => return Ok(down_or_later(&error)),
    };
    match look_on(relay, &mut loan, watched).await {
        Ok(Some(pause)) => Ok(later(pause, "vouchers are still valid")),
        Ok(None) => Ok(Outcome::Done),
        Err(Fault::Store(error)) => Err(error),
        Err(Fault::Router(RouterError::Trap(trap))) => {
            tracing::warn!(router = %router, "router `{router}`: vouchers cannot be looked at: {trap}");
            Ok(later(LOOK_SELDOM, &trap.to_string()))
        }
        Err(Fault::Router(error)) => {
            loan.discard();
            Ok(down_or_later(&error))
        }
    }
}

/// A watched voucher with its order.
struct Watched {
    watch: ValidityWatch,
    work: Work,
}

/// What is watched and still to be: what went back, or whose hotspot does not wish it any more, is forgotten.
async fn load(relay: &Relay, router: &RouterId) -> Result<Vec<Watched>, StoreError> {
    let id = router.clone();
    let watches = relay.store().read(move |db| db.validity_watches(&id)).await?;
    let mut kept = Vec::new();
    for watch in watches {
        match Work::load(relay, &watch.order).await? {
            Some(work) if work.order.state == State::Delivered && work.hotspot.mikhmon.expiry => {
                kept.push(Watched { watch, work });
            }
            _ => forget(relay, watch.order).await?,
        }
    }
    Ok(kept)
}

enum Fault {
    Router(RouterError),
    Store(StoreError),
}

impl From<RouterError> for Fault {
    fn from(error: RouterError) -> Self {
        Self::Router(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Returns when to look again, if there is anything left to look at.
async fn look_on(relay: &Relay, loan: &mut Loan, watched: Vec<Watched>) -> Result<Option<SignedDuration>, Fault> {
    let session = loan.session()?;
    let version = session.resource().await?.version;
    let scripts = session.profile_scripts(None).await?;
    let blind: HashMap<String, Validity> = scripts
        .into_iter()
        .filter_map(|profile| Some((profile.name, blind_validity(&profile.on_login, &version)?)))
        .collect();
    let mut open = watched.len();
    let mut of_profile: HashMap<String, Vec<Watched>> = HashMap::new();
    for one in watched {
        let profile = &one.work.order.plan.profile;
        if blind.contains_key(profile) {
            of_profile.entry(profile.clone()).or_default().push(one);
        }
    }
    if of_profile.is_empty() {
        return Ok(Some(LOOK_SELDOM));
    }
    let (clock, sessions) = (session.clock().await?, session.running_sessions().await?);
    let mut round = Round {
        now: relay.now(),
        local: clock.date.to_datetime(clock.time),
        sessions,
        ended: 0,
        next: LOOK_SELDOM,
    };
    for (profile, group) in of_profile {
        let Some(validity) = blind.get(&profile) else { continue };
        let users = loan.session()?.users_of_profile(&profile).await?;
        for one in group {
            let stays = round.judge(relay, loan, one, validity, &users).await?;
            open -= usize::from(!stays);
        }
    }
    Ok((open > 0).then_some(round.next))
}

/// The validity that nobody ends: the script wants one, and is blind on this version.
fn blind_validity(on_login: &str, version: &str) -> Option<Validity> {
    let script = ProfileScript::read(on_login)?;
    (script.expiry_on(version) == Expiry::Blind).then_some(script.validity)?
}

/// One look at a router.
struct Round {
    now: Timestamp,
    /// What the router's clock shows now.
    local: DateTime,
    sessions: UserSession,
    ended: usize,
    next: SignedDuration,
}

impl Round {
    /// Says whether the voucher has to be watched any longer.
    async fn judge(
        &mut self,
        relay: &Relay,
        loan: &mut Loan,
        one: Watched,
        validity: &Validity,
        users: &[SoldUser],
    ) -> Result<bool, Fault> {
        let Watched { mut watch, work } = one;
        let own: Vec<&SoldUser> = users.iter().filter(|user| is_of(&work, user)).collect();
        let was_over = watch.ends_at.is_some_and(|end| end <= self.now);
        // Deleted, moved to another profile, or disabled by somebody else: not ours to end any more.
        if own.is_empty() || (own.iter().all(|user| user.disabled) && !was_over) {
            forget(relay, watch.order).await?;
            return Ok(false);
        }
        let is_news = watch.first_login_at.is_none();
        watch.validity_s = watch.validity_s.max(Some(validity.time.seconds));
        self.date(&mut watch, &work, &own);
        let Some(end) = watch.ends_at else {
            self.next = self.next.min(LOOK_EVERY);
            return Ok(true);
        };
        if end > self.now {
            self.next = self.next.min(end.duration_since(self.now).max(SHORTEST_PAUSE));
            save(relay, watch, is_news).await?;
            return Ok(true);
        }
        if self.ended == ENDED_AT_ONCE {
            self.next = SHORTEST_PAUSE;
            save(relay, watch, is_news).await?;
            return Ok(true);
        }
        // First written down that it is over, so that a half-done end is known for what it is.
        save(relay, watch.clone(), is_news).await?;
        for user in &own {
            let session = loan.session()?;
            session.disable_user(&user.id).await?;
            session.remove_active_of(&user.name).await?;
            session.remove_cookies_of(&user.name).await?;
        }
        self.ended += 1;
        end_it(relay, watch.order, validity.text.clone()).await?;
        Ok(false)
    }

    /// When the first login was, and when the voucher ends, as far as it shows now.
    fn date(&self, watch: &mut ValidityWatch, work: &Work, own: &[&SoldUser]) {
        let Some(seconds) = watch.validity_s.and_then(|seconds| i64::try_from(seconds).ok()) else {
            return;
        };
        let length = SignedDuration::from_secs(seconds);
        if watch.first_login_at.is_none() {
            watch.first_login_at = own.iter().filter_map(|user| self.first_login(user)).min();
        }
        watch.ends_at = watch.first_login_at.and_then(|first| first.saturating_add(length).ok());
        // The script's own word is exact, and the operator may have changed it. One that ends before the validity can
        // be over was written while the router's clock was wrong.
        let bought = work.order.delivered_at.unwrap_or(work.order.created_at);
        let earliest = bought
            .saturating_add(length)
            .unwrap_or(bought)
            .saturating_sub(CLOCK_SLACK);
        let told = own.iter().filter_map(|user| self.told_end(&user.comment)).max();
        if let (Some(told), Ok(earliest)) = (told, earliest)
            && told >= earliest
        {
            watch.first_login_at = watch.first_login_at.or(told.saturating_sub(length).ok());
            watch.ends_at = Some(told);
        }
    }

    /// The latest moment at which this user can have logged in first. Nothing if he never was online.
    fn first_login(&self, user: &SoldUser) -> Option<Timestamp> {
        let running = self.sessions.get(&user.name).copied();
        if let Some(session_s) = running
            && user.uptime_s <= session_s.saturating_add(SESSION_SLACK_S)
        {
            // He has used no more than this session.
            let since = SignedDuration::from_secs(i64::try_from(session_s).unwrap_or_default());
            return self.now.saturating_sub(since).ok();
        }
        let was_online = running.is_some() || user.uptime_s > 0 || voucher::is_expiry_form(&user.comment);
        was_online.then_some(self.now)
    }

    /// The end that the script wrote over the comment, as a moment of our clock.
    fn told_end(&self, comment: &str) -> Option<Timestamp> {
        let end = voucher::expiry(comment, self.local.date())?;
        self.now.saturating_add(end.duration_since(self.local)).ok()
    }
}

/// Whether a user is the order's own, or a copy made of him: by our mark; where a router dropped it, by the code.
fn is_of(work: &Work, user: &SoldUser) -> bool {
    if !user.email.is_empty() {
        return reference_of_tag(&user.email).as_ref() == Some(&work.order.reference);
    }
    work.order.voucher.as_ref().is_some_and(|voucher| {
        let ours = user.comment == voucher.comment || voucher::is_expiry_form(&user.comment);
        user.name == voucher.username.expose_secret() && user.server == work.server() && ours
    })
}

async fn save(relay: &Relay, watch: ValidityWatch, is_news: bool) -> Result<(), StoreError> {
    relay
        .change(move |change| {
            if let (true, Some(end)) = (is_news && watch.first_login_at.is_some(), watch.ends_at) {
                let line = format!(
                    "the code was used for the first time; the profile's script is blind on this RouterOS, so the relay ends it at {end:.0}"
                );
                change.note(&watch.order, &line)?;
            }
            change.db.save_validity_watch(&watch)
        })
        .await
}

async fn end_it(relay: &Relay, order: OrderRef, validity: String) -> Result<(), StoreError> {
    relay
        .change(move |change| {
            change.db.end_validity(&order, change.now)?;
            let line = format!("its validity ({validity} from the first login) is over: the relay disabled its user");
            change.note(&order, &line)
        })
        .await
}

async fn forget(relay: &Relay, order: OrderRef) -> Result<(), StoreError> {
    relay.change(move |change| change.db.forget_validity(&order)).await
}

fn later(after: SignedDuration, why: &str) -> Outcome {
    Outcome::Later {
        after,
        why: why.to_owned(),
    }
}

/// While a first login is awaited: the buyer gets at most this for nothing, and a small router four short questions.
const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// Where nothing is to be ended soon: rules may have changed, or RouterOS was updated.
const LOOK_SELDOM: SignedDuration = SignedDuration::from_hours(1);
/// Many vouchers may end one after the other; sales go first.
const SHORTEST_PAUSE: SignedDuration = SignedDuration::from_secs(30);
/// Three commands each, in a lane that sells.
const ENDED_AT_ONCE: usize = 20;
/// How far the router's clock may be off for its word to be taken.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(10);
/// The two counters of a session are not read in the same moment.
const SESSION_SLACK_S: u64 = 60;

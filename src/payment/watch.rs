//! Routers that come and go. Every lane says whether its router answered; companies with an endpoint that wants to
//! know have their routers looked at even while nobody buys. A change is decided once, written down and told in the
//! same commit, so that neither a shaky line nor a restart tells it twice.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;

use super::change::Change;
use super::{Outcome, Relay, hook_events, provision};
use crate::hook::EventKind;
use crate::ids::RouterId;
use crate::job::{Lane, NewJob, Task};
use crate::router_watch::{Presence, Watch};
use crate::store::{Db, StoreError};

/// What is known of each router's answers since this process began.
#[derive(Default)]
pub(super) struct Watches(Mutex<HashMap<RouterId, Watch>>);

impl Watches {
    fn lock(&self) -> MutexGuard<'_, HashMap<RouterId, Watch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane's look at its router.
pub(super) async fn see(relay: &Relay, router: &RouterId, seen: Presence) -> Result<(), StoreError> {
    let now = relay.now();
    let decision = relay.watches().lock().entry(router.clone()).or_default().see(seen, now);
    let Some((presence, since)) = decision else {
        return Ok(());
    };
    let subject = router.clone();
    let told = relay.change(move |change| write_down(change, &subject, presence, since));
    if told.await? {
        let word = match presence {
            Presence::Offline => "has not answered for minutes",
            Presence::Online => "answers again",
        };
        tracing::info!(router = %router, "the router `{router}` {word}");
    }
    if let Some(watch) = relay.watches().lock().get_mut(router) {
        watch.decide(presence);
    }
    Ok(())
}

/// Says whether it was news.
fn write_down(
    change: &mut Change<'_>,
    router: &RouterId,
    presence: Presence,
    since: jiff::Timestamp,
) -> Result<bool, StoreError> {
    let was_offline = change.db.router_offline_since(router)?.is_some();
    let kind = match presence {
        Presence::Offline if !was_offline => EventKind::RouterOffline,
        Presence::Online if was_offline => EventKind::RouterOnline,
        _ => return Ok(false),
    };
    change
        .db
        .set_router_offline(router, (presence == Presence::Offline).then_some(since))?;
    hook_events::tell_router(change, router, kind, since)?;
    Ok(true)
}

/// Adds a look at every router that somebody wants to be told of. Costs a read where nothing is missing.
pub(super) async fn plan(relay: &Relay) -> Result<(), StoreError> {
    let (directory, now) = (relay.store().directory(), relay.now());
    let missing = relay.store().read(move |db| {
        let mut missing = Vec::new();
        for endpoint in db.endpoints(None)? {
            if endpoint.gone_at.is_some() || !endpoint.events.iter().any(|kind| kind.is_about_routers()) {
                continue;
            }
            let own = directory
                .routers
                .values()
                .filter(|router| router.company == endpoint.company);
            for router in own {
                let job = look_at(&router.id, now);
                if !db.has_job(&job.task)? {
                    missing.push(job);
                }
            }
        }
        Ok(missing)
    });
    let missing = missing.await?;
    if missing.is_empty() {
        return Ok(());
    }
    relay
        .change(move |change| missing.into_iter().try_for_each(|job| change.add_job(job)))
        .await
}

fn look_at(router: &RouterId, due_at: jiff::Timestamp) -> NewJob {
    NewJob {
        task: Task::Watch(router.clone()),
        lane: Lane::Router(router.clone()),
        due_at,
    }
}

/// Looks whether a router answers, for as long as somebody wants to be told. What the lane makes of it is its look.
pub(super) async fn look(relay: &Relay, router: &RouterId) -> Result<Outcome, StoreError> {
    let directory = relay.store().directory();
    let Some(record) = directory.routers.get(router) else {
        return Ok(Outcome::Done);
    };
    let company = record.company.clone();
    let wanted = move |db: &Db<'_>| {
        let mut endpoints = db.endpoints_for(&company, EventKind::RouterOffline)?;
        endpoints.extend(db.endpoints_for(&company, EventKind::RouterOnline)?);
        Ok(!endpoints.is_empty())
    };
    let Some(credentials) = record.credentials.as_ref() else {
        return Ok(Outcome::Done);
    };
    if !relay.store().read(wanted).await? {
        return Ok(Outcome::Done);
    }
    Ok(match relay.routers().lend(record, credentials).await {
        Ok(_) => Outcome::Later {
            after: LOOK_EVERY,
            why: "the router answered".to_owned(),
        },
        Err(error) => provision::down_or_later(&error),
    })
}

/// Often enough to tell an absence within five minutes; a look at an open session is one short sentence.
const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(1);

//! One reused API session per router. A lane lends its router's session for one job at a time; a session
//! that failed in any way is thrown away, because what it still has in its pipe is unknown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;

use crate::company::{Router, RouterCredentials};
use crate::ids::RouterId;
use crate::routeros::{Deadlines, RouterClock, RouterError, Session, Target};

/// The sessions of all routers.
pub(super) struct Routers {
    deadlines: Deadlines,
    slots: Mutex<HashMap<RouterId, Slot>>,
}

type Slot = Arc<tokio::sync::Mutex<Place>>;

/// One router's session, and when it could not be opened last.
#[derive(Default)]
pub(super) struct Place {
    live: Option<Live>,
    failed_at: Option<Instant>,
}

/// An open session and what it said about its router a moment ago.
pub(super) struct Live {
    pub session: Session,
    target: Target,
    facts: Option<(Instant, RouterFacts)>,
}

/// What is asked before a user is made. Names are compared byte for byte: the API itself would accept a
/// unique prefix and take another profile silently (facts `routeros.md` 1.2).
#[derive(Clone, Debug)]
pub(super) struct RouterFacts {
    pub clock: RouterClock,
    pub profiles: Vec<String>,
    pub servers: Vec<String>,
}

/// A session on loan. Call `discard` after an error that leaves the connection in doubt.
pub(super) struct Loan(OwnedMutexGuard<Place>);

impl Routers {
    pub fn new(deadlines: Deadlines) -> Self {
        Self {
            deadlines,
            slots: Mutex::default(),
        }
    }

    /// The router's session, opened if there is none.
    pub async fn lend(&self, router: &Router, credentials: &RouterCredentials) -> Result<Loan, RouterError> {
        let asked_at = Instant::now();
        let mut place = self.slot(&router.id).lock_owned().await;
        // Those who waited for somebody's failure do not each wait for their own.
        if place.failed_at.is_some_and(|failed_at| failed_at > asked_at) {
            return Err(RouterError::JustFailed);
        }
        let target = target(router, credentials);
        // Routers reboot and change address: a session is checked before a job is begun on it.
        if let Some(live) = place.live.as_mut()
            && (!live.target.same_as(&target) || !live.session.is_open().await)
        {
            place.live = None;
        }
        if place.live.is_none() {
            let opened = Session::connect(&target, &self.deadlines).await;
            place.failed_at = opened.is_err().then(Instant::now);
            place.live = Some(Live {
                session: opened?,
                target,
                facts: None,
            });
        }
        Ok(Loan(place))
    }

    /// A session of its own, which waits for nobody's job; the caller closes it.
    pub async fn open_apart(
        &self,
        router: &Router,
        credentials: &RouterCredentials,
        connect: Duration,
    ) -> Result<Session, RouterError> {
        let deadlines = Deadlines {
            connect,
            ..self.deadlines
        };
        Session::connect(&target(router, credentials), &deadlines).await
    }

    fn slot(&self, router: &RouterId) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(router.clone()).or_default().clone()
    }

    /// Says goodbye to every router that is not busy.
    pub async fn close_all(&self) {
        let slots: Vec<_> = {
            let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.values().cloned().collect()
        };
        for slot in slots {
            let live = slot.try_lock().ok().and_then(|mut place| place.live.take());
            if let Some(live) = live {
                live.session.close().await;
            }
        }
    }
}

impl Loan {
    pub fn session(&mut self) -> Result<&mut Session, RouterError> {
        let live = self.0.live.as_mut();
        live.map(|live| &mut live.session).ok_or(RouterError::Closed)
    }

    pub fn discard(&mut self) {
        self.0.live = None;
    }

    /// Clock, profiles and servers, at most a minute old; `fresh` asks again.
    pub async fn facts(&mut self, fresh: bool) -> Result<RouterFacts, RouterError> {
        let live = self.0.live.as_mut().ok_or(RouterError::Closed)?;
        if let Some((at, facts)) = &live.facts
            && !fresh
            && at.elapsed() < FACTS_LAST
        {
            return Ok(facts.clone());
        }
        let clock = live.session.clock().await?;
        let profiles = live.session.profiles().await?;
        let servers = live
            .session
            .servers()
            .await?
            .into_iter()
            .map(|server| server.name)
            .collect();
        let facts = RouterFacts {
            clock,
            profiles,
            servers,
        };
        live.facts = Some((Instant::now(), facts.clone()));
        Ok(facts)
    }
}

fn target(router: &Router, credentials: &RouterCredentials) -> Target {
    Target {
        address: router.address.clone(),
        tls: router.tls.clone(),
        user: credentials.user.clone(),
        password: credentials.password.clone(),
    }
}

/// Profiles change by hand; a minute keeps a rush of sales at two commands each.
const FACTS_LAST: Duration = Duration::from_secs(60);

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

type Slot = Arc<tokio::sync::Mutex<Option<Live>>>;

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
pub(super) struct Loan(OwnedMutexGuard<Option<Live>>);

impl Routers {
    pub fn new(deadlines: Deadlines) -> Self {
        Self {
            deadlines,
            slots: Mutex::default(),
        }
    }

    /// The router's session, opened if there is none.
    pub async fn lend(&self, router: &Router, credentials: &RouterCredentials) -> Result<Loan, RouterError> {
        let mut slot = self.slot(&router.id).lock_owned().await;
        let target = Target {
            address: router.address.clone(),
            tls: router.tls.clone(),
            user: credentials.user.clone(),
            password: credentials.password.clone(),
        };
        // Routers reboot and change address: a session is checked before a job is begun on it.
        if let Some(live) = slot.as_mut()
            && (!live.target.same_as(&target) || !live.session.is_open().await)
        {
            *slot = None;
        }
        if slot.is_none() {
            let session = Session::connect(&target, &self.deadlines).await?;
            *slot = Some(Live {
                session,
                target,
                facts: None,
            });
        }
        Ok(Loan(slot))
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
            let live = slot.try_lock().ok().and_then(|mut slot| slot.take());
            if let Some(live) = live {
                live.session.close().await;
            }
        }
    }
}

impl Loan {
    pub fn session(&mut self) -> Result<&mut Session, RouterError> {
        self.0.as_mut().map(|live| &mut live.session).ok_or(RouterError::Closed)
    }

    pub fn discard(&mut self) {
        *self.0 = None;
    }

    /// Clock, profiles and servers, at most a minute old; `fresh` asks again.
    pub async fn facts(&mut self, fresh: bool) -> Result<RouterFacts, RouterError> {
        let live = self.0.as_mut().ok_or(RouterError::Closed)?;
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

/// Profiles change by hand; a minute keeps a rush of sales at two commands each.
const FACTS_LAST: Duration = Duration::from_secs(60);

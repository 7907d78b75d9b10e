//! How many callbacks were not believed. They are counted in memory, where a flood of them costs nothing, and written
//! down every few seconds, so that the operator's `doctor` hears of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::Relay;
use crate::company::GatewayName;
use crate::event::{RefusedCallbacks, Unbelieved};
use crate::gateway::Refusal;
use crate::ids::HotspotId;
use crate::store::StoreError;

/// Since the start, and what is not written down yet. Hotspots are known ones, so there are few of them.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    total: AtomicU64,
    unwritten: Mutex<HashMap<HotspotId, Vec<RefusedCallbacks>>>,
}

impl Refusals {
    /// Counts one; says how many there were since the start.
    pub fn note(&self, hotspot: &HotspotId, gateway: GatewayName, refusal: &Refusal, now: Timestamp) -> u64 {
        let why = match refusal {
            Refusal::Missing => Unbelieved::Missing,
            Refusal::Malformed => Unbelieved::Malformed,
            Refusal::Wrong => Unbelieved::Wrong,
            Refusal::OutsideTolerance { .. } => Unbelieved::Stale,
        };
        self.add(RefusedCallbacks {
            hotspot: hotspot.clone(),
            gateway,
            why,
            count: 1,
            last_at: now,
        });
        self.total.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn add(&self, one: RefusedCallbacks) {
        let mut unwritten = self.lock();
        let known = unwritten.entry(one.hotspot.clone()).or_default();
        match known
            .iter_mut()
            .find(|known| (known.gateway, known.why) == (one.gateway, one.why))
        {
            Some(known) => (known.count, known.last_at) = (known.count.saturating_add(one.count), one.last_at),
            None => known.push(one),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<HotspotId, Vec<RefusedCallbacks>>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes down what was counted; what cannot be written now is kept for the next time.
pub(super) async fn write(relay: &Relay) -> Result<(), StoreError> {
    let counted: Vec<_> = std::mem::take(&mut *relay.0.refusals.lock())
        .into_values()
        .flatten()
        .collect();
    if counted.is_empty() {
        return Ok(());
    }
    let kept = counted.clone();
    let written = relay.store().write(move |db| db.add_refused_callbacks(&counted)).await;
    if written.is_err() {
        kept.into_iter().for_each(|one| relay.0.refusals.add(one));
    }
    written
}

//! Who is at work at which sale in this process, and who waits for it. What is here is lost with the process; the
//! rows are not.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use crate::ids::OrderRef;

/// The sales that are being carried out.
#[derive(Clone, Default)]
pub(in crate::payment) struct Flights(Arc<Mutex<HashMap<OrderRef, Entry>>>);

struct Entry {
    landed: watch::Receiver<()>,
    moved: Arc<Notify>,
}

/// The place of one of them, until it is dropped.
pub(in crate::payment) struct Flight {
    all: Flights,
    order: OrderRef,
    /// Its end is what the others wait for.
    _landing: watch::Sender<()>,
}

impl Flights {
    /// Takes the order; `None` if somebody has it.
    pub fn board(&self, order: &OrderRef) -> Option<Flight> {
        let mut all = self.all();
        if all.contains_key(order) {
            return None;
        }
        let (landing, landed) = watch::channel(());
        let moved = Arc::default();
        all.insert(order.clone(), Entry { landed, moved });
        Some(Flight {
            all: self.clone(),
            order: order.clone(),
            _landing: landing,
        })
    }

    pub fn has(&self, order: &OrderRef) -> bool {
        self.all().contains_key(order)
    }

    /// Resolves when nobody works at the order.
    pub async fn landed(&self, order: &OrderRef) {
        let landed = self.all().get(order).map(|entry| entry.landed.clone());
        if let Some(mut landed) = landed {
            // Nothing is ever sent: it ends with its sender.
            while landed.changed().await.is_ok() {}
        }
    }

    /// What is notified whenever the order moves.
    pub fn movement(&self, order: &OrderRef) -> Option<Arc<Notify>> {
        self.all().get(order).map(|entry| entry.moved.clone())
    }

    /// The order has changed.
    pub fn moved(&self, order: &OrderRef) {
        if let Some(entry) = self.all().get(order) {
            entry.moved.notify_waiters();
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<OrderRef, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    pub fn order(&self) -> &OrderRef {
        &self.order
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.all().remove(&self.order);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_works_and_the_others_wait_for_him() {
        let (flights, order) = (Flights::default(), OrderRef::new("A"));
        flights.landed(&order).await;
        let flight = flights.board(&order).unwrap();
        assert!(flights.board(&order).is_none() && flights.has(&order));
        let waiting = tokio::spawn({
            let (flights, order) = (flights.clone(), order.clone());
            async move { flights.landed(&order).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(flight);
        waiting.await.unwrap();
        assert!(flights.board(&order).is_some());
    }
}

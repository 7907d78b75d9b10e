//! Webhooks at a steady rate, a tenth of them sent before, each repeated until the relay answers 200. They are
//! genuine and about no order of this relay, so that they weigh on the inbox and not on the router.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::gateway::sign;
use crate::relay::Child;
use crate::wire::{Wire, request};

/// Clones are the same load.
#[derive(Clone)]
pub struct Load(Arc<Inner>);

struct Inner {
    stop: AtomicBool,
    next: AtomicU64,
    duplicates: AtomicU64,
    acknowledged: Mutex<Vec<u64>>,
}

impl Load {
    /// Begins to send; the tasks end after `stop`, when each has got its last answer.
    pub fn start(per_second: u64, child: &Arc<Child>, seed: u64) -> (Self, JoinSet<()>) {
        let load = Self(Arc::new(Inner {
            stop: AtomicBool::new(false),
            next: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            acknowledged: Mutex::default(),
        }));
        let mut senders = JoinSet::new();
        for number in 0..SENDERS {
            let random = StdRng::seed_from_u64(seed ^ number);
            let pace = Duration::from_secs(SENDERS) / u32::try_from(per_second).unwrap();
            senders.spawn(load.clone().send(Arc::clone(child), pace, random));
        }
        (load, senders)
    }

    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }

    /// The number of each acknowledged webhook; one acknowledged twice stands here twice.
    pub fn acknowledged(&self) -> Vec<u64> {
        self.0.acknowledged.lock().unwrap().clone()
    }

    pub fn duplicates(&self) -> u64 {
        self.0.duplicates.load(Ordering::Relaxed)
    }

    async fn send(self, child: Arc<Child>, pace: Duration, mut random: StdRng) {
        let mut wire = Wire::new(child.address());
        let mut tick = tokio::time::interval(pace);
        // What a dead relay could not take is offered faster afterwards, as gateways do.
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while !self.0.stop.load(Ordering::Relaxed) {
            tick.tick().await;
            let sent = self.0.next.load(Ordering::Relaxed);
            let number = if sent > 0 && random.random_range(0..10) == 0 {
                self.0.duplicates.fetch_add(1, Ordering::Relaxed);
                random.random_range(0..sent)
            } else {
                self.0.next.fetch_add(1, Ordering::Relaxed)
            };
            until_acknowledged(&mut wire, &child, number).await;
            self.0.acknowledged.lock().unwrap().push(number);
        }
    }
}

/// The key under which the inbox has a webhook of the load.
pub fn key(number: u64) -> String {
    format!("cotonou-1-main/{}", event_id(number))
}

fn event_id(number: u64) -> String {
    format!("load-{number}")
}

async fn until_acknowledged(wire: &mut Wire, child: &Child, number: u64) {
    let body = format!(
        r#"{{"id":"{}","name":"transaction.approved","object":"transaction","entity":{{"id":{},"status":"approved","amount":100,"currency_id":1,"custom_metadata":{{"ref":"NOBODY{number}"}}}}}}"#,
        event_id(number),
        FIRST_ID + number
    );
    for _ in 0..MOST_TRIES {
        let sent = Instant::now();
        match wire.post(&request(&body, &sign(&body))).await {
            Some(200) => return child.note_answer(sent),
            // Full or on its way up: not acknowledged.
            None | Some(503) => tokio::time::sleep(BETWEEN_TRIES).await,
            Some(other) => panic!("webhook {number} was answered {other}"),
        }
    }
    panic!("webhook {number} was not taken in {MOST_TRIES} tries");
}

/// As many connections as a few gateways keep.
const SENDERS: u64 = 16;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
const MOST_TRIES: usize = 3_000;
/// Far from the ids of the sales.
const FIRST_ID: u64 = 10_000_000;

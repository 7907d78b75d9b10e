//! Fault K2: SIGKILL at random moments under a steady load with a tenth of duplicates. What was acknowledged is in
//! the store once, what was paid has one user, and the relay answers again soon.
//!
//! In the suite it runs for some seconds. `KILL_ROUNDS=200` is the long run, `KILL_RATE` webhooks a second,
//! `KILL_SEED` repeats the random choices.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

use crate::buyer::Sale;
use crate::gateway::FedapayStandIn;
use crate::ledger::Ledger;
use crate::load::{Load, key};
use crate::relay::{self, Child};
use crate::{number, sim_router};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k2_killed_under_load_nothing_acknowledged_is_lost() {
    let seed = number("KILL_SEED").unwrap_or_else(|| rand::rng().next_u64());
    let rate = number("KILL_RATE").unwrap_or(RATE);
    println!("seed {seed}: repeat with KILL_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let router = sim_router().await;
    let gateway = FedapayStandIn::start().await;
    let child = Arc::new(Child::start(&gateway.base_url(), router.addr()).await);

    let begun = Instant::now();
    let (load, mut senders) = Load::start(rate, &child, random.next_u64());
    let selling = Arc::new(AtomicBool::new(true));
    let sales = tokio::spawn(sell(
        Arc::clone(&child),
        gateway.clone(),
        StdRng::seed_from_u64(random.next_u64()),
        Arc::clone(&selling),
    ));
    let rounds = kill_again_and_again(&child, &mut random).await;
    selling.store(false, Ordering::Relaxed);
    let sold = sales.await.unwrap();
    load.stop();
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    let took = begun.elapsed();

    let ledger = Ledger {
        paid: gateway.paid(),
        acknowledged: sold,
        router,
    };
    child.settle_down(|store| ledger.what_is_missing(store)).await;
    assert!(child.stop().await, "the relay did not stop cleanly after SIGTERM");
    relay::check_integrity(&child.database());
    ledger.check_sales(&child.open_store());
    let acknowledged = load.acknowledged();
    let stored = check_inbox(&child.database(), &acknowledged);
    let mut first = child.first_answers();
    first.sort();
    println!(
        "{rounds} kills in {took:.1?} under {:.0} acknowledged webhooks a second ({} duplicates of {}); {stored} \
         stored, {} sales",
        acknowledged.len() as f64 / took.as_secs_f64(),
        load.duplicates(),
        acknowledged.len(),
        ledger.paid.len(),
    );
    let at = |part: usize| first[(first.len() - 1) * part / 100];
    println!(
        "first 200 after a start: median {:.0?}, p95 {:.0?}, slowest {:.0?}",
        at(50),
        at(95),
        at(100)
    );
    assert!(
        rounds >= 10 && first.len() as u64 >= rounds / 2,
        "{rounds} rounds, {} answers",
        first.len()
    );
    assert!(
        at(50) < Duration::from_secs(1),
        "half of the starts took longer than a second"
    );
    assert!(at(100) < SLOWEST_START, "a start took {:?}", at(100));
    assert!(!ledger.paid.is_empty(), "nothing was sold");
}

async fn kill_again_and_again(child: &Child, random: &mut StdRng) -> u64 {
    let wanted = number("KILL_ROUNDS");
    let begun = Instant::now();
    let mut rounds = 0;
    while wanted.map_or(begun.elapsed() < SHORT_RUN, |wanted| rounds < wanted) {
        // The random moment itself, not a wait for something.
        tokio::time::sleep(Duration::from_millis(random.random_range(LIFE_MS))).await;
        child.kill_and_restart().await;
        rounds += 1;
    }
    rounds
}

/// One sale after the other, until told to stop; answers the transactions of the acknowledged webhooks.
async fn sell(child: Arc<Child>, gateway: FedapayStandIn, mut random: StdRng, selling: Arc<AtomicBool>) -> Vec<u64> {
    let next = AtomicU64::new(0);
    let mut acknowledged = Vec::new();
    while selling.load(Ordering::Relaxed) {
        let sale = Sale {
            number: next.fetch_add(1, Ordering::Relaxed),
            webhooks: random.random_range(1..=2),
            child: Arc::clone(&child),
            gateway: gateway.clone(),
        };
        acknowledged.extend(sale.run().await);
        tokio::time::sleep(BETWEEN_SALES).await;
    }
    acknowledged
}

/// I1 and I3 for the load: every acknowledged webhook is in the inbox once, and every one of the inbox is settled.
fn check_inbox(database: &Path, acknowledged: &[u64]) -> usize {
    let connection = rusqlite::Connection::open(database).unwrap();
    let mut statement = connection
        .prepare("SELECT key, count(*), max(conflict), min(settled_at IS NOT NULL) FROM event GROUP BY key")
        .unwrap();
    let rows = statement.query_map((), |row| {
        Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?, row.get(3)?)))
    });
    let stored: HashMap<String, (i64, bool, bool)> = rows.unwrap().map(Result::unwrap).collect();
    for number in acknowledged {
        assert_eq!(
            stored.get(&key(*number)),
            Some(&(1, false, true)),
            "webhook {number} was acknowledged"
        );
    }
    assert!(
        stored.values().all(|row| *row == (1, false, true)),
        "a webhook is not settled once"
    );
    stored.len()
}

const RATE: u64 = 500;
/// With start, settling and checks, half a minute in all.
const SHORT_RUN: Duration = Duration::from_secs(20);
const LIFE_MS: std::ops::Range<u64> = 50..900;
/// Buyers come at a few a second and leave the load to the gateways; the orders' own limit is 60 a minute and address.
const BETWEEN_SALES: Duration = Duration::from_millis(150);
/// A second is the goal and is printed; a busy machine gets slack.
const SLOWEST_START: Duration = Duration::from_secs(10);

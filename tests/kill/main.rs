//! The kill test: 300 sales with webhooks that come twice, or never, while the relay is killed (SIGKILL) at
//! random moments and the router loses replies. Afterwards every paid order has exactly one user on the router
//! and every acknowledged webhook is in the store.
//!
//! The relay is the real program as a child process; gateway and router live in this one, so they survive it.
//! `KILL_SEED` repeats a run's random choices (not its timing); `KILL_SALES` changes the number of sales. `rounds`
//! does it under load, `steps` at each step of taking a webhook; `syncs` looks at what a power cut would take.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod buyer;
mod gateway;
mod ledger;
mod load;
mod relay;
mod rounds;
mod steps;
mod strace;
mod syncs;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mikrelay::sim::router::{CutAt, SimRouter, SimRouterConfig};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use buyer::Sale;
use gateway::FedapayStandIn;
use ledger::Ledger;
use relay::Child;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_every_paid_order_has_one_user() {
    let seed = number("KILL_SEED").unwrap_or_else(|| rand::rng().next_u64());
    let sales = number("KILL_SALES").unwrap_or(SALES);
    println!("seed {seed}: repeat with KILL_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);

    let router = sim_router().await;
    let gateway = FedapayStandIn::start().await;
    let child = Arc::new(Child::start(&gateway.base_url(), router.addr()).await);

    let selling = Arc::new(AtomicBool::new(true));
    let killer = tokio::spawn(kill_at_random(
        Arc::clone(&child),
        Arc::clone(&router),
        StdRng::seed_from_u64(random.next_u64()),
        Arc::clone(&selling),
    ));
    let started = Instant::now();
    let acknowledged = sell(sales, &child, &gateway, &mut random).await;
    selling.store(false, Ordering::Relaxed);
    let kills = killer.await.unwrap();
    println!("{sales} sales in {:.1?}, killed {kills} times", started.elapsed());

    let ledger = Ledger {
        paid: gateway.paid(),
        acknowledged,
        router,
    };
    child.settle_down(|store| ledger.what_is_missing(store)).await;
    assert!(child.stop().await, "the relay did not stop cleanly after SIGTERM");
    ledger.check(&child.open_store());
    relay::check_integrity(&child.database());
    assert!(kills >= sales / 15, "only {kills} kills: the test proved little");
}

/// The router of the business file.
async fn sim_router() -> Arc<SimRouter> {
    let config = SimRouterConfig {
        profiles: ["1H", "4H", "1J"].map(str::to_owned).to_vec(),
        password: "relay-pass".to_owned(),
        ..SimRouterConfig::default()
    };
    Arc::new(SimRouter::start(config).await.unwrap())
}

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Runs the sales a few at a time; answers the transactions of the webhooks that the relay acknowledged.
async fn sell(sales: u64, child: &Arc<Child>, gateway: &FedapayStandIn, random: &mut StdRng) -> Vec<u64> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for number in 0..sales {
        let sale = Sale {
            number,
            webhooks: match random.random_range(0..10) {
                0 => 0,
                1..=5 => 1,
                _ => random.random_range(2..=3),
            },
            child: Arc::clone(child),
            gateway: gateway.clone(),
        };
        // Buyers come one after the other, so that the sales last for many lives of the relay.
        tokio::time::sleep(Duration::from_millis(random.random_range(0..LONGEST_GAP_MS))).await;
        let place = Arc::clone(&places).acquire_owned().await.unwrap();
        tasks.spawn(async move {
            let _place = place;
            sale.run().await
        });
    }
    let mut acknowledged = Vec::new();
    while let Some(transactions) = tasks.join_next().await {
        acknowledged.extend(transactions.unwrap());
    }
    acknowledged
}

/// Kills and restarts the relay at random moments until the sales are over, and a few times more while it
/// works off what is left. Now and then the router cuts a connection before or after adding a user.
async fn kill_at_random(
    child: Arc<Child>,
    router: Arc<SimRouter>,
    mut random: StdRng,
    selling: Arc<AtomicBool>,
) -> u64 {
    let (mut kills, mut late) = (0, 0);
    while late < LATE_KILLS {
        // The random moment itself, not a wait for something.
        tokio::time::sleep(Duration::from_millis(
            random.random_range(SHORTEST_LIFE_MS..LONGEST_LIFE_MS),
        ))
        .await;
        match random.random_range(0..4) {
            0 => router.cut_at_add(1, CutAt::AfterExecuting),
            1 => router.cut_at_add(1, CutAt::BeforeExecuting),
            _ => {}
        }
        child.kill_and_restart().await;
        kills += 1;
        late += u32::from(!selling.load(Ordering::Relaxed));
    }
    kills
}

const SALES: u64 = 300;
/// Sales under way at one time.
const AT_ONCE: usize = 6;
const LONGEST_GAP_MS: u64 = 60;
const SHORTEST_LIFE_MS: u64 = 10;
const LONGEST_LIFE_MS: u64 = 300;
/// Kills after the last webhook, while jobs are still open.
const LATE_KILLS: u32 = 5;

//! How many durable webhooks a second mikrelay accepts, as a ratio to a bare hyper server on the same machine.
//!
//! Both run as child processes with two runtime threads' worth of the same machine, one after the other, in pairs:
//! bare, mikrelay, bare, mikrelay … Each round sends distinct, validly signed FedaPay webhooks over 128 keep-alive
//! connections and counts only answers 200. Prints; asserts nothing.
//!
//!     cargo bench --bench accept [-- PAIRS REQUESTS]

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a measurement may stop at the first surprise"
)]

mod bare;
mod load;
mod relay;
mod webhook;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use load::Round;
use relay::{Child, Folder};
use webhook::Recipient;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    if let [mode, database] = arguments.as_slice()
        && mode == "bare"
    {
        return bare::serve(Path::new(database), relay::SECRET);
    }
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (pairs, requests) = (number(0, 5)?, number(1, 20_000)?);
    // One thread sends, so that the servers keep the other core.
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(compare(pairs, requests))
}

async fn compare(pairs: u64, requests: u64) -> anyhow::Result<()> {
    println!("{CONNECTIONS} keep-alive connections, {requests} distinct signed webhooks a round");
    println!(
        "{:>5} {:>22} {:>22} {:>7}",
        "pair", "bare req/s (p99 ms)", "mikrelay req/s (p99)", "ratio"
    );
    let mut ratios = Vec::new();
    for pair in 1..=pairs {
        let bare = measure_bare(requests).await?;
        let relay = measure_relay(requests).await?;
        let ratio = relay.round.per_second() / bare.round.per_second();
        println!("{pair:>5} {:>24} {:>24} {ratio:>7.2}", bare.shown(), relay.shown());
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    println!("median ratio {:.2}", ratios[ratios.len() / 2]);
    Ok(())
}

async fn measure_bare(requests: u64) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("bare").arg(folder.path().join("bare.db"));
    let (child, address) = Child::start_and_read_address(command)?;
    measure(&child, address, requests).await
}

async fn measure_relay(requests: u64) -> anyhow::Result<Measured> {
    let folder = Folder::prepare()?;
    let (child, address) = folder.serve()?;
    measure(&child, address, requests).await
}

/// A short warm-up, then the round that counts.
async fn measure(child: &Child, address: SocketAddr, requests: u64) -> anyhow::Result<Measured> {
    let recipient = Recipient {
        host: address.to_string(),
        path: "/pay_callback/fedapay/hotspot1".to_owned(),
        secret: relay::SECRET.to_owned(),
    };
    load::run(address, CONNECTIONS, webhook::requests(&recipient, 0, WARM_UP)).await?;
    let batch = webhook::requests(&recipient, WARM_UP, requests);
    let before = child.processor_time()?;
    let round = load::run(address, CONNECTIONS, batch).await?;
    Ok(Measured {
        round,
        processor_time: child.processor_time()? - before,
    })
}

struct Measured {
    round: Round,
    /// What the server's process used during the round; nearly the same on a busy and on an idle machine.
    processor_time: Duration,
}

impl Measured {
    fn shown(&self) -> String {
        let p99_ms = self.round.percentile(99).as_secs_f64() * 1e3;
        let cost_us = self.processor_time.as_secs_f64() * 1e6 / self.round.requests as f64;
        format!("{:.0} ({p99_ms:.1}, {cost_us:.0})", self.round.per_second())
    }
}

const CONNECTIONS: usize = 128;
const WARM_UP: u64 = 2_000;

//! The simulated RouterOS router as a program, for clients written in other languages.
//!
//! Prints `listening 127.0.0.1:PORT` once it can be reached, and runs until its standard input is closed, so
//! that it never outlives the script that started it.

use std::io::{Read, Write};

use anyhow::{Context, bail};
use mikrelay::sim::router::{SimRouter, SimRouterConfig, SimVersion};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let (config, hosts) = config(std::env::args().skip(1))?;
    let router = SimRouter::start(config).await.context("cannot start the router")?;
    for (address, mac) in hosts {
        router.add_host(&address, &mac, "hotspot1");
    }
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", router.addr())?;
    out.flush()?;
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await?;
    ended.context("cannot wait for the end of standard input")?;
    Ok(())
}

/// The router, and the devices it has seen: address and MAC.
type Wanted = (SimRouterConfig, Vec<(String, String)>);

fn config(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<Wanted> {
    let mut hosts = Vec::new();
    let mut config = SimRouterConfig {
        profiles: vec!["1hour".to_owned(), "1day".to_owned()],
        ..SimRouterConfig::default()
    };
    while let Some(flag) = arguments.next() {
        let value = arguments
            .next()
            .with_context(|| format!("`{flag}` needs a value; {USAGE}"))?;
        match (flag.as_str(), value.as_str()) {
            ("--version", "v7") => config.version = SimVersion::V7,
            ("--version", "v6") => config.version = SimVersion::V6,
            ("--version", "old") => config.version = SimVersion::Old,
            ("--user", _) => config.user = value,
            ("--password", _) => config.password = value,
            ("--policy", _) => config.policy = value,
            ("--host", _) => {
                let (address, mac) = value.split_once('=').context("a host is ADDRESS=MAC")?;
                hosts.push((address.to_owned(), mac.to_owned()));
            }
            ("--port", _) => config.port = value.parse().with_context(|| format!("`{value}` is no port"))?,
            _ => bail!("`{flag} {value}` is not understood; {USAGE}"),
        }
    }
    Ok((config, hosts))
}

const USAGE: &str = "usage: sim_router [--version v7|v6|old] [--user NAME] [--password TEXT] [--policy LIST] \
                     [--host ADDRESS=MAC]... [--port NUMBER]";

//! The simulated RouterOS router as a program, for clients written in other languages.
//!
//! Prints `listening 127.0.0.1:PORT` once it can be reached, and runs until its standard input is closed, so
//! that it never outlives the script that started it.

use std::io::{Read, Write};

use anyhow::{Context, bail};
use mikrelay::sim::router::{SimRouter, SimRouterConfig, SimVersion};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let router = SimRouter::start(config(std::env::args().skip(1))?)
        .await
        .context("cannot start the router")?;
    let mut out = std::io::stdout();
    writeln!(out, "listening {}", router.addr())?;
    out.flush()?;
    let ended = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await?;
    ended.context("cannot wait for the end of standard input")?;
    Ok(())
}

fn config(mut arguments: impl Iterator<Item = String>) -> anyhow::Result<SimRouterConfig> {
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
            ("--port", _) => config.port = value.parse().with_context(|| format!("`{value}` is no port"))?,
            _ => bail!("`{flag} {value}` is not understood; {USAGE}"),
        }
    }
    Ok(config)
}

const USAGE: &str = "usage: sim_router [--version v7|v6|old] [--user NAME] [--password TEXT] [--port NUMBER]";

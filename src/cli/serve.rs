//! `mikrelay serve`.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Overrides};
use crate::config::Config;
use crate::logging;

pub fn run(config: &Config) -> Result<()> {
    logging::init(config.log.format, &config.log.filter)?;
    runtime()?.block_on(serve(config))
}

/// The tokio runtime of `serve` and `demo`.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(MOST_WORKERS))
        .enable_all()
        .build()
        .context("the runtime cannot be started")
}

async fn serve(config: &Config) -> Result<()> {
    let running = app::start(config, Overrides::default()).await?;
    tracing::info!("listening on http://{}", running.address);
    tracing::info!("phones and gateways reach it at {}", running.relay.public_url());
    until_stopped().await?;
    tracing::info!("stopping: finishing what is running");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for the end; a reload that somebody wishes for meanwhile is answered with a line in the log, because the
/// signal would end the process otherwise.
async fn until_stopped() -> Result<()> {
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let mut told = std::pin::pin!(until_told_to_stop());
    loop {
        tokio::select! {
            told = &mut told => return told,
            _ = hang_up.recv() => tracing::warn!(
                "SIGHUP changes nothing: settings are read at the start, so restart the relay for them; `mikrelay apply` \
                 puts a business file in force"
            ),
        }
    }
}

/// Resolves at Ctrl-C or SIGTERM.
pub async fn until_told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("cannot listen for Ctrl-C"),
        _ = terminate.recv() => Ok(()),
    }
}

/// The work waits for disks and sockets; more threads cost memory and gain nothing.
const MOST_WORKERS: usize = 4;

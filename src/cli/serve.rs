//! `mikrelay serve`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, Overrides, Running};
use crate::config::{CertificateSource, Config, TlsFlags};
use crate::logging;

/// What wins over the settings file and the environment.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Speak HTTPS for this name, with a certificate from Let's Encrypt, which is taken as agreeing to its terms;
    /// may be repeated. The name must lead to this machine, with ports 80 and 443
    #[arg(long, value_name = "NAME", conflicts_with_all = ["cert_file", "key_file"])]
    acme_domain: Vec<String>,
    /// Who is told when a certificate is not renewed in time
    #[arg(long, value_name = "ADDRESS")]
    acme_email: Option<String>,
    /// `production`, `staging` for trials, or the address of another authority's directory
    #[arg(long, value_name = "DIRECTORY")]
    acme_directory: Option<String>,
    /// Speak HTTPS with the certificate chain in this file (PEM)
    #[arg(long, value_name = "FILE", requires = "key_file")]
    cert_file: Option<PathBuf>,
    /// The key of the certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// Where HTTPS is spoken; 0.0.0.0:443 when absent
    #[arg(long, value_name = "ADDRESS")]
    tls_listen: Option<SocketAddr>,
}

impl From<ServeArgs> for TlsFlags {
    fn from(args: ServeArgs) -> Self {
        Self {
            listen: args.tls_listen,
            cert_file: args.cert_file,
            key_file: args.key_file,
            acme_domain: args.acme_domain,
            acme_email: args.acme_email,
            acme_directory: args.acme_directory,
        }
    }
}

pub fn run(path: Option<&Path>, args: ServeArgs) -> Result<()> {
    let config = Config::load_with(path, args.into())?;
    logging::init(config.log.format, &config.log.filter)?;
    runtime()?.block_on(serve(&config))
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
    if let Some(address) = running.tls_address() {
        tracing::info!("listening on https://{address}");
        warn_of_plain_links(config, &running);
    }
    tracing::info!("phones and gateways reach it at {}", running.relay.public_url());
    until_stopped(&running).await?;
    tracing::info!("stopping: finishing what is running");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// Settings that do not fit each other, though each is right.
fn warn_of_plain_links(config: &Config, running: &Running) {
    let public_url = running.relay.public_url();
    if public_url.scheme() != "https" {
        tracing::warn!(
            "`public_url` is {public_url}: links and webhook addresses lead to plain HTTP; write it with `https://`"
        );
    }
    let acme = config.tls.as_ref().map(|tls| &tls.certificate);
    if let Some(CertificateSource::Acme(acme)) = acme
        && running.address.port() != 80
    {
        let (names, address) = (acme.domains.join(", "), running.address);
        tracing::info!("the authority looks at port 80 of {names}; that port must lead to {address}");
    }
}

/// Waits for the end; a reload that somebody wishes for meanwhile is answered with a line in the log, because the
/// signal would end the process otherwise.
async fn until_stopped(running: &Running) -> Result<()> {
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    let mut told = std::pin::pin!(until_told_to_stop());
    loop {
        tokio::select! {
            told = &mut told => return told,
            _ = hang_up.recv() => reload(running),
        }
    }
}

fn reload(running: &Running) {
    if running.look_after_certificates() {
        tracing::info!("SIGHUP: looking after the certificates; for other settings restart the relay");
    } else {
        tracing::warn!(
            "SIGHUP changes nothing: settings are read at the start, so restart the relay for them; `mikrelay apply` \
             puts a business file in force"
        );
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

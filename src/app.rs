//! Puts the parts together and runs them: store, core, job runner and web server. This file alone knows everyone.

pub mod certificates;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use http::HeaderValue;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin::AdminSettings;
use crate::admin::address::AddressPolicy;
use crate::api::cors::Cors;
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::http_client::HttpClient;
use crate::http_client::guard::{self, Guard};
use crate::http_client::outgoing::Outgoing;
use crate::jobs::Runner;
use crate::notify::mail::Mailer;
use crate::payment::{Parts, Relay};
use crate::routeros::Deadlines;
use crate::secrets::{self, MasterKey};
use crate::store::{self, DirLock, Store};
use crate::web;
use crate::web::door::Door;
use certificates::Keeping;

/// A relay at work.
pub struct Running {
    pub address: SocketAddr,
    pub relay: Relay,
    keeping: Option<Keeping>,
    server: JoinHandle<()>,
    runner: JoinHandle<()>,
    stop_server: watch::Sender<bool>,
    stop_runner: watch::Sender<bool>,
    _lock: DirLock,
}

/// What a process may decide otherwise than its settings file; the demo keeps its mails in memory.
#[derive(Default)]
pub struct Overrides {
    pub mailer: Option<Mailer>,
}

/// Opens the store and starts to serve.
pub async fn start(config: &Config, overrides: Overrides) -> Result<Running> {
    let lock = store::lock_data_dir(&config.data_dir)?;
    let (store, key) = open_store(config)?;
    store
        .write(|db| db.release_leases())
        .await
        .context("the jobs of the last run cannot be taken over")?;
    let mailer = match overrides.mailer {
        Some(mailer) => mailer,
        None => mailer(config)?,
    };
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on `{}`", config.listen))?;
    let address = listener.local_addr()?;
    let protected = match &config.tls {
        Some(tls) => Some(certificates::open(config, tls, key.clone(), mailer.clone()).await?),
        None => None,
    };
    let relay = Relay::new(Parts {
        store,
        http: HttpClient::new(),
        outgoing: outgoing(&config.outgoing),
        mailer,
        clock: Clock::System,
        key,
        public_url: config.public_url_at(address),
        telegram_url: config.telegram.base_url.clone(),
        deadlines: Deadlines::default(),
        token_secrets: config.api.token_secrets.clone(),
    });
    let (stop_runner, stopped) = watch::channel(false);
    let runner = Runner::new(relay.clone());
    let runner = tokio::spawn(async move { runner.serve(stopped).await });
    let (stop_server, mut stopped) = watch::channel(false);
    let mut app = web::App::new(relay.clone(), relay.public_url(), config.trusted_proxies.clone());
    app.api.secret_in_body = config.api.pagos_secret_in_body;
    app.cors = cors(&config.api.cors)?;
    app.admin = AdminSettings {
        addresses: AddressPolicy::new(config.api.router_networks.clone(), config.api.router_names),
        session_lifetime: SignedDuration::from_hours(i64::from(config.api.session_hours)),
    };
    let mut doors = vec![Door::plain(listener)];
    let keeping = protected.map(|protected| protected.join(&relay, &mut app, &mut doors));
    let app = Arc::new(app);
    let server = tokio::spawn(async move {
        let stop = async move {
            // An error means that the sender is gone, and then it is time to stop as well.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        web::serve_at(doors, stop, app).await;
    });
    Ok(Running {
        address,
        relay,
        keeping,
        server,
        runner,
        stop_server,
        stop_runner,
        _lock: lock,
    })
}

impl Running {
    /// Where HTTPS is spoken, if it is.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.keeping.as_ref().map(|keeping| keeping.address)
    }

    /// Reads certificate files again at once, or tries again what an authority refused. Says whether there are any.
    pub fn look_after_certificates(&self) -> bool {
        self.keeping.as_ref().inspect(|keeping| keeping.wake()).is_some()
    }

    /// Answers what was read, finishes the running steps, and closes the store. Both have ten seconds, and both
    /// at the same time: supervisors are seldom more patient. What the last answers left to do stays in the store.
    pub async fn stop(self) {
        let _ = self.stop_server.send(true);
        let _ = self.stop_runner.send(true);
        if let Some(keeping) = self.keeping {
            keeping.end();
        }
        if let Err(error) = self.server.await {
            tracing::error!("the server broke off: {error}");
        }
        if let Err(error) = self.runner.await {
            tracing::error!("the job runner broke off: {error}");
        }
        if let Err(error) = self.relay.write_key_uses().await {
            tracing::warn!("how often keys were used in the last seconds is lost: {error}");
        }
        if let Err(error) = self.relay.write_refusals().await {
            tracing::warn!("how many callbacks were refused in the last seconds is lost: {error}");
        }
        self.relay.store().close().await;
    }
}

/// Opens the store of a data folder, making it at the first start.
pub fn open_store(config: &Config) -> Result<(Store, MasterKey)> {
    let key_file = config.master_key_file();
    let store = Store::open_folder(&config.data_dir, &key_file, Clock::System)?;
    let key = MasterKey::load(&key_file)?;
    Ok((store, key))
}

fn mailer(config: &Config) -> Result<Mailer> {
    let mail = &config.mail;
    Ok(match mail.transport {
        config::MailTransport::Off => Mailer::Off,
        config::MailTransport::Folder => {
            let folder: PathBuf = mail.folder.clone().unwrap_or_else(|| config.data_dir.join("mail"));
            Mailer::folder(folder, &mail.from)?
        }
        config::MailTransport::Smtp => {
            if let Some(config::Password::File(path)) = &mail.password {
                secrets::warn_if_exposed(path);
            }
            if let Some(Err(error)) = mail.password.as_ref().map(config::Password::read) {
                tracing::error!("mails wait until their password can be read: {error}");
            }
            Mailer::smtp(&mail.into())?
        }
    })
}

fn cors(settings: &config::Cors) -> Result<Cors> {
    Ok(match settings {
        config::Cors::None => Cors::None,
        config::Cors::Any => Cors::Any,
        config::Cors::Origins(origins) => {
            let values = origins.iter().map(|origin| HeaderValue::try_from(origin.as_str()));
            Cors::Origins(values.collect::<Result<_, _>>()?)
        }
    })
}

fn outgoing(settings: &config::Outgoing) -> Outgoing {
    let ports = settings.ports.clone();
    let ports = ports.unwrap_or_else(|| guard::DEFAULT_PORTS.to_vec());
    Outgoing::new(Guard::new(settings.allow.clone(), ports))
}

//! The HTTP side: reads bounded requests, hands them to the core or the pages, writes their answers.
//!
//! Promises: no request can take more memory, time or connections than `limits` names; a handler that began
//! is finished even if its peer hangs up (a webhook, from when the store has it); every answer of the pages carries the
//! security headers. TLS is a proxy's business, or that of a door of its own.

pub mod body;
pub mod deadline_io;
pub mod door;
pub mod forwarded;
pub mod head_watch;
pub mod health;
pub mod limits;
mod logo;
mod portal;
mod redirect;
pub mod reply;
pub mod route;
pub mod server;
pub mod webhooks;

use std::sync::Arc;

use ipnet::IpNet;
use tokio::net::TcpListener;
use url::Url;

use crate::acme::Challenges;
use crate::admin::AdminSettings;
use crate::api::ApiSettings;
use crate::api::cors::Cors;
use crate::api::public::Portal;
use crate::api::serve::Service;
use crate::payment::Relay;
use door::Door;
use limits::RateLimits;
pub use redirect::Https;

/// What every handler may use.
pub struct App {
    pub relay: Relay,
    /// Whether cookies may ask for `Secure`.
    pub public_https: bool,
    pub trusted_proxies: Vec<IpNet>,
    /// Where pages are sent that were asked for in the clear; absent when they are not.
    pub https: Option<Https>,
    pub challenges: Challenges,
    pub limits: RateLimits,
    pub api: ApiSettings,
    pub cors: Cors,
    pub portal: Portal,
    pub admin: AdminSettings,
}

impl App {
    /// What all operations of the API share.
    fn service(&self) -> Service<'_> {
        Service {
            relay: &self.relay,
            portal: &self.portal,
            limits: &self.limits,
            settings: &self.admin,
        }
    }
}

impl App {
    pub fn new(relay: Relay, public_url: &Url, trusted_proxies: Vec<IpNet>) -> Self {
        let public_https = public_url.scheme() == "https";
        Self {
            relay,
            public_https,
            trusted_proxies,
            https: None,
            challenges: Challenges::default(),
            limits: RateLimits::default(),
            api: ApiSettings::default(),
            cors: Cors::None,
            portal: Portal::default(),
            admin: AdminSettings::default(),
        }
    }
}

/// Serves until `stop` resolves, then finishes every request already read (at most `limits::DRAIN_DEADLINE`).
pub async fn serve(listener: TcpListener, stop: impl Future<Output = ()>, app: Arc<App>) {
    serve_at(vec![Door::plain(listener)], stop, app).await;
}

/// The same at several doors.
pub async fn serve_at(doors: Vec<Door>, stop: impl Future<Output = ()>, app: Arc<App>) {
    server::serve(doors, stop, move |peer, alive, request| {
        route::answer(app.clone(), peer, alive, request)
    })
    .await;
}

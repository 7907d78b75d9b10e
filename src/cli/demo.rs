//! `mikrelay demo`: the whole world on loopback in one process, to be looked at in a browser. The relay in it
//! is the real one; router and gateways are simulated, mails stay in memory, and everything is gone at the end.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use ipnet::IpNet;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::serve::{runtime, until_told_to_stop};
use crate::app::{self, Overrides, Running};
use crate::company::{AccountKeys, Directory};
use crate::config::{Config, LogFormat};
use crate::logging;
use crate::notify::mail::{Mailer, MemoryMailbox};
use crate::sim::gateways::{SimGateways, SimGatewaysConfig, WebhookTarget};
use crate::sim::portal::{Portal, PortalConfig, PortalPlan, start_portal};
use crate::sim::router::{SimRouter, SimRouterConfig};
use crate::site;

/// Runs until Ctrl-C or SIGTERM.
pub fn run(port: Option<u16>) -> Result<()> {
    logging::init(LogFormat::Text, LOG_FILTER)?;
    runtime()?.block_on(async {
        let demo = Demo::start(port).await?;
        demo.print(&mut std::io::stdout().lock())?;
        until_told_to_stop().await?;
        demo.running.stop().await;
        Ok(())
    })
}

/// The relay and the world around it; all of it ends with this value.
struct Demo {
    running: Running,
    portal: Portal,
    gateways: SimGateways,
    _data: TempDir,
}

impl Demo {
    async fn start(port: Option<u16>) -> Result<Self> {
        let profiles = ["1H", "1J", "30J"].map(str::to_owned).to_vec();
        let router = SimRouter::start(SimRouterConfig {
            profiles,
            ..SimRouterConfig::default()
        });
        let router = Arc::new(router.await.context("the simulated router cannot listen")?);
        let gateways = SimGateways::start(SimGatewaysConfig::default()).await;
        let gateways = gateways.context("the simulated gateways cannot listen")?;
        let data = tempfile::tempdir().context("the demo needs a temporary folder (TMPDIR)")?;
        let mailbox = MemoryMailbox::default();
        let config = config(free_port(port).await?, data.path())?;
        let running = app::start(
            &config,
            Overrides {
                mailer: Some(Mailer::Memory(mailbox.clone())),
            },
        )
        .await?;
        let relay_url = format!("http://{}", running.address);
        let portal = start_portal(PortalConfig {
            port: 0,
            relay_url: relay_url.clone(),
            router: router.clone(),
            server: "hotspot1".to_owned(),
            company: COMPANY.to_owned(),
            plans: Vec::new(),
            phone_url: Some(format!("{}/phone", gateways.feexpay.base_url())),
            mails: Arc::new(move || mailbox.messages()),
        });
        let portal = portal.await.context("the portal cannot listen")?;
        let text = business(&gateways, &router, &portal.dns_name());
        let site = site::read(&text, Path::new("."))?;
        let store = running.relay.store();
        store.write(move |db| Ok(site::apply(&site, db, false))).await??;
        store.refresh_directory().await?;
        portal.set_plans(plans(&store.directory()));
        connect_webhooks(&gateways, &relay_url);
        Ok(Self {
            running,
            portal,
            gateways,
            _data: data,
        })
    }

    /// The addresses, one a line; `ready` comes last.
    fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let (portal, relay) = (self.portal.url(), self.running.address);
        writeln!(
            out,
            "A hotspot, its router, three payment gateways and the relay, all on this machine."
        )?;
        writeln!(
            out,
            "Open the portal as a phone would, buy a ticket, and watch the router and the mailbox.\n\
             FeexPay rings a phone: its request waits on the page `phone`."
        )?;
        writeln!(out)?;
        writeln!(out, "portal  {portal}/")?;
        writeln!(out, "phone   {}/phone", self.gateways.feexpay.base_url())?;
        writeln!(out, "router  {portal}/router")?;
        writeln!(out, "mailbox {portal}/mailbox")?;
        writeln!(out, "relay   http://{relay}/")?;
        writeln!(out)?;
        writeln!(out, "Ctrl-C ends it and leaves nothing behind.")?;
        writeln!(out, "ready")?;
        out.flush()
    }
}

fn config(listen: SocketAddr, data: &Path) -> Result<Config> {
    let mut config = Config::read("", Path::new("demo"), std::iter::empty())?;
    config.listen = listen;
    data.join("data").clone_into(&mut config.data_dir);
    // The demo's whole world is this machine.
    config.outgoing.allow = vec![IpNet::from(listen.ip())];
    config.outgoing.ports = Some(Vec::new());
    Ok(config)
}

/// The wished port; without a wish the usual one, or any if that is taken.
async fn free_port(wish: Option<u16>) -> Result<SocketAddr> {
    let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let address = at(wish.unwrap_or(USUAL_PORT));
    match TcpListener::bind(address).await {
        Ok(_) => Ok(address),
        Err(error) if wish.is_none() && error.kind() == ErrorKind::AddrInUse => Ok(at(0)),
        Err(error) => Err(error).with_context(|| format!("cannot listen on `{address}`")),
    }
}

/// The dashboards of the gateways, set as the guide of the hosted product has it: settings in headers or query.
fn connect_webhooks(gateways: &SimGateways, relay_url: &str) {
    let settings = [
        ("mikusermode", "vc"),
        ("miknamelength", "6"),
        ("mikcharacter", "mix"),
        ("mikuserprefix", "mm"),
    ];
    let headers = settings.iter().chain(&[("mikaccessuuid", ACCESS_UUID)]);
    gateways.fedapay.set_webhooks(vec![WebhookTarget {
        url: format!("{relay_url}/pay_callback/fedapay/hotspot1"),
        headers: headers
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }]);
    let query: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    gateways.feexpay.set_webhooks(vec![WebhookTarget {
        url: format!(
            "{relay_url}/pay_callback/feexpay/hotspot1?mikaccessuuid={ACCESS_UUID}&{}",
            query.join("&")
        ),
        headers: Vec::new(),
    }]);
}

/// The plans as they stand in the portal's `login.html`.
fn plans(directory: &Directory) -> Vec<PortalPlan> {
    let hotspot = crate::ids::HotspotId::new("main");
    let plans = directory.plans_of(&hotspot).into_iter().filter_map(|plan| {
        let account = directory.accounts.get(plan.accounts.first()?)?;
        Some(PortalPlan {
            id: plan.id.clone(),
            label: plan.label.clone(),
            profile: plan.profile.clone(),
            price: plan.price,
            time: plan.time,
            data: plan.data,
            gateway: account.gateway(),
            keys: link_keys(&account.keys),
        })
    });
    plans.collect()
}

/// What the account's buttons carry in an old link.
fn link_keys(keys: &AccountKeys) -> Vec<(String, String)> {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    match keys {
        AccountKeys::Fedapay { public_key, .. }
        | AccountKeys::Conekta { public_key, .. }
        | AccountKeys::Mercadopago { public_key, .. } => public_key
            .iter()
            .map(|public_key| pair("pub_key", public_key))
            .collect(),
        AccountKeys::CinetpayV2 { site_id, .. } => vec![pair("siteid", site_id)],
        AccountKeys::CinetpayV1 { .. } => Vec::new(),
        AccountKeys::Feexpay { shop, .. } => vec![pair("siteid", shop)],
    }
}

fn business(gateways: &SimGateways, router: &SimRouter, dns_name: &str) -> String {
    BUSINESS
        .replace("{company}", COMPANY)
        .replace("{router}", &router.addr().to_string())
        .replace("{dns_name}", dns_name)
        .replace("{uuid}", ACCESS_UUID)
        .replace("{fedapay}", gateways.fedapay.base_url())
        .replace("{cinetpay}", gateways.cinetpay_v2.base_url())
        .replace("{feexpay}", gateways.feexpay.base_url())
}

const USUAL_PORT: u16 = 8080;
const LOG_FILTER: &str = "warn,mikrelay::payment=info";
const COMPANY: &str = "Cyber Awa";
const ACCESS_UUID: &str = "61cd594b-2f01-48ca-8692-65e4ef3a36d5";

const BUSINESS: &str = r#"
[[company]]
id = "awa"
name = "{company}"
country = "BJ"
language = "fr"
timezone = "Africa/Porto-Novo"
notify_email = "awa@example.net"

[[router]]
id = "cotonou"
company = "awa"
address = "{router}"
user = "relay"
password = "relay-password"
access_uuid = "{uuid}"

[[hotspot]]
id = "main"
router = "cotonou"
label = "hotspot1"
name = "hotspot1"
dns_name = "{dns_name}"
prefix = "mm"

[[account]]
id = "awa-fedapay"
company = "awa"
gateway = "fedapay"
mode = "test"
base_url = "{fedapay}"
public_key = "pk_sandbox_demo"
secret_key = "sk_sandbox_demo"
webhook_secrets = ["wh_sandbox_demo"]

[[account]]
id = "awa-cinetpay"
company = "awa"
gateway = "cinetpay"
mode = "test"
base_url = "{cinetpay}"
site_id = "445160"
api_key = "demo_apikey"
webhook_secrets = ["demo_secret_key"]

[[account]]
id = "awa-feexpay"
company = "awa"
gateway = "feexpay"
mode = "test"
base_url = "{feexpay}"
site_id = "demoshop"
token = "fp_demo"

[[plan]]
id = "1h"
hotspot = "main"
accounts = ["awa-fedapay"]
label = "1 heure"
profile = "1H"
price = "100"
time = "1h"

[[plan]]
id = "1j"
hotspot = "main"
accounts = ["awa-cinetpay"]
label = "1 jour"
profile = "1J"
price = "300"
time = "1d"

[[plan]]
id = "30j"
hotspot = "main"
accounts = ["awa-feexpay"]
label = "30 jours"
profile = "30J"
price = "3000"
time = "30d"
data = "20G"
"#;

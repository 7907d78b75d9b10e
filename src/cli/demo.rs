//! `mikrelay demo`: the whole world on loopback in one process, to be looked at in a browser. The relay in it
//! is the real one; router and gateways are simulated, mails stay in memory, and everything is gone at the end.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::key;
use super::serve::{runtime, until_told_to_stop};
use crate::admin::users::{self, UserWish};
use crate::app::{self, Overrides, Running};
use crate::audit::Actor;
use crate::company::{AccountKeys, Directory, GatewayName, Language, Telegram};
use crate::config::{Config, Cors, LogFormat};
use crate::ids::{CompanyId, HotspotId, RouterId};
use crate::kit::walled_garden_hosts;
use crate::logging;
use crate::notify::mail::{Mailer, MemoryMailbox};
use crate::payment::router_keys::{self, KeyWish, MakeKeyError};
use crate::secrets;
use crate::sim::gateways::{SimGateways, SimGatewaysConfig, WebhookTarget};
use crate::sim::portal::{PagosPage, Portal, PortalConfig, PortalPlan, start_portal};
use crate::sim::router::{SimRouter, SimRouterConfig};
use crate::sim::telegram::SimTelegram;
use crate::site;
use crate::store::Db;
use crate::user::Role;

/// Runs until Ctrl-C or SIGTERM.
pub fn run(port: Option<u16>, data: Option<PathBuf>) -> Result<()> {
    logging::init(LogFormat::Text, LOG_FILTER)?;
    runtime()?.block_on(async {
        let demo = Demo::start(port, data).await?;
        demo.print(&mut std::io::stdout().lock())?;
        until_told_to_stop().await?;
        demo.running.stop().await;
        Ok(())
    })
}

/// The relay and the world around it; all of it ends with this value.
struct Demo {
    running: Running,
    africa: Portal,
    mexico: Portal,
    gateways: Arc<SimGateways>,
    _telegram: SimTelegram,
    /// Role, address and password of who may administrate.
    passwords: Vec<(&'static str, &'static str, SecretString)>,
    /// Of the Mexican company, for `POST /pagos`.
    api_key: SecretString,
    _data: TempDir,
}

impl Demo {
    /// `data` keeps the relay's data; without it they go with the demo.
    async fn start(port: Option<u16>, data: Option<PathBuf>) -> Result<Self> {
        let gateways = SimGateways::start(SimGatewaysConfig::default()).await;
        let gateways = Arc::new(gateways.context("the simulated gateways cannot listen")?);
        // An RSA key takes a while to be found, and the rest can start meanwhile.
        let conekta_key = tokio::task::spawn_blocking({
            let gateways = gateways.clone();
            move || gateways.conekta.webhook_key()
        });
        let folder = tempfile::tempdir().context("the demo needs a temporary folder (TMPDIR)")?;
        let data = data.unwrap_or_else(|| folder.path().join("data"));
        let mailbox = MemoryMailbox::default();
        let telegram = SimTelegram::start(0)
            .await
            .context("the simulated Telegram cannot listen")?;
        let mut config = config(free_port(port).await?, &data)?;
        config.telegram.base_url = telegram.base_url().parse()?;
        let running = app::start(
            &config,
            Overrides {
                mailer: Some(Mailer::Memory(mailbox.clone())),
            },
        )
        .await?;
        let relay_url = format!("http://{}", running.address);
        let phone_url = Some(format!("{}/phone", gateways.feexpay.base_url()));
        let africa = Venue::open(&AWA, &relay_url, phone_url, &mailbox).await?;
        let mexico = Venue::open(&LUNA, &relay_url, None, &mailbox).await?;
        let conekta_key = conekta_key.await?.context("the simulated Conekta has no key")?;
        let text = business(&gateways, &africa, &mexico).replace("{conekta_key}", conekta_key.trim_end());
        let site = site::read(&text, Path::new("."))?;
        let store = running.relay.store();
        store.write(move |db| Ok(site::apply(&site, db, false))).await??;
        store.refresh_directory().await?;
        for venue in [&africa, &mexico] {
            venue
                .portal
                .set_plans(plans(&store.directory(), &HotspotId::new(venue.place.hotspot)));
        }
        let add = |db: &Db<'_>| key::add(db, CompanyId::new(LUNA.id), "demo".to_owned());
        let (_, api_key) = store.write(add).await?;
        mexico.portal.set_pagos(PagosPage {
            key: router_key(&running, LUNA_ROUTER).await?.expose_secret().to_owned(),
            scripts: vec![
                (
                    "conekta",
                    format!("{}/v1.0/js/conekta-checkout.min.js", gateways.conekta.base_url()),
                ),
                ("mercadopago", format!("{}/js/v2", gateways.mercadopago.base_url())),
            ],
        });
        give_a_bot(&running, LUNA.id).await?;
        let passwords = let_in(&running).await?;
        mexico.portal.set_chat(telegram.reader());
        connect_webhooks(&gateways, &relay_url);
        Ok(Self {
            running,
            africa: africa.portal,
            mexico: mexico.portal,
            gateways,
            _telegram: telegram,
            passwords,
            api_key,
            _data: folder,
        })
    }

    /// The addresses, one a line; `ready` comes last.
    fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let (portal, mexico, relay) = (self.africa.url(), self.mexico.url(), self.running.address);
        writeln!(
            out,
            "Two hotspots with their routers, five payment gateways and the relay, all on this machine."
        )?;
        writeln!(
            out,
            "Open a portal as a phone would, buy a ticket, and watch the router and the mailbox.\n\
             FeexPay rings a phone: its request waits on the page `phone`."
        )?;
        writeln!(out)?;
        writeln!(out, "portal  {portal}/")?;
        writeln!(out, "phone   {}/phone", self.gateways.feexpay.base_url())?;
        writeln!(out, "router  {portal}/router")?;
        writeln!(out, "mailbox {portal}/mailbox")?;
        writeln!(out, "relay   http://{relay}/")?;
        writeln!(out)?;
        writeln!(
            out,
            "In Mexico, with cards, cash and transfers by Conekta and Mercado Pago:"
        )?;
        writeln!(out, "mexico  {mexico}/")?;
        writeln!(out, "pagos   {mexico}/pagos")?;
        writeln!(out, "mexico_router  {mexico}/router")?;
        writeln!(out, "mexico_mailbox {mexico}/mailbox")?;
        writeln!(out)?;
        writeln!(
            out,
            "The API is described at http://{relay}/docs; these may administrate by it:"
        )?;
        for (role, email, password) in &self.passwords {
            writeln!(out, "{role}  {email}  {}", password.expose_secret())?;
        }
        writeln!(out)?;
        writeln!(
            out,
            "A payment by link, as a program asks for it (reference_id names it):"
        )?;
        writeln!(
            out,
            "curl http://{relay}/pagos -H 'Authorization: Bearer {}' -d provider=conekta -d action=create \
             -d amount=15.00 -d currency=MXN -d reference_id=factura-1 -d return_url={mexico}/status",
            self.api_key.expose_secret()
        )?;
        writeln!(out)?;
        writeln!(out, "Ctrl-C ends it and leaves nothing behind.")?;
        writeln!(out, "ready")?;
        out.flush()
    }
}

/// Who sells where.
struct Place {
    /// The company's id in the business file.
    id: &'static str,
    company: &'static str,
    hotspot: &'static str,
    language: Language,
    profiles: &'static [&'static str],
    gateways: &'static [GatewayName],
    time_zone: &'static str,
}

/// A hotspot's router and the page on it.
struct Venue {
    place: &'static Place,
    router: Arc<SimRouter>,
    portal: Portal,
}

impl Venue {
    async fn open(
        place: &'static Place,
        relay_url: &str,
        phone_url: Option<String>,
        mailbox: &MemoryMailbox,
    ) -> Result<Self> {
        let router = SimRouter::start(SimRouterConfig {
            profiles: place.profiles.iter().map(|&profile| profile.to_owned()).collect(),
            time_zone: place.time_zone.to_owned(),
            ..SimRouterConfig::default()
        });
        let router = Arc::new(router.await.context("the simulated router cannot listen")?);
        let (mailbox, company) = (mailbox.clone(), CompanyId::new(place.id));
        let portal = start_portal(PortalConfig {
            port: 0,
            relay_url: relay_url.to_owned(),
            router: router.clone(),
            server: "hotspot1".to_owned(),
            company: place.company.to_owned(),
            language: place.language,
            plans: Vec::new(),
            phone_url,
            mails: Arc::new(move || {
                let mails = mailbox.messages().into_iter();
                mails.filter(|mail| mail.company == company).collect()
            }),
        });
        let portal = portal.await.context("the portal cannot listen")?;
        let dns_name = portal.dns_name();
        let host = dns_name.split(':').next().unwrap_or_default();
        router.set_property("/ip/hotspot/profile", "hsprof1", "dns-name", host.as_bytes());
        let hosts = place.gateways.iter().copied().flat_map(walled_garden_hosts);
        router.make_ready("127.0.0.0/8", hosts);
        Ok(Self { place, router, portal })
    }
}

/// One user of each role. Their passwords are hashed at the same time: that is slow by intention.
async fn let_in(running: &Running) -> Result<Vec<(&'static str, &'static str, SecretString)>> {
    let client = Role::ClienteAdmin {
        company: CompanyId::new(LUNA.id),
    };
    let (operator, client) = tokio::try_join!(
        add_user(running, Role::SuperAdmin, "operator@example.net"),
        add_user(running, client, "luna@example.net"),
    )?;
    Ok(vec![operator, client])
}

async fn add_user(
    running: &Running,
    role: Role,
    email: &'static str,
) -> Result<(&'static str, &'static str, SecretString)> {
    let (word, password) = (role.as_str(), SecretString::from(secrets::random_token(PASSWORD_BITS)));
    let wish = UserWish {
        role,
        email: email.to_owned(),
        name: word.to_owned(),
        password: password.clone(),
    };
    users::add(running.relay.store(), Actor::command("demo"), wish).await?;
    Ok((word, email, password))
}

/// A bot on Telegram for a company.
async fn give_a_bot(running: &Running, company: &str) -> Result<()> {
    let (store, id) = (running.relay.store(), CompanyId::new(company));
    let mut card = store
        .directory()
        .companies
        .get(&id)
        .context("the demo's company is gone")?
        .card
        .clone();
    card.telegram = Telegram {
        token: Some("110201543:demo-bot".into()),
        chat: Some("-1001234567890".to_owned()),
        on: true,
    };
    store.write(move |db| db.set_company_card(&id, &card)).await?;
    store.refresh_directory().await?;
    Ok(())
}

/// A key for the portal of a router.
async fn router_key(running: &Running, router: &str) -> Result<SecretString> {
    let store = running.relay.store();
    let router = store.directory().routers.get(&RouterId::new(router)).cloned();
    let router = router.context("the demo's router is gone")?;
    let wish = KeyWish {
        name: "demo".to_owned(),
        lifetime: router_keys::DEFAULT_LIFETIME,
        replacing: false,
    };
    let relay = running.relay.clone();
    let make = move |db: &Db<'_>| match router_keys::make(db, relay.router_tokens(), &router, &wish) {
        Ok((made, _)) => Ok(Ok(made.shown)),
        Err(MakeKeyError::Store(error)) => Err(error),
        Err(MakeKeyError::Token(error)) => Ok(Err(error)),
    };
    Ok(store.write(make).await??)
}

fn config(listen: SocketAddr, data: &Path) -> Result<Config> {
    let mut config = Config::read("", Path::new("demo"), std::iter::empty())?;
    config.listen = listen;
    data.clone_into(&mut config.data_dir);
    // The demo's whole world is this machine; tools may play many senders.
    config.trusted_proxies = vec![IpNet::from(listen.ip())];
    config.outgoing.allow = vec![IpNet::from(listen.ip())];
    config.outgoing.ports = Some(Vec::new());
    // Its portals find their ports only later; no page of theirs sends cookies.
    config.api.cors = Cors::Any;
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
    let settings = [("mikusermode", "vc"), ("miknamelength", "6"), ("mikcharacter", "mix")];
    let headers = |uuid: &str, prefix: &str| {
        let more = [("mikuserprefix", prefix), ("mikaccessuuid", uuid)];
        let all = settings.into_iter().chain(more);
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let in_headers = |gateway: &str, label: &str, uuid: &str, prefix: &str| WebhookTarget {
        url: format!("{relay_url}/pay_callback/{gateway}/{label}"),
        headers: headers(uuid, prefix),
    };
    let in_query = |gateway: &str, label: &str, uuid: &str, prefix: &str| {
        let query: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        WebhookTarget {
            url: format!(
                "{relay_url}/pay_callback/{gateway}/{label}?mikaccessuuid={uuid}&{}&mikuserprefix={prefix}",
                query.join("&")
            ),
            headers: Vec::new(),
        }
    };
    gateways
        .fedapay
        .set_webhooks(vec![in_headers("fedapay", "hotspot1", ACCESS_UUID, "mm")]);
    gateways
        .feexpay
        .set_webhooks(vec![in_query("feexpay", "hotspot1", ACCESS_UUID, "mm")]);
    // Their dashboards know addresses only.
    gateways
        .conekta
        .set_webhooks(vec![in_query("conekta", "luna", LUNA_UUID, "cl")]);
    gateways
        .mercadopago
        .set_webhooks(vec![in_query("mercadopago", "luna", LUNA_UUID, "cl")]);
}

/// The plans as they stand in the portal's `login.html`.
fn plans(directory: &Directory, hotspot: &HotspotId) -> Vec<PortalPlan> {
    let plans = directory.plans_of(hotspot).into_iter().filter_map(|plan| {
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

fn business(gateways: &SimGateways, africa: &Venue, mexico: &Venue) -> String {
    BUSINESS
        .replace("{company}", AWA.company)
        .replace("{router}", &africa.router.addr().to_string())
        .replace("{dns_name}", &africa.portal.dns_name())
        .replace("{uuid}", ACCESS_UUID)
        .replace("{fedapay}", gateways.fedapay.base_url())
        .replace("{cinetpay}", gateways.cinetpay_v2.base_url())
        .replace("{feexpay}", gateways.feexpay.base_url())
        .replace("{luna}", LUNA.company)
        .replace("{luna_router}", &mexico.router.addr().to_string())
        .replace("{luna_dns_name}", &mexico.portal.dns_name())
        .replace("{luna_uuid}", LUNA_UUID)
        .replace("{conekta}", gateways.conekta.base_url())
        .replace("{mercadopago}", gateways.mercadopago.base_url())
}

static AWA: Place = Place {
    id: "awa",
    company: "Cyber Awa",
    hotspot: "main",
    language: Language::Fr,
    profiles: &["1H", "1J", "30J"],
    gateways: &[GatewayName::Fedapay, GatewayName::Cinetpay, GatewayName::Feexpay],
    time_zone: "Africa/Porto-Novo",
};
static LUNA: Place = Place {
    id: "luna",
    company: "Café Luna",
    hotspot: "luna",
    language: Language::Es,
    profiles: &["1H", "1D"],
    gateways: &[GatewayName::Conekta, GatewayName::Mercadopago],
    time_zone: "America/Mexico_City",
};
/// As in the business file.
const LUNA_ROUTER: &str = "puebla";
const PASSWORD_BITS: usize = 80;
const USUAL_PORT: u16 = 8080;
const LOG_FILTER: &str = "warn,mikrelay::payment=info";
const ACCESS_UUID: &str = "61cd594b-2f01-48ca-8692-65e4ef3a36d5";
const LUNA_UUID: &str = "0c1d2a5e-7b3f-4f0e-9a64-1f2b8c7d9e30";

const BUSINESS: &str = include_str!("demo/site.toml");

//! A relay with everything around it on this machine: a store in a temporary folder, a clock set by hand, a
//! simulated router and a mailbox in memory. Jobs run when a test says so.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use mikrelay::clock::Clock;
use mikrelay::company::Language;
use mikrelay::http_client::HttpClient;
use mikrelay::http_client::guard::Guard;
use mikrelay::http_client::outgoing::Outgoing;
use mikrelay::ids::{OrderRef, OrderToken, PlanId};
use mikrelay::jobs::Runner;
use mikrelay::notify::mail::{Mailer, MemoryMailbox};
use mikrelay::order::{Order, State};
use mikrelay::payment::checkout::{LinkQuery, LinkTarget, PlaceError, PlaceOrder, Placed};
use mikrelay::payment::receive::{CallbackReply, CallbackRequest};
use mikrelay::payment::{Parts, Relay};
use mikrelay::routeros::Deadlines;
use mikrelay::secrets::MasterKey;
use mikrelay::sim::gateways::{Quirk, SimGateway, SimGateways, SimGatewaysConfig, WebhookTarget};
use mikrelay::sim::router::{SimRouter, SimRouterConfig, SimUser};
use mikrelay::sim::telegram::SimTelegram;
use mikrelay::site;
use mikrelay::store::Store;
use mikrelay::web;
use tempfile::TempDir;

pub const MAC: &str = "AA:BB:CC:DD:EE:01";
pub const IP: &str = "10.5.50.7";
pub const UUID: &str = "61cd594b-2f01-48ca-8692-65e4ef3a36d5";
pub const WEBHOOK_SECRET: &str = "wh_live_of_the_test";

/// The world of a test.
pub struct World {
    pub relay: Relay,
    pub runner: Runner,
    pub router: Arc<SimRouter>,
    pub mailbox: MemoryMailbox,
    pub clock: Clock,
    pub folder: Arc<TempDir>,
    key: MasterKey,
}

impl World {
    pub async fn new() -> Self {
        Self::with(SimRouterConfig::default(), "").await
    }

    /// `more` is added to the business file; `{router}` in it stands for the router's address.
    pub async fn with(config: SimRouterConfig, more: &str) -> Self {
        Self::selling(config, &format!("{SITE}{more}")).await
    }

    /// The whole business file, with `{router}` for the router's address.
    pub async fn selling(config: SimRouterConfig, site: &str) -> Self {
        let clock = Clock::manual("2026-11-02T12:00:00Z".parse().unwrap());
        let profiles = ["1H", "4H", "1J"].map(str::to_owned).to_vec();
        let config = SimRouterConfig {
            clock: clock.clone(),
            profiles,
            password: "relay-pass".to_owned(),
            ..config
        };
        let router = Arc::new(SimRouter::start(config).await.unwrap());
        router.add_host(IP, MAC, "hotspot1");
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let key = MasterKey::generate();
        let store = open(&folder, &key, &clock);
        let text = site.replace("{router}", &router.addr().to_string());
        apply(&store, &text);
        store.refresh_directory().await.unwrap();
        let mailbox = MemoryMailbox::default();
        let public_url = "https://pay.example.net".parse().unwrap();
        Self::around(store, router, mailbox, clock, folder, key, public_url)
    }

    fn around(
        store: Store,
        router: Arc<SimRouter>,
        mailbox: MemoryMailbox,
        clock: Clock,
        folder: Arc<TempDir>,
        key: MasterKey,
        public_url: url::Url,
    ) -> Self {
        let relay = Relay::new(Parts {
            store,
            http: HttpClient::new(),
            outgoing: loopback_open(),
            mailer: Mailer::Memory(mailbox.clone()),
            clock: clock.clone(),
            key: key.clone(),
            public_url,
            telegram_url: nobody(),
            deadlines: short_deadlines(),
            token_secrets: vec!["1".to_owned()],
        });
        let runner = Runner::new(relay.clone());
        Self {
            relay,
            runner,
            router,
            mailbox,
            clock,
            folder,
            key,
        }
    }

    /// The process dies and starts again on the same data folder.
    pub async fn restart(self) -> Self {
        let Self {
            relay,
            router,
            mailbox,
            clock,
            folder,
            key,
            runner,
        } = self;
        drop(runner);
        let public_url = relay.public_url().clone();
        relay.store().close().await;
        drop(relay);
        let store = open(&folder, &key, &clock);
        store.write(|db| db.release_leases()).await.unwrap();
        Self::around(store, router, mailbox, clock, folder, key, public_url)
    }

    /// The same world, whose mails leave by another way.
    pub fn mailing_by(self, mailer: Mailer) -> Self {
        self.speaking_by(mailer, nobody())
    }

    /// The same world with a Telegram.
    pub fn with_telegram(self, telegram: &SimTelegram) -> Self {
        let mailer = Mailer::Memory(self.mailbox.clone());
        self.speaking_by(mailer, telegram.base_url().parse().unwrap())
    }

    fn speaking_by(self, mailer: Mailer, telegram: url::Url) -> Self {
        let relay = Relay::new(Parts {
            store: self.relay.store().clone(),
            http: HttpClient::new(),
            outgoing: loopback_open(),
            mailer,
            clock: self.clock.clone(),
            key: self.key.clone(),
            public_url: self.relay.public_url().clone(),
            telegram_url: telegram,
            deadlines: short_deadlines(),
            token_secrets: vec!["1".to_owned()],
        });
        let runner = Runner::new(relay.clone());
        Self { relay, runner, ..self }
    }

    /// Runs all due jobs.
    pub async fn drain(&self) {
        self.runner.drain().await.unwrap();
    }

    /// Moves the clock on and runs what is due then.
    pub async fn later(&self, by: SignedDuration) {
        self.clock.advance_ms(i64::try_from(by.as_millis()).unwrap());
        self.drain().await;
    }

    /// Presses the button of a plan's buy page.
    pub async fn place(&self, plan: &str) -> Order {
        let placed = self.relay.place(wish(plan)).await.unwrap();
        let token = match placed {
            Placed::Page { token } | Placed::Redirect { token, .. } => token,
        };
        self.by_token(token).await
    }

    pub async fn by_token(&self, token: OrderToken) -> Order {
        self.relay
            .store()
            .read(move |db| db.order_by_token(&token))
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn order(&self, reference: &OrderRef) -> Order {
        let reference = reference.clone();
        self.relay
            .store()
            .read(move |db| db.order(&reference))
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn state(&self, order: &Order) -> State {
        self.order(&order.reference).await.state
    }

    pub async fn history(&self, order: &Order) -> Vec<String> {
        let reference = order.reference.clone();
        let steps = self.relay.store().read(move |db| db.steps(&reference)).await.unwrap();
        steps.into_iter().map(|(_, text)| text).collect()
    }

    /// A callback as a gateway sends it, to hotspot1.
    pub async fn call(&self, gateway: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> CallbackReply {
        self.call_at("hotspot1", gateway, query, headers, body).await
    }

    pub async fn call_at(
        &self,
        label: &str,
        gateway: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> CallbackReply {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        let request = CallbackRequest {
            method: &Method::POST,
            gateway,
            label,
            headers: &map,
            query: Some(query).filter(|query| !query.is_empty()),
            body: body.to_vec().into(),
        };
        self.relay.callback(request).await
    }

    /// A validly signed FedaPay webhook.
    pub async fn fedapay(&self, event: &FedapayEvent<'_>) -> CallbackReply {
        self.fedapay_with(event, &[]).await
    }

    pub async fn fedapay_with(&self, event: &FedapayEvent<'_>, headers: &[(&str, &str)]) -> CallbackReply {
        let body = event.body();
        let signature = sign_fedapay(self.clock.now(), WEBHOOK_SECRET, body.as_bytes());
        let mut all = vec![
            ("x-fedapay-signature", signature.as_str()),
            ("content-type", "application/json"),
        ];
        all.extend_from_slice(headers);
        self.call("fedapay", "", &all, body.as_bytes()).await
    }

    /// The users on the router that orders could have made.
    pub fn users(&self) -> Vec<SimUser> {
        self.router.users()
    }

    /// How many rows of the inbox there are.
    pub async fn events(&self) -> usize {
        self.relay
            .store()
            .read(|db| db.events(&mikrelay::store::EventFilter::default()))
            .await
            .unwrap()
            .len()
    }

    pub async fn jobs(&self) -> i64 {
        self.relay.store().read(|db| db.count_jobs()).await.unwrap()
    }
}

/// A Telegram that no test without one may reach.
fn nobody() -> url::Url {
    "http://127.0.0.1:1/".parse().unwrap()
}

/// A world whose relay serves HTTP, with the simulated gateways around it.
pub struct Shop {
    pub world: World,
    pub gateways: SimGateways,
    /// Ends the server when it is dropped.
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Shop {
    pub async fn open() -> Self {
        Self::open_with(|_, site| site, |_| ()).await
    }

    /// `set` may change what the server is allowed.
    pub async fn with(set: impl FnOnce(&mut web::App)) -> Self {
        Self::open_with(|_, site| site, set).await
    }

    /// A shop whose business file is changed before it is applied.
    pub async fn edited(edit: impl FnOnce(&SimGateways, String) -> String) -> Self {
        Self::open_with(edit, |_| ()).await
    }

    async fn open_with(edit: impl FnOnce(&SimGateways, String) -> String, set: impl FnOnce(&mut web::App)) -> Self {
        let gateways = SimGateways::start(SimGatewaysConfig::default()).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own_url: url::Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let more = SHOP
            .replace("{fedapay}", gateways.fedapay.base_url())
            .replace("{cinetpay}", gateways.cinetpay_v2.base_url())
            .replace("{cinetpay_v1}", gateways.cinetpay_v1.base_url())
            .replace("{feexpay}", gateways.feexpay.base_url())
            .replace("{conekta}", gateways.conekta.base_url())
            .replace("{conekta_key}", &gateways.conekta.webhook_key().unwrap())
            .replace("{mercadopago}", gateways.mercadopago.base_url());
        // Its keys do not tell their mode; this company sells for real money.
        gateways.conekta.set_quirk(Quirk::LiveMode, true);
        let more = edit(&gateways, more);
        let mut world = World::with(SimRouterConfig::default(), &more).await;
        // The gateways sign by the machine's clock.
        world.clock.advance_ms(
            Timestamp::now()
                .duration_since(world.clock.now())
                .as_millis()
                .try_into()
                .unwrap(),
        );
        let World {
            relay,
            router,
            mailbox,
            clock,
            folder,
            key,
            ..
        } = world;
        let store = relay.store().clone();
        world = World::around(store, router, mailbox, clock, folder, key, own_url.clone());
        let base = own_url.as_str().trim_end_matches('/');
        let webhook = |gateway: &str, headers: &[(&str, &str)]| WebhookTarget {
            url: format!("{base}/pay_callback/{gateway}/hotspot1?k={UUID}"),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        };
        gateways
            .fedapay
            .set_webhooks(vec![webhook("fedapay", &[("mikuserprefix", "fp")])]);
        gateways.feexpay.set_webhooks(vec![webhook("feexpay", &[])]);
        gateways.mercadopago.set_webhooks(vec![webhook("mercadopago", &[])]);
        gateways.conekta.set_webhooks(vec![webhook("conekta", &[])]);
        let mut app = web::App::new(world.relay.clone(), &own_url, Vec::new());
        set(&mut app);
        let app = Arc::new(app);
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = async {
            let _ = stopped.await;
        };
        tokio::spawn(web::serve(listener, stopped, app));
        Self {
            world,
            gateways,
            _stop: stop,
        }
    }

    /// Presses the button of the plan that this gateway sells.
    pub async fn place(&self, gateway: &str) -> Order {
        let wish = PlaceOrder {
            phone: Some("66 00 00 00".to_owned()),
            network: (gateway == "feexpay").then(|| "mtn".to_owned()),
            ..wish(&format!("by-{}", gateway.replace('_', "-")))
        };
        let token = match self.world.relay.place(wish).await {
            Ok(Placed::Page { token } | Placed::Redirect { token, .. }) => token,
            Err(PlaceError::GatewayDown { token }) => token,
            Err(error) => panic!("no order: {error}"),
        };
        self.world.by_token(token).await
    }

    pub fn gateway(&self, name: &str) -> &SimGateway {
        match name {
            "fedapay" => &self.gateways.fedapay,
            "cinetpay" => &self.gateways.cinetpay_v2,
            "cinetpay_v1" => &self.gateways.cinetpay_v1,
            "feexpay" => &self.gateways.feexpay,
            "conekta" => &self.gateways.conekta,
            "mercadopago" => &self.gateways.mercadopago,
            other => panic!("no gateway {other}"),
        }
    }
}

/// Lets `subscriber` hear what this thread logs until the guard is dropped.
///
/// While only one subscriber is known, an event that another test's thread logs first is taken for one that nobody
/// ever wants to hear. A second one, deaf and everybody's, keeps that from happening.
pub fn listen(subscriber: impl tracing::Subscriber + Send + Sync + 'static) -> tracing::subscriber::DefaultGuard {
    // Fails from the second time on, when it is there.
    let _ = tracing::subscriber::set_global_default(Deaf);
    tracing::subscriber::set_default(subscriber)
}

struct Deaf;

impl tracing::Subscriber for Deaf {
    fn register_callsite(&self, _: &'static tracing::Metadata<'static>) -> tracing::subscriber::Interest {
        tracing::subscriber::Interest::sometimes()
    }

    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, _: &tracing::Event<'_>) {}

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

pub const GATEWAYS: [&str; 5] = ["fedapay", "cinetpay", "cinetpay_v1", "feexpay", "conekta"];

/// A FedaPay webhook's contents.
#[derive(Clone, Debug)]
pub struct FedapayEvent<'a> {
    pub name: &'a str,
    pub id: u64,
    pub status: &'a str,
    pub amount: i64,
    pub reference: &'a str,
    /// More members of the outer object, with a comma in front.
    pub more: &'a str,
}

impl<'a> FedapayEvent<'a> {
    pub fn approved(order: &'a Order) -> Self {
        Self {
            name: "transaction.approved",
            id: 104_013,
            status: "approved",
            amount: 100,
            reference: order.reference.as_str(),
            more: "",
        }
    }

    pub fn body(&self) -> String {
        let Self {
            name,
            id,
            status,
            amount,
            reference,
            more,
        } = self;
        format!(
            r#"{{"name":"{name}","object":"transaction","entity":{{"id":{id},"reference":"trx_{id}","amount":{amount},"currency_id":1,"status":"{status}","custom_metadata":{{"ref":"{reference}"}},"merchant_reference":"{reference}"}}{more}}}"#
        )
    }
}

pub fn sign_fedapay(now: Timestamp, secret: &str, body: &[u8]) -> String {
    let seconds = now.as_second().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signed = [seconds.as_bytes(), b".", body].concat();
    let tag = hmac::sign(&key, &signed);
    format!("t={seconds},s={}", data_encoding::HEXLOWER.encode(tag.as_ref()))
}

/// The button of a plan's page, pressed by a phone of the hotspot.
pub fn wish(plan: &str) -> PlaceOrder {
    PlaceOrder {
        link: link(LinkTarget::Plan(PlanId::new(plan))),
        account: None,
        phone: None,
        email: None,
        network: None,
        otp: None,
        nonce: None,
    }
}

pub fn link(target: LinkTarget) -> LinkQuery {
    LinkQuery {
        target,
        mac: Some(MAC.to_owned()),
        ip: Some(IP.to_owned()),
        dst: None,
        language: Some(Language::Fr),
    }
}

fn open(folder: &TempDir, key: &MasterKey, clock: &Clock) -> Store {
    Store::open(&folder.path().join("mikrelay.db"), key.clone(), clock.clone()).unwrap()
}

fn apply(store: &Store, text: &str) {
    let site = site::read(text, std::path::Path::new(".")).unwrap();
    store
        .write_now(move |db| Ok(site::apply(&site, db, false).map(|_| ())))
        .unwrap()
        .unwrap();
}

/// The simulated receivers of webhooks are on this machine.
pub fn loopback_open() -> Outgoing {
    let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new());
    Outgoing::with_deadline(guard, Duration::from_secs(2))
}

/// Long enough for loopback on a busy machine, short enough for a test of silence.
fn short_deadlines() -> Deadlines {
    let short = Duration::from_secs(2);
    Deadlines {
        connect: short,
        login: short,
        read: short,
        ..Deadlines::default()
    }
}

/// A company that sells one plan by signed webhooks alone; `{router}` stands for the router's address.
pub const SITE: &str = concat!(
    include_str!("../data/cafe.toml"),
    include_str!("../data/cafe-fedapay.toml")
);

const SHOP: &str = r#"
[[account]]
id = "by-fedapay"
company = "cafe"
gateway = "fedapay"
mode = "test"
base_url = "{fedapay}"
public_key = "pk_sandbox_demo"
secret_key = "sk_sandbox_demo"
webhook_secrets = ["wh_sandbox_demo"]

[[account]]
id = "by-cinetpay"
company = "cafe"
gateway = "cinetpay"
base_url = "{cinetpay}"
site_id = "445160"
api_key = "demo_apikey"
webhook_secrets = ["demo_secret_key"]

[[account]]
id = "by-cinetpay-v1"
company = "cafe"
gateway = "cinetpay"
mode = "test"
base_url = "{cinetpay_v1}"
api_key = "sk_test_demo"
api_password = "demo_password"

[[account]]
id = "by-feexpay"
company = "cafe"
gateway = "feexpay"
base_url = "{feexpay}"
site_id = "demoshop"
token = "fp_demo"

[[account]]
id = "by-conekta"
company = "cafe"
gateway = "conekta"
base_url = "{conekta}"
public_key = "key_demoPublic00000000000"
secret_key = "key_demoPrivate0000000000"
webhook_secrets = ["""
{conekta_key}"""]

[[plan]]
id = "by-fedapay"
hotspot = "h1"
accounts = ["by-fedapay"]
label = "1 heure"
profile = "1H"
price = "100"
time = "1h"

[[plan]]
id = "by-cinetpay"
hotspot = "h1"
accounts = ["by-cinetpay"]
label = "4 heures"
profile = "4H"
price = "200"
time = "4h"

[[plan]]
id = "by-cinetpay-v1"
hotspot = "h1"
accounts = ["by-cinetpay-v1"]
label = "4 heures"
profile = "4H"
price = "200"
time = "4h"

[[plan]]
id = "by-feexpay"
hotspot = "h1"
accounts = ["by-feexpay"]
label = "1 jour"
profile = "1J"
price = "500"
time = "1d"
data = "1G"

[[plan]]
id = "by-conekta"
hotspot = "h1"
accounts = ["by-conekta"]
label = "1 Hora"
profile = "1H"
price = "15.00"
currency = "MXN"
time = "1h"

[[account]]
id = "by-mercadopago"
company = "cafe"
gateway = "mercadopago"
mode = "test"
base_url = "{mercadopago}"
public_key = "APP_USR-demo-public-key"
secret_key = "APP_USR-demo-access-token"
webhook_secrets = ["an-older-secret", "mp_webhook_secret_demo"]
checkout = "preferences"

[[plan]]
id = "by-mercadopago"
hotspot = "h1"
accounts = ["by-mercadopago"]
label = "1 hora"
profile = "1H"
price = "15.10"
currency = "MXN"
time = "1h"
"#;

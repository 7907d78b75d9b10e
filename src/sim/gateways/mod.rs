//! FedaPay, CinetPay (both generations), FeexPay and Conekta as servers on loopback, each with the page or phone on
//! which the buyer decides, and a webhook sender that signs as the real ones do.
//!
//! They refuse what the real ones are documented to refuse. They do not imitate: TLS, payouts, fees, FedaPay's
//! refunds, rate limits, FedaPay's switching a webhook off after ten errors, and every field nobody
//! reads. What the facts do not know (the code for an unknown CinetPay transaction, FeexPay's retries) is
//! made up and marked where it is. Facts: `gateways-west-africa.md`, section 9, and `gateways-latin-america.md`.

mod browser;
mod card_token;
mod cinetpay_v1;
mod cinetpay_v2;
mod conekta;
mod conekta_keys;
mod conekta_order;
mod conekta_pages;
mod conekta_refunds;
mod desk;
mod fedapay;
mod feexpay;
mod mercadopago;
mod pages;
mod sender;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::http::{Reply, Request, Server};
use desk::Desk;

pub use conekta_order::Voucher;
pub use fedapay::signature as fedapay_signature;
pub use mercadopago::signature as mercadopago_signature;
pub use sender::SentWebhook;

/// The keys the simulated gateways know, and their pace.
#[derive(Clone, Debug)]
pub struct SimGatewaysConfig {
    pub fedapay: FedapayKeys,
    pub cinetpay_v2: CinetpayV2Keys,
    pub cinetpay_v1: CinetpayV1Keys,
    pub feexpay: FeexpayKeys,
    pub conekta: ConektaKeys,
    pub mercadopago: MercadopagoKeys,
    /// FedaPay, CinetPay v2, CinetPay v1, FeexPay, Conekta, Mercado Pago; 0 picks a free one.
    pub ports: [u16; 6],
    /// How long FedaPay and Conekta wait before each further try of a webhook that was not answered 2xx.
    pub retry_delays: Vec<Duration>,
    /// How late `Choice::PayLate` tells its webhook.
    pub late_by: Duration,
}

#[derive(Clone, Debug)]
pub struct FedapayKeys {
    pub public_key: String,
    pub secret_key: String,
    pub webhook_secret: String,
}

#[derive(Clone, Debug)]
pub struct CinetpayV2Keys {
    pub site_id: String,
    pub api_key: String,
    /// Signs `x-token`; no token is sent without it.
    pub secret_key: Option<String>,
}

#[derive(Clone, Debug)]
pub struct CinetpayV1Keys {
    pub api_key: String,
    pub api_password: String,
}

#[derive(Clone, Debug)]
pub struct FeexpayKeys {
    pub shop: String,
    pub token: String,
    /// The dashboard's static header, name and value.
    pub header: Option<(String, String)>,
}

/// The webhook key is made by the simulator itself: `SimGateway::webhook_key`.
#[derive(Clone, Debug)]
pub struct ConektaKeys {
    pub private_key: String,
    pub public_key: String,
}

#[derive(Clone, Debug)]
pub struct MercadopagoKeys {
    pub access_token: String,
    pub webhook_secret: String,
    /// What answers and webhooks say of themselves; the token's prefix says nothing.
    pub live_mode: bool,
}

impl Default for SimGatewaysConfig {
    fn default() -> Self {
        Self {
            fedapay: FedapayKeys {
                public_key: "pk_sandbox_demo".to_owned(),
                secret_key: "sk_sandbox_demo".to_owned(),
                webhook_secret: "wh_sandbox_demo".to_owned(),
            },
            cinetpay_v2: CinetpayV2Keys {
                site_id: "445160".to_owned(),
                api_key: "demo_apikey".to_owned(),
                secret_key: Some("demo_secret_key".to_owned()),
            },
            cinetpay_v1: CinetpayV1Keys {
                api_key: "sk_test_demo".to_owned(),
                api_password: "demo_password".to_owned(),
            },
            feexpay: FeexpayKeys {
                shop: "demoshop".to_owned(),
                token: "fp_demo".to_owned(),
                header: None,
            },
            conekta: ConektaKeys {
                private_key: "key_demoPrivate0000000000".to_owned(),
                public_key: "key_demoPublic00000000000".to_owned(),
            },
            mercadopago: MercadopagoKeys {
                access_token: "APP_USR-demo-access-token".to_owned(),
                webhook_secret: "mp_webhook_secret_demo".to_owned(),
                live_mode: false,
            },
            ports: [0; 6],
            retry_delays: (1..=FEDAPAY_RETRIES).map(|n| Duration::from_millis(100 * n)).collect(),
            late_by: Duration::from_secs(4),
        }
    }
}

/// A webhook as its dashboard holds it: the address with its query, and extra headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookTarget {
    pub url: String,
    pub headers: Vec<(String, String)>,
}

/// What the buyer does on the hosted page, and what becomes of the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Pay,
    Decline,
    /// Paid, but the webhook never comes.
    PaySilently,
    PayTwice,
    PayLate,
    /// Paid, but the webhook carries a wrong proof.
    PayBadSignature,
}

impl Choice {
    pub const ALL: [Self; 6] = [
        Self::Pay,
        Self::Decline,
        Self::PaySilently,
        Self::PayTwice,
        Self::PayLate,
        Self::PayBadSignature,
    ];

    /// The value of the hosted page's button.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Decline => "decline",
            Self::PaySilently => "pay-silently",
            Self::PayTwice => "pay-twice",
            Self::PayLate => "pay-late",
            Self::PayBadSignature => "pay-bad-signature",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }
}

/// Where a simulated payment stands; each gateway has its own word for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimStatus {
    Pending,
    Paid,
    /// Paid out to the merchant; only FedaPay tells it apart.
    Settled,
    Declined,
    Cancelled,
    Expired,
    Refunded,
    /// Any other word (FedaPay, FeexPay) or code (CinetPay).
    Word(String),
}

/// What goes wrong with the next call to a gateway's API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 502 with JSON; nothing happened.
    ServerError,
    /// 403 with a web page of the machine in front; nothing happened.
    WebPage,
    /// 429; nothing happened.
    TooMany,
    /// Mercado Pago: 423, as while another call with the same idempotency key runs; nothing happened.
    Locked,
    /// Mercado Pago: 424, something behind the API does not answer; nothing happened.
    Dependency,
    /// Mercado Pago: 429 with a `Retry-After` of 42 s; nothing happened.
    TooManyFor42s,
    /// Mercado Pago: 400, the access token and the payment are not of one mode; nothing happened.
    OtherModesKey,
    /// 401 as for a wrong key; nothing happened.
    Unauthorized,
    /// 200 with text that is no JSON; nothing happened.
    Garbage,
    /// The call takes effect, and its answer never comes.
    SilentAfterAccepting,
    /// The call takes effect, and the connection is closed without an answer.
    HangUpAfterAccepting,
    /// Conekta: 403, the key may not be used from this address; nothing happened. Elsewhere as `Unauthorized`.
    NotOnTheList,
    /// 200 with 10 MB of JSON; nothing happened.
    Flood,
    /// None: this call goes well, and a later one of the row does not.
    Spared,
}

/// A habit of a gateway that stays until it is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quirk {
    /// FeexPay: status and webhook lack the amount.
    NoAmount,
    /// FeexPay: the status is inside `data`.
    InsideData,
    /// FeexPay: pending is called `IN PENDING STATE`.
    PendingState,
    /// FeexPay: a push ends at once as `FAILED`.
    RefusesAtOnce,
    /// CinetPay v2: fields in another order and one more, the token over the order of arrival.
    ArrivalOrder,
    /// CinetPay v2: no `x-token` although a Secret Key is set.
    NoToken,
    /// CinetPay v2: the check of an unpaid transaction answers HTTP 400 with its usual body.
    CheckIsBadRequest,
    /// Conekta: the company's mode is live.
    LiveMode,
    /// Conekta, and Mercado Pago's orders: a new order is refused at once, with 402 and the order inside.
    DeclinesAtOnce,
    /// Conekta: the search finds nothing; lists are whole.
    SearchIsBlind,
    /// Mercado Pago: the payment's own notification address is passed over; only the panel's is called.
    PanelOnly,
    /// Mercado Pago: each notification comes in the legacy shape as well, whatever the address asks for.
    LegacyToo,
    /// Mercado Pago: `data.id` is signed in lower case, as its documentation says and its SDKs do not.
    SignsLowerCase,
    /// Mercado Pago: says `live_mode` the other way round.
    OtherMode,
    /// Mercado Pago: refunds are taken on and stay `in_process`.
    SlowRefunds,
    /// Conekta: lists are far behind and show nothing.
    ListsAreBehind,
    /// Conekta, Mercado Pago: a charge by card token is told by no webhook.
    SilentCharges,
}

/// No payment has this reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulated gateway has no payment `{0}`")]
pub struct NoPayment(pub String);

/// The gateways. Dropping them closes their ports.
#[derive(Debug)]
pub struct SimGateways {
    pub fedapay: SimGateway,
    pub cinetpay_v2: SimGateway,
    pub cinetpay_v1: SimGateway,
    pub feexpay: SimGateway,
    pub conekta: SimGateway,
    pub mercadopago: SimGateway,
}

impl SimGateways {
    pub async fn start(config: SimGatewaysConfig) -> std::io::Result<Self> {
        let [fedapay, cinetpay_v2, cinetpay_v1, feexpay, conekta, mercadopago] = config.ports;
        let kinds = (
            Kind::Fedapay(config.fedapay.clone()),
            Kind::CinetpayV2(config.cinetpay_v2.clone()),
            Kind::CinetpayV1(config.cinetpay_v1.clone()),
            Kind::Feexpay(config.feexpay.clone()),
            Kind::Conekta(conekta::Merchant::new(config.conekta.clone())),
        );
        let mercadopago_kind = Kind::Mercadopago(config.mercadopago.clone());
        Ok(Self {
            fedapay: SimGateway::start(kinds.0, fedapay, &config).await?,
            cinetpay_v2: SimGateway::start(kinds.1, cinetpay_v2, &config).await?,
            cinetpay_v1: SimGateway::start(kinds.2, cinetpay_v1, &config).await?,
            feexpay: SimGateway::start(kinds.3, feexpay, &config).await?,
            conekta: SimGateway::start(kinds.4, conekta, &config).await?,
            mercadopago: SimGateway::start(mercadopago_kind, mercadopago, &config).await?,
        })
    }
}

/// One simulated gateway and its controls.
#[derive(Debug)]
pub struct SimGateway {
    desk: Arc<Desk>,
    _server: Server,
}

impl SimGateway {
    async fn start(kind: Kind, port: u16, config: &SimGatewaysConfig) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let desk = Arc::new(Desk::new(kind, base_url, config));
        let served = desk.clone();
        let server = Server::on(listener, move |request| serve(served.clone(), request))?;
        Ok(Self { desk, _server: server })
    }

    /// What an account's `base_url` is set to.
    pub fn base_url(&self) -> &str {
        &self.desk.base_url
    }

    /// The dashboard's webhooks. FedaPay and FeexPay call all of them; CinetPay calls the address each payment
    /// was made with, unless there is one here.
    pub fn set_webhooks(&self, targets: Vec<WebhookTarget>) {
        self.desk.state().targets = targets;
    }

    /// Conekta, Mercado Pago: the body of the charge that was asked for this order, and `device` where a header named
    /// one.
    pub fn asked(&self, order: &str) -> Result<serde_json::Value, NoPayment> {
        self.desk
            .with_payment(order, |payment| payment.extra.get("asked").cloned().unwrap_or_default())
    }

    /// The gateway's own ids of the payments of an order, oldest first.
    pub fn ids(&self, order: &str) -> Vec<String> {
        let payments: Vec<_> = self.desk.state().payments.clone();
        let ours = payments.into_iter().filter(|payment| payment.order == order);
        match &self.desk.kind {
            Kind::Mercadopago(_) => ours
                .flat_map(|payment| mercadopago::ids(&self.desk, &payment))
                .collect(),
            _ => ours.map(|payment| payment.id).collect(),
        }
    }

    /// The references of all payments, oldest first, as the merchant gave them.
    pub fn orders(&self) -> Vec<String> {
        self.desk
            .state()
            .payments
            .iter()
            .map(|payment| payment.order.clone())
            .collect()
    }

    /// Where the buyer pays this order.
    pub fn pay_page(&self, order: &str) -> Result<String, NoPayment> {
        let folder = if matches!(self.desk.kind, Kind::Conekta(_)) {
            "checkout"
        } else {
            "pay"
        };
        self.desk.with_payment(order, |payment| {
            format!("{}/{folder}/{}", self.desk.base_url, payment.token)
        })
    }

    /// Conekta: the PEM public half of the key that signs its webhooks.
    pub fn webhook_key(&self) -> Option<String> {
        match &self.desk.kind {
            Kind::Conekta(merchant) => merchant.webhook_keys.public_pem(),
            _ => None,
        }
    }

    /// Conekta: makes one more webhook key, which signs from now on; its PEM public half.
    pub fn add_webhook_key(&self) -> Option<String> {
        match &self.desk.kind {
            Kind::Conekta(merchant) => {
                merchant.webhook_keys.add(conekta::is_live(&self.desk));
                merchant.webhook_keys.public_pem()
            }
            _ => None,
        }
    }

    /// Conekta: the `DIGEST` it would send with this body.
    pub fn digest(&self, body: &[u8]) -> Option<String> {
        match &self.desk.kind {
            Kind::Conekta(merchant) => merchant.webhook_keys.sign(body),
            _ => None,
        }
    }

    /// Conekta: the buyer takes a reference to pay later, and the gateway tells that it waits. A pay choice then
    /// pays it.
    pub async fn issue_voucher(&self, order: &str, voucher: Voucher) -> Result<(), NoPayment> {
        let base_url = self.desk.base_url.clone();
        self.desk.with_payment(order, |payment| {
            conekta_order::issue(payment, voucher, &base_url, conekta::now_s());
        })?;
        self.tell(order, SimStatus::Pending).await
    }

    /// Conekta: somebody pays the voucher that the buyer took before he paid otherwise, and the gateway tells it.
    pub async fn pay_left_voucher(&self, order: &str) -> Result<(), NoPayment> {
        let is_paid = self.desk.with_payment(order, |payment| {
            conekta_refunds::pay_left_voucher(payment, conekta::now_s())
        })?;
        if !is_paid {
            return Err(NoPayment(order.to_owned()));
        }
        let payment = self.desk.with_payment(order, |payment| payment.clone())?;
        for errand in self.desk.errands_of(&payment) {
            self.desk.sender.deliver(self.desk.clone(), errand).await;
        }
        Ok(())
    }

    /// Decides as the buyer would on the page; returns when its webhooks were delivered or given up.
    pub async fn pay(&self, order: &str, choice: Choice) -> Result<(), NoPayment> {
        let token = self.desk.with_payment(order, |payment| payment.token.clone())?;
        let errands = self
            .desk
            .decide(&token, choice)
            .ok_or_else(|| NoPayment(order.to_owned()))?;
        for errand in errands {
            self.desk.sender.deliver(self.desk.clone(), errand).await;
        }
        Ok(())
    }

    /// Sets a payment's status and tells it by webhook, as a settlement or a refund would.
    pub async fn tell(&self, order: &str, status: SimStatus) -> Result<(), NoPayment> {
        self.set_status(order, status)?;
        let payment = self.desk.with_payment(order, |payment| payment.clone())?;
        for errand in self.desk.errands_of(&payment) {
            self.desk.sender.deliver(self.desk.clone(), errand).await;
        }
        Ok(())
    }

    /// Sets a payment's status and tells nobody.
    pub fn set_status(&self, order: &str, status: SimStatus) -> Result<(), NoPayment> {
        self.desk.with_payment(order, |payment| payment.turn(status))
    }

    /// The statuses the next questions about a payment are answered with; the last one stays.
    pub fn script(&self, order: &str, statuses: impl IntoIterator<Item = SimStatus>) -> Result<(), NoPayment> {
        self.desk
            .with_payment(order, |payment| payment.script = statuses.into_iter().collect())
    }

    /// What answers and webhooks call the amount from now on, whatever was asked for.
    pub fn claim_amount(&self, order: &str, amount: &str) -> Result<(), NoPayment> {
        self.desk
            .with_payment(order, |payment| payment.claimed_amount = Some(amount.to_owned()))
    }

    /// What answers and webhooks call the currency from now on.
    pub fn claim_currency(&self, order: &str, currency: &str) -> Result<(), NoPayment> {
        self.desk
            .with_payment(order, |payment| payment.currency = currency.to_owned())
    }

    /// What a payment's own data name as its order from now on; its reference stays (FedaPay).
    pub fn claim_order(&self, order: &str, claimed: &str) -> Result<(), NoPayment> {
        let own = serde_json::json!({ "ref": claimed });
        self.desk.with_payment(order, |payment| {
            payment.extra.insert("custom_metadata".to_owned(), own);
        })
    }

    /// Faults for the next calls to the API, one each.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.desk.state().faults.extend(faults);
    }

    /// Faults that no call has met yet are taken back.
    pub fn fail_no_more(&self) {
        self.desk.state().faults.clear();
    }

    pub fn set_quirk(&self, quirk: Quirk, on: bool) {
        let mut state = self.desk.state();
        if on {
            state.quirks.insert(quirk);
        } else {
            state.quirks.remove(&quirk);
        }
    }

    /// CinetPay v1: the login tokens given out so far are answered with code 1003 from now on.
    pub fn expire_logins(&self) {
        self.desk.state().logins.clear();
    }

    /// The calls to the API so far, as `METHOD path`.
    pub fn calls(&self) -> Vec<String> {
        self.desk.state().calls.clone()
    }

    /// The webhooks sent so far, with the answers they got.
    pub fn webhooks(&self) -> Vec<SentWebhook> {
        self.desk.sender.sent()
    }

    /// Waits until no webhook is on its way or due.
    pub async fn idle(&self) {
        self.desk.sender.idle().await;
    }
}

/// Which gateway a desk plays, with the keys it knows.
#[derive(Clone, Debug)]
enum Kind {
    Fedapay(FedapayKeys),
    CinetpayV2(CinetpayV2Keys),
    CinetpayV1(CinetpayV1Keys),
    Feexpay(FeexpayKeys),
    Conekta(conekta::Merchant),
    Mercadopago(MercadopagoKeys),
}

async fn serve(desk: Arc<Desk>, request: Request) -> Reply {
    if let Some(reply) = pages::answer(&desk, &request) {
        return reply;
    }
    if let Some(reply) = browser::answer(&desk, &request) {
        return reply;
    }
    let fault = desk.record_call(&request);
    if let Some(reply) = fault.and_then(|fault| fault.instead(&desk.kind)) {
        return reply;
    }
    let reply = match &desk.kind {
        Kind::Fedapay(keys) => fedapay::answer(&desk, keys, &request),
        Kind::CinetpayV2(keys) => cinetpay_v2::answer(&desk, keys, &request),
        Kind::CinetpayV1(keys) => cinetpay_v1::answer(&desk, keys, &request),
        Kind::Feexpay(keys) => feexpay::answer(&desk, keys, &request),
        Kind::Conekta(merchant) => conekta::answer(&desk, merchant, &request),
        Kind::Mercadopago(keys) => mercadopago::answer(&desk, keys, &request),
    };
    match fault {
        Some(Fault::SilentAfterAccepting) => std::future::pending().await,
        Some(Fault::HangUpAfterAccepting) => Reply::hang_up(),
        _ => reply,
    }
}

/// FedaPay's published number of further tries.
const FEDAPAY_RETRIES: u64 = 9;

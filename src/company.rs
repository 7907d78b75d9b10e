//! The business: who owns what. Every record is written by `apply` (or the console) and read as one
//! snapshot, the `Directory`, so that no request waits for the database to learn who it is about.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::api_key::RouterKey;
use crate::ids::{AccountId, CompanyId, HotspotId, PlanId, RouterId};
use crate::money::Currency;
use crate::plan::{Plan, Product};
use crate::sorted::Arrange;
use crate::voucher::VoucherStyle;

/// A tenant: owns routers, accounts and plans.
#[derive(Clone, Debug)]
pub struct Company {
    pub id: CompanyId,
    pub name: String,
    /// ISO 3166 alpha-2, upper case; gives default currency, phone rules and time zone.
    pub country: String,
    pub language: Language,
    /// IANA time zone name.
    pub timezone: String,
    /// Default for `miknotifemail`.
    pub notify_email: Option<String>,
    pub card: CompanyCard,
}

/// What the API knows of a company besides; the business file does not touch it.
#[derive(Clone, Debug)]
pub struct CompanyCard {
    pub contact_phone: Option<String>,
    pub logo_url: Option<String>,
    /// An inactive company sells nothing, and its keys and users are refused. Money that is on its way still counts.
    pub active: bool,
    pub created_at: Timestamp,
    pub telegram: Telegram,
}

impl Default for CompanyCard {
    fn default() -> Self {
        Self {
            contact_phone: None,
            logo_url: None,
            active: true,
            created_at: Timestamp::UNIX_EPOCH,
            telegram: Telegram::default(),
        }
    }
}

/// The chat that hears of sales.
#[derive(Clone, Debug, Default)]
pub struct Telegram {
    pub token: Option<SecretString>,
    pub chat: Option<String>,
    pub on: bool,
}

/// The languages every text for people exists in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    #[default]
    Fr,
    En,
    Es,
    Pt,
}

impl Language {
    pub const ALL: [Self; 4] = [Self::Fr, Self::En, Self::Es, Self::Pt];

    pub fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
            Self::Es => "es",
            Self::Pt => "pt",
        }
    }

    /// Reads `fr`, `fr-BJ`, `FR`; anything else is `None`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.trim();
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(primary))
    }
}

/// One MikroTik reached at one address. Nothing of it is ever taken from an unauthenticated request.
#[derive(Clone, Debug)]
pub struct Router {
    pub id: RouterId,
    pub company: CompanyId,
    /// `host:port` of the RouterOS API.
    pub address: String,
    pub tls: RouterTls,
    /// Absent until `mikadminuser`/`mikadminpass` of an authentic callback are learnt.
    pub credentials: Option<RouterCredentials>,
    /// `mikaccessuuid`.
    pub access_uuid: String,
    pub card: RouterCard,
}

/// What the API knows of a router besides; the business file does not touch it.
#[derive(Clone, Debug)]
pub struct RouterCard {
    /// For people; its id where nobody named it.
    pub name: Option<String>,
    pub location: Option<String>,
    /// Nothing is sold on an inactive router.
    pub active: bool,
    pub created_at: Timestamp,
    /// What the names of users begin with that portals sell.
    pub user_prefix: String,
    /// When it was deleted although orders still need it. It is shown to nobody.
    pub removed_at: Option<Timestamp>,
}

impl Default for RouterCard {
    fn default() -> Self {
        Self {
            name: None,
            location: None,
            active: true,
            created_at: Timestamp::UNIX_EPOCH,
            user_prefix: String::new(),
            removed_at: None,
        }
    }
}

impl Router {
    /// What people call it.
    pub fn shown_name(&self) -> &str {
        self.card.name.as_deref().unwrap_or(self.id.as_str())
    }
}

#[derive(Clone, Debug)]
pub struct RouterCredentials {
    pub user: String,
    pub password: SecretString,
}

impl RouterCredentials {
    /// Whether a router can be told of this name: it declares no character set, so only ASCII means the same on both
    /// sides (facts: routeros 1.6).
    pub fn is_user(name: &str) -> bool {
        !name.is_empty() && name.bytes().all(|byte| (0x20..0x7f).contains(&byte))
    }
}

/// How the API connection is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RouterTls {
    #[default]
    Off,
    /// Public certificate authorities.
    Webpki,
    /// SHA-256 of the leaf certificate (DER).
    Pinned([u8; 32]),
}

/// One hotspot server on a router.
#[derive(Clone, Debug)]
pub struct Hotspot {
    pub id: HotspotId,
    pub router: RouterId,
    /// `<server>` in `/pay_callback/<gateway>/<server>`; unique in the relay.
    pub label: String,
    /// RouterOS hotspot server name = `$(server-name)` = `nasid` = `mikserver`.
    pub name: String,
    /// `mikdnsname`, with a port where it is not 80.
    pub dns_name: Option<String>,
    pub style: VoucherStyle,
    pub links: LinkPolicy,
    pub mikhmon: MikhmonWishes,
}

/// What a hotspot wishes of the relay because Mikhmon serves the same router. Off where nobody says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MikhmonWishes {
    /// Write a sale record for each sale of which Mikhmon writes none.
    pub records: bool,
    pub batch: MikhmonBatch,
    /// End a voucher's validity where the profile's script cannot any more.
    pub expiry: bool,
}

/// What shares a line of Mikhmon's list of batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MikhmonBatch {
    /// The sales of a hotspot on one day.
    #[default]
    Day,
    /// Each sale is its own; its reference stands in the comment until the first login.
    Sale,
}

impl MikhmonBatch {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Sale => "sale",
        }
    }
}

impl Hotspot {
    /// RouterOS' word for every hotspot server of a router; no server of its own is in its list by this name.
    pub const ANY_SERVER: &'static str = "all";
}

/// What an old link may decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkPolicy {
    /// A link only selects a plan; the plan says the price.
    #[default]
    Plans,
    /// The old trust: a link without a matching plan is believed.
    Open,
}

/// Whose API an account speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GatewayName {
    Fedapay,
    Cinetpay,
    Feexpay,
    Conekta,
    Mercadopago,
}

impl GatewayName {
    pub const ALL: [Self; 5] = [
        Self::Fedapay,
        Self::Cinetpay,
        Self::Feexpay,
        Self::Conekta,
        Self::Mercadopago,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fedapay => "fedapay",
            Self::Cinetpay => "cinetpay",
            Self::Feexpay => "feexpay",
            Self::Conekta => "conekta",
            Self::Mercadopago => "mercadopago",
        }
    }

    /// The name as it is written for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Fedapay => "FedaPay",
            Self::Cinetpay => "CinetPay",
            Self::Feexpay => "FeexPay",
            Self::Conekta => "Conekta",
            Self::Mercadopago => "Mercado Pago",
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }
}

/// Real money or the gateway's sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    Live,
    Test,
}

/// One gateway account of a company.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub company: CompanyId,
    pub mode: Mode,
    /// Replaces the gateway's own API host; for simulators and proxies.
    pub base_url: Option<String>,
    pub keys: AccountKeys,
    pub refunds: RefundPolicy,
}

/// When money goes back without a person saying so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RefundPolicy {
    /// Hours after which a paid order that no router took is refunded; never when absent.
    pub undelivered_after_h: Option<u32>,
    /// A second payment for an order that is paid already goes back at once.
    pub paid_twice: bool,
}

impl Account {
    pub fn gateway(&self) -> GatewayName {
        match self.keys {
            AccountKeys::Fedapay { .. } => GatewayName::Fedapay,
            AccountKeys::CinetpayV2 { .. } | AccountKeys::CinetpayV1 { .. } => GatewayName::Cinetpay,
            AccountKeys::Feexpay { .. } => GatewayName::Feexpay,
            AccountKeys::Conekta { .. } => GatewayName::Conekta,
            AccountKeys::Mercadopago { .. } => GatewayName::Mercadopago,
        }
    }
}

/// The keys of an account, by the API generation they belong to. No secret is ever empty (`apply` refuses it), but for
/// Conekta's private key and Mercado Pago's access token, which their owner may take away: without it, an account neither
/// sells nor asks.
#[derive(Clone, Debug)]
pub enum AccountKeys {
    Fedapay {
        public_key: Option<String>,
        secret_key: Option<SecretString>,
        /// Several while rotating.
        webhook_secrets: Vec<SecretString>,
    },
    /// The legacy API: `site_id` present.
    CinetpayV2 {
        site_id: String,
        api_key: SecretString,
        webhook_secrets: Vec<SecretString>,
    },
    /// The API of 2026: `api_password` present.
    CinetpayV1 {
        api_key: SecretString,
        api_password: SecretString,
    },
    Feexpay {
        shop: String,
        token: SecretString,
        callback_header: Option<CallbackHeader>,
    },
    Conekta {
        private_key: SecretString,
        public_key: Option<String>,
        /// The PEM public keys its webhooks are signed with; several while rotating.
        webhook_keys: Vec<String>,
        /// What the hosted page offers; never empty.
        methods: Vec<ConektaMethod>,
    },
    Mercadopago {
        access_token: SecretString,
        public_key: Option<String>,
        /// Several while rotating; live, test and QR applications sign with secrets of their own.
        webhook_secrets: Vec<SecretString>,
        checkout: MercadopagoCheckout,
    },
}

/// A way to pay on Conekta's hosted page, by the words of its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConektaMethod {
    Card,
    /// A reference that is paid at a store's till.
    Cash,
    /// SPEI.
    BankTransfer,
}

impl ConektaMethod {
    pub const ALL: [Self; 3] = [Self::Card, Self::Cash, Self::BankTransfer];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Cash => "cash",
            Self::BankTransfer => "bank_transfer",
        }
    }
}

/// Which of Mercado Pago's two hosted checkouts an account uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MercadopagoCheckout {
    /// `POST /checkout/preferences`.
    #[default]
    Preferences,
    /// `POST /v1/orders`.
    Orders,
}

impl MercadopagoCheckout {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preferences => "preferences",
            Self::Orders => "orders",
        }
    }
}

impl AccountKeys {
    /// The key that a page may hold.
    pub fn public_key(&self) -> Option<&str> {
        match self {
            Self::Fedapay { public_key, .. }
            | Self::Conekta { public_key, .. }
            | Self::Mercadopago { public_key, .. } => public_key.as_deref(),
            Self::CinetpayV2 { .. } | Self::CinetpayV1 { .. } | Self::Feexpay { .. } => None,
        }
    }

    /// The key that proves to the gateway who calls; only the account's owner has it.
    pub fn private_key(&self) -> Option<&SecretString> {
        let key = match self {
            Self::Fedapay { secret_key, .. } => secret_key.as_ref(),
            Self::CinetpayV2 { api_key, .. } => Some(api_key),
            Self::CinetpayV1 { api_password, .. } => Some(api_password),
            Self::Feexpay { token, .. } => Some(token),
            Self::Conekta { private_key, .. } => Some(private_key),
            Self::Mercadopago { access_token, .. } => Some(access_token),
        };
        key.filter(|key| !key.expose_secret().is_empty())
    }
}

/// The static header a FeexPay dashboard adds to each call: `Name: value`.
#[derive(Clone, Debug)]
pub struct CallbackHeader {
    pub name: String,
    pub value: SecretString,
}

/// All business records at one moment, indexed for the questions requests ask.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    pub companies: HashMap<CompanyId, Company>,
    pub routers: HashMap<RouterId, Router>,
    pub hotspots: HashMap<HotspotId, Hotspot>,
    pub accounts: HashMap<AccountId, Account>,
    pub plans: HashMap<PlanId, Plan>,
    /// What the API knows of each plan.
    pub products: HashMap<PlanId, Product>,
    /// The keys of portals that are not revoked, by the SHA-256 of what a client shows.
    pub router_keys: HashMap<[u8; 32], Arc<RouterKey>>,
}

impl Directory {
    pub fn hotspot_by_label(&self, label: &str) -> Option<&Hotspot> {
        self.hotspots.values().find(|hotspot| hotspot.label == label)
    }

    pub fn router_of(&self, hotspot: &Hotspot) -> Option<&Router> {
        self.routers.get(&hotspot.router)
    }

    pub fn company_of(&self, hotspot: &Hotspot) -> Option<&Company> {
        self.companies.get(&self.router_of(hotspot)?.company)
    }

    /// The company's accounts at one gateway, in the order of their ids.
    pub fn accounts_at(&self, company: &CompanyId, gateway: GatewayName) -> Vec<&Account> {
        let mut accounts: Vec<_> = self
            .accounts
            .values()
            .filter(|account| &account.company == company && account.gateway() == gateway)
            .collect();
        accounts.arrange_by(|a, b| a.id.cmp(&b.id));
        accounts
    }

    /// The plans of a hotspot, cheapest first.
    pub fn plans_of(&self, hotspot: &HotspotId) -> Vec<&Plan> {
        let mut plans: Vec<_> = self.plans.values().filter(|plan| &plan.hotspot == hotspot).collect();
        plans.arrange_by(|a, b| (a.price.minor(), &a.id).cmp(&(b.price.minor(), &b.id)));
        plans
    }

    /// The router that a plan is sold on.
    pub fn router_of_plan(&self, plan: &Plan) -> Option<&Router> {
        self.router_of(self.hotspots.get(&plan.hotspot)?)
    }

    /// A product by its number, with its plan.
    pub fn product(&self, number: i64) -> Option<(&Product, &Plan)> {
        let product = self.products.values().find(|product| product.number == number)?;
        Some((product, self.plans.get(&product.plan)?))
    }

    /// Whether the plan is on sale at all: product, router and company are active.
    pub fn is_on_sale(&self, plan: &Plan) -> bool {
        let is_offered = self.products.get(&plan.id).is_none_or(|product| product.active);
        is_offered && self.hotspots.get(&plan.hotspot).is_some_and(|it| self.is_open(it))
    }

    /// Whether the company is there and active.
    pub fn is_active(&self, company: &CompanyId) -> bool {
        self.companies.get(company).is_some_and(|company| company.card.active)
    }

    /// Whether anything is sold on the hotspot: router and company are active.
    pub fn is_open(&self, hotspot: &Hotspot) -> bool {
        self.router_of(hotspot).is_some_and(|router| router.card.active)
            && self.company_of(hotspot).is_some_and(|company| company.card.active)
    }

    /// The account whose public key portals get and which charges their cards: one with a public key before others,
    /// real money before play money, then by id.
    pub fn portal_account(&self, company: &CompanyId, gateway: GatewayName) -> Option<&Account> {
        let rank = |account: &&Account| (account.keys.public_key().is_none(), account.mode == Mode::Test);
        // The first of equals, and they come in the order of their ids.
        self.accounts_at(company, gateway).into_iter().min_by_key(rank)
    }

    /// Whether `account` may sell `plan`: named by it, or any of the company's when it names none.
    pub fn may_sell(&self, account: &Account, plan: &Plan) -> bool {
        let same_company = self
            .hotspots
            .get(&plan.hotspot)
            .and_then(|hotspot| self.company_of(hotspot))
            .is_some_and(|company| company.id == account.company);
        same_company && (plan.accounts.is_empty() || plan.accounts.contains(&account.id))
    }

    /// Whether some account sells this for real money. `plan` is `None` for what an open link made up.
    pub fn is_sold_live(&self, hotspot: &HotspotId, plan: Option<&PlanId>) -> bool {
        let company = self.hotspots.get(hotspot).and_then(|hotspot| self.company_of(hotspot));
        let plan = plan.and_then(|plan| self.plans.get(plan));
        let sells = |account: &Account| match plan {
            Some(plan) => self.may_sell(account, plan),
            None => company.is_some_and(|company| company.id == account.company),
        };
        self.accounts
            .values()
            .any(|account| account.mode == Mode::Live && sells(account))
    }

    pub fn currency_of(&self, company: &Company) -> Currency {
        Currency::of_country(&company.country)
    }
}

//! What the buyer's pages show of an order.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;

use super::{Relay, reconcile};
use crate::company::{Account, Directory, GatewayName, Hotspot, Language};
use crate::destination::back_to_hotspot;
use crate::gateway::{self, PayMethod};
use crate::ids::{OrderRef, OrderToken};
use crate::money::Money;
use crate::order::{Online, Order, Place, State};
use crate::phone;
use crate::plan::{DataLimit, TimeLimit};
use crate::reason::Reason;
use crate::store::StoreError;
use crate::voucher::{UserMode, Voucher};

/// An order as its page shows it. Holds the voucher only when the buyer may see it.
#[derive(Clone)]
pub struct OrderView {
    pub reference: OrderRef,
    pub token: OrderToken,
    pub state: State,
    pub online: Online,
    pub language: Language,
    pub company_name: String,
    /// Where to complain: the company's notify address is not shown, so this is its name and country only.
    pub hotspot_name: String,
    pub plan_label: String,
    pub price: Money,
    pub time: TimeLimit,
    pub data: DataLimit,
    pub gateway: GatewayName,
    /// What the buyer has to do while the order waits.
    pub pay: PayStep,
    /// How a payment that was begun is completed at a till or a bank, while its money is awaited.
    pub payable_at: Option<PayableAt>,
    pub voucher: Option<VoucherView>,
    /// Where the buyer of a payment by link goes back to, if its program said so.
    pub link: Option<LinkView>,
    /// Top-level link that logs the phone in at the router; only with a voucher and a dns-name.
    pub login_url: Option<String>,
    /// Where an online phone goes next: its own `dst`, else the hotspot's status page.
    pub home_url: Option<String>,
    /// The buy link again, for another try.
    pub retry_url: String,
    /// The gateway's words for a refusal, cut and without control characters.
    pub refusal: Option<String>,
    /// Why the payment could not begin, for the operator: the gateway did not even ask the buyer.
    pub fault: Option<Reason>,
    /// Seconds since the payment was confirmed, while the router has not answered yet.
    pub paid_for_s: Option<i64>,
}

impl std::fmt::Debug for OrderView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The login link holds the voucher.
        f.debug_struct("OrderView")
            .field("reference", &self.reference)
            .field("state", &self.state)
            .field("online", &self.online)
            .finish_non_exhaustive()
    }
}

/// What the buyer has to do while an order waits for money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayStep {
    Nothing,
    /// Open the gateway's page (again).
    Open {
        url: String,
    },
    /// The gateway's script makes the payment on our page.
    CheckoutJs {
        script_url: String,
        public_key: String,
        environment: &'static str,
        description: String,
    },
    /// The phone asks for the PIN.
    ConfirmOnPhone {
        last_digits: String,
    },
    /// The gateway could not be reached; the button may be pressed again.
    TryAgain,
}

/// A payment by link, as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkView {
    pub return_url: Option<String>,
}

/// A number to pay with, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayableAt {
    pub reference: String,
    pub place: Place,
    /// By the clocks where the company is.
    pub until: Option<jiff::civil::DateTime>,
    /// The gateway's picture of it (a bar code).
    pub url: Option<String>,
}

#[derive(Clone)]
pub struct VoucherView {
    pub username: String,
    pub password: String,
    pub mode: UserMode,
}

impl std::fmt::Debug for VoucherView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VoucherView(…)")
    }
}

/// What a buyer types to find his code again.
#[derive(Clone, Default)]
pub struct Recovery {
    /// The gateway's reference or ours.
    pub reference: String,
    /// Last digits of the phone, or the amount.
    pub second: Option<String>,
    /// The device cookie, if the browser sent one.
    pub device: Option<String>,
}

impl std::fmt::Debug for Recovery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recovery(…)")
    }
}

pub(super) async fn order_view(relay: &Relay, token: &OrderToken) -> Result<Option<OrderView>, StoreError> {
    let order = read(relay, token).await?;
    Ok(order.and_then(|order| compose(relay, &relay.store().directory(), order)))
}

pub(super) async fn open_order(relay: &Relay, token: &OrderToken) -> Result<Option<OrderView>, StoreError> {
    let order = read(relay, token).await?;
    if let Some(order) = &order {
        reconcile::hurry(relay, order);
    }
    Ok(order.and_then(|order| compose(relay, &relay.store().directory(), order)))
}

async fn read(relay: &Relay, token: &OrderToken) -> Result<Option<Order>, StoreError> {
    let wanted = token.clone();
    relay.store().read(move |db| db.order_by_token(&wanted)).await
}

/// `None` where the order's company, hotspot or account is gone from the business file.
fn compose(relay: &Relay, directory: &Directory, order: Order) -> Option<OrderView> {
    let company = directory.companies.get(&order.company)?;
    let hotspot = directory.hotspots.get(&order.hotspot)?;
    let account = directory.accounts.get(&order.account)?;
    let voucher = order.voucher.as_ref().filter(|_| order.state.shows_voucher());
    let dns_name = dns_name(&order, hotspot);
    let home_url = dns_name.map(|name| home(name, order.buyer.dst.as_deref()));
    let login_url = dns_name
        .zip(voucher)
        .map(|(name, voucher)| login(name, voucher, home_url.as_deref()));
    let (refusal, fault) = match order.reason.clone().filter(|_| order.state == State::Failed) {
        Some(Reason::Declined { words, .. } | Reason::Other { words }) => (Some(words), None),
        fault => (None, fault),
    };
    let waits_for_router = matches!(order.state, State::Paid | State::Stuck);
    Some(OrderView {
        pay: pay_step(&order, account, &company.country, relay.now()),
        payable_at: payable_at(&order, &company.timezone, relay.now()),
        retry_url: retry_url(&order),
        paid_for_s: order
            .paid_at
            .filter(|_| waits_for_router)
            .map(|at| relay.now().duration_since(at).as_secs()),
        refusal,
        fault,
        company_name: company.name.clone(),
        hotspot_name: hotspot.name.clone(),
        language: order.buyer.language,
        gateway: account.gateway(),
        voucher: voucher.map(show),
        link: order.link.as_ref().map(|link| LinkView {
            return_url: link.return_url.clone(),
        }),
        login_url,
        home_url,
        plan_label: order.plan.label,
        price: order.plan.price,
        time: order.plan.time,
        data: order.plan.data,
        state: order.state,
        online: order.online,
        reference: order.reference,
        token: order.token,
    })
}

fn dns_name<'a>(order: &'a Order, hotspot: &'a Hotspot) -> Option<&'a str> {
    order.params.dns_name.as_deref().or(hotspot.dns_name.as_deref())
}

fn show(voucher: &Voucher) -> VoucherView {
    VoucherView {
        username: voucher.username.expose_secret().to_owned(),
        password: voucher.password.expose_secret().to_owned(),
        mode: voucher.mode,
    }
}

/// Where an online phone goes: its own page of the hotspot, else the status page.
fn home(dns_name: &str, dst: Option<&str>) -> String {
    let own_page = dst.and_then(|dst| back_to_hotspot(dst, dns_name));
    own_page.unwrap_or_else(|| format!("http://{dns_name}/status"))
}

/// A top-level link: the only way from an https page to the router's plain one that no browser blocks.
fn login(dns_name: &str, voucher: &Voucher, dst: Option<&str>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (user, password) = (
        encode(voucher.username.expose_secret()),
        encode(voucher.password.expose_secret()),
    );
    let dst = dst.map(|dst| format!("&dst={}", encode(dst))).unwrap_or_default();
    format!("http://{dns_name}/login?username={user}&password={password}{dst}")
}

fn pay_step(order: &Order, account: &Account, country: &str, now: Timestamp) -> PayStep {
    if !matches!(order.state, State::New | State::Waiting) {
        return PayStep::Nothing;
    }
    match gateway::of(account).pay_method(account, country) {
        PayMethod::CheckoutJs {
            public_key,
            environment,
            script_url,
        } => PayStep::CheckoutJs {
            script_url,
            public_key,
            environment,
            description: gateway::plain_description(&order.plan.label),
        },
        PayMethod::PhoneForm { .. } if order.pay_url.is_none() && order.state == State::Waiting => {
            let phone = order.buyer.phone.as_deref().unwrap_or_default();
            PayStep::ConfirmOnPhone {
                last_digits: phone::last_digits(phone, 2).unwrap_or_default(),
            }
        }
        _ => match &order.pay_url {
            Some(url) => PayStep::Open { url: url.clone() },
            // Another tap is still asking the gateway.
            None if order.reason.is_none() && now.duration_since(order.created_at) < STARTS_WITHIN => PayStep::Nothing,
            None => PayStep::TryAgain,
        },
    }
}

/// A card may be refused on the same page on which the buyer then takes a reference: that order has failed, and can
/// be paid all the same.
fn payable_at(order: &Order, timezone: &str, now: Timestamp) -> Option<PayableAt> {
    let instructions = order.instructions.as_ref();
    let is_awaited = matches!(order.state, State::New | State::Waiting | State::Failed);
    let is_valid = |at: Option<Timestamp>| at.is_none_or(|at| now < at);
    let instructions = instructions.filter(|instructions| is_awaited && is_valid(instructions.expires_at))?;
    let zone = crate::packed::time_zone(timezone).unwrap_or(TimeZone::UTC);
    Some(PayableAt {
        reference: instructions.reference.clone(),
        place: instructions.place.clone(),
        until: instructions.expires_at.map(|at| at.to_zoned(zone).datetime()),
        url: instructions.url.clone(),
    })
}

/// The short link of the plan, with what is known of the phone.
fn retry_url(order: &Order) -> String {
    let Some(plan) = &order.plan.plan else {
        return "/".to_owned();
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let buyer = &order.buyer;
    for (name, value) in [("mac", &buyer.mac), ("ip", &buyer.ip), ("dst", &buyer.dst)] {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.append_pair("lang", buyer.language.code());
    let plan = utf8_percent_encode(plan.as_str(), NON_ALPHANUMERIC);
    format!("/b/{plan}?{}", query.finish())
}

/// Longer than a call to a gateway may take.
const STARTS_WITHIN: SignedDuration = SignedDuration::from_secs(25);

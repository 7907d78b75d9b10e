//! The names of a sale. Each is the digest of what makes a request the same one, unique in the store; order, sale and
//! names are one commit, so that of any number of requests at once one makes the sale and the others find it.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::SignedDuration;
use rand::rngs::SysRng;
use secrecy::ExposeSecret;

use super::flight::Flight;
use super::product::Offered;
use super::{CardWish, Relay, SaleError, checkout};
use crate::card::{CardSale, Payer, SaleResult, SaleWish};
use crate::ids::{OrderRef, PlanId};
use crate::mik_params::MikParams;
use crate::order::{Buyer, Online, Order, PlanSnapshot, State};
use crate::payment::change::Change;
use crate::phone::Phone;
use crate::routeros::normal_mac;
use crate::secrets;
use crate::store::{Claim, StoreError};
use crate::voucher::{self, BatchNumber};

/// What became of asking for a sale.
pub(super) enum Claimed {
    /// It is made: carry it out.
    New(Flight),
    Known(OrderRef),
}

/// Stores a new sale, or finds the one that was asked for before.
pub(super) async fn take(relay: &Relay, offered: &Offered, wish: &CardWish) -> Result<Claimed, SaleError> {
    let names = Names::of(offered, wish);
    let (order, sale) = new_sale(relay, offered, wish, &names)?;
    let reference = order.reference.clone();
    // Taken before anybody can find the order.
    let flight = relay.0.flights.board(&reference).ok_or(SaleError::StillRunning)?;
    let plan = offered.plan.id.clone();
    let found = relay
        .change(move |change| find_or_store(change, &names, &plan, &order, &sale))
        .await?;
    match found {
        Found::Nothing => Ok(Claimed::New(flight)),
        Found::Sale(known) => Ok(Claimed::Known(known)),
        Found::KeyOfAnother => Err(SaleError::KeyReused),
        Found::TokenOfAnother => Err(SaleError::TokenReused),
    }
}

/// The digests that a request is known by.
struct Names {
    key: Option<[u8; 32]>,
    token: [u8; 32],
    /// Product, device and address; without a device nobody can be told from his neighbour.
    tap: Option<[u8; 32]>,
}

impl Names {
    fn of(offered: &Offered, wish: &CardWish) -> Self {
        let company = offered.company.id.as_str();
        let mac = wish.mac.as_deref().and_then(normal_mac);
        let email = wish.email.to_lowercase();
        Self {
            key: wish
                .idempotency_key
                .as_deref()
                .map(|key| sha256(&["key", company, offered.router.id.as_str(), key])),
            token: token_sha256(company, wish.token.expose_secret()),
            tap: mac.map(|mac| sha256(&["tap", company, offered.plan.id.as_str(), &mac, &email])),
        }
    }

    fn claims(&self) -> Vec<Claim> {
        let all = self.key.into_iter().chain([self.token]);
        all.map(|sha256| Claim { sha256, is_tap: false }).collect()
    }
}

/// The name that a card token gives its sale.
pub(super) fn token_sha256(company: &str, token: &str) -> [u8; 32] {
    sha256(&["token", company, token])
}

/// Each part with its length, so that no two lists of parts are the same text.
fn sha256(parts: &[&str]) -> [u8; 32] {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let mut made = [0; 32];
    made.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    made
}

enum Found {
    Nothing,
    Sale(OrderRef),
    KeyOfAnother,
    TokenOfAnother,
}

fn find_or_store(
    change: &mut Change<'_>,
    names: &Names,
    plan: &PlanId,
    order: &Order,
    sale: &CardSale,
) -> Result<Found, StoreError> {
    if let Some(known) = names.key.map(|key| known_by(change, &key)).transpose()?.flatten() {
        // The same purchase with another token is a retried one; another product is somebody's slip.
        let is_same = known.plan.plan.as_ref() == Some(plan) && known.account == order.account;
        // A portal that makes poor keys must not hand one buyer's code to another.
        let first = change.db.card_sale(&known.reference)?;
        let is_buyer = first.is_some_and(|first| is_same_buyer(&first.wish.payer, &sale.wish.payer));
        return Ok(if is_same && is_buyer {
            Found::Sale(known.reference)
        } else {
            Found::KeyOfAnother
        });
    }
    if let Some(known) = known_by(change, &names.token)? {
        let is_same = known.plan.plan.as_ref() == Some(plan) && known.account == order.account;
        if !is_same {
            return Ok(Found::TokenOfAnother);
        }
        // From now on its key means this sale too, whatever token comes with it.
        if let Some(sha256) = names.key {
            change.db.add_claim(&known.reference, Claim { sha256, is_tap: false })?;
        }
        return Ok(Found::Sale(known.reference));
    }
    // Whoever says what makes his requests the same is believed.
    let tap = names.tap.filter(|_| names.key.is_none());
    if let Some(first) = tap.map(|tap| tapped(change, &tap)).transpose()?.flatten() {
        // Should this request come again later, its token still means the first one's sale.
        let claim = Claim {
            sha256: names.token,
            is_tap: true,
        };
        change.db.add_claim(&first, claim)?;
        return Ok(Found::Sale(first));
    }
    checkout::store_new(change, order)?;
    change.db.add_card_sale(sale, &names.claims())?;
    Ok(Found::Nothing)
}

fn is_same_buyer(first: &Payer, again: &Payer) -> bool {
    first.email.to_lowercase() == again.email.to_lowercase()
}

/// The sale of a moment ago for the same product, device and address; longer ago only one of which nobody knows
/// whether its card was charged.
fn tapped(change: &Change<'_>, tap: &[u8; 32]) -> Result<Option<OrderRef>, StoreError> {
    let Some(first) = change.db.sale_of_tap(tap, change.now - UNKNOWN_FOR)? else {
        return Ok(None);
    };
    let (Some(order), Some(sale)) = (change.db.order(&first)?, change.db.card_sale(&first)?) else {
        return Ok(None);
    };
    let is_unknown = order.state == State::New && sale.charge_began_at.is_some();
    let is_recent = sale.created_at > change.now - DOUBLE_TAP;
    Ok((is_unknown || (is_recent && is_alive(change, &first)?)).then_some(first))
}

/// The order of a name, unless it was only a tap's and that sale has failed since.
fn known_by(change: &Change<'_>, name: &[u8; 32]) -> Result<Option<Order>, StoreError> {
    let Some((reference, claim)) = change.db.sale_of_claim(name)? else {
        return Ok(None);
    };
    if claim.is_tap && !is_alive(change, &reference)? {
        change.db.forget_claim(name)?;
        return Ok(None);
    }
    change.db.order(&reference)
}

fn is_alive(change: &Change<'_>, reference: &OrderRef) -> Result<bool, StoreError> {
    let order = change.db.order(reference)?;
    Ok(order.is_some_and(|order| {
        !matches!(
            order.state,
            State::Failed | State::Expired | State::Cancelled | State::Refunded
        )
    }))
}

fn new_sale(relay: &Relay, offered: &Offered, wish: &CardWish, names: &Names) -> Result<(Order, CardSale), SaleError> {
    let now = relay.now();
    let (plan, account) = (&offered.plan, &offered.account);
    let mac = wish.mac.as_deref().and_then(normal_mac);
    let connects = wish.auto_connect && mac.is_some();
    let order = Order {
        reference: secrets::random_order_ref(),
        token: secrets::random_order_token(),
        company: account.company.clone(),
        hotspot: offered.hotspot.id.clone(),
        account: account.id.clone(),
        mode: account.mode,
        plan: PlanSnapshot {
            plan: Some(plan.id.clone()),
            label: plan.label.clone(),
            profile: plan.profile.clone(),
            price: plan.price,
            time: plan.time,
            data: plan.data,
        },
        state: State::New,
        reason: None,
        online: Online::Unknown,
        buyer: Buyer {
            // What is not to be logged in is not known to the login.
            mac: mac.filter(|_| connects),
            ip: wish.ip.as_deref().and_then(address).filter(|_| connects),
            bind_mac: connects,
            language: wish.language,
            phone: payer_phone(offered, wish),
            email: Some(wish.email.clone()).filter(|email| crate::notify::mail::check_address(email).is_ok()),
            ..Buyer::default()
        },
        gateway_id: None,
        notify_token: None,
        pay_url: None,
        instructions: None,
        voucher: Some(draw(relay, offered, wish)?),
        link: None,
        params: MikParams::default(),
        created_at: now,
        paid_at: None,
        provisioned_at: None,
        delivered_at: None,
    };
    let sale = CardSale {
        order: order.reference.clone(),
        company: order.company.clone(),
        wish: SaleWish {
            payer: Payer {
                name: one_line(&wish.name),
                email: wish.email.clone(),
                phone: order.buyer.phone.clone(),
                identification: wish.identification.clone(),
            },
            mode: wish.mode,
            prefix: offered.router.card.user_prefix.clone(),
            auto_connect: wish.auto_connect,
            mac: wish.mac.clone(),
            ip: wish.ip.clone(),
            installments: wish.installments,
        },
        result: SaleResult::default(),
        token_sha256: names.token,
        tap_sha256: names.tap,
        charge_began_at: None,
        created_at: now,
    };
    Ok((order, sale))
}

/// The comment has the day of the company's own clocks: the router has not been asked yet.
fn draw(relay: &Relay, offered: &Offered, wish: &CardWish) -> Result<voucher::Voucher, SaleError> {
    let zone = crate::packed::time_zone(&offered.company.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let day = relay.now().to_zoned(zone).date();
    let batch = BatchNumber::of(&offered.hotspot.id, day);
    let comment = voucher::comment(wish.mode, day, batch, "");
    let drawn = voucher::draw_for_portal(wish.mode, &offered.router.card.user_prefix, comment, &mut SysRng);
    // Without random bytes nothing can be made; it is as if the store were closed for a moment.
    drawn.map_err(|_| SaleError::Store(StoreError::Busy))
}

/// The number as a phone's, or none: what cannot be one is not sent to anybody, and nothing is made up for it.
fn payer_phone(offered: &Offered, wish: &CardWish) -> Option<String> {
    let text = wish.phone.as_deref()?;
    let phone = Phone::parse(text, &offered.company.country).ok()?;
    Some(phone.digits().to_owned())
}

fn address(text: &str) -> Option<String> {
    text.trim().parse::<std::net::Ipv4Addr>().ok().map(|ip| ip.to_string())
}

fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(NAME_CHARS).collect::<String>().trim().to_owned()
}

/// The same product for the same device and address again within this is one purchase.
const DOUBLE_TAP: SignedDuration = SignedDuration::from_mins(1);
/// Until then a charge whose answer was lost is found, or was none.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_mins(15);
/// No gateway prints more of a name.
const NAME_CHARS: usize = 100;

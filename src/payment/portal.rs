//! Sales by card token, as captive portals ask for them (facts: pagos-hotspot-api 5). An ordinary order goes another
//! way round: its user is reserved on the router first, disabled; then the card is charged; then the gateway is asked
//! again, and what it says takes the usual way: `settle`, `provision`, `online`.
//!
//! Promises: asking twice – by the same `Idempotency-Key`, the same card token, or within a minute for the same
//! product, device and address – is one sale with one answer. Our price is charged, whatever the portal says. A lost
//! answer of the gateway is unknown: it is asked by our reference before anything is tried again, and the reconciler
//! finishes what nobody waits for. What comes to nothing takes its user along, by a job.
//! Deliberately does not do: keep card tokens. A sale whose process ended before its charge is not charged later,
//! unless its buyer asks again.

mod answer;
mod charge;
mod claim;
mod flight;
mod product;
mod reserve;
pub mod told;

use secrecy::SecretString;

use super::settle::{self, Source};
use super::{Relay, checkout};
use crate::card::{CardSale, SaleFault, SaleResult};
use crate::company::{GatewayName, Language};
use crate::gateway::{self, GatewayError, PaymentKey, Report};
use crate::ids::{CompanyId, OrderRef, RouterId};
use crate::money::Money;
use crate::order::{Fact, Order, State};
use crate::store::StoreError;
use crate::voucher::UserMode;
pub use answer::{Access, Sold, Standing};
use charge::Card;
use claim::Claimed;
pub(super) use flight::Flights;

/// Whose portal sells: the company and router of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seller {
    pub company: CompanyId,
    pub router: RouterId,
}

/// What a portal asks for. No `Debug`: the token is money, and the rest is a person.
#[derive(Clone)]
pub struct CardWish {
    pub gateway: GatewayName,
    /// The product's number.
    pub product: i64,
    pub token: SecretString,
    /// What the portal believes the price to be, as a decimal number, where it says so.
    pub amount: Option<String>,
    pub name: String,
    pub email: String,
    pub phone: Option<String>,
    /// Kind and number of an identity document.
    pub identification: Option<(String, String)>,
    pub mode: UserMode,
    pub mac: Option<String>,
    pub ip: Option<String>,
    pub auto_connect: bool,
    pub installments: u32,
    pub method: Option<String>,
    pub issuer: Option<String>,
    pub device: Option<String>,
    pub language: Language,
    pub idempotency_key: Option<String>,
}

/// Why there is no sale. Nothing was stored, and nothing was charged.
#[derive(Debug, thiserror::Error)]
pub enum SaleError {
    #[error("the product is unknown, not on sale, or another router's")]
    NoProduct,
    #[error("the company has no account at {}", .0.title())]
    NoAccount(GatewayName),
    #[error("there is no card token")]
    NoToken,
    #[error("the portal asks {asked} for what costs {price}")]
    Amount { asked: String, price: Money },
    #[error("this `Idempotency-Key` was used for another sale")]
    KeyReused,
    #[error("this card token was used for another sale")]
    TokenReused,
    /// The first request for the same sale is still at work.
    #[error("the sale takes too long")]
    StillRunning,
    #[error("the relay cannot store a sale now")]
    Store(#[from] StoreError),
}

/// Sells, or finds what the same request has sold.
pub(super) async fn sell(relay: &Relay, seller: &Seller, wish: CardWish) -> Result<Sold, SaleError> {
    let offered = product::find(&relay.store().directory(), seller, &wish)?;
    let card = Card::of(&wish);
    let reference = loop {
        match claim::take(relay, &offered, &wish).await? {
            Claimed::New(flight) => {
                let reference = flight.order().clone();
                tokio::spawn(carry_out(relay.clone(), card.clone(), flight));
                break reference;
            }
            Claimed::Known(reference) => {
                if go_on(relay, &reference, &card).await? {
                    break reference;
                }
                // It came to nothing before the card was charged, and is not found again.
            }
        }
    };
    land(relay, &reference).await?;
    answer::describe(relay, &reference).await
}

/// Waits until nobody works at the sale any more.
async fn land(relay: &Relay, reference: &OrderRef) -> Result<(), SaleError> {
    let landed = relay.0.flights.landed(reference);
    tokio::time::timeout(LONGEST_FLIGHT, landed)
        .await
        .map_err(|_| SaleError::StillRunning)
}

/// Runs in a task of its own: a buyer who closes the page has bought all the same.
async fn carry_out(relay: Relay, card: Card, flight: flight::Flight) {
    let reference = flight.order().clone();
    if let Err(error) = Box::pin(run(&relay, &reference, &card)).await {
        tracing::error!(order = %reference, "order {reference}: the sale stopped half-way, and is finished later: {error}");
    }
}

async fn run(relay: &Relay, reference: &OrderRef, card: &Card) -> Result<(), StoreError> {
    if !reserve::reserve(relay, reference).await? {
        return Ok(());
    }
    if charge::begin(relay, reference, card).await? {
        charge::charge(relay, reference, card, false).await?;
    }
    answer::await_delivery(relay, reference).await
}

/// Brings an earlier sale as far as it can be brought now. `false`: it came to nothing and its names are free.
async fn go_on(relay: &Relay, reference: &OrderRef, card: &Card) -> Result<bool, SaleError> {
    // Whoever waited for the first request has seen it come as far as it could.
    let is_at_work = relay.0.flights.has(reference);
    land(relay, reference).await?;
    let flight = relay.0.flights.board(reference).filter(|_| !is_at_work);
    let Some(flight) = flight else {
        return Ok(true);
    };
    let Some((order, sale)) = load(relay, reference).await? else {
        return Ok(false);
    };
    if matches!(order.state, State::Failed) && sale.result.fault.is_some() {
        return Ok(true);
    }
    if matches!(
        order.state,
        State::New | State::Waiting | State::Paid | State::Provisioned | State::Stuck
    ) {
        let (relay, card) = (relay.clone(), card.clone());
        let resumed = tokio::spawn(async move {
            let reference = flight.order().clone();
            resume(&relay, &order, &sale, &card)
                .await
                .map_err(|error| tracing::error!(order = %reference, "order {reference}: {error}"))
        });
        // A step that broke off has said so; the answer tells what is known.
        drop(resumed.await);
    }
    Ok(true)
}

async fn resume(relay: &Relay, order: &Order, sale: &CardSale, card: &Card) -> Result<(), StoreError> {
    let reference = &order.reference;
    match (order.state, sale.charge_began_at) {
        (State::New, None) => return run(relay, reference, card).await,
        (State::New | State::Waiting, Some(began_at)) => {
            let is_known = charge::look(relay, order).await?;
            if !is_known && charge::may_repeat(relay, order, sale, card, began_at) {
                charge::charge(relay, reference, card, true).await?;
            }
        }
        _ => {}
    }
    answer::await_delivery(relay, reference).await
}

/// Whether the gateway was asked whether it has the charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    NotYet,
    /// It does not know it.
    Unknown,
}

/// Ends a sale whose card was never charged, as far as anybody can know: the process that began it is gone. Whether
/// nothing more is to be asked about it: of a refused card nobody tries again, unlike on a gateway's page.
pub(super) async fn ends_uncharged(relay: &Relay, order: &Order, asked: Asked) -> Result<bool, StoreError> {
    if !matches!(order.state, State::New | State::Waiting) {
        let is_old = relay.now().duration_since(order.created_at) >= ASKED_ON_FOR;
        let reference = order.reference.clone();
        return Ok(is_old && relay.store().read(move |db| db.is_card_sale(&reference)).await?);
    }
    if relay.0.flights.has(&order.reference) {
        return Ok(false);
    }
    let wanted = order.reference.clone();
    let Some(sale) = relay.store().read(move |db| db.card_sale(&wanted)).await? else {
        return Ok(false);
    };
    let is_over = match (sale.charge_began_at, asked) {
        (None, _) => relay.now().duration_since(sale.created_at) >= NEVER_CHARGED_AFTER,
        (Some(began_at), Asked::Unknown) => relay.now().duration_since(began_at) >= UNKNOWN_AFTER,
        (Some(_), Asked::NotYet) => false,
    };
    if is_over {
        let why = "no card was charged for it";
        fail(relay, &order.reference, SaleFault::NeverCharged, why.to_owned()).await?;
    }
    Ok(is_over)
}

/// Ends a sale before its card was charged. Its names are free again: nothing was spent.
async fn fail(relay: &Relay, reference: &OrderRef, fault: SaleFault, why: String) -> Result<(), StoreError> {
    let reference = reference.clone();
    relay
        .change(move |change| {
            let (Some(mut order), Some(sale)) = (change.db.order(&reference)?, change.db.card_sale(&reference)?) else {
                return Ok(());
            };
            if !matches!(order.state, State::New | State::Waiting) {
                return Ok(());
            }
            let result = SaleResult {
                fault: Some(fault),
                ..sale.result
            };
            change.db.save_sale_result(&reference, &result)?;
            change.db.forget_claims(&reference)?;
            change.advance(&mut order, Fact::Failed, &why)
        })
        .await
}

async fn load(relay: &Relay, reference: &OrderRef) -> Result<Option<(Order, CardSale)>, StoreError> {
    let wanted = reference.clone();
    relay
        .store()
        .read(move |db| Ok(db.order(&wanted)?.zip(db.card_sale(&wanted)?)))
        .await
}

/// Asks the gateway about a sale and moves its order by the answer.
async fn ask(relay: &Relay, order: &Order) -> Result<Result<Report, GatewayError>, StoreError> {
    let directory = relay.store().directory();
    let Some(account) = directory.accounts.get(&order.account) else {
        return Ok(Err(GatewayError::NotFound));
    };
    let key = PaymentKey {
        order: order.reference.clone(),
        gateway_id: order.gateway_id.clone(),
        created_at: order.created_at,
    };
    match relay.converse(account, gateway::of(account).ask(account, &key)).await {
        Ok(report) => {
            charge::keep(relay, &order.reference, &report).await?;
            settle::apply(relay, order.reference.clone(), report.clone(), Source::Question).await?;
            Ok(Ok(report))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// What a router and a gateway need together, below the deadline of a request.
const LONGEST_FLIGHT: std::time::Duration = std::time::Duration::from_secs(70);
/// Far longer than a request lives.
const NEVER_CHARGED_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_mins(3);
/// Banks change their minds within hours; what comes later comes with a webhook, or is found by the ledger.
const ASKED_ON_FOR: jiff::SignedDuration = jiff::SignedDuration::from_hours(6);
/// A gateway's search shows a payment long before.
const UNKNOWN_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);

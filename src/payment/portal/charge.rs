//! Charges the card of a sale, once, and asks the gateway again what became of it. What the gateway's answer to the
//! charge itself says is never believed about money; it only names the payment.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use super::claim::token_sha256;
use super::{CardWish, Relay, fail};
use crate::card::{CardRefusal, CardSale, SaleFault, SaleResult};
use crate::company::{Account, Company, Directory, GatewayName, Hotspot, Router};
use crate::gateway::{self, ChargeRequest, GatewayError, PaymentStatus, Report};
use crate::ids::OrderRef;
use crate::job::{Lane, NewJob, Task};
use crate::order::{Fact, Order, State};
use crate::payment::settle::{self, Source};
use crate::store::StoreError;

/// What of a request is needed for its charge and is not stored. No `Debug`.
#[derive(Clone)]
pub(super) struct Card {
    token: SecretString,
    method: Option<String>,
    issuer: Option<String>,
    device: Option<String>,
}

impl Card {
    pub fn of(wish: &CardWish) -> Self {
        Self {
            token: wish.token.clone(),
            method: wish.method.clone(),
            issuer: wish.issuer.clone(),
            device: wish.device.clone(),
        }
    }
}

/// Notes that the gateway hears of the card now. `false`: the sale is no longer to be charged.
pub(super) async fn begin(relay: &Relay, reference: &OrderRef, card: &Card) -> Result<bool, StoreError> {
    let (reference, token) = (reference.clone(), card.token.clone());
    relay
        .change(move |change| {
            let Some(order) = change.db.order(&reference)?.filter(|order| order.state == State::New) else {
                return Ok(false);
            };
            let digest = token_sha256(order.company.as_str(), token.expose_secret());
            change.db.begin_charge(&reference, &digest, change.now)?;
            change.note(&reference, "a user is reserved on the router; the card is charged now")?;
            Ok(true)
        })
        .await
}

/// Charges. `again`: an earlier try had no answer, and the gateway does not know it.
pub(super) async fn charge(relay: &Relay, reference: &OrderRef, card: &Card, again: bool) -> Result<(), StoreError> {
    let directory = relay.store().directory();
    let Some((order, sale)) = super::load(relay, reference).await? else {
        return Ok(());
    };
    let Some(place) = Place::find(&directory, &order) else {
        let why = "its account or hotspot is gone from the business file".to_owned();
        return fail(relay, reference, SaleFault::Account, why).await;
    };
    let request = request(relay, &order, &sale, &place, card);
    let adapter = gateway::of(place.account);
    match relay
        .converse(place.account, adapter.charge(place.account, &request))
        .await
    {
        Ok(report) if again && is_spent(&report) => {
            let line = "the token was spent before: the first try may have reached the gateway";
            note(relay, reference, line.to_owned()).await
        }
        Ok(report) => conclude(relay, reference, report).await,
        Err(GatewayError::Transient(words)) => {
            let line = format!("the gateway did not answer the charge: {}", settle::shown(&words));
            note(relay, reference, line).await?;
            look_for_it(relay, reference).await
        }
        Err(error) => {
            tracing::warn!(order = %reference, account = %order.account, "order {reference}: the card was not charged: {error}");
            fail(relay, reference, fault(&error), settle::shown(&error.to_string())).await
        }
    }
}

/// Asks the gateway about a sale whose charge was begun; whether it knows it.
pub(super) async fn look(relay: &Relay, order: &Order) -> Result<bool, StoreError> {
    match super::ask(relay, order).await? {
        Ok(_) => Ok(true),
        Err(GatewayError::NotFound) => Ok(false),
        // Nobody knows, so nothing is repeated.
        Err(_) => Ok(true),
    }
}

/// Whether a charge that the gateway does not know may be made again, with the token of this request.
pub(super) fn may_repeat(relay: &Relay, order: &Order, sale: &CardSale, card: &Card, began_at: Timestamp) -> bool {
    let digest = token_sha256(order.company.as_str(), card.token.expose_secret());
    let directory = relay.store().directory();
    let gateway = directory.accounts.get(&order.account).map(Account::gateway);
    // Another token would be another charge.
    sale.token_sha256 == digest
        && match gateway {
            // Its key is the same one: at worst the first answer comes again.
            Some(GatewayName::Mercadopago) => true,
            // It has no such key: the first try must be long over, and its lists must show it by now.
            Some(_) => relay.now().duration_since(began_at) >= SETTLED_AFTER,
            None => false,
        }
}

/// Keeps what the gateway tells of the card.
pub(super) async fn keep(relay: &Relay, reference: &OrderRef, report: &Report) -> Result<(), StoreError> {
    let (reference, card) = (reference.clone(), report.card.clone());
    let Some(card) = card else { return Ok(()) };
    relay
        .store()
        .write(move |db| {
            let Some(sale) = db.card_sale(&reference)? else {
                return Ok(());
            };
            let result = SaleResult {
                card: Some(*card),
                ..sale.result
            };
            db.save_sale_result(&reference, &result)
        })
        .await
}

struct Place<'a> {
    account: &'a Account,
    company: &'a Company,
    hotspot: &'a Hotspot,
    router: &'a Router,
}

impl<'a> Place<'a> {
    fn find(directory: &'a Directory, order: &Order) -> Option<Self> {
        let hotspot = directory.hotspots.get(&order.hotspot)?;
        Some(Self {
            account: directory.accounts.get(&order.account)?,
            company: directory.companies.get(&order.company)?,
            hotspot,
            router: directory.router_of(hotspot)?,
        })
    }
}

fn request(relay: &Relay, order: &Order, sale: &CardSale, place: &Place<'_>, card: &Card) -> ChargeRequest {
    ChargeRequest {
        order: order.reference.clone(),
        amount: order.plan.price,
        description: gateway::plain_description(&order.plan.label),
        notify_url: relay.notify_url(place.account.gateway(), place.hotspot, place.router),
        language: order.buyer.language,
        token: card.token.clone(),
        payer: sale.wish.payer.clone(),
        ip: sale.wish.ip.as_deref().and_then(public_address),
        installments: sale.wish.installments.max(1),
        method: card.method.clone(),
        issuer: card.issuer.clone(),
        device: card.device.clone(),
        statement: statement(&place.company.name),
        created_at: order.created_at,
    }
}

/// A hotspot's own addresses say nothing to a gateway.
fn public_address(text: &str) -> Option<String> {
    let ip: std::net::IpAddr = text.trim().parse().ok()?;
    crate::http_client::guard::Guard::default()
        .allows(ip)
        .then(|| ip.to_string())
}

/// What the buyer finds on his card's statement.
fn statement(company: &str) -> String {
    gateway::plain_description(company).to_ascii_uppercase()
}

/// What the gateway answered to the charge. A payment with an id is asked about; what was refused before there was one
/// is over.
async fn conclude(relay: &Relay, reference: &OrderRef, report: Report) -> Result<(), StoreError> {
    keep(relay, reference, &report).await?;
    let Some(id) = report.gateway_id.clone() else {
        return settle::apply(relay, reference.clone(), report, Source::Question).await;
    };
    let line = reference.clone();
    relay
        .change(move |change| {
            let Some(mut order) = change.db.order(&line)? else {
                return Ok(());
            };
            order.gateway_id.get_or_insert(id);
            change.advance(&mut order, Fact::Started, "the gateway has the charge")
        })
        .await?;
    for pause in ASK_PAUSES {
        let Some((order, _)) = super::load(relay, reference).await? else {
            return Ok(());
        };
        match super::ask(relay, &order).await? {
            Ok(_) => return Ok(()),
            Err(error) => {
                tracing::debug!(order = %reference, "order {reference}: the gateway could not be asked: {error}");
                tokio::time::sleep(pause).await;
            }
        }
    }
    if matches!(report.status, PaymentStatus::Failed { .. }) {
        return settle::apply(relay, reference.clone(), report, Source::Question).await;
    }
    // What it said itself is not believed about money: it is asked until it answers.
    ask_soon(relay, reference).await
}

/// The answer was lost: our reference leads to the payment, if there is one.
async fn look_for_it(relay: &Relay, reference: &OrderRef) -> Result<(), StoreError> {
    for pause in ASK_PAUSES {
        tokio::time::sleep(pause).await;
        let Some((order, _)) = super::load(relay, reference).await? else {
            return Ok(());
        };
        if super::ask(relay, &order).await?.is_ok() {
            return started(relay, reference).await;
        }
    }
    ask_soon(relay, reference).await
}

/// The gateway has the charge after all.
async fn started(relay: &Relay, reference: &OrderRef) -> Result<(), StoreError> {
    let reference = reference.clone();
    relay
        .change(move |change| match change.db.order(&reference)? {
            Some(mut order) if order.state == State::New => {
                change.advance(&mut order, Fact::Started, "the gateway has the charge")
            }
            _ => Ok(()),
        })
        .await
}

async fn ask_soon(relay: &Relay, reference: &OrderRef) -> Result<(), StoreError> {
    let reference = reference.clone();
    relay
        .change(move |change| {
            let Some(order) = change.db.order(&reference)? else {
                return Ok(());
            };
            change.add_job(NewJob {
                task: Task::Reconcile(reference.clone()),
                lane: Lane::Questions(order.account),
                due_at: change.now,
            })
        })
        .await
}

async fn note(relay: &Relay, reference: &OrderRef, line: String) -> Result<(), StoreError> {
    let reference = reference.clone();
    relay.change(move |change| change.note(&reference, &line)).await
}

fn is_spent(report: &Report) -> bool {
    let refusal = report.card.as_ref().and_then(|card| card.refusal);
    report.gateway_id.is_none() && matches!(refusal, Some(CardRefusal::TokenUsed | CardRefusal::TokenInvalid))
}

fn fault(error: &GatewayError) -> SaleFault {
    match error {
        GatewayError::Throttled { after_s } => SaleFault::TooOften { after_s: *after_s },
        GatewayError::Misconfigured(_) => SaleFault::Account,
        GatewayError::Refused(_) | GatewayError::Rule(_) | GatewayError::NotFound | GatewayError::Transient(_) => {
            SaleFault::Refused
        }
    }
}

/// A payment can be unknown for a moment after it was made; somebody waits in front of the page.
const ASK_PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// Three of its deadlines.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(60);

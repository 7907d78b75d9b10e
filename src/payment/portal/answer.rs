//! What a sale is answered: read from the store, so that every request for it gets the same, now and later.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::{Relay, SaleError};
use crate::card::{CardDetails, CardRefusal, CardSale, SaleFault, SaleResult};
use crate::company::GatewayName;
use crate::ids::OrderRef;
use crate::order::{Online, Order, State};
use crate::payment::online;
use crate::store::StoreError;
use crate::voucher::UserMode;

/// A sale as it stands. No `Debug`: it holds the credentials.
#[derive(Clone)]
pub struct Sold {
    pub order: Order,
    pub gateway: GatewayName,
    pub standing: Standing,
    /// What the gateway told of the card.
    pub card: CardDetails,
    pub mode: UserMode,
    /// Name and password, once the money is here; the password of a PIN is empty.
    pub credentials: Option<(String, String)>,
    pub access: Access,
    /// The buyer's name as his portal sent it.
    pub name: String,
    pub email: String,
    /// When this answer was true first.
    pub at: Timestamp,
}

/// How far a sale is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Paid, and the user works.
    Ready,
    /// Paid; the router has not answered yet. The credentials are good as soon as it does.
    Slow,
    /// The gateway has not decided yet, or the operator looks at it: nothing is given, and it delivers by itself.
    Pending,
    /// There is no money.
    Refused(CardRefusal),
    /// The gateway did not answer, and nobody knows: it is asked on.
    Unknown,
    /// It ended before a card was charged.
    Fault(SaleFault),
}

/// How the device's login went (facts 5.6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The portal wished it.
    pub wished: bool,
    pub online: bool,
    /// The device is one we may log in: its MAC address was given.
    pub has_device: bool,
    /// The login took longer than the buyer waits.
    pub is_slow: bool,
    pub mac: Option<String>,
    pub ip: Option<String>,
    pub session_id: Option<String>,
}

/// Waits a while for the user of a paid sale, and for its login.
pub(super) async fn await_delivery(relay: &Relay, reference: &OrderRef) -> Result<(), StoreError> {
    let begun = Instant::now();
    while begun.elapsed() < DELIVERED_WITHIN {
        let movement = relay.0.flights.movement(reference).unwrap_or_default();
        let moved = movement.notified();
        let Some((order, _)) = super::load(relay, reference).await? else {
            return Ok(());
        };
        if !matches!(order.state, State::Paid | State::Provisioned) && !awaits_answer(relay, &order).await? {
            return Ok(());
        }
        // Other processes move it too, and they notify nobody.
        drop(tokio::time::timeout(LOOK_AGAIN, moved).await);
    }
    Ok(())
}

/// The gateway has the charge and could not be asked: the reconciler asks it now.
async fn awaits_answer(relay: &Relay, order: &Order) -> Result<bool, StoreError> {
    let has_said_paid = |sale: &CardSale| {
        let card = sale.result.card.as_ref();
        card.is_some_and(|card| card.refusal.is_none() && !card.status.is_empty())
    };
    if order.state != State::Waiting {
        return Ok(false);
    }
    let sale = super::load(relay, &order.reference).await?;
    Ok(sale.is_some_and(|(order, sale)| order.state == State::Waiting && has_said_paid(&sale)))
}

pub(super) async fn describe(relay: &Relay, reference: &OrderRef) -> Result<Sold, SaleError> {
    let gone = || StoreError::NotFound {
        what: "card sale",
        id: reference.to_string(),
    };
    let (order, mut sale) = super::load(relay, reference).await?.ok_or_else(gone)?;
    if matches!(order.state, State::Delivered) && sale.result.answered_at.is_none() {
        sale.result = fix(relay, &order, &sale).await?;
    }
    let directory = relay.store().directory();
    let gateway = directory.accounts.get(&order.account).ok_or_else(gone)?.gateway();
    let (standing, at) = (standing(&order, &sale, gateway), sale.result.answered_at);
    let shows = matches!(standing, Standing::Ready | Standing::Slow);
    let credentials = order.voucher.as_ref().filter(|_| shows).map(|voucher| {
        let text = |secret: &secrecy::SecretString| secret.expose_secret().to_owned();
        (text(&voucher.username), text(&voucher.password))
    });
    Ok(Sold {
        access: access(&order, &sale),
        at: at.unwrap_or(sale.created_at),
        card: sale.result.card.unwrap_or_default(),
        mode: sale.wish.mode,
        name: sale.wish.payer.name,
        email: sale.wish.payer.email,
        gateway,
        standing,
        credentials,
        order,
    })
}

/// Fixes the final answer, once: whoever is first decides what all are told.
async fn fix(relay: &Relay, order: &Order, sale: &CardSale) -> Result<SaleResult, StoreError> {
    let is_stale = sale.result.card.as_ref().is_none_or(|card| card.refusal.is_some());
    if is_stale && super::ask(relay, order).await?.is_err() {
        tracing::debug!(order = %order.reference, "order {}: what the gateway says of its card is not known", order.reference);
    }
    let wishes = sale.wish.auto_connect && order.online == Online::Yes;
    let session_id = if wishes {
        let session = online::session_of(relay, &order.reference).await?;
        session.map(|session| session.id)
    } else {
        None
    };
    let (reference, now) = (order.reference.clone(), relay.now());
    relay
        .store()
        .write(move |db| {
            let Some(sale) = db.card_sale(&reference)? else {
                return Ok(SaleResult::default());
            };
            if sale.result.answered_at.is_some() {
                return Ok(sale.result);
            }
            let result = SaleResult {
                session_id,
                answered_at: Some(now),
                ..sale.result
            };
            db.save_sale_result(&reference, &result)?;
            Ok(result)
        })
        .await
}

fn standing(order: &Order, sale: &CardSale, gateway: GatewayName) -> Standing {
    let refusal = sale.result.card.as_ref().and_then(|card| card.refusal);
    match order.state {
        State::Delivered | State::Provisioned => Standing::Ready,
        State::Paid | State::Stuck => Standing::Slow,
        State::Held => Standing::Pending,
        State::New | State::Waiting => match refusal {
            // Its documents know no pending sale: the buyer is told, and the money counts when it comes (facts 5.1).
            Some(refusal) if gateway == GatewayName::Conekta => Standing::Refused(refusal),
            Some(CardRefusal::Pending | CardRefusal::InReview | CardRefusal::Authorized | CardRefusal::PartlyPaid) => {
                Standing::Pending
            }
            Some(refusal) => Standing::Refused(refusal),
            None => Standing::Unknown,
        },
        State::Failed => match &sale.result.fault {
            Some(fault) => Standing::Fault(fault.clone()),
            None => Standing::Refused(refusal.unwrap_or(CardRefusal::Processing)),
        },
        State::Expired => Standing::Refused(CardRefusal::Expired),
        State::Cancelled => Standing::Refused(CardRefusal::Cancelled),
        State::Refunding | State::Refunded => Standing::Refused(CardRefusal::Refunded),
    }
}

fn access(order: &Order, sale: &CardSale) -> Access {
    let wish = &sale.wish;
    Access {
        wished: wish.auto_connect,
        online: wish.auto_connect && order.online == Online::Yes,
        has_device: order.buyer.mac.is_some(),
        is_slow: !matches!(order.state, State::Delivered),
        mac: wish.mac.clone(),
        ip: wish.ip.clone(),
        session_id: sale.result.session_id.clone(),
    }
}

/// As long as a portal's page waits without somebody closing it.
const DELIVERED_WITHIN: Duration = Duration::from_secs(25);
const LOOK_AGAIN: Duration = Duration::from_millis(500);
